// SPDX-License-Identifier: MIT

import CUV
import Glibc

/// A listening TCP or Unix socket. A subclass makes the connections.
open class Listener {
    public let loop: Loop
    public let isUnix: Bool
    private let socket: Int32
    /// Watched level-triggered: as long as connections wait that nobody has taken, each turn of the loop says so.
    private let handle: UnsafeMutablePointer<uv_poll_t>
    private var isClosed = false

    /// - Throws: `UVError` when the address can't be bound.
    public init(loop: Loop, address: SocketAddress, backlog: Int32 = 1024) throws(UVError) {
        self.loop = loop
        isUnix = false
        socket = try address.withPointer { address, length throws(UVError) in
            try Listener.listen(on: address, length: length, backlog: backlog)
        }
        handle = .allocate(capacity: 1)
        try beginWatching()
    }

    /// - Throws: `UVError` when the path can't be bound. A socket file left behind by a process that is gone must have
    ///   been removed before.
    public init(loop: Loop, unixPath: String, backlog: Int32 = 1024) throws(UVError) {
        self.loop = loop
        isUnix = true
        guard let address = UnixAddress(path: unixPath) else { throw UVError(code: UV_ENAMETOOLONG.rawValue) }
        socket = try address.withPointer { address, length throws(UVError) in
            try Listener.listen(on: address, length: length, backlog: backlog)
        }
        handle = .allocate(capacity: 1)
        try beginWatching()
    }

    private static func listen(
        on address: UnsafePointer<sockaddr>, length: socklen_t, backlog: Int32
    ) throws(UVError) -> Int32 {
        let socket = try Descriptors.makeSocket(family: Int32(address.pointee.sa_family))
        // The port of a process that has just ended is free, and `[::]` takes IPv4, too.
        Descriptors.set(SO_REUSEADDR, at: SOL_SOCKET, of: socket, to: Int32(1))
        Descriptors.set(IPV6_V6ONLY, at: Int32(IPPROTO_IPV6), of: socket, to: Int32(0))
        guard bind(socket, address, length) == 0, Glibc.listen(socket, backlog) == 0 else {
            let error = UVError(code: -errno)
            Glibc.close(socket)
            throw error
        }
        return socket
    }

    private func beginWatching() throws(UVError) {
        let code = uv_poll_init(loop.uv, handle, socket)
        guard code >= 0 else {
            isClosed = true
            Glibc.close(socket)
            throw UVError(code: code)
        }
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        watch()
    }

    private func watch() {
        uv_poll_start(handle, Int32(UV_READABLE.rawValue)) { handle, _, _ in
            guard let data = handle?.pointee.data else { return }
            Unmanaged<Listener>.fromOpaque(data).takeUnretainedValue().connectionsArrived()
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

    /// Takes all that wait.
    private func connectionsArrived() {
        while !isClosed {
            guard !takesClients || loop.descriptors.hasRoom else { return pause() }
            let connection = Glibc.accept(socket, nil, nil)
            if connection >= 0 {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                accept(connection)
                continue
            }
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                loop.descriptors.ranOut()
                return pause()
            case ECONNABORTED, EINTR: continue
            // Nobody is left (EAGAIN); or it was an error of a connection's, which waits no longer (accept(2)).
            default: return
            }
        }
    }

    private func accept(_ accepted: Int32) {
        guard let connection = makeConnection() else {
            Glibc.close(accepted)
            return
        }
        do throws(UVError) {
            try connection.accept(accepted)
        } catch {
            return connection.close()
        }
        if takesClients {
            connection.isClient = true
            loop.descriptors.clientAccepted(accepted)
        }
        didAccept(connection)
    }

    private func pause() {
        uv_poll_stop(handle)
        loop.descriptors.pause(self)
        didPause()
    }

    /// Takes, in the next turn of the loop, who has waited.
    func resume() {
        if !isClosed { watch() }
    }

    /// The bound address, with the port that the system chose where 0 was asked for.
    public final var address: SocketAddress? {
        isUnix || isClosed ? nil : SocketAddress { getsockname(socket, $0, $1) }
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
        Glibc.close(socket)
    }
}
