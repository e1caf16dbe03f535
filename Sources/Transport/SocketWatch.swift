// SPDX-License-Identifier: MIT

import CUV
import Glibc

/// What the loop watches of one connected or connecting socket, by libuv's poll handle: that it can be read, that it can
/// be written, and that the peer has ended it. Reading and writing are left to the socket's owner.
///
/// libuv watches level-triggered: before each wait the kernel asks every socket that was told of once more. So the first
/// event makes the watching edge-triggered (`EPOLLET`, epoll(7)): from then on an event is told once, when it happens,
/// and again after `rearm`. The owner has to remember what it was told, and for that can pause without a system call.
struct SocketWatch: ~Copyable {
    /// libuv keeps the address until the close callback, so it is allocated.
    private let handle: UnsafeMutablePointer<uv_poll_t>
    private var hasHandle = false
    /// Not before the socket connects, and no longer after an error, which libuv tells once and then stops.
    private var isActive = false
    private var isEdgeTriggered = false

    /// libuv's callback: a negative status is an error of the socket's, which reading or writing it will say; the events
    /// are bits of `uv_poll_event`.
    typealias Told = @convention(c) (UnsafeMutablePointer<uv_poll_t>?, Int32, Int32) -> Void
    typealias Closed = @convention(c) (UnsafeMutablePointer<uv_handle_t>?) -> Void

    private static let interests = Int32(UV_READABLE.rawValue | UV_WRITABLE.rawValue | UV_DISCONNECT.rawValue)

    init() {
        handle = .allocate(capacity: 1)
    }

    deinit {
        handle.deallocate()
    }

    /// - Parameter owner: what `told` and `closed` find as the handle's data.
    /// - Throws: `UVError` if the socket can't be watched.
    mutating func open(
        _ socket: Int32, on loop: Loop, owner: UnsafeMutableRawPointer, told: @escaping Told
    ) throws(UVError) {
        try UVError.check(uv_poll_init(loop.uv, handle, socket))
        hasHandle = true
        handle.pointee.data = owner
        try UVError.check(uv_poll_start(handle, SocketWatch.interests, told))
        isActive = true
    }

    /// Has to hear of each event first.
    @inline(__always)
    mutating func note(status: Int32, socket: Int32, on loop: Loop) {
        if status < 0 {
            isActive = false
            isEdgeTriggered = false
        } else if !isEdgeTriggered {
            isEdgeTriggered = setEdgeTriggered(socket, on: loop)
        }
    }

    /// Whatever can be read or written by now is told in the next turn of the loop, even if it was told before.
    mutating func rearm(_ socket: Int32, on loop: Loop) {
        guard hasHandle else { return }
        if !isActive {
            isActive = uv_poll_start(handle, SocketWatch.interests, handle.pointee.poll_cb) == 0
        } else if isEdgeTriggered {
            isEdgeTriggered = setEdgeTriggered(socket, on: loop)
        }
    }

    /// Nothing more is told of what can be read until `rearm`: for a reader that has paused while more and more comes.
    mutating func ignoreReadable(_ socket: Int32, on loop: Loop) {
        if isEdgeTriggered { isEdgeTriggered = setEdgeTriggered(socket, on: loop, ignoring: EPOLLIN.rawValue) }
    }

    /// Also has the kernel look at the socket anew.
    private func setEdgeTriggered(_ socket: Int32, on loop: Loop, ignoring: UInt32 = 0) -> Bool {
        let events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        var event = epoll_event()
        event.events = events & ~ignoring
        // What libuv looks for there.
        event.data.fd = socket
        return epoll_ctl(uv_backend_fd(loop.uv), EPOLL_CTL_MOD, socket, &event) == 0
    }

    /// The socket may be closed right afterwards, `closed` comes in a later turn. Once.
    mutating func close(on loop: Loop, owner: UnsafeMutableRawPointer, closed: @escaping Closed) {
        // Never opened: a handle that does nothing has a close callback, too.
        if !hasHandle { uv_idle_init(loop.uv, handle.asIdle) }
        handle.asHandle.pointee.data = owner
        isActive = false
        uv_close(handle.asHandle, closed)
    }
}
