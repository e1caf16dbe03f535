// SPDX-License-Identifier: MIT

import Simulation
import Testing

/// Ten thousand schedules; `scripts/simulate` plays more, and replays a seed.
@Suite("Seeded simulation in virtual time")
struct SimulationTests {
    private static let slice = 250

    @Test("no schedule breaks a rule, and every rule is put to the test", arguments: 0..<40)
    func schedules(_ number: Int) {
        let first = UInt64(1 + number * SimulationTests.slice)
        var tally = Tally()
        for seed in first..<(first + UInt64(SimulationTests.slice)) {
            guard let failure = Simulation.run(seed: seed, tally: &tally) else { continue }
            Issue.record(Comment(rawValue: failure.report))
            return
        }
        for event in Tally.Event.allCases {
            #expect(tally[event] > 0, "\(event)")
        }
    }
}
