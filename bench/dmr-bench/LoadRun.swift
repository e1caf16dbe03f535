// SPDX-License-Identifier: MIT

import BenchFigures
import GatewayCore
import Glibc
import Transport

/// One load run on a loop of its own: connects, warms up, measures for a while, and is over.
final class LoadRun {
    let loop: Loop
    let plan: LoadPlan
    let request: [UInt8]
    let stuckRequest: [UInt8]
    /// The sessions that connections go on with, if they do.
    let resumption: TLSClientContext?
    var figures = LoadFigures()
    private(set) var isMeasuring = false
    private(set) var measuredFrom: Int64 = 0
    /// Added to the monotonic clock it gives the time within the hour, as `TimeStamp` has it.
    private(set) var hourOffset: Int64 = 0

    private var connections: [LoadConnection?]
    /// Numbers of connections that nobody uses; the last used first, as pools of clients do.
    private var free: [Int] = []
    private var connecting = 0
    private var toConnect: [Int] = []
    private var firstBytes = 0
    private var isOver = false
    /// An open loop waits for the answers to what it has asked.
    private var isDraining = false
    private let target: TargetProcess
    private let syscallCounting: Result<SyscallCounting, SyscallFailure>?
    private var clock: RunClock?
    private var alarm: Alarm?
    private var schedule: StartSchedule?
    private var scheduleBegan: Int64 = 0
    private var nextStart: Int64 = 0
    /// Intended starts that wait for a connection; bounded like the run's requests.
    private var overdue: [Int64] = []
    private var overdueTaken = 0
    private var started = 0
    private var inFlight = 0
    private var usageBefore: ProcessUsage?
    private var ownCPUBefore: Int64 = 0

    /// - Parameter output: a file for the tool that counts system calls.
    init(loop: Loop, plan: LoadPlan, output: String = "/dev/null") {
        self.loop = loop
        self.plan = plan
        let host = plan.addresses.first.map(\.description) ?? ""
        request = plan.request.bytes(host: host)
        resumption = plan.security.flatMap { $0.resumes ? TLSClientContext($0.trust) : nil }
        stuckRequest = plan.stuck > 0 ? plan.stuckRequest.bytes(host: host) : []
        target = TargetProcess(roots: plan.targets, includesChildren: plan.includesChildren)
        connections = Array(repeating: nil, count: plan.connections)
        toConnect = Array((0..<plan.connections).reversed())
        if plan.countsSyscalls {
            do throws(SyscallFailure) {
                syscallCounting = .success(try SyscallCounting(plan.targets, output: output))
            } catch {
                syscallCounting = .failure(error)
            }
        } else {
            syscallCounting = nil
        }
    }

    /// Runs to the end.
    ///
    /// - Throws: `UVError` when the loop can't have what it needs.
    func run() throws(UVError) -> LoadFigures {
        figures.residentBefore = target.usage()?.resident ?? 0
        let clock = RunClock(self)
        self.clock = clock
        alarm = try Alarm(loop: loop) { [unowned self] in alarmRang() }
        // The loop's time stands still while nothing turns it, and may be old.
        loop.turn(wait: false)
        if plan.warmUp == .zero { beginMeasuring() }
        connectMore()
        switch plan.pace {
        case .closed, .idle:
            // In case some connection never gets its first byte: then the run begins without it.
            if !isMeasuring { clock.setDeadline(loop.now + plan.warmUp + .seconds(15)) }
        case .open(let rate, let spacing):
            schedule = StartSchedule(rate: rate, spacing: spacing)
            scheduleBegan = Loop.preciseNow.nanoseconds
            startNext()
            if !isMeasuring { clock.setDeadline(loop.now + plan.warmUp) }
        }
        while !isOver { loop.turn(wait: true) }
        for connection in connections { connection?.leave() }
        alarm = nil
        self.clock = nil
        var turns = 0
        while loop.openStreams > 0, turns < 10_000 {
            loop.turn(wait: true)
            turns += 1
        }
        return figures
    }

    // MARK: Phases

    /// The time for the present phase is over.
    fileprivate func clockRang() {
        if isDraining {
            giveUpDraining()
        } else if isMeasuring {
            endMeasuring()
        } else {
            beginMeasuring()
        }
    }

    /// Of a connection, for the first time.
    func firstByteArrived() {
        firstBytes += 1
        guard firstBytes == plan.connections, schedule == nil, !isMeasuring, !isOver else { return }
        clock?.setDeadline(loop.now + plan.warmUp)
    }

    /// A request that ought to have started then is recorded.
    func records(_ intended: Int64) -> Bool {
        (isMeasuring || isDraining) && intended >= measuredFrom
    }

    private func beginMeasuring() {
        let resident = figures.residentBefore
        figures = LoadFigures()
        figures.residentBefore = resident
        target.resetPeak()
        if case .success(let counting) = syscallCounting {
            do throws(SyscallFailure) { try counting.start() } catch { figures.syscalls = .failure(error) }
        } else if case .failure(let failure) = syscallCounting {
            figures.syscalls = .failure(failure)
        }
        usageBefore = target.usage()
        ownCPUBefore = LoadRun.ownCPU()
        measuredFrom = Loop.preciseNow.nanoseconds
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        hourOffset = Int64(time.tv_sec % 3600) * 1_000_000_000 + Int64(time.tv_nsec) - measuredFrom
        isMeasuring = true
        clock?.setDeadline(loop.exactNow + plan.duration)
    }

    private func endMeasuring() {
        guard isMeasuring else { return }
        isMeasuring = false
        figures.seconds = Double(Loop.preciseNow.nanoseconds - measuredFrom) / 1e9
        figures.generatorCPU = Double(LoadRun.ownCPU() - ownCPUBefore) / 1e9 / figures.seconds
        if let before = usageBefore, let after = target.usage() { figures.usage = after.since(before) }
        if case .success(let counting) = syscallCounting, figures.syscalls == nil {
            figures.syscalls = counting.stop(windowSeconds: figures.seconds)
        }
        isDraining = schedule != nil && hasUnanswered
        isOver = !isDraining
        if isDraining { clock?.setDeadline(in: plan.silence) }
    }

    private var hasUnanswered: Bool { inFlight > 0 || overdueTaken < overdue.count }

    /// What ought to have been answered long ago: left out, the slowest of all would be missing.
    private func giveUpDraining() {
        isOver = true
        let now = Loop.preciseNow.nanoseconds
        var unanswered = connections.compactMap { $0 }.filter { $0.phase == .waiting || $0.phase == .receiving }
            .map(\.intendedAt)
        unanswered += overdue[overdueTaken...]
        for intended in unanswered where records(intended) {
            figures.latency.record(now - intended)
            figures.note(.timeout)
        }
    }

    private static func ownCPU() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    // MARK: Connections

    private func connectMore() {
        while connecting < LoadPlan.connectingAtOnce, !isOver, let number = toConnect.popLast() {
            connecting += 1
            connections[number] = LoadConnection(self, number: number)
        }
    }

    private func connectLater(_ number: Int) {
        toConnect.insert(number, at: 0)
        // A server that refuses must not make us spin.
        clock?.retry(at: loop.now + .milliseconds(10))
    }

    fileprivate func retryReached() {
        connectMore()
    }

    func connected(_ connection: LoadConnection) {
        connecting -= 1
        connectMore()
        becameFree(connection)
    }

    private func becameFree(_ connection: LoadConnection) {
        switch plan.pace {
        case .closed:
            guard mayStart() else { return }
            start(connection, intended: plan.isFresh ? connection.beganAt : Loop.preciseNow.nanoseconds)
        case .idle:
            if !connection.hasAsked, mayStart() { start(connection, intended: Loop.preciseNow.nanoseconds) }
        case .open:
            if overdueTaken < overdue.count {
                let intended = overdue[overdueTaken]
                overdueTaken += 1
                if overdueTaken == overdue.count {
                    overdue.removeAll(keepingCapacity: true)
                    overdueTaken = 0
                }
                start(connection, intended: intended)
            } else {
                free.append(connection.number)
            }
        }
    }

    private func mayStart() -> Bool {
        guard !isOver else { return false }
        return plan.requestLimit.map { started < $0 } ?? true
    }

    private func start(_ connection: LoadConnection, intended: Int64) {
        started += 1
        inFlight += 1
        if schedule != nil, records(intended) {
            figures.startDelay.record(Loop.preciseNow.nanoseconds - intended)
        }
        connection.send(intended: intended)
    }

    func answered(_ connection: LoadConnection, isReusable: Bool) {
        inFlight -= 1
        if isMeasuring { figures.requests += 1 }
        if endsByCount() || isOver { return }
        if isReusable { becameFree(connection) }
        endsDrained()
    }

    func failed(_ failure: LoadFigures.Failure, wasConnecting: Bool) {
        if wasConnecting { connecting -= 1 } else { inFlight -= 1 }
        figures.note(failure)
        if !endsByCount() { endsDrained() }
    }

    private func endsByCount() -> Bool {
        guard let limit = plan.requestLimit, started >= limit, inFlight == 0, isMeasuring else { return false }
        endMeasuring()
        return true
    }

    private func endsDrained() {
        if isDraining, !hasUnanswered { isOver = true }
    }

    /// Whatever ended it, another takes its place.
    func closed(_ connection: LoadConnection) {
        connections[connection.number] = nil
        free.removeAll { $0 == connection.number }
        guard !isOver else { return }
        if connection.hasFailed { return connectLater(connection.number) }
        toConnect.append(connection.number)
        connectMore()
    }

    // MARK: The open loop

    private func startNext() {
        nextStart = scheduleBegan + (schedule?.next() ?? 0)
        alarm?.set(to: Instant(nanoseconds: nextStart))
    }

    private func alarmRang() {
        guard schedule != nil, !isOver, !isDraining else { return }
        let now = Loop.preciseNow.nanoseconds
        while nextStart <= now, started + overdue.count - overdueTaken < plan.requestLimit ?? .max {
            if let number = free.popLast(), let connection = connections[number] {
                start(connection, intended: nextStart)
            } else {
                overdue.append(nextStart)
            }
            nextStart = scheduleBegan + (schedule?.next() ?? 0)
        }
        alarm?.set(to: Instant(nanoseconds: nextStart))
    }
}

/// The run's two deadlines: the present phase's end, and the next attempt to connect.
private final class RunClock: Timed {
    private unowned let run: LoadRun
    private let retrying: Retrying

    init(_ run: LoadRun) {
        self.run = run
        retrying = Retrying(run)
        super.init(loop: run.loop)
    }

    func retry(at time: Instant) {
        retrying.setDeadline(time)
    }

    override func deadlineReached(at now: Instant) {
        run.clockRang()
    }

    private final class Retrying: Timed {
        private unowned let run: LoadRun

        init(_ run: LoadRun) {
            self.run = run
            super.init(loop: run.loop)
        }

        override func deadlineReached(at now: Instant) {
            run.retryReached()
        }
    }
}
