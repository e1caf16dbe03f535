// SPDX-License-Identifier: MIT

import CUV

/// Tells the loop of a Unix signal. It does not keep the loop running.
public final class SignalWatcher {
    /// Held: the handle can be closed only while its loop is there.
    private let loop: Loop
    private let handle: UnsafeMutablePointer<uv_signal_t>
    private var isInitialised = false
    private let received: () -> Void

    /// - Throws: `UVError` when the signal can't be watched.
    public init(loop: Loop, signal: Int32, received: @escaping () -> Void) throws(UVError) {
        self.loop = loop
        self.received = received
        handle = .allocate(capacity: 1)
        try UVError.check(uv_signal_init(loop.uv, handle))
        isInitialised = true
        handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        uv_unref(handle.asHandle)
        try UVError.check(
            uv_signal_start(
                handle,
                { handle, _ in
                    guard let data = handle?.pointee.data else { return }
                    Unmanaged<SignalWatcher>.fromOpaque(data).takeUnretainedValue().received()
                }, signal))
    }

    deinit {
        guard isInitialised else { return handle.deallocate() }
        uv_signal_stop(handle)
        handle.pointee.data = nil
        uv_close(handle.asHandle) { handle in
            handle.map { UnsafeMutableRawPointer($0).deallocate() }
        }
    }
}
