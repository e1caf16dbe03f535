// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("A full queue and several claimants")
struct FullQueueTests {
    private let a = Claimant.test(1)
    private let b = Claimant.test(2)
    private let c = Claimant.test(3)

    /// One slot, taken; room for so many.
    private func desk(limit: Int) -> Desk {
        let desk = Desk(caps: [1], queueLimit: limit)
        desk.ask(0...0, for: .test(0))
        return desk
    }

    private func refusedAsFull(_ desk: Desk) -> [UInt64] {
        desk.turns().refused.filter { if case .queueFull = $0.value { true } else { false } }.keys.sorted()
    }

    @Test("a flood gives place to others, its youngest first, until they have as much waiting")
    func flood() {
        let desk = desk(limit: 6)
        desk.ask(100...106, for: a)
        #expect(desk.waiting == 6)
        #expect(desk.ask(desk.request(200, claimant: b)) == .queued)
        #expect(refusedAsFull(desk) == [105])
        desk.ask(201...202, for: b)
        #expect(refusedAsFull(desk) == [103, 104])
        guard case .refused(.queueFull(let seconds)) = desk.ask(desk.request(203, claimant: b)) else {
            Issue.record("one flood drives out the other")
            return
        }
        #expect((1...60).contains(seconds))
        #expect(desk.waiting == 6)
        #expect(desk.order(6) == [100, 200, 101, 201, 102, 202])
    }

    @Test("as much for their share")
    func share() {
        let desk = desk(limit: 6)
        desk.ask(100...106, for: .test(1, share: 2))
        desk.ask(200...205, for: b)
        #expect(refusedAsFull(desk) == [104, 105])
        #expect(desk.order(6) == [100, 101, 200, 102, 103, 201])
    }

    @Test("the one with the most waiting loses, be it not the oldest")
    func most() {
        let desk = desk(limit: 6)
        desk.ask(100...101, for: a)
        desk.ask(200...203, for: b)
        desk.ask(300...300, for: c)
        #expect(refusedAsFull(desk) == [203])
    }

    @Test("an interactive exchange takes a background one's place, its own claimant's, too")
    func background() {
        let desk = desk(limit: 4)
        desk.ask(100...101, for: .test(1, .background))
        desk.ask(200...201, for: .test(2, .background))
        desk.ask(300...300, for: a)
        #expect(refusedAsFull(desk) == [101])
        desk.ask(301...301, for: a)
        #expect(refusedAsFull(desk) == [201])
    }

    @Test("a background exchange takes a flood's place, but no single exchange's")
    func backgroundNewcomer() {
        let desk = desk(limit: 4)
        desk.ask(100...103, for: a)
        desk.ask(200...200, for: .test(2, .background))
        #expect(refusedAsFull(desk) == [103])
        let other = self.desk(limit: 2)
        other.ask(100...100, for: a)
        other.ask(200...200, for: b)
        guard case .refused(.queueFull) = other.ask(other.request(300, claimant: .test(3, .background))) else {
            Issue.record("it drove out a single exchange")
            return
        }
    }

    @Test("a flood loses its background exchanges first")
    func backgroundFirst() {
        let desk = desk(limit: 5)
        desk.ask(100...101, for: .test(1, .background))
        desk.ask(110...112, for: a)
        desk.ask(200...200, for: .test(2, .background))
        #expect(refusedAsFull(desk) == [101])
    }

    @Test("exchanges that moved stay")
    func moved() {
        let desk = Desk(caps: [1, 1], queueLimit: 3)
        desk.ask(0...0, for: c, holders: [1])
        for id in 100...102 as ClosedRange<UInt64> {
            #expect(desk.ask(desk.request(id, tried: [0], claimant: a), isMove: true) == .queued)
        }
        guard case .refused(.queueFull) = desk.ask(desk.request(200, holders: [1], claimant: b)) else {
            Issue.record("one that had its turn lost its place")
            return
        }
    }

    @Test("one that has to go and leaves before it is told is told nothing")
    func gone() {
        let desk = desk(limit: 2)
        desk.ask(100...101, for: a)
        desk.ask(200...200, for: b)
        #expect(desk.cancel(101))
        #expect(!desk.cancel(101))
        #expect(desk.turns().refused.isEmpty)
        #expect(desk.waiting == 2)
    }
}
