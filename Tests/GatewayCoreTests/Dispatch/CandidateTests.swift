// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Who is a candidate")
struct CandidateTests {
    @Test("an ejected runner gets nothing while another holder is in rotation")
    func ejected() {
        let desk = Desk(caps: [nil, nil])
        desk.eject(0)
        for _ in 0..<20 { #expect(desk.ask().runner == 1) }
    }

    @Test("not even when the other is full: then one waits")
    func ejectedWhileOtherIsFull() {
        let desk = Desk(caps: [nil, 1])
        desk.eject(0)
        #expect(desk.ask(1) == .granted(1))
        #expect(desk.ask(2) == .queued)
        #expect(desk.drain() == [])
    }

    @Test("when all holders are ejected but answer, they are tried")
    func panic() {
        let desk = Desk(caps: [nil, nil, nil])
        desk.eject(0)
        desk.eject(1, unreachable: true)
        #expect(desk.ask(1, holders: [0, 1]) == .granted(0), "the other is out of reach")
        #expect(desk.ask(2) == .granted(2), "a third holder is in rotation")
    }

    @Test("a tried holder in rotation keeps ejected ones from being tried: the exchange has nobody left")
    func noPanicWhileSomebodyIsInRotation() {
        let desk = Desk(caps: [nil, nil])
        desk.eject(1)
        let move = desk.request(1, tried: [0])
        #expect(!desk.hasUntriedCandidate(for: move))
        #expect(desk.ask(move, isMove: true) == .refused(.noCandidateLeft), "not queued behind nothing")
        #expect(desk.pick(move, isMove: true) == .refused(.noCandidateLeft))
    }

    @Test("all ejected, one tried: the other ejected one is next")
    func panicMove() {
        let desk = Desk(caps: [nil, nil])
        desk.eject(0)
        desk.eject(1)
        let move = desk.request(1, tried: [0])
        #expect(desk.hasUntriedCandidate(for: move))
        #expect(desk.ask(move, isMove: true) == .granted(1))
    }

    @Test("ejected runners that are tried in a panic keep to their caps")
    func panicCap() {
        let desk = Desk(caps: [1])
        desk.eject(0)
        #expect(desk.ask(1) == .granted(0))
        #expect(desk.ask(2) == .queued)
        desk.end(1)
        #expect(desk.drain() == [.init(2, 0)])
    }

    @Test("all holders out of reach: refused with the first one's name, at once")
    func unreachable() {
        let desk = Desk(caps: [nil, nil, nil])
        desk.eject(1, unreachable: true)
        desk.eject(2, unreachable: true)
        for attempt in 0..<200 as Range<UInt64> {
            guard case .refused(.unreachable(1, let seconds)) = desk.ask(attempt, holders: [1, 2]) else {
                Issue.record("not refused")
                return
            }
            #expect((1...60).contains(seconds))
        }
        guard case .refused(.unreachable(1, _)) = desk.pick(desk.request(1, holders: [1, 2])) else {
            Issue.record("picked")
            return
        }
    }

    @Test("who waits is refused when its last holder gets out of reach")
    func unreachableWhileWaiting() {
        let desk = Desk(caps: [1, nil])
        _ = desk.ask(1, holders: [0])
        #expect(desk.ask(2, holders: [0]) == .queued)
        desk.eject(0, unreachable: true)
        #expect(desk.refused().map(\.refusal).map { if case .unreachable(0, _) = $0 { true } else { false } } == [true])
    }

    @Test("a move that waits has nobody left when its candidate is ejected: told so, not that lists have changed")
    func candidateOfMoveEjected() {
        let desk = Desk(caps: [nil, 1])
        _ = desk.ask(1, holders: [1])
        #expect(desk.ask(desk.request(2, tried: [0]), isMove: true) == .queued)
        desk.eject(1, unreachable: true)
        #expect(desk.refused().map(\.refusal) == [.noCandidateLeft])
    }

    @Test("a runner that leads back to us gets nothing, even when nobody else is there")
    func misconfigured() {
        let desk = Desk(caps: [nil, nil])
        desk.dispatcher.probeCameBack(0)
        #expect(desk.ask().runner == 1)
        #expect(desk.ask(holders: [0]) == .refused(.noHolder))
        #expect(desk.probePasses(0), "its address was corrected")
        #expect(desk.ask(holders: [0]).runner == 0)
    }

    @Test("disabled, emptied and unknown holders are nobody")
    func nobody() {
        let desk = Desk([.init(isEnabled: false), .init(weight: 0), .init()])
        for holders in [[0], [1], [0, 1], [], [7], [64, 200]] {
            #expect(desk.ask(holders: holders) == .refused(.noHolder))
            #expect(desk.pick(desk.request(1, holders: holders)) == .refused(.noHolder))
        }
    }

    @Test("an emptied holder in good health does not stand in the way of trying the ejected one")
    func emptiedDoesNotCount() {
        let desk = Desk(caps: [nil, nil], weights: [0, 1])
        desk.eject(1)
        #expect(desk.ask().runner == 1)
    }

    @Test("busy (503) keeps new exchanges away for its time, and is no failure")
    func busy() {
        let desk = Desk(caps: [nil, nil])
        desk.observe(.busy(retryAfter: .seconds(5)), at: 0)
        for _ in 0..<10 { #expect(desk.ask().runner == 1) }
        desk.wait(4.9)
        #expect(desk.ask(1, holders: [0]) == .queued)
        desk.wait(0.1)
        #expect(desk.drain() == [.init(1, 0)])
        for _ in 0..<50 { desk.observe(.busy(retryAfter: nil), at: 0) }
        #expect(desk.state(of: 0) == .up)
        #expect(desk.usableRunners == [0, 1])
    }

    @Test("when all are busy the exchange waits, and is not refused")
    func allBusy() {
        let desk = Desk(caps: [nil, nil])
        desk.observe(.busy(retryAfter: .seconds(2)), at: 0)
        desk.observe(.busy(retryAfter: .seconds(1)), at: 1)
        #expect(desk.ask(1) == .queued)
        #expect(desk.refused().isEmpty)
        desk.wait(1)
        #expect(desk.drain() == [.init(1, 1)])
    }

    @Test("probation lets as many in at once as it has allowed")
    func probation() {
        let desk = Desk(caps: [nil])
        desk.eject(0)
        desk.wait(5)
        #expect(desk.probePasses(0))
        var allowed: [Int] = []
        for _ in 0..<4 {
            while desk.ask().runner != nil {}
            allowed.append(desk.held)
            for id in desk.holders { desk.end(id, .clientGone(inPrefill: false)) }
            while desk.waiting > 0, let given = desk.drain().first { _ = desk.cancel(given.id) }
            desk.wait(61)
            _ = desk.refused()
            for id in desk.holders { desk.end(id, .clientGone(inPrefill: false)) }
            _ = desk.serve(.answered)
        }
        #expect(allowed == [1, 2, 4, 8])
        for _ in 0..<100 { #expect(desk.ask().runner == 0) }
    }
}
