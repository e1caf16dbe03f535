// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct DeadlineWheelTests {
    private static let tick = DeadlineWheel.tickNanoseconds
    private static let second: Int64 = 1_000_000_000

    private func expired(_ wheel: inout DeadlineWheel, at nanoseconds: Int64) -> [DeadlineWheel.Identifier] {
        var taken: [DeadlineWheel.Identifier] = []
        while let identifier = wheel.takeExpired(at: Instant(nanoseconds: nanoseconds)) { taken.append(identifier) }
        return taken
    }

    @Test func nothingSetNeedsNoWakeUp() {
        var wheel = DeadlineWheel(now: Instant(nanoseconds: 5 * Self.second))
        let entry = wheel.add()
        #expect(wheel.nextWakeUp == nil)
        #expect(wheel.set(entry, to: .distantFuture) == false)
        #expect(wheel.nextWakeUp == nil)
        #expect(expired(&wheel, at: 100 * Self.second).isEmpty)
    }

    @Test func neverEarlyAndLateByLessThanATick() {
        for offset in [0, 1, Self.tick - 1, Self.tick, Self.tick + 1, 3 * Self.second, 60 * Self.second] {
            let start = 7 * Self.second + 123
            var wheel = DeadlineWheel(now: Instant(nanoseconds: start))
            let entry = wheel.add()
            let deadline = start + offset
            _ = wheel.set(entry, to: Instant(nanoseconds: deadline))
            if offset > 0 { #expect(expired(&wheel, at: deadline - 1).isEmpty, "\(offset)") }
            #expect(expired(&wheel, at: deadline + Self.tick - 1) == [entry], "\(offset)")
            #expect(expired(&wheel, at: deadline + Self.second).isEmpty, "it is taken once")
        }
    }

    @Test func aDeadlineInThePastIsDueAtOnce() {
        var wheel = DeadlineWheel(now: Instant(nanoseconds: 10 * Self.second))
        let entry = wheel.add()
        let filed = wheel.set(entry, to: Instant(nanoseconds: 1))
        #expect(filed)
        #expect(expired(&wheel, at: 10 * Self.second) == [entry])
    }

    @Test func movingFurtherAwayCostsNoFilingAndDelays() {
        var wheel = DeadlineWheel(now: Instant(nanoseconds: 0))
        let entry = wheel.add()
        let first = wheel.set(entry, to: Instant(nanoseconds: Self.second))
        let moved = wheel.set(entry, to: Instant(nanoseconds: 2 * Self.second))
        #expect(first && !moved)
        #expect(expired(&wheel, at: 2 * Self.second - 1).isEmpty)
        #expect(expired(&wheel, at: 2 * Self.second) == [entry])
    }

    @Test func movingNearerIsHeardOfInTime() {
        var wheel = DeadlineWheel(now: Instant(nanoseconds: 0))
        let entry = wheel.add()
        _ = wheel.set(entry, to: Instant(nanoseconds: 20 * Self.second))
        let moved = wheel.set(entry, to: Instant(nanoseconds: Self.second))
        #expect(moved)
        let wakeUp = wheel.nextWakeUp
        #expect(wakeUp.map { $0.nanoseconds <= Self.second + Self.tick } == true)
        #expect(expired(&wheel, at: Self.second + Self.tick) == [entry])
        #expect(expired(&wheel, at: 30 * Self.second).isEmpty, "the old place means nothing any more")
    }

    @Test func anIdentifierUsedAgainDoesNotInheritADeadline() {
        var wheel = DeadlineWheel(now: Instant(nanoseconds: 0))
        let old = wheel.add()
        _ = wheel.set(old, to: Instant(nanoseconds: Self.second))
        wheel.remove(old)
        let new = wheel.add()
        #expect(new == old)
        #expect(expired(&wheel, at: 2 * Self.second).isEmpty)
        _ = wheel.set(new, to: Instant(nanoseconds: 3 * Self.second))
        #expect(expired(&wheel, at: 3 * Self.second) == [new])
    }

    @Test func setAgainWhileItIsBeingSwept() {
        var wheel = DeadlineWheel(now: Instant(nanoseconds: 0))
        let entry = wheel.add()
        _ = wheel.set(entry, to: Instant(nanoseconds: Self.second))
        #expect(wheel.takeExpired(at: Instant(nanoseconds: Self.second)) == entry)
        _ = wheel.set(entry, to: Instant(nanoseconds: 2 * Self.second))
        #expect(wheel.takeExpired(at: Instant(nanoseconds: Self.second)) == nil)
        #expect(expired(&wheel, at: 2 * Self.second) == [entry])
    }

    @Test(arguments: UInt64(1)...8)
    func agreesWithANaiveListWhateverHappens(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var now = Int64.random(in: 0...(100 * Self.second), using: &random)
        var wheel = DeadlineWheel(now: Instant(nanoseconds: now))
        // Deadlines by identifier; nil: none set.
        var naive: [DeadlineWheel.Identifier: Int64?] = [:]
        for step in 0..<2000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: naive.updateValue(nil, forKey: wheel.add())
            case 1:
                guard let victim = naive.keys.sorted().randomElement(using: &random) else { continue }
                wheel.remove(victim)
                naive.removeValue(forKey: victim)
            case 2...6:
                guard let entry = naive.keys.sorted().randomElement(using: &random) else { continue }
                let reach = [Self.tick, Self.second, 31 * Self.second, 40 * Self.second, 400 * Self.second]
                    .randomElement(using: &random)
                let deadline = now + Int64.random(in: -Self.tick...(reach ?? 0), using: &random)
                let isNone = Int.random(in: 0..<8, using: &random) == 0
                _ = wheel.set(entry, to: isNone ? .distantFuture : Instant(nanoseconds: deadline))
                naive.updateValue(isNone ? nil : deadline, forKey: entry)
            default:
                let jump = [Self.tick / 3, Self.tick, 5 * Self.tick, Self.second, 50 * Self.second]
                    .randomElement(using: &random)
                now += Int64.random(in: 0...(jump ?? 0), using: &random)
                let taken = Set(expired(&wheel, at: now))
                let due = Set(naive.filter { ($0.value ?? .max) <= now }.keys)
                // What lies within the current tick may come with the next one.
                let overdue = Set(naive.filter { ($0.value ?? .max) <= now - Self.tick }.keys)
                #expect(taken.isSubset(of: due), "seed \(seed), step \(step): early")
                #expect(overdue.isSubset(of: taken), "seed \(seed), step \(step): late")
                for entry in taken { naive.updateValue(nil, forKey: entry) }
                let nearest = naive.values.compactMap { $0 }.min()
                if let nearest {
                    let wakeUp = wheel.nextWakeUp?.nanoseconds ?? .max
                    #expect(wakeUp < nearest + Self.tick, "seed \(seed), step \(step): would be slept through")
                }
            }
        }
    }
}
