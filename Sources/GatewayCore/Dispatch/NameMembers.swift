// SPDX-License-Identifier: MIT

/// The addresses behind the name of one `dns:` entry, and when they are looked up again. A failed look-up keeps the
/// last answer: that a name server is down says nothing about the runners.
public struct NameMembers: Equatable, Sendable {
    /// Each once, in one order whatever order answers come in; empty until the first answer.
    public private(set) var addresses: [String] = []
    /// When to look up next; far away while an answer is awaited.
    public private(set) var nextLookUp: Instant
    private var lastBegan: Instant?
    private var isLookingUp = false
    /// Somebody doubted the answer that is on its way.
    private var isDoubted = false

    static let interval = Interval.seconds(30)
    static let retryInterval = Interval.seconds(5)
    /// A member that fails has the name looked up at once, but no more often than this.
    static let shortestInterval = Interval.seconds(1)
    /// More is no group of runners; the rest is left out.
    public static let maximum = 64

    public init(now: Instant) {
        nextLookUp = now
    }

    public mutating func began(at now: Instant) {
        isLookingUp = true
        isDoubted = false
        lastBegan = now
        nextLookUp = .distantFuture
    }

    /// Says whether the members are others now. No address at all is a failed look-up.
    public mutating func answered(_ answer: [String], at now: Instant) -> Bool {
        guard !answer.isEmpty else {
            failed(at: now)
            return false
        }
        ended(at: now, next: NameMembers.interval)
        let members = Array(Set(answer).sorted().prefix(NameMembers.maximum))
        guard members != addresses else { return false }
        addresses = members
        return true
    }

    public mutating func failed(at now: Instant) {
        ended(at: now, next: NameMembers.retryInterval)
    }

    /// A member failed: perhaps it is gone, and the name knows already.
    public mutating func isDoubtful(at now: Instant) {
        guard !isLookingUp else {
            isDoubted = true
            return
        }
        let earliest = max(now, (lastBegan ?? now) + NameMembers.shortestInterval)
        nextLookUp = min(nextLookUp, earliest)
    }

    private mutating func ended(at now: Instant, next: Interval) {
        isLookingUp = false
        nextLookUp = now + next
        if isDoubted { isDoubtful(at: now) }
    }
}
