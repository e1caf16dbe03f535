// SPDX-License-Identifier: MIT

import COpenSSL

/// One connection's TLS: bytes in, bytes out, no socket. `ByteStream` owns it, and moves what it takes and gives.
final class TLSSession {
    enum Phase {
        /// No plaintext may pass yet. Transitions: `open`, `failed`.
        case handshake
        /// Transitions: `ended`, `failed`.
        case open
        /// The peer's closing alert came: nothing comes any more, but it may still read.
        case ended
        case failed
    }

    /// What came of looking for plaintext.
    enum Reading {
        /// All that was there is decrypted.
        case needsMore
        /// The buffer is full; more is there.
        case full
        /// The peer's closing alert came behind what was decrypted.
        case ended
        case failed(TLSFailure)
    }

    private(set) var phase = Phase.handshake
    /// Ciphertext that came while the reader paused. Empty but then.
    private(set) var held: [UInt8] = []
    /// A stream with it waits for its turn to go on.
    var isResuming = false
    let memory: TLSMemory
    let isServer: Bool
    private let ssl: OpaquePointer
    private let window: UnsafeMutablePointer<TLSWindow>
    private let loop: Loop
    /// Held: OpenSSL's callbacks reach it through the session's context.
    private let context: AnyObject
    private var sentClosingAlert = false

    /// nil without memory.
    init?(loop: Loop, context: OpaquePointer, owner: AnyObject, isServer: Bool) {
        guard let ssl = SSL_new(context) else { return nil }
        self.ssl = ssl
        self.loop = loop
        self.isServer = isServer
        self.context = owner
        memory = loop.tlsMemory
        window = .allocate(capacity: 1)
        window.initialize(to: TLSWindow(output: memory.output))
        loop.openTLSSessions += 1
        guard let bio = BIO_new(memory.method) else { return nil }
        BIO_set_data(bio, window)
        BIO_set_init(bio, 1)
        SSL_set_bio(ssl, bio, bio)
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(owner).toOpaque())
        if isServer { SSL_set_accept_state(ssl) } else { SSL_set_connect_state(ssl) }
    }

    deinit {
        // Without this a connection that was cut would take its resumable session with it.
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        SSL_free(ssl)
        window.deallocate()
        loop.openTLSSessions -= 1
    }

    /// For what only its context's own calls set: the host that is expected, a session to resume.
    func withSSL(_ body: (OpaquePointer) -> Void) {
        body(ssl)
    }

    // MARK: Ciphertext

    /// Has to stay where it is until it is used up or kept by `holdInput`.
    func offer(_ bytes: UnsafeRawBufferPointer) {
        window.pointee.input = bytes
    }

    /// The reader pauses: what OpenSSL hasn't taken is kept, since its place is needed for others.
    func holdInput() {
        if !window.pointee.input.isEmpty { held = Array(window.pointee.input) }
        window.pointee.input = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    func takeHeld() -> [UInt8] {
        defer { held = [] }
        return held
    }

    /// There is plaintext, or what may become some.
    var hasMore: Bool { !held.isEmpty || !window.pointee.input.isEmpty || SSL_pending(ssl) > 0 }

    /// What has to leave; empty if nothing. Valid until the next call of any session on the loop.
    func takeOutput() -> UnsafeRawBufferPointer {
        let count = window.pointee.outputCount
        window.pointee.outputCount = 0
        return UnsafeRawBufferPointer(rebasing: memory.output[..<count])
    }

    // MARK: Handshake

    /// Goes on as far as the bytes at hand lead; there may be output afterwards, also after a failure (an alert).
    func advance() throws(TLSFailure) {
        if isServer, let first = window.pointee.input.first, SSL_in_before(ssl) == 1 {
            // Every record of a handshake begins with its content type, 22; a request begins with a letter.
            guard first == UInt8(SSL3_RT_HANDSHAKE) else {
                phase = .failed
                throw TLSFailure(.plainText, "the client does not speak TLS")
            }
        }
        let lastFirstByte = window.pointee.input.first
        ERR_clear_error()
        let code = SSL_do_handshake(ssl)
        if code == 1 {
            phase = .open
            return
        }
        switch SSL_get_error(ssl, code) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return
        default:
            phase = .failed
            let verification = SSL_get_verify_result(ssl)
            if SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE, verification != Int(X509_V_OK) {
                ERR_clear_error()
                throw TLSFailure(verification: verification, isClients: isServer)
            }
            if !isServer, SSL_get_state(ssl) == TLS_ST_CW_CLNT_HELLO, lastFirstByte != UInt8(SSL3_RT_HANDSHAKE),
                lastFirstByte != UInt8(SSL3_RT_ALERT)
            {
                ERR_clear_error()
                throw TLSFailure(.handshake, "it does not speak TLS", remedy: "write http:// into its url")
            }
            throw TLSFailure(.handshake, fallback: "the handshake failed")
        }
    }

    /// The peer's FIN or reset came before the handshake was over.
    func endedInHandshake() -> TLSFailure {
        phase = .failed
        return TLSFailure(.handshake, "the connection ended during the handshake")
    }

    // MARK: Plaintext

    /// Decrypts as much as fits into `target`.
    func read(into target: UnsafeMutableRawBufferPointer, count: inout Int) -> Reading {
        count = 0
        guard let base = target.baseAddress else { return .full }
        while count < target.count {
            // Nothing at hand: asking OpenSSL would only cost.
            guard !window.pointee.input.isEmpty || SSL_pending(ssl) > 0 else { return .needsMore }
            let room = Int32(clamping: target.count - count)
            // What anybody left in OpenSSL's queue would be taken for this call's failure.
            if ERR_peek_error() != 0 { ERR_clear_error() }
            let code = SSL_read(ssl, base + count, room)
            guard code > 0 else { return readEnded(code) }
            count += Int(code)
        }
        return hasMore ? .full : .needsMore
    }

    private func readEnded(_ code: Int32) -> Reading {
        switch SSL_get_error(ssl, code) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsMore
        case SSL_ERROR_ZERO_RETURN:
            phase = .ended
            return .ended
        default:
            phase = .failed
            return .failed(TLSFailure(.record, fallback: "a record could not be read"))
        }
    }

    /// Encrypts at most `TLSMemory.pieceBytes`; says how many. The records are the output then.
    func encrypt(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch phase {
        case .open, .ended: break
        case .failed: return -1
        case .handshake:
            assertionFailure("written before the handshake was over")
            return -1
        }
        let count = min(bytes.count, TLSMemory.pieceBytes)
        let code = SSL_write(ssl, bytes.baseAddress, Int32(truncatingIfNeeded: count))
        guard code > 0 else {
            ERR_clear_error()
            return -1
        }
        return Int(code)
    }

    /// Puts the closing alert into the output, once.
    func endWriting() {
        switch phase {
        case .handshake, .failed: return
        case .open, .ended: break
        }
        guard !sentClosingAlert else { return }
        sentClosingAlert = true
        SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// Gives OpenSSL's two record buffers (34 KB) back until they are needed again.
    func releaseBuffers() {
        if window.pointee.input.isEmpty, SSL_pending(ssl) == 0 { SSL_free_buffers(ssl) }
    }

    // MARK: What was agreed

    /// E.g. `TLSv1.3`.
    var version: String { String(cString: SSL_get_version(ssl)) }
    var isResumed: Bool { SSL_session_reused(ssl) == 1 }
    var protocolName: String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &length)
        return name.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(length)), as: UTF8.self) }
    }

    /// Of the certificate that the peer proved to hold, as RFC 2253 writes it: `CN=alice,O=Example`.
    var peerSubject: String? {
        guard let certificate = SSL_get0_peer_certificate(ssl), SSL_get_verify_result(ssl) == Int(X509_V_OK),
            let text = BIO_new(BIO_s_mem())
        else { return nil }
        defer { BIO_free(text) }
        dmr_print_name(text, X509_get_subject_name(certificate))
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = BIO_read(text, &bytes, Int32(bytes.count))
        return count > 0 ? String(decoding: bytes[..<Int(count)], as: UTF8.self) : nil
    }
}
