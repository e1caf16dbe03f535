// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@testable import Transport

@Suite(.serialized) struct AlarmTests {
    @Test func ringsOnceAndNeverEarly() throws {
        let loop = try Loop()
        var rings: [Instant] = []
        let alarm = try Alarm(loop: loop) { rings.append(Loop.preciseNow) }
        let time = Loop.preciseNow + Interval(nanoseconds: 2_345_678)
        alarm.set(to: time)
        loop.run(until: { !rings.isEmpty })
        #expect(rings.allSatisfy { $0 >= time })
        loop.run(for: .milliseconds(20))
        #expect(rings.count == 1)
    }

    @Test func theLastTimeSetCounts() throws {
        let loop = try Loop()
        var rings: [Instant] = []
        let alarm = try Alarm(loop: loop) { rings.append(Loop.preciseNow) }
        alarm.set(to: Loop.preciseNow)
        let time = Loop.preciseNow + .milliseconds(12)
        alarm.set(to: time)
        loop.run(until: { !rings.isEmpty })
        #expect(rings.allSatisfy { $0 >= time })
    }

    @Test func aTimeThatHasPassedRingsAtOnceAndMaySetTheNext() throws {
        let loop = try Loop()
        var rings = 0
        var alarm: Alarm?
        alarm = try Alarm(loop: loop) {
            rings += 1
            if rings < 3 { alarm?.set(to: Instant(nanoseconds: 0)) }
        }
        alarm?.set(to: Instant(nanoseconds: -5))
        loop.run(until: { rings == 3 })
        #expect(rings == 3)
    }

    @Test func followsALoopWhoseClockIsAhead() throws {
        let loop = try Loop()
        loop.skip(.seconds(3600))
        var rings = 0
        let alarm = try Alarm(loop: loop) { rings += 1 }
        alarm.set(to: loop.now + .milliseconds(1))
        loop.run(until: { rings == 1 })
        #expect(rings == 1)
    }

    @Test func goesAwayWithItsOwnerAndNeverRings() throws {
        let loop = try Loop()
        var rings = 0
        var alarm: Alarm? = try Alarm(loop: loop) { rings += 1 }
        alarm?.set(to: Loop.preciseNow + .milliseconds(2))
        alarm = nil
        loop.run(for: .milliseconds(20))
        #expect(rings == 0)
    }
}
