// SPDX-License-Identifier: MIT

import GatewayCore

/// A gateway in virtual time: the real core, and a small shell that carries out its actions against simulated clients
/// and runners, in the order in which `Gateway` and `ProxiedExchange` do.
final class World {
    var setup: Setup
    var numbering: RunnerNumbering
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var dispatcher: Dispatcher
    var catalog: Catalog
    var bodyMemory: BodyMemory
    var timers: Timers
    let waker: Int
    /// By number.
    var peers: [Peer] = []
    /// By client; nil for numbers that the schedule left out.
    var courses: [Course?] = []
    /// Those with something left to do, the oldest first.
    var live: [Course] = []
    var awaitingLists: [Course] = []
    var witness: Witness
    private var isSettling = false

    init(_ setup: Setup) {
        self.setup = setup
        timers = Timers(usesWheel: setup.usesWheel, now: now)
        waker = timers.add(.waker)
        dispatcher = Dispatcher(runners: setup.runners.map(\.slots), settings: setup.dispatcher, seed: 7)
        catalog = Catalog(runners: setup.runners.map(\.catalogEntry))
        numbering = RunnerNumbering(setup.runners.map { [$0.url] })
        bodyMemory = BodyMemory(limit: setup.bodyMemory)
        witness = Witness(setup)
        for (number, runner) in setup.runners.enumerated() {
            peers.append(Peer(runner, timer: timers.add(.watch(runner: number)), now: now))
            if runner.isEnabled { timers.set(peers[number].timer, now) }
        }
    }

    /// Gives back the leases of a schedule that was stopped by a fault: dropping one traps.
    deinit {
        for course in live {
            if let lease = course.machine.takeLeaseAtEnd() { dispatcher.release(lease, .withdrawn, now: now) }
        }
    }

    func course(_ client: Int) -> Course? { client < courses.count ? courses[client] : nil }

    // MARK: Waiting

    /// The one rule about waiters: after every event, take turns until there are none.
    func settle() {
        guard !isSettling, dispatcher.waiting > 0 else { return }
        isSettling = true
        while let turn = dispatcher.takeTurn(now: now) {
            switch consume turn {
            case .granted(let grant):
                let course = course(Int(grant.id.number))
                let lease = grant.take()
                if let course, course.queued != nil {
                    granted(course, lease, fromQueue: true)
                } else {
                    witness.fault(.leases, "a slot was granted to client \(course?.client ?? -1), which does not wait")
                    dispatcher.release(lease, .withdrawn, now: now)
                }
            case .refused(let id, let refusal):
                if let course = course(Int(id.number)), course.queued != nil { refused(course, refusal) }
            }
        }
        isSettling = false
        timers.set(waker, dispatcher.nextWakeUp(now: now) ?? .distantFuture)
    }

    // MARK: What attempts came to

    func attemptEnded(_ outcome: AttemptOutcome, of course: Course, at runner: Int?, lease: consuming Lease?) {
        let ejectionsBefore = dispatcher.ejections
        var hadLease = false
        let before = runner.map { dispatcher.health(of: $0) }
        switch consume lease {
        case .some(let lease):
            hadLease = true
            dispatcher.release(lease, outcome, now: now)
        case .none: if let runner { dispatcher.observe(outcome, at: runner, now: now) }
        }
        noteAttemptEnd(outcome, of: course, at: runner, hadLease: hadLease, before: before)
        guard let runner, let model = course.model else { return }
        switch outcome {
        case .answered:
            guard hadLease, catalog.sawLoaded(runner, model) else { break }
            peers[runner].schedule?.isStale(.ps, at: now)
            if peers[runner].asking == nil { askNext(runner) }
        case .modelNotFound:
            guard catalog.forget(model, on: runner) else { break }
            peers[runner].schedule?.isStale(.tags, at: now)
            if peers[runner].asking == nil { askNext(runner) }
            listsChanged()
        case .failed(let failure):
            if failure.isUnreachable {
                peers[runner].schedule?.isDoubtful(at: now)
                if peers[runner].asking == nil { askNext(runner) }
            }
            if dispatcher.ejections != ejectionsBefore { ejected(runner) }
        case .answered500, .busy, .routeMissing, .clientGone, .withdrawn:
            if dispatcher.ejections != ejectionsBefore { ejected(runner) }
        }
    }

    func ejected(_ runner: Int) {
        if dispatcher.health(of: runner).isUnreachable { catalog.lostTouch(runner) }
        settle()
    }

    func listsChanged() {
        for course in live where course.queued != nil {
            witness.tally.count(.holdersChanged)
            witness.listsChanged(course, catalog)
        }
        guard dispatcher.waiting > 0 else { return }
        dispatcher.listsChanged { [catalog] name in
            guard case .found(let model) = catalog.resolve(name) else { return nil }
            return (model.holders, model.loaded)
        }
        settle()
    }

    // MARK: Time

    /// Deadlines on the way come at their own time.
    func pass(_ interval: Interval) {
        let target = now + interval
        while let next = timers.next, next <= target, witness.fault == nil {
            now = max(now, next)
            fireExpired()
        }
        now = target
        // The wheel looks at whole ticks.
        fireExpired()
    }

    private func fireExpired() {
        var fired = 0
        while witness.fault == nil, let owner = timers.takeExpired(at: now) {
            fire(owner)
            fired += 1
            if fired > 1000 { witness.fault(.liveness, "deadlines come without end, all at once: \(owner)") }
        }
    }

    private func fire(_ owner: TimerOwner) {
        switch owner {
        case .waker: settle()
        case .watch(let runner): watchFired(runner)
        case .exchange(let client): if let course = course(client) { deadlineReached(course) }
        }
    }
}
