// SPDX-License-Identifier: MIT

@testable import GatewayCore

/// A dispatcher with whoever holds its leases, in virtual time. Leases can't be kept in arrays, so each has a box; what
/// a test leaves behind is given back.
final class Desk {
    enum Answer: Equatable {
        case granted(Int)
        case queued
        case refused(Dispatcher.Refusal)

        var runner: Int? {
            if case .granted(let runner) = self { runner } else { nil }
        }

        var refusal: Dispatcher.Refusal? {
            if case .refused(let refusal) = self { refusal } else { nil }
        }
    }

    struct Given: Equatable {
        let id: UInt64
        let runner: Int

        init(_ id: UInt64, _ runner: Int) {
            self.id = id
            self.runner = runner
        }
    }

    private final class Box {
        var lease: Lease?
        init(_ lease: consuming Lease) { self.lease = consume lease }
    }

    var dispatcher: Dispatcher
    var now = Instant(nanoseconds: 1_000_000_000_000)
    let start = Instant(nanoseconds: 1_000_000_000_000)
    private var leases: [UInt64: Box] = [:]
    /// In the order in which they got their lease.
    private(set) var holders: [UInt64] = []
    private var nextID: UInt64 = 1000

    init(_ runners: [RunnerSlots.Settings], _ settings: Dispatcher.Settings = .init(), seed: UInt64 = 1) {
        dispatcher = Dispatcher(runners: runners, settings: settings, seed: seed)
    }

    convenience init(
        caps: [Int?], weights: [Int] = [], policy: SelectionPolicy = .leastInflight, queueLimit: Int = 256,
        queueTimeout: TimeLimit = .seconds(60)
    ) {
        let runners = caps.enumerated().map { index, cap in
            RunnerSlots.Settings(cap: cap, weight: index < weights.count ? weights[index] : 1)
        }
        self.init(runners, .init(policy: policy, queueLimit: queueLimit, queueTimeout: queueTimeout))
    }

    deinit {
        for box in leases.values {
            if let lease = box.lease.take() { dispatcher.release(lease, .withdrawn, now: now) }
        }
    }

    var held: Int { leases.count }
    func heldLeases(of runner: Int) -> Int { leases.values.count { $0.lease?.runner == runner } }
    func runner(of id: UInt64) -> Int? { leases[id]?.lease?.runner }

    func wait(_ seconds: Double) { now = now + .seconds(seconds) }

    func request(
        _ id: UInt64, holders: [Int]? = nil, loaded: [Int] = [], tried: [Int] = [], model: String = "m",
        arrivedAt: Instant? = nil, isPinned: Bool = false, claimant: Claimant = .nobody
    ) -> SlotRequest {
        var request = SlotRequest(
            id: ExchangeID(id), claimant: claimant, model: model,
            holders: RunnerSet(holders ?? Array(0..<dispatcher.runnerCount)),
            loaded: RunnerSet(loaded), arrivedAt: arrivedAt ?? now)
        for runner in tried { request.tried.insert(runner) }
        request.isPinned = isPinned
        return request
    }

    func ask(_ request: SlotRequest, isMove: Bool = false) -> Answer {
        switch dispatcher.acquire(request, isMove: isMove, now: now) {
        case .granted(let lease):
            let runner = lease.runner
            keep(lease, for: request.id.number)
            return .granted(runner)
        case .queued: return .queued
        case .refused(let refusal): return .refused(refusal)
        }
    }

    func ask(_ id: UInt64, holders: [Int]? = nil, loaded: [Int] = []) -> Answer {
        ask(request(id, holders: holders, loaded: loaded))
    }

    private func keep(_ lease: consuming Lease, for id: UInt64) {
        leases[id] = Box(lease)
        holders.append(id)
    }

    /// Takes a slot for an exchange that the test doesn't name.
    func ask(holders: [Int]? = nil, loaded: [Int] = []) -> Answer {
        nextID += 1
        return ask(request(nextID, holders: holders, loaded: loaded))
    }

    /// One exchange that comes and ends at once.
    func serve(_ outcome: AttemptOutcome, holders: [Int]? = nil) -> Int? {
        nextID += 1
        let id = nextID
        guard let runner = ask(request(id, holders: holders)).runner else { return nil }
        end(id, outcome)
        return runner
    }

    /// A reload changes what a claimant has, who holds the leases of these exchanges.
    func allotmentChanged(_ claimant: Claimant, holding ids: [UInt64] = []) {
        dispatcher.allotmentChanged(claimant)
        for id in ids {
            guard let box = leases[id], var lease = box.lease.take() else { continue }
            dispatcher.allotmentChanged(claimant, holding: &lease)
            box.lease = consume lease
        }
    }

    func end(_ id: UInt64, _ outcome: AttemptOutcome = .answered) {
        guard let lease = leases.removeValue(forKey: id)?.lease.take() else { return }
        if let place = holders.lastIndex(of: id) { holders.remove(at: place) }
        dispatcher.release(lease, outcome, now: now)
    }

    /// Ends some exchange of that runner.
    func endOne(at runner: Int, _ outcome: AttemptOutcome = .answered) {
        guard let id = holders.first(where: { self.runner(of: $0) == runner }) else { return }
        end(id, outcome)
    }

    /// All grants that are due.
    func drain() -> [Given] {
        var given: [Given] = []
        while let grant = dispatcher.takeGrant(now: now) {
            let id = grant.id.number
            let lease = grant.take()
            given.append(Given(id, lease.runner))
            keep(lease, for: id)
        }
        return given
    }

    func refused() -> [(id: UInt64, refusal: Dispatcher.Refusal)] {
        var refused: [(id: UInt64, refusal: Dispatcher.Refusal)] = []
        while let (id, refusal) = dispatcher.takeDisplaced() { refused.append((id.number, refusal)) }
        while let (id, refusal) = dispatcher.takeExpired(now: now) { refused.append((id.number, refusal)) }
        while let (id, refusal) = dispatcher.takeHopeless() { refused.append((id.number, refusal)) }
        return refused
    }

    /// Who had to leave the full queue.
    func displaced() -> [UInt64] {
        var ids: [UInt64] = []
        while let (id, _) = dispatcher.takeDisplaced() { ids.append(id.number) }
        return ids
    }

    /// All that is due, as the gateway takes it: refusals by id, and who was granted what.
    func turns() -> (refused: [UInt64: Dispatcher.Refusal], given: [Given]) {
        var refused: [UInt64: Dispatcher.Refusal] = [:]
        var given: [Given] = []
        while let turn = dispatcher.takeTurn(now: now) {
            switch consume turn {
            case .refused(let id, let refusal): refused[id.number] = refusal
            case .granted(let grant):
                let id = grant.id.number
                let lease = grant.take()
                given.append(Given(id, lease.runner))
                keep(lease, for: id)
            }
        }
        return (refused, given)
    }

    // MARK: What `#expect` can't ask of a value that is not copyable

    var waiting: Int { dispatcher.waiting }
    var totalInflight: Int { dispatcher.totalInflight }
    var usableRunners: [Int] { dispatcher.usableRunners.numbers }
    var nextWakeUp: Instant? { dispatcher.nextWakeUp(now: now) }
    func waiting(for model: String) -> Int { dispatcher.waiting(for: model) }
    func inflight(of runner: Int) -> Int { dispatcher.inflight(of: runner) }
    func inflight(of claimant: Claimant.ID) -> Int { dispatcher.inflight(of: claimant) }
    var claimantsKept: Int { dispatcher.claimantsKept }
    func state(of runner: Int) -> RunnerHealth.State { dispatcher.health(of: runner).state }
    func cancel(_ id: UInt64) -> Bool { dispatcher.cancel(ExchangeID(id)) }
    func hasUntriedCandidate(for request: SlotRequest) -> Bool { dispatcher.hasUntriedCandidate(for: request) }
    func observe(_ outcome: AttemptOutcome, at runner: Int) { dispatcher.observe(outcome, at: runner, now: now) }
    func probePasses(_ runner: Int) -> Bool { dispatcher.probeSucceeded(runner, now: now) }
    func probeFails(_ runner: Int) -> Bool { dispatcher.probeFailed(runner, now: now) }

    func pick(_ request: SlotRequest, isMove: Bool = false) -> Dispatcher.Pick {
        dispatcher.pick(for: request, isMove: isMove, now: now)
    }

    /// Brings the runner out of rotation: reachable, or not even that.
    func eject(_ runner: Int, unreachable: Bool = false) {
        while dispatcher.health(of: runner).isInRotation {
            dispatcher.observe(.failed(unreachable ? .connectFailed : .reset), at: runner, now: now)
        }
    }
}

extension Dispatcher.Refusal {
    var retryAfter: Int? {
        switch self {
        case .unreachable(_, let seconds), .queueFull(let seconds), .timedOut(let seconds): seconds
        case .noHolder, .noCandidateLeft: nil
        }
    }
}
