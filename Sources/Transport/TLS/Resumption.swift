// SPDX-License-Identifier: MIT

import CUV

/// Has streams go on with what they had read already when their reader paused: in the next turn of the loop, since
/// `startReading` never hands bytes over by itself.
final class Resumption {
    private let handle: UnsafeMutablePointer<uv_idle_t>
    private var waiting: [ByteStream] = []

    init(loop: Loop) {
        handle = .allocate(capacity: 1)
        uv_idle_init(loop.uv, handle)
        handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        handle.pointee.data = nil
        uv_close(handle.asHandle) { handle in
            handle.map { UnsafeMutableRawPointer($0).deallocate() }
        }
    }

    /// While somebody waits the loop doesn't block.
    func add(_ stream: ByteStream) {
        waiting.append(stream)
        guard waiting.count == 1 else { return }
        uv_idle_start(handle) { handle in
            guard let data = handle?.pointee.data else { return }
            Unmanaged<Resumption>.fromOpaque(data).takeUnretainedValue().goOn()
        }
    }

    private func goOn() {
        let streams = waiting
        waiting.removeAll(keepingCapacity: true)
        uv_idle_stop(handle)
        for stream in streams { stream.resumeDelivery() }
    }
}
