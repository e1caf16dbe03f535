// SPDX-License-Identifier: MIT

/// How often things happened: a rule that is never put to the test can't break.
public struct Tally: Sendable {
    public enum Event: Int, CaseIterable, Sendable {
        case schedules, steps, reloads
        case grantsAtOnce, grantsFromQueue, grantsWhileEjected, movesQueued, holdersChanged
        case contestedTurns, steppedBack, backgroundOwed, displaced
        case moves, waitsAgain, staleReplaced, ejections, readmissions, deadlines, pauses
        case refusals, queueFull, queueTimeouts, refusedBodies
        case whole, cut, gone, failed
    }

    private var counts = [Int](repeating: 0, count: Event.allCases.count)

    public init() {}

    public subscript(_ event: Event) -> Int { counts[event.rawValue] }

    mutating func count(_ event: Event) { counts[event.rawValue] += 1 }

    public static func += (left: inout Tally, right: Tally) {
        for index in left.counts.indices { left.counts[index] += right.counts[index] }
    }
}

extension Tally: CustomStringConvertible {
    public var description: String {
        Event.allCases.map { "\($0) \(self[$0])" }.joined(separator: ", ")
    }
}
