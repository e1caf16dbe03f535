// SPDX-License-Identifier: MIT

/// The one place for what exchanges share: the runners' slots, their health, and the queue. A value driven by events;
/// one loop owns it.
///
/// After every event, and after an answer `queued`, call `takeTurn` until it returns nil; `nextWakeUp` says when time
/// alone can change something.
public struct Dispatcher: ~Copyable {
    public struct Settings: Equatable, Sendable {
        public var policy: SelectionPolicy
        public var health: RunnerHealth.Settings
        /// Waiting exchanges at most.
        public var queueLimit: Int
        /// Longest wait since an exchange came; nil: no limit.
        public var queueTimeout: TimeLimit

        public init(
            policy: SelectionPolicy = .leastInflight, health: RunnerHealth.Settings = .init(), queueLimit: Int = 256,
            queueTimeout: TimeLimit = .seconds(60)
        ) {
            self.policy = policy
            self.health = health
            self.queueLimit = queueLimit
            self.queueTimeout = queueTimeout
        }
    }

    public enum Refusal: Equatable, Sendable {
        /// Every holder is out of reach; this one is named. Seconds.
        case unreachable(runner: Int, retryAfter: Int)
        /// The model's holders are all disabled, emptied (weight 0), or gone.
        case noHolder
        case queueFull(retryAfter: Int)
        /// It waited its whole time.
        case timedOut(retryAfter: Int)
        /// Only for an exchange that has tried one: no candidate is left that it has not.
        case noCandidateLeft
    }

    public enum Answer: ~Copyable {
        case granted(Lease)
        case queued
        case refused(Refusal)
    }

    public private(set) var settings: Settings
    /// By number, retired ones included.
    var runners: [RunnerSlots]
    /// The numbers of all that are configured, the lowest index first.
    private(set) var order: [Int]
    var queue = WaitQueue()
    let ledger = LeaseLedger()
    var selection = SelectionState()
    /// Something happened that may have left a waiter without anybody to wait for.
    var hopesMayHaveEnded = false
    /// The runners with a free slot, as `takeGrant` last found them; kept to save an allocation each time.
    var free = RunnerSet()
    var cappedLeases = CappedLeases()
    /// Waiters that lost their place in a full queue, and are told so at their next turn.
    var displaced: [ExchangeID] = []
    private var jitter: UInt64
    /// Leases dropped by mistake since the start: always 0, or there is a bug.
    public internal(set) var lostLeases = 0
    /// Ejections since the start.
    public private(set) var ejections = 0

    /// Numbers are indices until `reconfigure` says otherwise. `seed` drives nothing but the jitter of `Retry-After`.
    public init(runners: [RunnerSlots.Settings], settings: Settings, seed: UInt64 = 1) {
        self.runners = runners.map { RunnerSlots($0) }
        order = Array(runners.indices)
        self.settings = settings
        jitter = seed
    }

    /// A changed configuration. Runners that stay keep their health, their leases, their place in the rotation; one that
    /// is gone keeps its leases until they end. `listsChanged` has to follow, since waiters may have lost their holders.
    ///
    /// - Parameters:
    ///   - entries: the configuration's runners, by index.
    ///   - places: from `RunnerNumbering`.
    public mutating func reconfigure(
        _ entries: [RunnerSlots.Settings], places: [RunnerPlace], settings: Settings
    ) {
        self.settings = settings
        hopesMayHaveEnded = true
        order = places.map(\.number)
        let configured = RunnerSet(order)
        for number in runners.indices where !configured.contains(number) { runners[number].isRetired = true }
        for place in places {
            let entry = entries[place.index]
            while runners.count <= place.number {
                runners.append(RunnerSlots(entry))
                runners[runners.count - 1].isRetired = true
            }
            if runners[place.number].isRetired {
                runners[place.number] = RunnerSlots(entry, inflight: runners[place.number].inflight)
            } else {
                runners[place.number].settings = entry
            }
        }
    }

    // MARK: Slots

    /// Asks for a slot. A move goes to a runner that was not tried, and to the queue's head if it has to wait.
    public mutating func acquire(_ request: SlotRequest, isMove: Bool = false, now: Instant) -> Answer {
        reclaimLostLeases()
        queue.noteAllotment(of: request.claimant)
        if !cappedLeases.isAtCap(request.claimant), let runner = best(for: request, now: now, needsSlot: true),
            isMove || !isAwaited(runner)
        {
            return .granted(lend(runner, to: request.claimant))
        }
        if let refusal = refusal(of: request, isMove: isMove) { return .refused(refusal) }
        if let limit = settings.queueTimeout, now - request.arrivedAt >= limit {
            return .refused(.timedOut(retryAfter: retryAfter(waiting: queue.count)))
        }
        if queue.count >= settings.queueLimit {
            guard let place = queue.placeToGive(to: request.claimant) else {
                return .refused(.queueFull(retryAfter: retryAfter(waiting: queue.count)))
            }
            displaced.append(queue.remove(at: place).id)
        }
        if isMove { queue.putFirst(request) } else { queue.insert(request) }
        return .queued
    }

    /// A runner for a request that takes no slot (show) and therefore never waits.
    public mutating func pick(for request: SlotRequest, isMove: Bool = false, now: Instant) -> Pick {
        if let runner = best(for: request, now: now, needsSlot: false) {
            selection.chose(runner, weight: runners[runner].settings.weight, among: &runners)
            return .picked(runner)
        }
        return .refused(refusal(of: request, isMove: isMove) ?? .noHolder)
    }

    public enum Pick: Equatable, Sendable {
        case picked(Int)
        case refused(Refusal)
    }

    /// Some runner that was not tried could take it, now or when a slot is free.
    public func hasUntriedCandidate(for request: SlotRequest) -> Bool {
        if case .some = standing(of: request) { true } else { false }
    }

    public mutating func release(_ lease: consuming Lease, _ outcome: AttemptOutcome, now: Instant) {
        let runner = lease.runner
        let charge = lease.charge
        lease.end()
        cappedLeases.remove(charge)
        precondition(runners[runner].inflight > 0, "a lease is returned once")
        runners[runner].inflight -= 1
        if case .clientGone(inPrefill: true) = outcome { runners[runner].addShadow(now: now) }
        observe(outcome, at: runner, now: now)
    }

    /// What an attempt that held no lease came to.
    public mutating func observe(_ outcome: AttemptOutcome, at runner: Int, now: Instant) {
        if runners[runner].health.attemptEnded(outcome, settings: settings.health, now: now) {
            ejections += 1
            hopesMayHaveEnded = true
        }
        // It may be known to be out of reach only now, ejected or not.
        if case .failed = outcome { hopesMayHaveEnded = true }
    }

    /// The runner began to answer, so whatever prefill it went on with is over.
    public mutating func firstByteArrived(from runner: Int) {
        runners[runner].clearShadows()
    }

    // MARK: The queue

    /// The client went away. Says whether the exchange was waiting.
    @discardableResult
    public mutating func cancel(_ id: ExchangeID) -> Bool {
        if queue.remove(id) { return true }
        guard let place = displaced.firstIndex(of: id) else { return false }
        displaced.remove(at: place)
        return true
    }

    /// A waiter that had to make room in the full queue.
    mutating func takeDisplaced() -> (id: ExchangeID, refusal: Refusal)? {
        displaced.popLast().map { ($0, .queueFull(retryAfter: retryAfter(waiting: queue.count))) }
    }

    /// A waiter whose time is over, taken out of the queue.
    mutating func takeExpired(now: Instant) -> (id: ExchangeID, refusal: Refusal)? {
        let waiting = queue.count
        guard let limit = settings.queueTimeout, let expired = queue.takeExpired(limit: limit, now: now) else {
            return nil
        }
        return (expired.id, .timedOut(retryAfter: retryAfter(waiting: waiting)))
    }

    /// A waiter whose model nobody can serve any more, taken out of the queue.
    mutating func takeHopeless() -> (id: ExchangeID, refusal: Refusal)? {
        let place = queue.oldest { request in
            if case .some = standing(of: request) { false } else { true }
        }
        guard let place else { return nil }
        let request = queue.remove(at: place)
        return refusal(of: request, isMove: !request.tried.isEmpty).map { (request.id, $0) }
    }

    /// The runners' lists changed: waiters get their holders anew. `holders` returns nil for a model that nobody lists,
    /// or that the waiter may not use.
    public mutating func listsChanged(_ holders: (SlotRequest) -> (holders: RunnerSet, loaded: RunnerSet)?) {
        hopesMayHaveEnded = true
        queue.update { request in
            let found = holders(request)
            request.replaceHolders(found?.holders ?? RunnerSet(), loaded: found?.loaded ?? RunnerSet())
        }
    }

    /// When time alone may grant or refuse a waiter; nil while nobody waits.
    public func nextWakeUp(now: Instant) -> Instant? {
        guard let oldest = queue.oldestArrival else { return nil }
        var next = settings.queueTimeout.map { oldest + $0 } ?? .distantFuture
        for number in order where runners[number].health.isBusy(at: now) {
            next = min(next, runners[number].health.busyUntil)
        }
        return next
    }

    public var waiting: Int { queue.count }

    public func waiting(for model: String) -> Int {
        var count = 0
        queue.forEach { if $0.model == model { count += 1 } }
        return count
    }

    /// What the configuration gives to this claimant may have changed: its waiters have it from now on.
    public mutating func allotmentChanged(_ claimant: Claimant) {
        queue.noteAllotment(of: claimant)
        queue.update { request in
            guard request.claimant.id == claimant.id, request.claimant.priority == claimant.priority else { return }
            request.claimant = claimant
        }
    }

    /// And its lease, where it has a cap that came only now, is counted.
    public mutating func allotmentChanged(_ claimant: Claimant, holding lease: inout Lease) {
        cappedLeases.complete(&lease.charge, of: claimant)
    }

    /// Leases of a claimant that has a cap.
    public func inflight(of claimant: Claimant.ID) -> Int { cappedLeases.leases(of: claimant) }

    /// Claimants that something is kept of: none when nobody waits and nobody with a cap has a lease.
    public var claimantsKept: Int { queue.claimCount + cappedLeases.holderCount }

    // MARK: Health

    public mutating func probeSucceeded(_ runner: Int, now: Instant) -> Bool {
        let isBack = runners[runner].health.probeSucceeded(now: now)
        // Good news can end hopes, too: an ejected runner is worth waiting for only while no holder is in rotation, be
        // that one tried already.
        if isBack { hopesMayHaveEnded = true }
        return isBack
    }

    public mutating func probeFailed(_ runner: Int, now: Instant) -> Bool {
        hopesMayHaveEnded = true
        let ejected = runners[runner].health.probeFailed(settings: settings.health, now: now)
        if ejected { ejections += 1 }
        return ejected
    }

    public mutating func probeCameBack(_ runner: Int) {
        hopesMayHaveEnded = true
        runners[runner].health.probeCameBack()
    }

    public var runnerCount: Int { order.count }
    /// Numbers in use, and retired ones that may be used again.
    public var numberCount: Int { runners.count }
    public func health(of runner: Int) -> RunnerHealth { runners[runner].health }
    public func inflight(of runner: Int) -> Int { runners[runner].inflight }
    public var totalInflight: Int { runners.reduce(0) { $0 + $1.inflight } }

    /// Runners that new work may go to now or when a slot is free.
    public var usableRunners: RunnerSet {
        RunnerSet(order.filter { runners[$0].settings.isEnabled && runners[$0].health.isInRotation })
    }

    // MARK: Refusing

    /// Why the request can't be served or wait; nil: somebody may take it, now or later.
    private mutating func refusal(of request: SlotRequest, isMove: Bool) -> Refusal? {
        switch standing(of: request) {
        case .some: nil
        case .unreachable(let runner):
            isMove ? .noCandidateLeft : .unreachable(runner: runner, retryAfter: retryAfter(waiting: 8))
        case .none: isMove ? .noCandidateLeft : .noHolder
        }
    }

    /// 1 to 60 seconds, longer with more waiters, spread out so that refused clients don't come back together.
    private mutating func retryAfter(waiting: Int) -> Int {
        jitter = jitter &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let ceiling = min(60, 2 + waiting / 4)
        return 1 + Int(jitter >> 33) % ceiling
    }
}

/// A waiter's turn.
public struct Grant: ~Copyable {
    public let id: ExchangeID
    public var lease: Lease

    public consuming func take() -> Lease { lease }
}
