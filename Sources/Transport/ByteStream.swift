// SPDX-License-Identifier: MIT

import CUV
import GatewayCore
import Glibc

/// A connected (or connecting) TCP or Unix socket on the loop. Subclasses say what its events mean.
///
/// The object lives as long as its handle: retained once when the handle is opened, released once in the close
/// callback; nothing else has to keep it. After `close()` no event but `didClose` comes.
open class ByteStream: Timed {
    private let handle: UnsafeMutablePointer<uv_stream_t>
    private var isOpen = false
    public final var isClosing: Bool { beganClosing }
    // Behind getters: another module checks each access to a stored property for overlaps, whatever is said here.
    @exclusivity(unchecked) private final var beganClosing = false
    @exclusivity(unchecked) private final var heldByteCount = 0
    /// The subclass wants to read; with TLS the socket may be read without that, and the other way round.
    @exclusivity(unchecked) public internal(set) final var isReading = false
    private var isReadingSocket = false
    /// Accepted by a listener that takes clients.
    final var isClient = false
    /// nil: plain text, which pays one comparison per write for this and nothing per read.
    @exclusivity(unchecked) final var tls: TLSSession?
    /// Bytes handed to `write` that the socket has not taken yet.
    public final var heldBytes: Int { heldByteCount }
    /// Bytes that still have to leave; shrinks as the socket takes them, while `heldBytes` waits for the last one.
    public final var unsentBytes: Int { uv_stream_get_write_queue_size(handle) }
    /// A read hands over at most this many bytes; at most `Loop.readBufferBytes`.
    @exclusivity(unchecked) public final var readLimit = Loop.readBufferBytes

    public let isUnix: Bool

    /// - Throws: `UVError` when no handle can be made.
    public init(loop: Loop, isUnix: Bool = false) throws(UVError) {
        handle = .allocateStream()
        self.isUnix = isUnix
        super.init(loop: loop)
        let code = isUnix ? uv_pipe_init(loop.uv, handle.asPipe, 0) : uv_tcp_init(loop.uv, handle.asTCP)
        if code < 0 {
            // Not opened, so there is nothing to close: deinit frees the memory.
            throw UVError(code: code)
        }
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        isOpen = true
        loop.openStreams += 1
    }

    deinit {
        handle.deallocate()
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

    func accept(from listener: UnsafeMutablePointer<uv_stream_t>) throws(UVError) {
        try UVError.check(uv_accept(listener, handle))
        setNoDelay()
    }

    /// For a connection that nobody wants.
    func close(afterAccepting listener: UnsafeMutablePointer<uv_stream_t>) {
        uv_accept(listener, handle)
        close()
    }

    /// The result comes as `didConnect` or `didFail`; there is no deadline of its own.
    public final func connect(to address: SocketAddress) {
        let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
        let code = address.withPointer { uv_tcp_connect(request, handle.asTCP, $0, ByteStream.connected) }
        if code < 0 {
            request.deallocate()
            didFail(UVError(code: code))
        } else {
            failWithoutDescriptor()
        }
    }

    /// To the socket at that path; the stream was made with `isUnix`.
    public final func connect(toUnix path: String) {
        let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
        uv_pipe_connect(request, handle.asPipe, path, ByteStream.connected)
        failWithoutDescriptor()
    }

    /// The last descriptors are not for connections.
    private func failWithoutDescriptor() {
        guard let descriptor, Int(descriptor) >= loop.descriptors.connectCeiling else { return }
        didFail(UVError(code: UV_EMFILE.rawValue))
    }

    /// nil: it has none yet, or no longer.
    final var descriptor: Int32? {
        var descriptor: uv_os_fd_t = -1
        return uv_fileno(handle.asHandle, &descriptor) == 0 ? descriptor : nil
    }

    private static let connected: @convention(c) (UnsafeMutablePointer<uv_connect_t>?, Int32) -> Void = {
        request, status in
        guard let request else { return }
        let stream = ByteStream.of(request.pointee.handle)
        request.deallocate()
        guard let stream, !stream.isClosing else { return }
        if status < 0 { return stream.didFail(UVError(code: status)) }
        stream.setNoDelay()
        if let tls = stream.tls { stream.beginHandshake(tls) } else { stream.didConnect() }
    }

    /// Tokens are small writes that must leave at once (RFC 9293 section 3.7.4 would hold them back).
    private func setNoDelay() {
        if !isUnix { uv_tcp_nodelay(handle.asTCP, 1) }
    }

    // MARK: Reading

    public final func startReading() {
        guard !isReading, !isClosing else { return }
        if let tls { return startReadingSecured(tls) }
        isReading = startReadingSocket()
    }

    /// Also stops noticing that the peer goes away: libuv reports that only while reading.
    public final func stopReading() {
        guard isReading else { return }
        isReading = false
        if let tls, case .handshake = tls.phase { return }
        stopReadingSocket()
    }

    /// Says whether it is read now; if not, the failure was told.
    @discardableResult
    final func startReadingSocket() -> Bool {
        guard !isReadingSocket, !isClosing else { return isReadingSocket }
        let code =
            tls == nil
            ? uv_read_start(handle, ByteStream.allocate, ByteStream.read)
            : uv_read_start(handle, ByteStream.allocateEncrypted, ByteStream.readEncrypted)
        isReadingSocket = code >= 0
        if code < 0 { didFail(UVError(code: code)) }
        return isReadingSocket
    }

    final func stopReadingSocket() {
        guard isReadingSocket else { return }
        isReadingSocket = false
        if !isClosing { uv_read_stop(handle) }
    }

    private static let allocate:
        @convention(c) (UnsafeMutablePointer<uv_handle_t>?, Int, UnsafeMutablePointer<uv_buf_t>?) -> Void = {
            handle, _, buffer in
            guard let handle, let data = handle.pointee.data else { return }
            Unmanaged<ByteStream>.fromOpaque(data)._withUnsafeGuaranteedRef { stream in
                let memory = stream.loop.readBuffer
                buffer?.pointee.base = memory.baseAddress?.assumingMemoryBound(to: CChar.self)
                buffer?.pointee.len = min(memory.count, stream.readLimit)
            }
        }

    private static let read:
        @convention(c) (UnsafeMutablePointer<uv_stream_t>?, Int, UnsafePointer<uv_buf_t>?) -> Void = {
            handle, count, buffer in
            guard let data = handle?.pointee.data else { return }
            // Guaranteed: the handle holds a reference until its close callback, which can't run inside this one.
            Unmanaged<ByteStream>.fromOpaque(data)._withUnsafeGuaranteedRef { stream in
                if count > 0 {
                    stream.didRead(UnsafeRawBufferPointer(start: buffer?.pointee.base, count: count))
                } else if count == Int(UV_EOF.rawValue) {
                    stream.isReading = false
                    stream.isReadingSocket = false
                    if let error = stream.socketError { stream.didFail(error) } else { stream.didEnd() }
                } else if count < 0 {
                    stream.isReading = false
                    stream.isReadingSocket = false
                    stream.didFail(UVError(code: Int32(truncatingIfNeeded: count)))
                }
            }
        }

    private static let allocateEncrypted:
        @convention(c) (UnsafeMutablePointer<uv_handle_t>?, Int, UnsafeMutablePointer<uv_buf_t>?) -> Void = {
            handle, _, buffer in
            guard let handle, let data = handle.pointee.data else { return }
            Unmanaged<ByteStream>.fromOpaque(data)._withUnsafeGuaranteedRef { stream in
                let memory = UnsafeMutableRawBufferPointer(rebasing: stream.loop.readBuffer[TLSMemory.recordRoom...])
                buffer?.pointee.base = memory.baseAddress?.assumingMemoryBound(to: CChar.self)
                buffer?.pointee.len = min(memory.count, stream.readLimit)
            }
        }

    private static let readEncrypted:
        @convention(c) (UnsafeMutablePointer<uv_stream_t>?, Int, UnsafePointer<uv_buf_t>?) -> Void = {
            handle, count, buffer in
            guard let data = handle?.pointee.data else { return }
            Unmanaged<ByteStream>.fromOpaque(data)._withUnsafeGuaranteedRef { stream in
                if count > 0 {
                    stream.encryptedArrived(UnsafeRawBufferPointer(start: buffer?.pointee.base, count: count))
                } else if count < 0 {
                    stream.isReadingSocket = false
                    guard count == Int(UV_EOF.rawValue) else {
                        stream.isReading = false
                        return stream.didFail(UVError(code: Int32(truncatingIfNeeded: count)))
                    }
                    if let error = stream.socketError { stream.didFail(error) } else { stream.encryptedEnded() }
                }
            }
        }

    /// libuv takes a hang-up right behind the last bytes for FIN, even if it was a reset: the socket knows better.
    private var socketError: UVError? {
        var descriptor: uv_os_fd_t = -1
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard uv_fileno(handle.asHandle, &descriptor) == 0,
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code != 0
        else { return nil }
        return UVError(code: -code)
    }

    // MARK: Writing

    /// Sends the bytes. What the socket doesn't take now is copied and held; `didDrain` tells when that has left.
    /// An error comes as `didFail` on the way of the held bytes, or by the read side; here it only stops the sending.
    @discardableResult
    public final func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !isClosing, !bytes.isEmpty else { return true }
        if let tls { return writeSecured(bytes, tls) }
        return writeRaw(bytes)
    }

    /// To the socket as it is.
    @inline(__always)
    @discardableResult
    final func writeRaw(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !isClosing, !bytes.isEmpty else { return true }
        let sent = heldBytes == 0 ? trySend(bytes) : 0
        guard sent < bytes.count else { return true }
        hold(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
        return false
    }

    @discardableResult
    public final func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { write($0) }
    }

    /// What was taken; 0 if the socket is full or failed, which the held write will be told. By `send`, since the
    /// `write` of `uv_try_write` passes through the kernel's files first: 80 ns of each token.
    private func trySend(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let descriptor else { return 0 }
        return max(0, send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
    }

    private func hold(_ bytes: UnsafeRawBufferPointer) {
        // One block: the request and, behind it, the bytes.
        let headBytes = MemoryLayout<HeldWrite>.stride
        let block = UnsafeMutableRawPointer.allocate(byteCount: headBytes + bytes.count, alignment: 16)
        let held = block.initializeMemory(as: HeldWrite.self, to: HeldWrite(request: uv_write_t(), count: bytes.count))
        if let source = bytes.baseAddress { (block + headBytes).copyMemory(from: source, byteCount: bytes.count) }
        var buffer = uv_buf_t(base: (block + headBytes).assumingMemoryBound(to: CChar.self), len: bytes.count)
        let request = UnsafeMutableRawPointer(held).assumingMemoryBound(to: uv_write_t.self)
        heldByteCount += bytes.count
        let code = uv_write(request, handle, &buffer, 1) { request, status in
            guard let request else { return }
            let stream = ByteStream.of(request.pointee.handle)
            let block = UnsafeMutableRawPointer(request)
            let count = block.assumingMemoryBound(to: HeldWrite.self).pointee.count
            block.deallocate()
            stream?.heldWriteEnded(count, status: status)
        }
        if code < 0 {
            heldByteCount -= bytes.count
            block.deallocate()
            didFailToWrite(UVError(code: code))
        }
    }

    private func heldWriteEnded(_ count: Int, status: Int32) {
        heldByteCount -= count
        guard !isClosing else { return }
        if status < 0 { return didFailToWrite(UVError(code: status)) }
        if heldBytes == 0 { didDrain() }
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
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        let code = uv_shutdown(request, handle) { request, _ in request?.deallocate() }
        if code < 0 { request.deallocate() }
    }

    // MARK: Closing

    /// Closes at once; what is held is lost. Safe to repeat.
    public final func close() {
        // Over TLS a connection that ends without its closing alert was cut; so it was, if something is held.
        if let tls, !isClosing, heldBytes == 0 {
            tls.endWriting()
            let alert = tls.takeOutput()
            if !alert.isEmpty { _ = trySend(alert) }
        }
        guard beginClosing() else { return }
        uv_close(handle.asHandle, ByteStream.closed)
    }

    /// Closes with RST, so that a peer that reads until the connection ends knows that it was cut.
    public final func reset() {
        guard !isUnix else { return close() }
        guard beginClosing() else { return }
        if uv_tcp_close_reset(handle.asTCP, ByteStream.closed) < 0 { uv_close(handle.asHandle, ByteStream.closed) }
    }

    private func beginClosing() -> Bool {
        guard isOpen, !isClosing else { return false }
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
        stream.isOpen = false
        stream.tls = nil
        stream.loop.openStreams -= 1
        stream.loop.descriptors.streamClosed(wasClient: stream.isClient)
        stream.didClose()
    }

    // MARK: Addresses

    /// The peer's address, nil for Unix sockets and for a connection that is gone.
    public final var peerAddress: SocketAddress? {
        isUnix ? nil : SocketAddress { storage, length in uv_tcp_getpeername(handle.asTCP, storage, length) }
    }

    /// Asks the socket whether the peer has closed or reset the connection: while it isn't read, libuv doesn't tell.
    public final var isPeerGone: Bool {
        guard !isClosing, let descriptor else { return false }
        // 0x2000 is POLLRDHUP, which glibc hides behind _GNU_SOURCE; POLLERR and POLLHUP are always reported.
        var question = pollfd(fd: descriptor, events: 0x2000, revents: 0)
        return poll(&question, 1, 0) > 0
    }

    private static func of(_ handle: UnsafeMutablePointer<uv_stream_t>?) -> ByteStream? {
        guard let data = handle?.pointee.data else { return nil }
        return Unmanaged<ByteStream>.fromOpaque(data).takeUnretainedValue()
    }
}

/// A write request and the number of bytes that stand behind it in the same block.
private struct HeldWrite {
    var request: uv_write_t
    var count: Int
}
