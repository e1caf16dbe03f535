// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Pinned requests")
struct PinTests {
    private func pinned(_ desk: Desk, _ id: UInt64, to runner: Int) -> SlotRequest {
        desk.request(id, holders: [runner], isPinned: true)
    }

    @Test("an emptied runner still takes what is pinned to it")
    func weightZero() {
        let desk = Desk(caps: [nil, nil], weights: [0, 1])
        #expect(desk.ask(pinned(desk, 1, to: 0)) == .granted(0))
        #expect(desk.pick(pinned(desk, 2, to: 0)) == .picked(0))
        #expect(desk.ask(holders: [0]) == .refused(.noHolder))
    }

    @Test("an ejected runner is tried anyway, even out of reach", arguments: [false, true])
    func ejected(unreachable: Bool) {
        let desk = Desk(caps: [nil, nil])
        desk.eject(0, unreachable: unreachable)
        #expect(desk.ask(pinned(desk, 1, to: 0)) == .granted(0))
    }

    @Test("it waits for its runner only, at its cap and while it is busy")
    func waits() {
        let desk = Desk(caps: [1, nil])
        _ = desk.ask(1, holders: [0])
        #expect(desk.ask(pinned(desk, 2, to: 0)) == .queued)
        #expect(desk.drain() == [])
        desk.end(1)
        #expect(desk.drain() == [.init(2, 0)])
        desk.end(2, .busy(retryAfter: .seconds(1)))
        #expect(desk.ask(pinned(desk, 3, to: 0)) == .queued)
    }

    @Test("it never moves")
    func noMove() {
        let desk = Desk(caps: [nil, nil])
        let request = desk.request(1, holders: [0], tried: [0], isPinned: true)
        #expect(!desk.hasUntriedCandidate(for: request))
        #expect(desk.ask(request, isMove: true) == .refused(.noCandidateLeft))
    }

    @Test("new lists don't move its pin while it waits")
    func newLists() {
        let desk = Desk(caps: [1, nil])
        _ = desk.ask(1, holders: [0])
        #expect(desk.ask(pinned(desk, 2, to: 0)) == .queued)
        desk.dispatcher.listsChanged { _ in (RunnerSet([0, 1]), RunnerSet()) }
        #expect(desk.drain() == [], "runner 1 is free and not meant")
        desk.dispatcher.listsChanged { _ in (RunnerSet([1]), RunnerSet()) }
        #expect(desk.refused().map(\.refusal) == [.noHolder], "its runner lost the model")
    }

    @Test("it is not sent back to ourselves")
    func misconfigured() {
        let desk = Desk(caps: [nil])
        desk.dispatcher.probeCameBack(0)
        #expect(desk.ask(pinned(desk, 1, to: 0)) == .refused(.noHolder))
    }
}
