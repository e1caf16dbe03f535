// SPDX-License-Identifier: MIT

import COpenSSL
import GatewayCore
import Testing
import Transport

/// A client made of OpenSSL alone, without our contexts' rules, so that it can break them. It verifies nothing.
final class BareClient {
    private let stream: NotingStream
    private let context: OpaquePointer
    let ssl: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer
    private var taken = 0
    private(set) var isConnected = false
    private(set) var received: [UInt8] = []

    /// - Parameter change: of a context that may speak everything OpenSSL still can.
    init(
        _ loop: Loop, port: Int, host: String? = nil, session: OpaquePointer? = nil,
        _ change: (OpaquePointer) -> some Any
    ) throws {
        context = try #require(SSL_CTX_new(TLS_client_method()))
        dmr_ssl_ctx_min_version(context, TLS1_VERSION)
        SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0")
        SSL_CTX_set_security_level(context, 0)
        _ = change(context)
        ssl = try #require(SSL_new(context))
        input = try #require(BIO_new(BIO_s_mem()))
        output = try #require(BIO_new(BIO_s_mem()))
        SSL_set_bio(ssl, input, output)
        SSL_set_connect_state(ssl)
        if let host { dmr_ssl_server_name(ssl, host) }
        if let session { SSL_set_session(ssl, session) }
        let stream = NotingStream(loop: loop)
        self.stream = stream
        stream.connect(to: try #require(SocketAddress(literal: "127.0.0.1", port: port)))
        loop.run(until: { stream.count(of: "connect") == 1 }, "a connection")
        stream.startReading()
    }

    convenience init(_ site: SecureSite, host: String? = nil, _ change: (OpaquePointer) -> some Any) throws {
        try self.init(site.loop, port: try #require(site.listener.address).port, host: host, change)
    }

    /// Moves what came and what has to leave.
    func turn() {
        let fresh = Array(stream.received[taken...])
        taken = stream.received.count
        if !fresh.isEmpty { BIO_write(input, fresh, Int32(fresh.count)) }
        if !isConnected { isConnected = SSL_do_handshake(ssl) == 1 }
        if isConnected {
            var piece = [UInt8](repeating: 0, count: 16384)
            while case let count = SSL_read(ssl, &piece, Int32(piece.count)), count > 0 {
                received += piece[..<Int(count)]
            }
        }
        ERR_clear_error()
        flush()
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        SSL_write(ssl, bytes, Int32(bytes.count))
        flush()
    }

    private func flush() {
        var piece = [UInt8](repeating: 0, count: 16384)
        while case let count = BIO_read(output, &piece, Int32(piece.count)), count > 0 {
            stream.write(Array(piece[..<Int(count)]))
        }
    }

    /// The common name that the server showed.
    var serverName: String {
        guard let certificate = SSL_get0_peer_certificate(ssl) else { return "" }
        var name = [CChar](repeating: 0, count: 256)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, &name, Int32(name.count))
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    var isOver: Bool { stream.count(of: "end") + stream.count(of: "fail") > 0 }

    func end() {
        stream.close()
        SSL_free(ssl)
        SSL_CTX_free(context)
    }
}
