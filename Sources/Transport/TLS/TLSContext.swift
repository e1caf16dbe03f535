// SPDX-License-Identifier: MIT

import COpenSSL

/// What clients' and servers' contexts have in common: TLS 1.2 and 1.3, no renegotiation, no compression, nobody asked
/// for a password on the terminal.
enum TLSContext {
    /// What we speak inside, for ALPN (RFC 7301): its length, then its name.
    static let protocols: [UInt8] = [8] + Array("http/1.1".utf8)

    /// - Throws: `TLSFileError` where OpenSSL has no memory, or no configuration it can read.
    static func make(_ method: OpaquePointer?) throws(TLSFileError) -> OpaquePointer {
        ERR_clear_error()
        guard let context = SSL_CTX_new(method) else { throw TLSFileError("", "OpenSSL can't be used") }
        dmr_ssl_ctx_min_version(context, TLS1_2_VERSION)
        dmr_ssl_ctx_refuse_old_habits(context)
        // A write goes out whole, or in pieces whose rest is offered again from another place. A certificate is shown with
        // those that stand behind it in its file; OpenSSL would look for more in each handshake where none do.
        dmr_ssl_ctx_mode(
            context,
            Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN))
        SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
        return context
    }
}
