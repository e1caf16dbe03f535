// SPDX-License-Identifier: MIT

/// Names an exchange from its first event to its last.
public struct ExchangeID: Hashable, Sendable {
    public var number: UInt64

    public init(_ number: UInt64) {
        self.number = number
    }
}

/// The runners an exchange has been sent to already: at most three (two moves), so no allocation.
public struct TriedRunners: Equatable, Sendable {
    private var first = -1
    private var second = -1
    private var third = -1

    public init() {}

    public func contains(_ runner: Int) -> Bool { runner == first || runner == second || runner == third }

    public mutating func insert(_ runner: Int) {
        guard !contains(runner) else { return }
        (first, second, third) = (runner, first, second)
    }
}

/// What an exchange asks the dispatcher for.
public struct SlotRequest: Sendable {
    public var id: ExchangeID
    /// The model's key, for the queue's depth per model and to look its holders up again when lists change.
    public var model: String
    /// The runners that list the model.
    public var holders: RunnerSet
    /// Those of them that have it loaded.
    public var loaded: RunnerSet
    public var tried = TriedRunners()
    /// When its request came; waiting is counted from here, whatever happened in between.
    public var arrivedAt: Instant

    public init(id: ExchangeID, model: String, holders: RunnerSet, loaded: RunnerSet, arrivedAt: Instant) {
        self.id = id
        self.model = model
        self.holders = holders
        self.loaded = loaded
        self.arrivedAt = arrivedAt
    }
}

/// The exchanges that wait for a slot, oldest first. An exchange is here, or holds a lease, or has ended: never two of
/// them. A few hundred entries at most (`limits.queue`), so plain scans do.
struct WaitQueue {
    private(set) var requests: [SlotRequest] = []

    var count: Int { requests.count }
    var isEmpty: Bool { requests.isEmpty }

    mutating func append(_ request: SlotRequest) {
        requests.append(request)
    }

    /// For an exchange that had its turn and lost its runner.
    mutating func putFirst(_ request: SlotRequest) {
        requests.insert(request, at: 0)
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
