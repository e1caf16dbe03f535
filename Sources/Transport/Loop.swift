// SPDX-License-Identifier: MIT

import CUV
public import GatewayCore
import Glibc

/// One event loop and what all its connections share: the clock, the read buffer, the deadlines. There are no globals;
/// everything hangs off this. Not thread safe: one thread runs it and touches what belongs to it.
public final class Loop {
    let uv: UnsafeMutablePointer<uv_loop_t>
    /// Handed out by the alloc callback and parsed in place: no connection owns a read buffer.
    let readBuffer: UnsafeMutableRawBufferPointer
    /// Where responses are put together before their one write.
    public let splice = SpliceBuffer()
    let batch = SendBatch()
    public let descriptors: Descriptors
    /// What every parser of this loop's connections is made with.
    public let parserSettings: ParserSettings

    @exclusivity(unchecked) private var wheel: DeadlineWheel
    private var owners: [Unmanaged<Timed>?] = []
    private let sweepTimer: UnsafeMutablePointer<uv_timer_t>
    private var sweepAt = Instant.distantFuture
    /// How far `skip` has set the clock ahead.
    private(set) var skipped = Interval.zero
    private let endOfTurn: UnsafeMutablePointer<uv_prepare_t>
    /// Called once per turn of the loop, before it blocks: batched work (the log) belongs here.
    @exclusivity(unchecked) public var turnEnded: (() -> Void)?

    /// Streams whose handles are open: a test that ends with another number than it began with has found a leak.
    public internal(set) var openStreams = 0

    /// TLS sessions that exist, to find leaks as well.
    public internal(set) var openTLSSessions = 0
    /// Given to threads, and not over.
    var jobs = 0
    /// Made when the first stream speaks TLS.
    private var madeTLSMemory: TLSMemory?

    /// Bytes of one read.
    public static let readBufferBytes = 65536

    public init() throws(UVError) {
        // Writing to a socket that the peer has reset would end the process (libuv leaves that to us).
        signal(SIGPIPE, SIG_IGN)
        uv = .allocate(capacity: 1)
        try UVError.check(uv_loop_init(uv))
        readBuffer = .allocate(byteCount: Loop.readBufferBytes, alignment: 64)
        descriptors = Descriptors(backend: uv_backend_fd(uv))
        parserSettings = ParserSettings()
        wheel = DeadlineWheel(now: Instant(nanoseconds: Int64(uv_now(uv)) &* 1_000_000))
        sweepTimer = .allocate(capacity: 1)
        endOfTurn = .allocate(capacity: 1)
        uv_timer_init(uv, sweepTimer)
        uv_unref(sweepTimer.asHandle)
        uv_prepare_init(uv, endOfTurn)
        sweepTimer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        endOfTurn.pointee.data = sweepTimer.pointee.data
        uv_prepare_start(endOfTurn) { handle in
            guard let data = handle?.pointee.data else { return }
            Unmanaged<Loop>.fromOpaque(data)._withUnsafeGuaranteedRef { loop in
                loop.batch.endTurn()
                loop.turnEnded?()
            }
        }
        uv_unref(endOfTurn.asHandle)
    }

    deinit {
        madeTLSMemory = nil
        uv_close(sweepTimer.asHandle, nil)
        uv_close(endOfTurn.asHandle, nil)
        // Waits for close callbacks, and for a thread that is still at work for it.
        while uv_run(uv, UV_RUN_DEFAULT) != 0 {}
        let code = uv_loop_close(uv)
        assert(code == 0, "a handle outlives its loop, though its owner holds that")
        sweepTimer.deallocate()
        endOfTurn.deallocate()
        uv.deallocate()
        readBuffer.deallocate()
    }

    /// The time at which this turn of the loop began, to the millisecond.
    @inline(__always)
    public var now: Instant { Instant(nanoseconds: Int64(bitPattern: uv_now(uv)) &* 1_000_000 &+ skipped.nanoseconds) }

    /// The loop's clock as it is now, to the nanosecond; `now` stands still within a turn.
    public var exactNow: Instant { Loop.preciseNow + skipped }

    /// The clock itself, to the nanosecond, for measurements.
    public static var preciseNow: Instant { Instant(nanoseconds: Int64(bitPattern: uv_hrtime())) }

    /// Runs until nothing is left that could happen, or `stop` is called.
    public func run() {
        _ = uv_run(uv, UV_RUN_DEFAULT)
    }

    /// One turn; waits for an event only if asked to. Says whether anything is left that could happen.
    @discardableResult
    public func turn(wait: Bool) -> Bool {
        uv_run(uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT) != 0
    }

    public func stop() {
        uv_stop(uv)
    }

    /// For the end of the process: no deadline counts any more, work that was handed to a thread is done, and what was
    /// closed hears of it. Everything that may keep the loop must have been closed.
    ///
    /// - Returns: false if a name is still looked up, for which nobody has to wait: that takes as long as a name server
    ///   likes. The loop's own end, and that of the process by `exit`, would.
    public func finish() -> Bool {
        uv_timer_stop(sweepTimer)
        while jobs > 0 { turn(wait: true) }
        // One turn, and one more for each close that begins in a close callback.
        var turns = 0
        while turn(wait: false), turns < 100 { turns += 1 }
        return uv_loop_alive(uv) == 0
    }

    var tlsMemory: TLSMemory {
        if let madeTLSMemory { return madeTLSMemory }
        let memory = TLSMemory(loop: self)
        madeTLSMemory = memory
        return memory
    }

    // MARK: Deadlines

    /// Sets the clock ahead, and all that is due by then happens: tests of limits neither wait nor depend on how fast
    /// the machine is.
    func skip(_ interval: Interval) {
        skipped = Interval(nanoseconds: skipped.nanoseconds + interval.nanoseconds)
        sweep()
    }

    func addDeadline() -> DeadlineWheel.Identifier {
        let identifier = wheel.add()
        if Int(identifier) == owners.count { owners.append(nil) }
        return identifier
    }

    /// The owner is not retained: it takes its deadline out before it goes.
    func setOwner(of identifier: DeadlineWheel.Identifier, to owner: Timed) {
        owners[Int(identifier)] = Unmanaged.passUnretained(owner)
    }

    func removeDeadline(_ identifier: DeadlineWheel.Identifier) {
        owners[Int(identifier)] = nil
        wheel.remove(identifier)
    }

    @inline(__always)
    func setDeadline(_ identifier: DeadlineWheel.Identifier, to deadline: Instant) {
        if wheel.set(identifier, to: deadline) { armSweep() }
    }

    private func armSweep() {
        guard let next = wheel.nextWakeUp else { return }
        guard next < sweepAt else { return }
        sweepAt = next
        let milliseconds = max(0, (next.nanoseconds - now.nanoseconds + 999_999) / 1_000_000)
        uv_timer_start(
            sweepTimer,
            { timer in
                guard let data = timer?.pointee.data else { return }
                Unmanaged<Loop>.fromOpaque(data).takeUnretainedValue().sweep()
            }, UInt64(milliseconds), 0)
        uv_ref(sweepTimer.asHandle)
    }

    private func sweep() {
        sweepAt = .distantFuture
        let now = self.now
        while let identifier = wheel.takeExpired(at: now) {
            owners[Int(identifier)]?.takeUnretainedValue().deadlineReached(at: now)
        }
        if wheel.nextWakeUp == nil { uv_unref(sweepTimer.asHandle) } else { armSweep() }
    }
}
