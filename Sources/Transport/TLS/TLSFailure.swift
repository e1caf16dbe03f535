// SPDX-License-Identifier: MIT

import COpenSSL
import Glibc

/// Why a connection could not be secured, or did not stay so.
public struct TLSFailure: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: Equatable, Sendable {
        /// The peer's certificate was not accepted.
        case certificate
        /// The peer's first bytes are no TLS at all; they may be a request in plain text.
        case plainText
        /// The handshake failed otherwise, the peer's alert and its going away included.
        case handshake
        /// The connection ended without TLS's own end: bytes may be missing (RFC 8446 section 6.1).
        case truncated
        /// Bytes that don't decrypt, or an alert, after the handshake.
        case record
    }

    public let kind: Kind
    /// OpenSSL's own words, e.g. `certificate has expired`.
    public let reason: String
    /// What a person can do about it; empty where nobody knows.
    public let remedy: String

    init(_ kind: Kind, _ reason: String, remedy: String = "") {
        self.kind = kind
        self.reason = reason
        self.remedy = remedy
    }

    public var description: String { remedy.isEmpty ? reason : "\(reason); \(remedy)" }

    /// What OpenSSL says about a certificate that it checked: a runner's, or a client's.
    init(verification code: Int, isClients: Bool) {
        let words = X509_verify_cert_error_string(code).map { String(cString: $0) } ?? "not accepted"
        guard !isClients else {
            self.init(.certificate, "the client's certificate is not accepted: \(words)")
            return
        }
        let remedy =
            switch Int32(code) {
            case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID:
                "renew it, or correct the clock"
            case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
                "write a name that stands in the certificate into the runner's url"
            case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
                "name a PEM file with the certificate that issued it in the runner's tls_ca"
            default: ""
            }
        self.init(.certificate, "its certificate is not accepted: \(words)", remedy: remedy)
    }

    /// The oldest entry of OpenSSL's error queue says what began it. Empties the queue, which would be taken for the
    /// reason of the next failure.
    init(_ kind: Kind, fallback: String) {
        let code = ERR_get_error()
        ERR_clear_error()
        let words = ERR_reason_error_string(code).map { String(cString: $0) }
        self.init(kind, words ?? fallback)
    }
}

/// Why a certificate, a key or a list of authorities can't be used. Completes "`tls.key`: …".
public struct TLSFileError: Error, Equatable, Sendable {
    public let file: String
    public let reason: String

    /// With OpenSSL's words about the file.
    init(_ file: String, _ what: String) {
        self.file = file
        let words = TLSFileError.systemReason() ?? TLSFailure(.handshake, fallback: "").reason
        ERR_clear_error()
        reason = words.isEmpty ? what : "\(what): \(words)"
    }

    /// A file that isn't there or can't be read is told in the system's words, which stand first in the queue.
    private static func systemReason() -> String? {
        let code = ERR_peek_error()
        guard code & UInt(0x8000_0000) != 0 else { return nil }
        return String(cString: strerror(Int32(truncatingIfNeeded: code & 0x7FFF_FFFF)))
    }
}
