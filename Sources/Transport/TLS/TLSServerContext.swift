// SPDX-License-Identifier: MIT

import COpenSSL

/// What a listener shows: its certificates, chosen by the name that a client asks for, and how sessions are resumed.
/// Made anew when its files change; connections keep the one they began with.
public final class TLSServerContext {
    /// Two PEM files: a certificate with those that lead to its issuer behind it, and its key.
    public struct Identity: Hashable, Sendable {
        public var certificate: String
        public var key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// The first is shown to clients that ask for no name, or for one that no certificate has.
    private let contexts: [OpaquePointer]
    /// nil: OpenSSL's own, which last as long as this.
    private let tickets: TicketKeys?

    /// - Parameters:
    ///   - identities: at least one.
    ///   - clientAuthorities: a PEM file; clients may show a certificate that one of these issued.
    ///   - tickets: may be those of the context that this one replaces, so that its clients can resume.
    /// - Throws: `TLSFileError` for a file that can't be used.
    public init(identities: [Identity], clientAuthorities: String? = nil, tickets: TicketKeys?) throws(TLSFileError) {
        self.tickets = tickets
        var contexts: [OpaquePointer] = []
        do throws(TLSFileError) {
            for identity in identities {
                let context = try TLSContext.make(TLS_server_method())
                contexts.append(context)
                try TLSServerContext.show(identity, context)
                try TLSServerContext.take(clientAuthorities, context)
                TLSServerContext.configure(context, sealsTickets: tickets != nil)
            }
        } catch {
            for context in contexts { SSL_CTX_free(context) }
            throw error
        }
        self.contexts = contexts
        guard let first = contexts.first else { throw TLSFileError("", "no certificate is named") }
        // Nothing to choose from: names need not be compared.
        guard contexts.count > 1 else { return }
        dmr_ssl_ctx_on_server_name(
            first,
            { ssl, _, _ in
                guard let ssl, let context = TLSServerContext.of(ssl) else { return SSL_TLSEXT_ERR_NOACK }
                return context.choose(for: ssl)
            }, nil)
    }

    deinit {
        for context in contexts { SSL_CTX_free(context) }
    }

    func session(on loop: Loop) -> TLSSession? {
        guard let first = contexts.first else { return nil }
        return TLSSession(loop: loop, context: first, owner: self, isServer: true)
    }

    // MARK: Making

    private static func show(_ identity: Identity, _ context: OpaquePointer) throws(TLSFileError) {
        guard SSL_CTX_use_certificate_chain_file(context, identity.certificate) == 1 else {
            throw TLSFileError(identity.certificate, "holds no certificate in PEM form")
        }
        guard SSL_CTX_use_PrivateKey_file(context, identity.key, SSL_FILETYPE_PEM) == 1 else {
            throw TLSFileError(identity.key, "can't be used as the key of \(identity.certificate)")
        }
        guard SSL_CTX_check_private_key(context) == 1 else {
            throw TLSFileError(identity.key, "can't be used as the key of \(identity.certificate)")
        }
        ERR_clear_error()
    }

    private static func take(_ clientAuthorities: String?, _ context: OpaquePointer) throws(TLSFileError) {
        // Resumed sessions carry the client's identity, so they are good only under the same authorities.
        var scope = Cryptography.sha256(UnsafeRawBufferPointer(start: nil, count: 0))
        if let clientAuthorities {
            guard SSL_CTX_load_verify_file(context, clientAuthorities) == 1,
                let names = SSL_load_client_CA_file(clientAuthorities)
            else { throw TLSFileError(clientAuthorities, "holds no certificate in PEM form") }
            SSL_CTX_set_client_CA_list(context, names)
            // Asked for, not required: other clients have keys.
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
            scope = fingerprint(of: context)
        }
        SSL_CTX_set_session_id_context(context, scope, UInt32(scope.count))
        ERR_clear_error()
    }

    /// Of the authorities that were loaded.
    private static func fingerprint(of context: OpaquePointer) -> [UInt8] {
        guard let all = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(context)) else { return [0] }
        defer { OPENSSL_sk_pop_free(all) { X509_free($0.map { OpaquePointer($0) }) } }
        var digests: [UInt8] = []
        for index in 0..<OPENSSL_sk_num(all) {
            var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
            X509_digest(OPENSSL_sk_value(all, index).map { OpaquePointer($0) }, EVP_sha256(), &digest, nil)
            digests += digest
        }
        return digests.withUnsafeBytes { Cryptography.sha256($0) }
    }

    private static func configure(_ context: OpaquePointer, sealsTickets: Bool) {
        // Of TLS 1.2 only what keeps past traffic secret (forward secrecy) and has no padding to guess (AEAD).
        SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20")
        // Of TLS 1.3 the same ciphers as OpenSSL's, the one first that has to be everywhere (RFC 8446 section 9.1): its
        // SHA-256, which makes a handshake's keys, has instructions of its own on processors of today; SHA-384 has not.
        SSL_CTX_set_ciphersuites(
            context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
        // Instead of two: whoever uses each ticket once (RFC 8446 appendix C.4) gets another with each connection.
        SSL_CTX_set_num_tickets(context, 1)
        // Sessions by their number would have to be kept here; tickets are kept by the clients.
        dmr_ssl_ctx_session_cache(context, Int(SSL_SESS_CACHE_OFF))
        dmr_ssl_session_timeout(context, TicketKeys.lifetimeSeconds)
        if sealsTickets {
            SSL_CTX_set_tlsext_ticket_key_evp_cb(context) { ssl, name, vector, cipher, mac, isNew in
                guard let ssl, let name, let vector, let tickets = TLSServerContext.of(ssl)?.tickets else { return -1 }
                return isNew == 1
                    ? tickets.seal(name: name, vector: vector, cipher, mac)
                    : tickets.open(name: name, vector: vector, cipher, mac, isOnce: SSL_version(ssl) == TLS1_3_VERSION)
            }
        }
        SSL_CTX_set_alpn_select_cb(
            context, { _, chosen, count, offered, size, _ in TLSServerContext.choose(chosen, count, offered, size) },
            nil)
    }

    /// RFC 7301 section 3.2: a client that offers only other protocols is refused, not answered in what it can't read.
    /// The names are length-prefixed; OpenSSL has checked that they fill their list exactly.
    private static func choose(
        _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ count: UnsafeMutablePointer<UInt8>?,
        _ offered: UnsafePointer<UInt8>?, _ size: UInt32
    ) -> Int32 {
        let list = UnsafeBufferPointer(start: offered, count: Int(size))
        var start = 0
        while start < list.count {
            let end = start + 1 + Int(list[start])
            guard end <= list.count else { break }
            if list[start..<end].elementsEqual(TLSContext.protocols) {
                chosen?.pointee = offered.map { $0 + start + 1 }
                count?.pointee = list[start]
                return SSL_TLSEXT_ERR_OK
            }
            start = end
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }

    // MARK: Choosing

    private static func of(_ ssl: OpaquePointer) -> TLSServerContext? {
        SSL_get_ex_data(ssl, 0).map { Unmanaged<TLSServerContext>.fromOpaque($0).takeUnretainedValue() }
    }

    /// OpenSSL compares names with those in the certificates, wildcards included.
    private func choose(for ssl: OpaquePointer) -> Int32 {
        guard let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else { return SSL_TLSEXT_ERR_NOACK }
        for context in contexts {
            let certificate = SSL_CTX_get0_certificate(context)
            guard X509_check_host(certificate, name, 0, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS), nil) == 1 else {
                continue
            }
            SSL_set_SSL_CTX(ssl, context)
            return SSL_TLSEXT_ERR_OK
        }
        return SSL_TLSEXT_ERR_NOACK
    }
}
