// SPDX-License-Identifier: MIT

/// Seeded simulation in virtual time: random schedules of clients, runners, faults and clock steps over the real core,
/// with every `Rule` checked after each step.
public enum Simulation {
    public struct Failure: Sendable {
        public var seed: UInt64
        public var fault: Fault
        /// Everything a person needs: the rule, the shrunk schedule, how to replay it.
        public var report: String
    }

    /// Plays the schedule of one seed; a failure is shrunk.
    public static func run(seed: UInt64, tally: inout Tally) -> Failure? {
        let (schedule, fault) = Schedule.draw(seed: seed, tally: &tally)
        guard let fault else { return nil }
        let shrunk = schedule.shrunk(breaking: fault.rule)
        let text = shrunk.play()?.text ?? fault.text
        var lines = [
            "seed \(seed) breaks the rule \(fault.rule): \(fault.rule.rawValue)", "  \(text)", "with"
        ]
        lines += "\(shrunk.setup)".split(separator: "\n").map { "  \($0)" }
        lines.append("steps (\(shrunk.steps.count) of \(schedule.steps.count)); then all is well and answered")
        lines += shrunk.steps.enumerated().map { "  \($0 + 1). \($1)" }
        lines.append("replay: scripts/simulate 1 --seed \(seed)")
        return Failure(seed: seed, fault: fault, report: lines.joined(separator: "\n"))
    }
}
