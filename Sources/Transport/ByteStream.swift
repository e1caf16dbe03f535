// SPDX-License-Identifier: MIT

import CUV
import GatewayCore
import Glibc

/// A connected (or connecting) TCP or Unix socket on the loop. Subclasses say what its events mean.
///
/// The object lives until it is closed: retained once when it is made, released once in the close callback; nothing else
/// has to keep it. After `close()` no event but `didClose` comes.
open class ByteStream: Timed {
    /// -1: none yet, or no longer.
    @exclusivity(unchecked) private final var socket: Int32 = -1
    @exclusivity(unchecked) private final var watch = SocketWatch()
    public final var isClosing: Bool { beganClosing }
    // Behind getters: another module checks each access to a stored property for overlaps, whatever is said here.
    @exclusivity(unchecked) private final var beganClosing = false
    @exclusivity(unchecked) private final var heldByteCount = 0
    /// The subclass wants to read; with TLS the socket may be read without that, and the other way round.
    @exclusivity(unchecked) public internal(set) final var isReading = false
    @exclusivity(unchecked) private final var isReadingSocket = false
    /// The socket was told to have something to read, and not yet read to its end.
    @exclusivity(unchecked) private final var isReadable = false
    /// FIN or an error waits behind what can be read.
    @exclusivity(unchecked) private final var isEndAhead = false
    /// Until the connection is there or has failed. The error that the system knew at once, or 0.
    private var connecting: Int32?
    /// FIN follows what is held.
    private var endsWriting = false
    /// Accepted by a listener that takes clients.
    final var isClient = false
    /// nil: plain text, which pays one comparison per write for this and nothing per read.
    @exclusivity(unchecked) final var tls: TLSSession?
    /// Bytes handed to `write` that the socket has not taken yet.
    public final var heldBytes: Int { heldByteCount }
    /// They are behind `heldOffset`.
    private var held: [UInt8] = []
    private var heldOffset = 0
    /// Some small writes wait for the end of the loop's turn.
    @exclusivity(unchecked) final var isBatched = false
    /// A read hands over at most this many bytes; at most `Loop.readBufferBytes`.
    @exclusivity(unchecked) public final var readLimit = Loop.readBufferBytes

    public let isUnix: Bool

    public init(loop: Loop, isUnix: Bool = false) {
        self.isUnix = isUnix
        super.init(loop: loop)
        _ = Unmanaged.passRetained(self)
        loop.openStreams += 1
    }

    // MARK: Events, for subclasses

    /// Bytes arrived. They are valid until this returns.
    open func didRead(_ bytes: UnsafeRawBufferPointer) {}
    /// The peer sent FIN.
    open func didEnd() {}
    /// The connection broke, while reading, writing or connecting. The stream is still open: close it.
    open func didFail(_ error: UVError) {}
    /// TLS failed, before or after the handshake; the same for who doesn't care about the reason.
    open func didFail(_ failure: TLSFailure) { didFail(UVError(code: UV_EPROTO.rawValue)) }
    /// What was written could not be sent. What the peer said before may still be there to be read.
    open func didFailToWrite(_ error: UVError) { didFail(error) }
    open func didConnect() {}
    /// Everything handed to `write` has left.
    open func didDrain() {}
    open func didClose() {}

    // MARK: Opening

    /// A connection that a listener has accepted; the watching makes it non-blocking.
    ///
    /// - Throws: `UVError` if it can't be watched. It has to be closed all the same.
    func accept(_ connection: Int32) throws(UVError) {
        socket = connection
        setNoDelay()
        try watch.open(connection, on: loop, owner: asOwner, told: ByteStream.told)
    }

    /// The result comes as `didConnect` or `didFail`; there is no deadline of its own.
    public final func connect(to address: SocketAddress) {
        connect(family: address.family) { address.connect($0) }
    }

    /// To the socket at that path; the stream was made with `isUnix`.
    public final func connect(toUnix path: String) {
        guard let address = UnixAddress(path: path) else { return didFail(UVError(code: UV_ENAMETOOLONG.rawValue)) }
        connect(family: Int32(AF_UNIX)) { address.connect($0) }
    }

    /// `begin` says 0 or the error, negative.
    private func connect(family: Int32, begin: (Int32) -> Int32) {
        do throws(UVError) {
            socket = try Descriptors.makeSocket(family: family)
            // The last descriptors are not for connections.
            guard Int(socket) < loop.descriptors.connectCeiling else { throw UVError(code: UV_EMFILE.rawValue) }
            // What fails at once is told in the next turn, as all else is: a socket that isn't connected "can be written".
            connecting = begin(socket)
            try watch.open(socket, on: loop, owner: asOwner, told: ByteStream.told)
        } catch {
            didFail(error)
        }
    }

    private func connectionMade(orFailed known: Int32) {
        connecting = nil
        let error = known == 0 ? takeSocketError() : known
        if error < 0 { return didFail(UVError(code: error)) }
        setNoDelay()
        if let tls { beginHandshake(tls) } else { didConnect() }
    }

    /// Negative, as libuv has it, or 0.
    private func takeSocketError() -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? -code : -errno
    }

    /// Tokens are small writes that must leave at once (RFC 9293 section 3.7.4 would hold them back).
    private func setNoDelay() {
        if !isUnix { Descriptors.set(TCP_NODELAY, at: Int32(IPPROTO_TCP), of: socket, to: Int32(1)) }
    }

    // MARK: What the loop tells

    /// The handle's reference: taken when the stream was made, given back in the close callback.
    private var asOwner: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static let told: SocketWatch.Told = { handle, status, events in
        guard let data = handle?.pointee.data else { return }
        // Guaranteed: that reference lasts until the close callback, which can't run inside this one.
        Unmanaged<ByteStream>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.told(status, events) }
    }

    private func told(_ status: Int32, _ events: Int32) {
        watch.note(status: status, socket: socket, on: loop)
        if status < 0 || events & Int32(UV_DISCONNECT.rawValue) != 0 {
            isReadable = true
            isEndAhead = true
        } else if events & Int32(UV_READABLE.rawValue) != 0 {
            if isReadable, !isReadingSocket { watch.ignoreReadable(socket, on: loop) }
            isReadable = true
        }
        if let connecting { connectionMade(orFailed: connecting) }
        if isReadingSocket, isReadable { readSocket() }
        if heldByteCount > 0, !isClosing { sendHeld() }
        // What a broken connection still has to say was told above, unless it was a passing error.
        if status < 0, !isClosing, isReadingSocket || heldByteCount > 0 { rearm() }
    }

    /// Has the loop tell in its next turn what can be read and written.
    private func rearm() {
        watch.rearm(socket, on: loop)
    }

    // MARK: Reading

    public final func startReading() {
        guard !isReading, !isClosing else { return }
        if let tls { return startReadingSecured(tls) }
        isReading = true
        startReadingSocket()
    }

    /// Also stops telling that the peer goes away.
    public final func stopReading() {
        guard isReading else { return }
        isReading = false
        if let tls, case .handshake = tls.phase { return }
        stopReadingSocket()
    }

    final func startReadingSocket() {
        guard !isReadingSocket, !isClosing else { return }
        isReadingSocket = true
        // Nothing is handed over from in here.
        if isReadable { rearm() }
    }

    final func stopReadingSocket() {
        isReadingSocket = false
    }

    /// Until nothing is there, or the others had to wait for a whole megabyte.
    private func readSocket() {
        for _ in 0..<16 {
            let room = tls == nil ? 0 : TLSMemory.recordRoom
            let limit = min(Loop.readBufferBytes - room, readLimit)
            let memory = loop.readBuffer.baseAddress.map { $0 + room }
            let count = recv(socket, memory, limit, 0)
            guard count > 0 else { return readingEnded(count < 0 ? errno : 0) }
            // Less than asked for was all there is, unless it is all there will ever be.
            if count < limit, !isEndAhead { isReadable = false }
            let bytes = UnsafeRawBufferPointer(start: memory, count: count)
            if tls == nil { didRead(bytes) } else { encryptedArrived(bytes) }
            guard isReadable, isReadingSocket else { return }
        }
        rearm()
    }

    /// 0: by FIN.
    private func readingEnded(_ error: Int32) {
        if error == EAGAIN || error == EINTR {
            isReadable = error == EINTR
            // An error may have been a passing one.
            isEndAhead = false
            if isReadable { rearm() }
            return
        }
        isReadingSocket = false
        if error == 0, tls != nil { return encryptedEnded() }
        isReading = false
        if error == 0 { didEnd() } else { didFail(UVError(code: -error)) }
    }

    // MARK: Writing

    /// Sends the bytes, few of them at the end of the loop's turn. What the socket doesn't take is copied and held, which
    /// the result says, or for those few the next one's; `didDrain` tells when all has left. An error comes as
    /// `didFailToWrite` on the way of the held bytes, or by the read side; here it only stops the sending.
    @discardableResult
    public final func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let tls else { return writeRaw(bytes) }
        guard socket >= 0, !bytes.isEmpty else { return true }
        return writeSecured(bytes, tls)
    }

    /// To the socket as it is.
    @inline(__always)
    @discardableResult
    final func writeRaw(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard socket >= 0, !bytes.isEmpty else { return true }
        if heldByteCount > 0 {
            hold(bytes)
            return false
        }
        if loop.batch.take(bytes, of: self) { return true }
        flush()
        return sendNow(bytes)
    }

    /// Sends what waits for the end of the loop's turn.
    public final func flush() {
        if isBatched { loop.batch.send() }
    }

    final func sendBatched(_ bytes: UnsafeRawBufferPointer) {
        isBatched = false
        if heldByteCount > 0 { hold(bytes) } else { _ = sendNow(bytes) }
    }

    @inline(__always)
    private func sendNow(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let sent = send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        if sent == bytes.count { return true }
        // The error comes again when the held bytes are sent.
        let hasFailed = sent < 0 && errno != EAGAIN
        hold(UnsafeRawBufferPointer(rebasing: bytes[max(0, sent)...]))
        if hasFailed { rearm() }
        return false
    }

    @discardableResult
    public final func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { write($0) }
    }

    private func hold(_ bytes: UnsafeRawBufferPointer) {
        if heldOffset > held.count / 2 {
            held.removeFirst(heldOffset)
            heldOffset = 0
        }
        held.append(contentsOf: bytes)
        heldByteCount += bytes.count
    }

    private func sendHeld() {
        let sent = held.withUnsafeBytes { held in
            send(socket, held.baseAddress.map { $0 + heldOffset }, heldByteCount, Int32(MSG_NOSIGNAL))
        }
        guard sent >= 0 else {
            let error = errno
            if error == EAGAIN { return }
            if error == EINTR { return rearm() }
            letGoOfHeld()
            return didFailToWrite(UVError(code: -error))
        }
        heldOffset += sent
        heldByteCount -= sent
        guard heldByteCount == 0 else { return }
        letGoOfHeld()
        if endsWriting { shutdown(socket, Int32(SHUT_WR)) }
        didDrain()
    }

    private func letGoOfHeld() {
        held = []
        heldOffset = 0
        heldByteCount = 0
    }

    /// Sends FIN once everything held has left; reading goes on.
    public final func endWriting() {
        guard !isClosing else { return }
        if let tls {
            tls.endWriting()
            writeRaw(tls.takeOutput())
        }
        endWritingRaw()
    }

    /// FIN alone: over TLS the peer takes what came before it for cut off. For tests of just that.
    public final func endWritingRaw() {
        guard !isClosing else { return }
        flush()
        endsWriting = true
        if heldByteCount == 0 { shutdown(socket, Int32(SHUT_WR)) }
    }

    // MARK: Closing

    /// Closes at once; what is held is lost. Safe to repeat.
    public final func close() {
        // Over TLS a connection that ends without its closing alert was cut; so it was, if something is held.
        if let tls, !isClosing, heldBytes == 0 {
            tls.endWriting()
            let alert = tls.takeOutput()
            if !alert.isEmpty { writeRaw(alert) }
        }
        guard beginClosing() else { return }
        closeSocket()
    }

    /// Closes with RST, so that a peer that reads until the connection ends knows that it was cut.
    public final func reset() {
        guard beginClosing() else { return }
        if !isUnix { Descriptors.set(SO_LINGER, at: SOL_SOCKET, of: socket, to: linger(l_onoff: 1, l_linger: 0)) }
        closeSocket()
    }

    private func closeSocket() {
        watch.close(on: loop, owner: asOwner, closed: ByteStream.closed)
        if socket >= 0 { Glibc.close(socket) }
        socket = -1
        letGoOfHeld()
    }

    private func beginClosing() -> Bool {
        guard !isClosing else { return false }
        flush()
        beganClosing = true
        isReading = false
        isReadingSocket = false
        setDeadline(.distantFuture)
        return true
    }

    private static let closed: @convention(c) (UnsafeMutablePointer<uv_handle_t>?) -> Void = { handle in
        guard let data = handle?.pointee.data else { return }
        handle?.pointee.data = nil
        let stream = Unmanaged<ByteStream>.fromOpaque(data).takeRetainedValue()
        stream.tls = nil
        stream.loop.openStreams -= 1
        stream.loop.descriptors.streamClosed(wasClient: stream.isClient)
        stream.didClose()
    }

    // MARK: Addresses

    /// The peer's address, nil for Unix sockets and for a connection that is gone.
    public final var peerAddress: SocketAddress? {
        isUnix || socket < 0 ? nil : SocketAddress { getpeername(socket, $0, $1) }
    }

    /// Asks the socket whether the peer has closed or reset the connection: while it isn't read, nothing is told.
    public final var isPeerGone: Bool {
        guard socket >= 0 else { return false }
        // 0x2000 is POLLRDHUP, which glibc hides behind _GNU_SOURCE; POLLERR and POLLHUP are always reported.
        var question = pollfd(fd: socket, events: 0x2000, revents: 0)
        return poll(&question, 1, 0) > 0
    }
}
