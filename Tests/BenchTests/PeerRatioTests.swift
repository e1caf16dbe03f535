// SPDX-License-Identifier: MIT

import BenchFigures
import Testing

@Suite struct PeerRatioTests {
    @Test func theRatioIsTakenWithinEachRound() throws {
        // The second round met a machine three times as slow: ratios of medians would say 1.5.
        let ratio = try #require(PeerRatio(ours: [1, 3, 3], peers: [("a", [2, 6, 2])], .lessIsBetter))
        #expect(ratio.ratio == Spread(of: [0.5, 0.5, 1.5]))
        #expect(ratio.ratio.median == 0.5)
    }

    @Test func thePeerWithTheBestMedianCounts() throws {
        let peers: [(name: String, values: [Double?])] = [("slow", [4, 4, 1]), ("quick", [2, 2, 2])]
        #expect(try #require(PeerRatio(ours: [3, 3, 3], peers: peers, .lessIsBetter)).peer == "quick")
        let rates = try #require(PeerRatio(ours: [8, 8, 8], peers: peers, .moreIsBetter))
        #expect(rates.peer == "slow")
        #expect(rates.ratio.median == 0.5)
    }

    @Test func moreIsBetterTurnsTheFractionRound() throws {
        let ratio = try #require(PeerRatio(ours: [200], peers: [("a", [100])], .moreIsBetter))
        #expect(ratio.ratio.median == 0.5)
    }

    @Test func roundsThatLackEitherDontCount() throws {
        let ratio = try #require(PeerRatio(ours: [nil, 2, 0, 4], peers: [("a", [1, 2, 2, 8])], .lessIsBetter))
        #expect(ratio.ratio == Spread(of: [1, 0.5]))
        #expect(PeerRatio(ours: [nil], peers: [("a", [1])], .lessIsBetter) == nil)
        #expect(PeerRatio(ours: [1], peers: [], .lessIsBetter) == nil)
        #expect(PeerRatio(ours: [1], peers: [("a", [nil])], .lessIsBetter) == nil)
    }

    @Test(arguments: [
        ([3.0], 3.0, 3.0, 3.0), ([3, 1, 2], 2, 1, 3), ([4, 1, 2, 3], 2.5, 1, 4), ([5, 5, 5, 1000, 5], 5, 5, 1000)
    ])
    func spread(values: [Double], median: Double, minimum: Double, maximum: Double) throws {
        let spread = try #require(Spread(of: values))
        #expect(spread.median == median)
        #expect(spread.minimum == minimum)
        #expect(spread.maximum == maximum)
    }

    @Test func nothingHasNoSpread() {
        #expect(Spread(of: []) == nil)
    }
}
