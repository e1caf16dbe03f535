// SPDX-License-Identifier: MIT

import CUV
public import GatewayCore
import Glibc

/// One point in time to the microsecond, for what the wheel's 8 ms and libuv's whole milliseconds are too coarse for:
/// load generators and simulated tokens. It costs a descriptor and a system call each time it is set, so nothing that
/// serves uses it. It does not keep the loop running.
public final class Alarm {
    /// Held: the handle can be closed only while its loop is there.
    private let loop: Loop
    private let handle: UnsafeMutablePointer<uv_poll_t>
    private let descriptor: Int32
    private var isInitialised = false
    /// Called on the loop when the time has come; may set the next.
    private let rang: () -> Void

    /// - Throws: `UVError` when no timer can be made.
    public init(loop: Loop, rang: @escaping () -> Void) throws(UVError) {
        self.loop = loop
        self.rang = rang
        handle = .allocate(capacity: 1)
        descriptor = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC))
        guard descriptor >= 0 else { throw UVError(code: -errno) }
        try UVError.check(uv_poll_init(loop.uv, handle, descriptor))
        isInitialised = true
        handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        uv_unref(handle.asHandle)
        let code = uv_poll_start(handle, Int32(UV_READABLE.rawValue)) { handle, status, _ in
            guard status >= 0, let data = handle?.pointee.data else { return }
            Unmanaged<Alarm>.fromOpaque(data).takeUnretainedValue().expired()
        }
        try UVError.check(code)
    }

    deinit {
        if isInitialised {
            uv_poll_stop(handle)
            handle.pointee.data = nil
            uv_close(handle.asHandle) { handle in
                handle.map { UnsafeMutableRawPointer($0).deallocate() }
            }
        } else {
            handle.deallocate()
        }
        if descriptor >= 0 { close(descriptor) }
    }

    /// Replaces the time; one that has passed rings in the loop's next turn. On the loop's clock.
    public func set(to time: Instant) {
        let time = max(1, time.nanoseconds - loop.skipped.nanoseconds)
        var setting = itimerspec()
        setting.it_value.tv_sec = Int(time / 1_000_000_000)
        setting.it_value.tv_nsec = Int(time % 1_000_000_000)
        timerfd_settime(descriptor, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }

    private func expired() {
        var expirations: UInt64 = 0
        // Nothing to read: it was set anew after the loop had seen it expire.
        guard read(descriptor, &expirations, 8) == 8 else { return }
        rang()
    }
}
