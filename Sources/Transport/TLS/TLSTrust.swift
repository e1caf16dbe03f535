// SPDX-License-Identifier: MIT

import COpenSSL

/// Whose certificates are believed. Shared by all runners with the same settings: the system's list alone is more than
/// a hundred certificates, which take milliseconds to read and megabytes to hold.
public final class TLSTrust {
    let context: OpaquePointer

    /// - Parameters:
    ///   - verifies: a peer's certificate and its name. Without, anybody can stand in for it.
    ///   - authorities: a PEM file with certificates that may issue others, in addition to the system's.
    /// - Throws: `TLSFileError` if the file holds none.
    public init(verifies: Bool = true, authorities: String? = nil) throws(TLSFileError) {
        context = try TLSContext.make(TLS_client_method())
        SSL_CTX_set_verify(context, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        if verifies { SSL_CTX_set_default_verify_paths(context) }
        ERR_clear_error()
        if let authorities, SSL_CTX_load_verify_file(context, authorities) != 1 {
            throw TLSFileError(authorities, "holds no certificate in PEM form")
        }
        ERR_clear_error()
        SSL_CTX_set_alpn_protos(context, TLSContext.protocols, UInt32(TLSContext.protocols.count))
        dmr_ssl_ctx_session_cache(context, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        SSL_CTX_sess_set_new_cb(context) { ssl, session in
            guard let ssl, let session, let data = SSL_get_ex_data(ssl, 0) else { return 0 }
            Unmanaged<TLSClientContext>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.keep(session) }
            return 1
        }
    }

    deinit {
        SSL_CTX_free(context)
    }

    /// Reads the file and nothing else.
    ///
    /// - Throws: `TLSFileError` if it holds no certificate.
    public static func check(authorities file: String) throws(TLSFileError) {
        ERR_clear_error()
        guard let store = X509_STORE_new() else { return }
        defer { X509_STORE_free(store) }
        guard X509_STORE_load_file(store, file) == 1 else {
            throw TLSFileError(file, "holds no certificate in PEM form")
        }
    }
}
