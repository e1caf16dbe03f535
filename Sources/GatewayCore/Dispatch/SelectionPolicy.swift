// SPDX-License-Identifier: MIT

/// How a runner is chosen among the candidates.
public enum SelectionPolicy: String, CaseIterable, Sendable {
    /// Lowest in-flight ÷ weight; among equals one with the model loaded, then the next in rotation.
    case leastInflight = "least-inflight"
    /// The next in rotation, by weight.
    case roundRobin = "round-robin"
}

/// The rotation. Weighted round robin by virtual time (stride scheduling): a choice moves a runner's pass by 1 ÷ weight
/// and the lowest pass is next. A runner that was no candidate for a while does not catch up: it starts at the pass of
/// the last choice.
struct SelectionState {
    private var serial: UInt64 = 0
    private var virtualTime: UInt64 = 0
    /// Divisible by many weights; with weights up to 1,000 a pass lasts 10^13 choices.
    private static let stride: UInt64 = 720_720

    func rank(of runner: RunnerSlots) -> (UInt64, UInt64) {
        (max(runner.pass, virtualTime), runner.lastChosen)
    }

    mutating func chose(_ index: Int, weight: Int, among runners: inout [RunnerSlots]) {
        serial += 1
        runners[index].lastChosen = serial
        let pass = max(runners[index].pass, virtualTime)
        virtualTime = pass
        runners[index].pass = pass + SelectionState.stride / UInt64(max(1, weight))
    }
}
