// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Which runner has which number over changes of the configuration.
@Suite struct RunnerNumberingTests {
    private func numbering(_ urls: String...) -> RunnerNumbering { RunnerNumbering(urls.map { [$0] }) }

    private func numbers(_ numbering: RunnerNumbering) -> [Int] { numbering.places.map(\.number) }

    @Test func atTheStartNumbersAreIndices() {
        let numbering = numbering("a", "b", "c")
        #expect(numbering.places == (0...2).map { RunnerPlace(number: $0, index: $0) })
        #expect(RunnerNumbering([]).places == [])
    }

    @Test func removingOneInTheMiddleMovesIndicesAndNoNumbers() {
        var numbering = numbering("a", "b", "c")
        let change = numbering.reconfigure([["a"], ["c"]]) { _ in true }
        #expect(change == .init(stay: [0, 2], retired: [1]))
        #expect(numbering.places == [RunnerPlace(number: 0, index: 0), RunnerPlace(number: 2, index: 1)])
    }

    @Test func anotherOrderIsNoOtherRunner() {
        var numbering = numbering("a", "b", "c")
        #expect(numbering.reconfigure([["c"], ["a"], ["b"]]) { _ in true } == .init(stay: [0, 1, 2]))
        #expect(numbers(numbering) == [2, 0, 1])
    }

    @Test func theSameAgainChangesNothing() {
        var numbering = numbering("a", "b")
        let before = numbering
        #expect(numbering.reconfigure([["a"], ["b"]]) { _ in true } == .init(stay: [0, 1]))
        #expect(numbering == before)
    }

    @Test func equalRunnersAreMatchedInOrder() {
        var numbering = numbering("a", "b", "a")
        #expect(
            numbering.reconfigure([["a"], ["a"], ["a"]]) { _ in true } == .init(stay: [0, 2], retired: [1], new: [3]))
        #expect(numbers(numbering) == [0, 2, 3])
        #expect(numbering.reconfigure([["a"]]) { _ in true } == .init(stay: [0], retired: [2, 3]))
    }

    @Test func aNumberInUseIsNotGivenAway() {
        var numbering = numbering("a", "b")
        _ = numbering.reconfigure([["b"]]) { _ in true }
        #expect(numbering.reconfigure([["b"], ["c"]]) { $0 == 0 } == .init(stay: [1], new: [2]))
        #expect(numbers(numbering) == [1, 2])
    }

    @Test func aNumberNobodyUsesIsGivenAway() {
        var numbering = numbering("a", "b")
        _ = numbering.reconfigure([["b"]]) { _ in true }
        #expect(numbering.reconfigure([["b"], ["c"]]) { _ in false } == .init(stay: [1], new: [0]))
        #expect(numbers(numbering) == [1, 0])
    }

    @Test func onlyRetiredNumbersAreAskedAbout() {
        var numbering = numbering("a", "b", "c")
        _ = numbering.reconfigure([["a"], ["c"]]) { _ in true }
        var asked: [Int] = []
        _ = numbering.reconfigure([["a"], ["c"], ["d"], ["e"]]) {
            asked.append($0)
            return true
        }
        #expect(Set(asked) == [1])
    }

    @Test func oneThatComesBackGetsItsOwnThoughInUse() {
        var numbering = numbering("a", "b", "c")
        _ = numbering.reconfigure([["c"]]) { _ in true }
        #expect(numbering.reconfigure([["b"], ["c"]]) { _ in true } == .init(stay: [2], new: [1]))
    }

    @Test func oneThatComesBackAfterItsNumberWasGivenAwayIsNew() {
        var numbering = numbering("a", "b")
        _ = numbering.reconfigure([["b"]]) { _ in false }
        _ = numbering.reconfigure([["b"], ["c"]]) { _ in false }
        #expect(numbering.reconfigure([["b"], ["c"], ["a"]]) { _ in false } == .init(stay: [0, 1], new: [2]))
    }

    @Test func whatIsRetiredByAChangeIsNotGivenAwayByIt() {
        var numbering = numbering("a")
        #expect(numbering.reconfigure([["b"]]) { _ in false } == .init(retired: [0], new: [1]))
        #expect(numbering.reconfigure([["c"]]) { _ in false } == .init(retired: [1], new: [0]))
    }

    @Test func anEntryCanHaveSeveralRunnersOrNone() {
        var numbering = RunnerNumbering([["10.0.0.1", "10.0.0.2"], [], ["x"]])
        #expect(numbers(numbering) == [0, 1, 2])
        #expect(numbering.places.map(\.index) == [0, 0, 2])
        let change = numbering.reconfigure([["x"], ["10.0.0.2", "10.0.0.3"]]) { _ in true }
        #expect(change == .init(stay: [1, 2], retired: [0], new: [3]))
        #expect(numbers(numbering) == [2, 1, 3])
        #expect(numbering.places.map(\.index) == [0, 1, 1])
    }
}
