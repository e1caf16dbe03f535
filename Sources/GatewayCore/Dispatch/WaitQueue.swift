// SPDX-License-Identifier: MIT

/// Names an exchange from its first event to its last.
public struct ExchangeID: Hashable, Sendable {
    public var number: UInt64

    public init(_ number: UInt64) {
        self.number = number
    }
}

/// The runners, by number, that an exchange has been sent to already: at most three (two moves), so no allocation.
public struct TriedRunners: Equatable, Sendable {
    private var first = -1
    private var second = -1
    private var third = -1

    public init() {}

    public var isEmpty: Bool { first < 0 }

    public func contains(_ runner: Int) -> Bool { runner == first || runner == second || runner == third }

    public mutating func insert(_ runner: Int) {
        guard !contains(runner) else { return }
        (first, second, third) = (runner, first, second)
    }
}

/// What an exchange asks the dispatcher for.
public struct SlotRequest: Sendable {
    public var id: ExchangeID
    public var claimant: Claimant
    /// The model's key, for the queue's depth per model and to look its holders up again when lists change.
    public var model: String
    /// The runners that list the model.
    public var holders: RunnerSet
    /// Those of them that have it loaded.
    public var loaded: RunnerSet
    public var tried = TriedRunners()
    /// A client named the runner (`/{url_idx}`), the only holder here: it is tried though ejected, and though it takes
    /// no other work.
    public var isPinned = false
    /// When its request came; waiting is counted from here, whatever happened in between.
    public var arrivedAt: Instant

    public init(
        id: ExchangeID, claimant: Claimant, model: String, holders: RunnerSet, loaded: RunnerSet, arrivedAt: Instant
    ) {
        self.id = id
        self.claimant = claimant
        self.model = model
        self.holders = holders
        self.loaded = loaded
        self.arrivedAt = arrivedAt
    }

    /// The lists changed while it waits; a pin stays on its one runner.
    public mutating func replaceHolders(_ holders: RunnerSet, loaded: RunnerSet) {
        if isPinned {
            self.holders.formIntersection(holders)
        } else {
            self.holders = holders
        }
        self.loaded = loaded
    }
}

/// The exchanges that wait for a slot, oldest first. An exchange is here, or holds a lease, or has ended: never two of
/// them. A few hundred entries at most (`limits.queue`), so plain scans do.
struct WaitQueue {
    private(set) var requests: [SlotRequest] = []

    var count: Int { requests.count }
    var isEmpty: Bool { requests.isEmpty }

    /// By age, behind all that moved: one that waits again, since its runner was busy, keeps the place that it came with.
    mutating func insert(_ request: SlotRequest) {
        var place = requests.endIndex
        while place > 0, requests[place - 1].tried.isEmpty, requests[place - 1].arrivedAt > request.arrivedAt {
            place -= 1
        }
        requests.insert(request, at: place)
    }

    /// For an exchange that had its turn and lost its runner: before all that had none, by age among its like, since a
    /// dead runner sends many at once.
    mutating func putFirst(_ request: SlotRequest) {
        let place = requests.firstIndex { $0.tried.isEmpty || $0.arrivedAt > request.arrivedAt }
        requests.insert(request, at: place ?? requests.endIndex)
    }

    mutating func remove(_ id: ExchangeID) -> Bool {
        guard let place = requests.firstIndex(where: { $0.id == id }) else { return false }
        requests.remove(at: place)
        return true
    }

    mutating func remove(at place: Int) -> SlotRequest {
        requests.remove(at: place)
    }

    /// Takes out the first that has waited longer than `limit`. All have the same limit, but one that was put first
    /// may be younger than those behind it, so every entry is looked at.
    mutating func takeExpired(limit: Interval, now: Instant) -> SlotRequest? {
        guard let place = requests.firstIndex(where: { now - $0.arrivedAt >= limit }) else { return nil }
        return requests.remove(at: place)
    }

    var oldestArrival: Instant? { requests.lazy.map(\.arrivedAt).min() }

    mutating func forEach(_ update: (inout SlotRequest) -> Void) {
        for place in requests.indices { update(&requests[place]) }
    }
}
