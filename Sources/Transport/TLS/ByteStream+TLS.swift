// SPDX-License-Identifier: MIT

import CUV

// A stream's TLS. Everything a subclass sees stays as it is in plain text: `didConnect` comes when the handshake is
// over, `didRead` brings plaintext, `write` says whether the socket took all, `heldBytes` and `didDrain` are about what
// it did not take. Only the plain way through `write` pays one comparison for it.

extension ByteStream {
    /// Speaks TLS as a client from the connection on; before `connect`. `host`: the name or address that the peer's
    /// certificate has to be for.
    public final func secure(by context: TLSClientContext, host: String) {
        tls = context.session(on: loop, host: host)
        if tls == nil { didFail(UVError(code: UV_ENOMEM.rawValue)) }
    }

    /// Speaks TLS as a server; when it is accepted, before `startReading`.
    public final func secure(by context: TLSServerContext) {
        tls = context.session(on: loop)
        if tls == nil { didFail(UVError(code: UV_ENOMEM.rawValue)) }
    }

    public final var isSecured: Bool { tls != nil }
    /// What the handshake agreed on; nil in plain text, until it is over, and after a failure.
    public final var security: Security? {
        guard let tls else { return nil }
        switch tls.phase {
        case .handshake, .failed: return nil
        case .open, .ended: return Security(tls)
        }
    }

    /// Goes on in plain text after `TLSFailure.Kind.plainText`: nothing was encrypted yet, and the bytes that came are
    /// dropped.
    public final func goOnInPlainText() {
        tls = nil
        guard !isClosing, isReading else { return }
        isReading = false
        stopReadingSocket()
        startReading()
    }

    /// Idle for longer: gives back what only traffic needs.
    public final func rest() {
        tls?.releaseBuffers()
    }

    // MARK: Reading

    /// Connected: from here on the socket is read, whatever the subclass wants.
    final func beginHandshake(_ tls: TLSSession) {
        startReadingSocket()
        advance(tls)
    }

    /// `bytes` stand in the loop's buffer behind its first `TLSMemory.recordRoom`.
    final func encryptedArrived(_ bytes: UnsafeRawBufferPointer) {
        guard let tls else { return }
        tls.offer(bytes)
        if case .handshake = tls.phase { advance(tls) }
        deliver(tls)
    }

    private func advance(_ tls: TLSSession) {
        do throws(TLSFailure) {
            try tls.advance()
        } catch {
            writeRaw(tls.takeOutput())
            stopReadingSocket()
            return didFail(error)
        }
        writeRaw(tls.takeOutput())
        guard case .open = tls.phase else { return }
        if !tls.isServer { didConnect() }
    }

    /// Hands over what can be decrypted, in one piece where `readLimit` allows it, until the subclass pauses.
    private func deliver(_ tls: TLSSession) {
        let target = UnsafeMutableRawBufferPointer(rebasing: loop.readBuffer[..<min(loop.readBuffer.count, readLimit)])
        while isReading, !isClosing, case .open = tls.phase {
            var count = 0
            let reading = tls.read(into: target, count: &count)
            // A key update or an alert may want an answer.
            writeRaw(tls.takeOutput())
            if count > 0 { didRead(UnsafeRawBufferPointer(rebasing: target[..<count])) }
            switch reading {
            case .needsMore: return
            case .full: continue
            case .ended: return ended()
            case .failed(let failure): return failed(failure)
            }
        }
        guard !isClosing, case .open = tls.phase else { return tls.offer(UnsafeRawBufferPointer(start: nil, count: 0)) }
        tls.holdInput()
        stopReadingSocket()
    }

    private func ended() {
        guard !isClosing else { return }
        isReading = false
        stopReadingSocket()
        didEnd()
    }

    private func failed(_ failure: TLSFailure) {
        guard !isClosing else { return }
        isReading = false
        stopReadingSocket()
        didFail(failure)
    }

    /// The socket's FIN. TLS's own end, where it came, has been told already.
    final func encryptedEnded() {
        guard let tls else { return }
        switch tls.phase {
        case .handshake: failed(tls.endedInHandshake())
        case .open:
            failed(TLSFailure(.truncated, "the connection ended without TLS's closing alert; bytes may be missing"))
        case .ended, .failed: break
        }
    }

    /// Reads on: first what had come already.
    final func startReadingSecured(_ tls: TLSSession) {
        isReading = true
        switch tls.phase {
        case .handshake: startReadingSocket()
        case .open where tls.hasMore:
            guard !tls.isResuming else { return }
            tls.isResuming = true
            tls.memory.resumption.add(self)
        case .open: startReadingSocket()
        case .ended, .failed: break
        }
    }

    final func resumeDelivery() {
        guard let tls else { return }
        tls.isResuming = false
        guard isReading, !isClosing else { return }
        let held = tls.takeHeld()
        let place = UnsafeMutableRawBufferPointer(rebasing: loop.readBuffer[TLSMemory.recordRoom...])
        held.withUnsafeBytes { place.copyMemory(from: $0) }
        tls.offer(UnsafeRawBufferPointer(rebasing: place[..<held.count]))
        deliver(tls)
        if isReading, !isClosing { startReadingSocket() }
    }

    // MARK: Writing

    /// One encryption, one write, in pieces that no splice is larger than.
    final func writeSecured(_ bytes: UnsafeRawBufferPointer, _ tls: TLSSession) -> Bool {
        var rest = bytes
        var wasTaken = true
        while !rest.isEmpty {
            let count = tls.encrypt(rest)
            // After a failure, which the read side tells.
            guard count > 0 else { return wasTaken }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if !writeRaw(tls.takeOutput()) { wasTaken = false }
        }
        return wasTaken
    }
}

/// What a handshake agreed on.
public struct Security: Equatable, Sendable {
    /// E.g. `TLSv1.3`.
    public let version: String
    public let isResumed: Bool
    /// By ALPN (RFC 7301); nil if the client offered nothing.
    public let protocolName: String?
    /// The subject of the peer's verified certificate: `CN=alice,O=Example`.
    public let peerSubject: String?

    init(_ session: TLSSession) {
        version = session.version
        isResumed = session.isResumed
        protocolName = session.protocolName
        peerSubject = session.peerSubject
    }
}
