// SPDX-License-Identifier: MIT

import BenchFigures
import Testing

@Suite struct StartScheduleTests {
    @Test func evenStartsDontDrift() {
        var schedule = StartSchedule(rate: 3, spacing: .even)
        let first = [schedule.next(), schedule.next()]
        #expect(first == [0, 333_333_333])
        var last: Int64 = 0
        for _ in 2...3_000_000 { last = schedule.next() }
        #expect(last == 1_000_000_000_000_000)
    }

    @Test func randomStartsHaveTheRateAndTheSpread() {
        var schedule = StartSchedule(rate: 1000, spacing: .random(seed: 7))
        var before: Int64 = 0
        var short = 0
        for _ in 0..<100_000 {
            let next = schedule.next()
            #expect(next >= before)
            // Of exponential gaps 1 - 1/e are shorter than their mean.
            if next - before < 1_000_000 { short += 1 }
            before = next
        }
        #expect(abs(Double(before) / 1e9 - 100) < 1.5)
        #expect(abs(Double(short) / 100_000 - 0.632) < 0.01)
    }

    @Test func aSeedIsASchedule() {
        var first = StartSchedule(rate: 50, spacing: .random(seed: 3))
        var same = StartSchedule(rate: 50, spacing: .random(seed: 3))
        var other = StartSchedule(rate: 50, spacing: .random(seed: 4))
        let starts = (0..<20).map { _ in first.next() }
        let again = (0..<20).map { _ in same.next() }
        let others = (0..<20).map { _ in other.next() }
        #expect(starts == again)
        #expect(starts != others)
    }
}
