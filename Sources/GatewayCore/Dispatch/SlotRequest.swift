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
