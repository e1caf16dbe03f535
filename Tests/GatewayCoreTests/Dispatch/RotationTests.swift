// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Round robin")
struct RotationTests {
    private func shares(_ weights: [Int], of count: Int) -> [Int] {
        let desk = Desk(caps: Array(repeating: nil, count: weights.count), weights: weights, policy: .roundRobin)
        var shares = Array(repeating: 0, count: weights.count)
        for _ in 0..<count { if let runner = desk.serve(.answered) { shares[runner] += 1 } }
        return shares
    }

    @Test(
        "shares of 1,000 are exact",
        arguments: [
            ([1, 1], [500, 500]), ([1, 3], [250, 750]), ([1, 2, 3, 4], [100, 200, 300, 400]),
            ([0, 1, 1], [0, 500, 500]),
            ([5, 5, 10], [250, 250, 500]), ([1, 999], [1, 999]), ([2, 2, 2, 2], [250, 250, 250, 250])
        ])
    func exactShares(weights: [Int], expected: [Int]) {
        #expect(shares(weights, of: 1000) == expected)
    }

    @Test("weights that don't divide evenly are off by one at most", arguments: [[17, 23], [1, 7, 13], [3, 1000]])
    func unevenShares(weights: [Int]) {
        let total = weights.reduce(0, +)
        for (share, weight) in zip(shares(weights, of: total * 10), weights) { #expect(abs(share - weight * 10) <= 1) }
    }

    @Test("a heavy runner's turns are spread out, not taken in one go")
    func interleaved() {
        let desk = Desk(caps: [nil, nil], weights: [1, 3], policy: .roundRobin)
        let chosen = (0..<8).compactMap { _ in desk.serve(.answered) }
        #expect(chosen.filter { $0 == 0 }.count == 2)
        #expect(!chosen.map(String.init).joined().contains("1111"))
    }

    @Test("load is no argument: the next is the next")
    func loadIsIgnored() {
        let desk = Desk(caps: [nil, nil], policy: .roundRobin)
        for _ in 0..<5 { #expect(desk.ask(holders: [0]).runner == 0) }
        let chosen = (0..<4).compactMap { _ in desk.ask().runner }
        #expect(chosen.filter { $0 == 0 }.count >= 1)
        #expect(chosen.filter { $0 == 1 }.count <= 3)
    }

    @Test("who was away doesn't catch up")
    func noCatchingUp() {
        let desk = Desk(caps: [nil, 1], policy: .roundRobin)
        #expect(desk.ask(1, holders: [1]).runner == 1)
        for _ in 0..<100 { #expect(desk.serve(.answered) == 0) }
        desk.end(1)
        let chosen = (0..<10).compactMap { _ in desk.serve(.answered) }
        #expect(chosen.filter { $0 == 1 }.count == 5)
    }

    @Test("one at its cap is passed over")
    func cap() {
        let desk = Desk(caps: [1, nil], policy: .roundRobin)
        #expect((0..<4).map { _ in desk.ask().runner } == [0, 1, 1, 1])
    }

    @Test("models with different holders rotate among their own")
    func holders() {
        let desk = Desk(caps: [nil, nil, nil, nil], policy: .roundRobin)
        let pair = (0..<6).compactMap { _ in desk.serve(.answered, holders: [1, 3]) }
        #expect(pair.filter { $0 == 1 }.count == 3)
        #expect(pair.filter { $0 == 3 }.count == 3)
    }
}
