// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Least in-flight")
struct LeastInflightTests {
    @Test("over 10,000 seeded picks, no candidate was strictly better than the chosen one", arguments: [1, 2, 3])
    func nobodyWasBetter(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let weights = (0..<12).map { _ in Int.random(in: 1...9, using: &random) }
        let caps: [Int?] = (0..<12).map { $0 % 3 == 0 ? Int.random(in: 1...20, using: &random) : nil }
        let desk = Desk(caps: caps, weights: weights)
        var worse = 0
        var refusedThoughFree = 0
        for id in 0..<UInt64(10_000) {
            let holders = (0..<12).filter { _ in Bool.random(using: &random) }
            let before = (0..<12).map { desk.inflight(of: $0) }
            let free = holders.filter { index in caps[index].map { before[index] < $0 } ?? true }
            if let chosen = desk.ask(desk.request(id, holders: holders)).runner {
                for index in free where before[index] * weights[chosen] < before[chosen] * weights[index] { worse += 1 }
            } else {
                _ = desk.cancel(id)
                refusedThoughFree += free.count
            }
            let enough = Int.random(in: 10...200, using: &random)
            while desk.held > enough, let ending = desk.holders.randomElement(using: &random) { desk.end(ending) }
        }
        #expect(refusedThoughFree == 0)
        #expect(worse == 0)
    }

    @Test("ties rotate over all equals, in their order, however long it goes on")
    func tiesRotate() {
        let desk = Desk(caps: [nil, nil, nil, nil])
        let chosen = (0..<12).map { _ in desk.serve(.answered) }
        #expect(chosen == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3])
    }

    @Test("among equals, one with the model loaded goes before the rotation")
    func loadedBreaksTies() {
        let desk = Desk(caps: [nil, nil, nil])
        for id in 1...3 as ClosedRange<UInt64> {
            #expect(desk.ask(desk.request(id, loaded: [2])).runner == 2)
            desk.end(id)
        }
        #expect(desk.ask(desk.request(4, loaded: [1, 2])).runner == 1, "of two loaded ones, the next in rotation")
    }

    @Test("a loaded model does not make up for one request more")
    func loadedIsOnlyATieBreak() {
        let desk = Desk(caps: [nil, nil])
        #expect(desk.ask(1, loaded: [1]) == .granted(1))
        #expect(desk.ask(2, loaded: [1]) == .granted(0))
    }

    @Test("weights share what is in flight, exactly", arguments: [[1, 3], [2, 5, 1], [1, 1000], [7, 7, 2]])
    func weightsShare(weights: [Int]) {
        let desk = Desk(caps: Array(repeating: nil, count: weights.count), weights: weights)
        let total = weights.reduce(0, +)
        for _ in 0..<(2 * total) { _ = desk.ask() }
        for (index, weight) in weights.enumerated() { #expect(desk.inflight(of: index) == 2 * weight) }
    }

    @Test("a quotient that rounding would take for equal is not: 1/3 in flight is more than 3/10")
    func noRounding() {
        let desk = Desk(caps: [nil, nil], weights: [3, 10])
        #expect(desk.ask(1, holders: [0]).runner == 0)
        for id in 2...4 as ClosedRange<UInt64> { #expect(desk.ask(id, holders: [1]).runner == 1) }
        #expect(desk.ask(5).runner == 1)
        #expect(desk.ask(6).runner == 0, "4/10 is more than 1/3")
    }

    @Test("two hundred runners, all equal, are all used before any is used twice")
    func manyRunners() {
        let desk = Desk(caps: Array(repeating: nil, count: 200))
        let chosen = Set((0..<200).compactMap { _ in desk.ask().runner })
        #expect(chosen.count == 200)
    }

    @Test("weight 0 gets nothing, even when it is the only idle one")
    func weightZero() {
        let desk = Desk(caps: [nil, nil], weights: [0, 1])
        for _ in 0..<50 { #expect(desk.ask().runner == 1) }
        #expect(desk.ask(holders: [0]) == .refused(.noHolder))
    }

    @Test("a disabled runner gets nothing and keeps its index")
    func disabled() {
        let desk = Desk([.init(isEnabled: false), .init(), .init(isEnabled: false), .init()])
        let chosen = (0..<4).map { _ in desk.serve(.answered) }
        #expect(chosen == [1, 3, 1, 3])
        #expect(desk.usableRunners == [1, 3])
    }

    @Test("caps hold, and cap 1 serves one at a time")
    func caps() {
        let desk = Desk(caps: [1, 2])
        #expect((1...3).map { desk.ask(UInt64($0)).runner } == [0, 1, 1])
        #expect(desk.ask(4) == .queued)
        #expect(desk.totalInflight == 3)
    }

    @Test("a runner without a slot takes requests that need none")
    func picking() {
        let desk = Desk(caps: [1])
        _ = desk.ask(1)
        #expect(desk.pick(desk.request(2)) == .picked(0))
        #expect(desk.inflight(of: 0) == 1)
    }

    @Test("requests that need no slot rotate, too")
    func pickingRotates() {
        let desk = Desk(caps: [nil, nil])
        let picks = (0..<4).map { desk.pick(desk.request(UInt64($0))) }
        #expect(picks == [.picked(0), .picked(1), .picked(0), .picked(1)])
    }
}
