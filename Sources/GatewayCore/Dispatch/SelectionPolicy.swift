// SPDX-License-Identifier: MIT

/// How a runner is chosen among the candidates.
public enum SelectionPolicy: String, CaseIterable, Sendable {
    /// Lowest in-flight ÷ weight; among equals one with the model loaded, then the next in rotation.
    case leastInflight = "least-inflight"
    /// The next in rotation, by weight.
    case roundRobin = "round-robin"
}

/// What a policy compares of a runner, read once per choice.
struct Candidate {
    let number: Int
    let load: Int
    let weight: Int
    let isLoaded: Bool
    let rank: SelectionState.Rank

    func isBetter(than other: Candidate, policy: SelectionPolicy) -> Bool {
        switch policy {
        case .roundRobin: return rank < other.rank
        case .leastInflight:
            // Load ÷ weight, compared by cross-multiplication: no division, no rounding.
            let mine = load * other.weight
            let theirs = other.load * weight
            if mine != theirs { return mine < theirs }
            if isLoaded != other.isLoaded { return isLoaded }
            return rank.lastChosen < other.rank.lastChosen
        }
    }
}

/// The rotation. Weighted round robin by virtual time (stride scheduling): a choice moves a runner's pass by 1 ÷ weight
/// and the lowest pass is next. A runner that was no candidate for a while does not catch up: it starts at the pass of
/// the last choice.
struct SelectionState {
    private var serial: UInt64 = 0
    private var virtualTime: UInt64 = 0
    /// Divisible by many weights; with weights up to 1,000 a pass lasts 10^13 choices.
    private static let stride: UInt64 = 720_720

    /// The lowest is next.
    struct Rank {
        let pass: UInt64
        let lastChosen: UInt64

        static func < (left: Rank, right: Rank) -> Bool {
            (left.pass, left.lastChosen) < (right.pass, right.lastChosen)
        }
    }

    /// Takes the fields and not the runner, which would be copied for it.
    func rank(pass: UInt64, lastChosen: UInt64) -> Rank {
        Rank(pass: max(pass, virtualTime), lastChosen: lastChosen)
    }

    mutating func chose(_ number: Int, weight: Int, among runners: inout [RunnerSlots]) {
        serial += 1
        runners[number].lastChosen = serial
        let pass = max(runners[number].pass, virtualTime)
        virtualTime = pass
        runners[number].pass = pass + SelectionState.stride / UInt64(max(1, weight))
    }
}
