// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Whatever ends a waiter's hopes, it is told at once, and not when its time is over.
@Suite("What waiters have coming")
struct TurnTests {
    /// Both runners are out, though reachable; 1 has the only slot of runner 1.
    private func deskWithEjectedRunners() -> Desk {
        let desk = Desk(caps: [1, 1])
        desk.eject(0)
        desk.eject(1)
        #expect(desk.ask(1, holders: [1]).runner == 1, "where nobody else is left, an ejected one is tried")
        return desk
    }

    @Test("a runner that turns out to be out of reach was somebody's last hope")
    func outOfReach() {
        let desk = deskWithEjectedRunners()
        #expect(desk.ask(2, holders: [1]) == .queued)
        #expect(desk.turns().refused.isEmpty)
        desk.end(1, .failed(.connectFailed))
        #expect(desk.turns().refused.keys.sorted() == [2])
    }

    @Test("so it was if a probe finds out, though no runner is ejected by it")
    func outOfReachByProbe() {
        let desk = deskWithEjectedRunners()
        #expect(desk.ask(2, holders: [1]) == .queued)
        #expect(!desk.probeFails(1))
        let turns = desk.turns()
        #expect(turns.refused.keys.sorted() == [2])
        #expect(turns.given.isEmpty)
    }

    @Test("an ejected runner is nobody's hope any more when the one that was tried is back")
    func triedRunnerIsBack() {
        let desk = deskWithEjectedRunners()
        #expect(desk.ask(desk.request(2, tried: [0]), isMove: true) == .queued)
        #expect(desk.turns().refused.isEmpty)
        desk.wait(5)
        #expect(desk.probePasses(0))
        #expect(desk.turns().refused == [2: .noCandidateLeft])
    }

    @Test("a runner that leads back to us is nobody's hope")
    func cameBack() {
        let desk = Desk(caps: [1])
        _ = desk.ask(1)
        #expect(desk.ask(2) == .queued)
        desk.dispatcher.probeCameBack(0)
        #expect(desk.turns().refused == [2: .noHolder])
    }

    @Test("a model that nobody lists any more is refused, and another one's waiter stays")
    func listsChanged() {
        let desk = Desk(caps: [1])
        _ = desk.ask(1)
        #expect(desk.ask(desk.request(2, model: "gone")) == .queued)
        #expect(desk.ask(desk.request(3, model: "there")) == .queued)
        desk.dispatcher.listsChanged { $0.model == "there" ? (RunnerSet([0]), RunnerSet()) : nil }
        #expect(desk.turns().refused == [2: .noHolder])
        #expect(desk.waiting == 1)
    }

    @Test("time that is over comes before a slot that is free")
    func expiredFirst() {
        let desk = Desk(caps: [1], queueTimeout: .seconds(10))
        _ = desk.ask(1)
        #expect(desk.ask(2) == .queued)
        desk.wait(5)
        #expect(desk.ask(3) == .queued)
        desk.wait(5)
        desk.end(1)
        let turns = desk.turns()
        #expect(turns.refused.keys.sorted() == [2])
        #expect(turns.given == [.init(3, 0)])
    }
}
