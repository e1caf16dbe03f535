// SPDX-License-Identifier: MIT

import CUV

extension Loop {
    /// Does what blocks (a disk, a lock) on one of libuv's threads, and hands its result over on the loop. The pool is
    /// the one that looks up names, so work is short.
    public func offload<Result: Sendable>(
        _ work: @escaping @Sendable () -> Result, done: @escaping (Result) -> Void
    ) {
        let job = Job(work: work) { [unowned self] result in
            jobs -= 1
            done(result)
        }
        jobs += 1
        let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
        request.pointee.data = Unmanaged.passRetained(job as AnyJob).toOpaque()
        // Fails only without a callback.
        uv_queue_work(
            uv, request,
            { request in
                guard let data = request?.pointee.data else { return }
                Unmanaged<AnyJob>.fromOpaque(data).takeUnretainedValue().run()
            },
            { request, _ in
                guard let request, let data = request.pointee.data else { return }
                request.deallocate()
                Unmanaged<AnyJob>.fromOpaque(data).takeRetainedValue().finish()
            })
    }
}

private class AnyJob {
    func run() {}
    func finish() {}
}

/// Touched by one thread at a time: the pool's, and then the loop's, with libuv's own lock in between.
private final class Job<Result: Sendable>: AnyJob {
    private let work: @Sendable () -> Result
    private let done: (Result) -> Void
    private var result: Result?

    init(work: @escaping @Sendable () -> Result, done: @escaping (Result) -> Void) {
        self.work = work
        self.done = done
    }

    override func run() {
        result = work()
    }

    override func finish() {
        if let result { done(result) }
    }
}
