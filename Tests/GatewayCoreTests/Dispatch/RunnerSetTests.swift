// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Sets of runners")
struct RunnerSetTests {
    @Test("hold what was put in, over the words' borders", arguments: [[], [0], [63], [64], [0, 63, 64, 127, 128, 999]])
    func membership(indices: [Int]) {
        let set = RunnerSet(indices)
        #expect(set.numbers == indices)
        #expect(set.count == indices.count)
        #expect(set.isEmpty == indices.isEmpty)
        for index in 0..<1100 { #expect(set.contains(index) == indices.contains(index)) }
    }

    @Test("are equal when they hold the same, however they came to it")
    func equality() {
        var set = RunnerSet([1, 700])
        set.remove(700)
        #expect(set == RunnerSet([1]))
        set.remove(700)
        set.remove(5)
        set.insert(1)
        #expect(set == RunnerSet([1]))
        set.remove(1)
        #expect(set == RunnerSet())
        #expect(set.isEmpty)
    }
}
