// SPDX-License-Identifier: MIT

import COpenSSL

/// How one runner is spoken to over TLS: whom to believe, and the session to resume next time. One for each runner: a
/// session that was resumed is not verified again, so it must not serve for another host.
public final class TLSClientContext {
    private let trust: TLSTrust
    /// The newest that the peer offered; resuming it saves a signature, a verification and, in TLS 1.2, a round trip.
    private var resumable: OpaquePointer?

    public init(_ trust: TLSTrust) {
        self.trust = trust
    }

    /// With a trust of its own.
    ///
    /// - Throws: `TLSFileError` if the file holds no certificate.
    public convenience init(verifies: Bool = true, authorities: String? = nil) throws(TLSFileError) {
        self.init(try TLSTrust(verifies: verifies, authorities: authorities))
    }

    deinit {
        if let resumable { SSL_SESSION_free(resumable) }
    }

    /// Takes over the reference.
    func keep(_ session: OpaquePointer) {
        if let resumable { SSL_SESSION_free(resumable) }
        resumable = session
    }

    func session(on loop: Loop, host: String) -> TLSSession? {
        guard let session = TLSSession(loop: loop, context: trust.context, owner: self, isServer: false) else {
            return nil
        }
        session.withSSL { ssl in
            if SocketAddress(literal: host, port: 0) != nil {
                X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host)
            } else {
                // The dot that makes a name absolute stands in no certificate and may not be sent (RFC 6066 section 3).
                let name = host.hasSuffix(".") ? String(host.dropLast()) : host
                SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
                SSL_set1_host(ssl, name)
                dmr_ssl_server_name(ssl, name)
            }
            if let resumable { SSL_set_session(ssl, resumable) }
        }
        return session
    }
}
