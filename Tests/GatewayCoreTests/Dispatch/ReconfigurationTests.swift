// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// The dispatcher over a changed configuration.
@Suite struct ReconfigurationTests {
    private typealias Entry = RunnerSlots.Settings

    /// The numbers of the entries, the lowest index first.
    private func places(_ numbers: [Int]) -> [RunnerPlace] {
        numbers.enumerated().map { RunnerPlace(number: $1, index: $0) }
    }

    private func reconfigure(
        _ desk: Desk, _ entries: [Entry], _ numbers: [Int], _ settings: Dispatcher.Settings = .init()
    ) {
        desk.dispatcher.reconfigure(entries, places: places(numbers), settings: settings)
    }

    // MARK: Settings

    @Test func aNewCapHoldsForTheNextLease() {
        let desk = Desk(caps: [2])
        _ = desk.ask(1)
        _ = desk.ask(2)
        reconfigure(desk, [Entry(cap: 1)], [0])
        #expect(desk.inflight(of: 0) == 2)
        desk.end(1)
        #expect(desk.ask(3) == .queued)
        desk.end(2)
        #expect(desk.drain() == [.init(3, 0)])
        #expect(desk.ask(4) == .queued)
        reconfigure(desk, [Entry(cap: nil)], [0])
        #expect(desk.drain() == [.init(4, 0)])
    }

    @Test func aNewWeightAndPolicyDecideTheNextChoice() {
        let desk = Desk(caps: [nil, nil])
        reconfigure(desk, [Entry(weight: 0), Entry()], [0, 1])
        #expect((0..<4).map { _ in desk.serve(.answered) } == [1, 1, 1, 1])
        reconfigure(desk, [Entry(), Entry()], [0, 1], .init(policy: .roundRobin))
        #expect(desk.ask(1) == .granted(0))
        #expect(desk.ask(2) == .granted(1))
        desk.end(1)
        #expect(desk.ask(3, holders: [0, 1]) == .granted(0))
        desk.end(3)
        #expect(desk.ask(4) == .granted(1))
    }

    @Test func aSmallerQueueTakesNobodyOut() {
        let desk = Desk(caps: [1])
        for id in 1...4 { _ = desk.ask(UInt64(id)) }
        reconfigure(desk, [Entry(cap: 1)], [0], .init(queueLimit: 2))
        #expect(desk.refused().isEmpty)
        #expect(desk.waiting == 3)
        #expect(desk.ask(5).refusal?.retryAfter != nil)
        desk.end(1)
        #expect(desk.drain() == [.init(2, 0)])
    }

    @Test func aShorterWaitHoldsForThoseWhoWait() {
        let desk = Desk(caps: [1])
        _ = desk.ask(1)
        _ = desk.ask(2)
        desk.wait(10)
        #expect(desk.refused().isEmpty)
        reconfigure(desk, [Entry(cap: 1)], [0], .init(queueTimeout: .seconds(5)))
        #expect(desk.refused().map(\.id) == [2])
    }

    @Test func aNewEjectAfterHoldsForTheNextFailure() {
        let desk = Desk(caps: [nil])
        desk.observe(.failed(.reset), at: 0)
        reconfigure(desk, [Entry()], [0], .init(health: .init(ejectAfter: 2)))
        #expect(desk.usableRunners == [0])
        desk.observe(.failed(.reset), at: 0)
        #expect(desk.usableRunners == [])
    }

    // MARK: Runners that stay

    @Test func healthInFlightAndRotationStayWithTheRunner() {
        let desk = Desk(caps: [nil, nil, nil])
        desk.eject(0)
        _ = desk.ask(1, holders: [2])
        _ = desk.ask(2, holders: [1])
        desk.end(2)
        let ejected = desk.state(of: 0)
        reconfigure(desk, [Entry(), Entry(), Entry()], [2, 1, 0])
        #expect(desk.state(of: 0) == ejected)
        #expect(desk.inflight(of: 2) == 1)
        #expect(desk.ask(3, holders: [0, 1, 2]) == .granted(1))
    }

    @Test func amongEqualsTheLowestIndexIsFirst() {
        let desk = Desk(caps: [nil, nil, nil])
        reconfigure(desk, [Entry(), Entry(), Entry()], [2, 0, 1])
        #expect((1...3).map { desk.ask(UInt64($0)).runner } == [2, 0, 1])
    }

    @Test func theLowestIndexIsNamedWhenAllAreOutOfReach() {
        let desk = Desk(caps: [nil, nil])
        for runner in 0...1 { desk.eject(runner, unreachable: true) }
        reconfigure(desk, [Entry(), Entry()], [1, 0])
        guard case .refused(.unreachable(let runner, _)) = desk.ask(1) else {
            Issue.record("it is not refused")
            return
        }
        #expect(runner == 1)
    }

    // MARK: Runners that go and come

    @Test func aRemovedRunnerGetsNothingAndItsLeasesEndWell() {
        let desk = Desk(caps: [2, 2])
        _ = desk.ask(1, holders: [0])
        _ = desk.ask(2, holders: [0])
        reconfigure(desk, [Entry(cap: 2)], [1])
        #expect(desk.ask(3, holders: [0]).refusal == .noHolder)
        #expect(desk.usableRunners == [1])
        #expect(desk.totalInflight == 2)
        desk.end(1)
        desk.end(2, .failed(.reset))
        #expect(desk.inflight(of: 0) == 0)
        #expect(desk.drain() == [])
    }

    @Test func aDisabledRunnerGetsNothingAndKeepsItsNumber() {
        let desk = Desk(caps: [1, 1])
        _ = desk.ask(1, holders: [0])
        reconfigure(desk, [Entry(isEnabled: false), Entry()], [0, 1])
        #expect(desk.ask(2, holders: [0]).refusal == .noHolder)
        desk.end(1)
        #expect(desk.inflight(of: 0) == 0)
        reconfigure(desk, [Entry(), Entry()], [0, 1])
        #expect(desk.ask(3, holders: [0]) == .granted(0))
    }

    @Test func whoWaitsForARemovedRunnerAloneIsRefusedAndOthersGoElsewhere() {
        let desk = Desk(caps: [1, 1])
        _ = desk.ask(desk.request(1, holders: [0]))
        _ = desk.ask(desk.request(2, holders: [1]))
        _ = desk.ask(desk.request(3, holders: [0], model: "only"))
        _ = desk.ask(desk.request(4, holders: [0, 1], model: "both"))
        _ = desk.ask(desk.request(5, holders: [0], model: "both", isPinned: true))
        reconfigure(desk, [Entry(cap: 1)], [1])
        desk.dispatcher.listsChanged { $0.model == "both" ? (RunnerSet([1]), RunnerSet()) : nil }
        #expect(desk.refused().map(\.id) == [3, 5])
        desk.end(2)
        #expect(desk.drain() == [.init(4, 1)])
        desk.end(1)
        #expect(desk.drain() == [])
    }

    @Test func aNewRunnerBeginsUntriedWhateverItsNumberWasBefore() {
        let desk = Desk(caps: [nil, nil])
        desk.eject(0)
        reconfigure(desk, [Entry()], [1])
        reconfigure(desk, [Entry(), Entry(cap: 1)], [1, 0])
        #expect(desk.state(of: 0) == .untried)
        #expect(desk.ask(1, holders: [0]) == .granted(0))
        #expect(desk.ask(2, holders: [0]) == .queued)
    }

    @Test func oneThatComesBackStillCountsWhatItDoes() {
        let desk = Desk(caps: [1, nil])
        _ = desk.ask(1, holders: [0])
        reconfigure(desk, [Entry()], [1])
        reconfigure(desk, [Entry(), Entry(cap: 1)], [1, 0])
        #expect(desk.inflight(of: 0) == 1)
        #expect(desk.ask(2, holders: [0]) == .queued)
        desk.end(1)
        #expect(desk.drain() == [.init(2, 0)])
    }

    @Test func aNumberFarAheadLeavesNothingInBetweenThatTakesWork() {
        let desk = Desk(caps: [])
        reconfigure(desk, [Entry()], [70])
        #expect(desk.usableRunners == [70])
        #expect(desk.ask(1, holders: [3, 69]).refusal == .noHolder)
        #expect(desk.ask(2, holders: [70]) == .granted(70))
    }
}
