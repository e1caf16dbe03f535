// SPDX-License-Identifier: MIT

import CUV

/// A listening TCP or Unix socket. A subclass makes the connections.
open class Listener {
    public let loop: Loop
    public let isUnix: Bool
    private let handle: UnsafeMutablePointer<uv_stream_t>
    private var isClosed = false

    /// - Throws: `UVError` when the address can't be bound.
    public init(loop: Loop, address: SocketAddress, backlog: Int32 = 1024) throws(UVError) {
        self.loop = loop
        isUnix = false
        handle = .allocateStream()
        try UVError.check(uv_tcp_init(loop.uv, handle.asTCP))
        let code = address.withPointer { uv_tcp_bind(handle.asTCP, $0, 0) }
        try listen(after: code, backlog: backlog)
    }

    /// - Throws: `UVError` when the path can't be bound. A socket file left behind by a process that is gone must have
    ///   been removed before.
    public init(loop: Loop, unixPath: String, backlog: Int32 = 1024) throws(UVError) {
        self.loop = loop
        isUnix = true
        handle = .allocateStream()
        try UVError.check(uv_pipe_init(loop.uv, handle.asPipe, 0))
        try listen(after: uv_pipe_bind(handle.asPipe, unixPath), backlog: backlog)
    }

    private func listen(after code: Int32, backlog: Int32) throws(UVError) {
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        var code = code
        if code >= 0 {
            code = uv_listen(handle, backlog) { handle, status in
                guard status >= 0, let data = handle?.pointee.data else { return }
                Unmanaged<Listener>.fromOpaque(data).takeUnretainedValue().connectionArrived()
            }
        }
        if code < 0 {
            close()
            throw UVError(code: code)
        }
    }

    deinit {
        handle.deallocate()
    }

    /// Makes the object for a new connection; nil refuses it.
    open func makeConnection() -> ByteStream? { nil }
    /// The connection is accepted and may be read.
    open func didAccept(_ connection: ByteStream) {}

    /// What it accepts is counted, and waits outside when descriptors run short.
    open var takesClients: Bool { false }
    /// Accepting pauses: no descriptor is free for a client. What has connected waits.
    open func didPause() {}
    /// Told four times a second while it goes on.
    open func stillPaused() {}

    private func connectionArrived() {
        // libuv announces nothing more while the connection that it announced is left lying.
        guard !takesClients || loop.descriptors.mayAccept(self) else { return didPause() }
        accept()
    }

    /// Takes the connection that was left lying.
    func resume() {
        guard !isClosed else { return }
        accept()
    }

    private func accept() {
        guard let connection = makeConnection() else { return refuseConnection() }
        do throws(UVError) {
            try connection.accept(from: handle)
        } catch {
            return connection.close()
        }
        if takesClients {
            connection.isClient = true
            loop.descriptors.clientAccepted(connection.descriptor)
        }
        didAccept(connection)
    }

    /// Accepted and closed: libuv stops listening when a connection that it announced is left lying.
    private func refuseConnection() {
        do throws(UVError) {
            let stream = try ByteStream(loop: loop, isUnix: isUnix)
            stream.close(afterAccepting: handle)
        } catch {
            // Without memory for a handle the connection stays where it is; nothing better can be done.
        }
    }

    /// The bound address, with the port that the system chose where 0 was asked for.
    public final var address: SocketAddress? {
        isUnix ? nil : SocketAddress { storage, length in uv_tcp_getsockname(handle.asTCP, storage, length) }
    }

    /// Stops listening; connections go on. Safe to repeat.
    public final func close() {
        guard !isClosed else { return }
        isClosed = true
        loop.descriptors.forget(self)
        uv_close(handle.asHandle) { handle in
            guard let data = handle?.pointee.data else { return }
            Unmanaged<Listener>.fromOpaque(data).release()
        }
    }
}
