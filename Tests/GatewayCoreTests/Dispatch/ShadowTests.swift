// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Measured with Ollama 0.5.4: a runner whose client left during prefill computes on, for seconds.
@Suite("Prefills that nobody waits for any more")
struct ShadowTests {
    private func deskWithShadow() -> Desk {
        let desk = Desk(caps: [2, 2])
        _ = desk.ask(1, holders: [0])
        desk.end(1, .clientGone(inPrefill: true))
        return desk
    }

    @Test("count when runners are compared, for ten seconds")
    func compared() {
        let desk = deskWithShadow()
        #expect(desk.ask(2).runner == 1)
        desk.end(2)
        desk.wait(9.9)
        #expect(desk.ask(3).runner == 1)
        desk.end(3)
        desk.wait(0.1)
        #expect(desk.ask(4).runner == 0)
    }

    @Test("are over with the runner's next first byte")
    func cleared() {
        let desk = deskWithShadow()
        desk.dispatcher.firstByteArrived(from: 1)
        #expect(desk.ask(2).runner == 1, "another runner's byte says nothing")
        desk.end(2)
        desk.dispatcher.firstByteArrived(from: 0)
        #expect(desk.ask(3).runner == 0)
    }

    @Test("don't count in caps")
    func caps() {
        let desk = deskWithShadow()
        #expect(desk.ask(2, holders: [0]).runner == 0)
        #expect(desk.ask(3, holders: [0]).runner == 0)
        #expect(desk.inflight(of: 0) == 2)
    }

    @Test("each counts")
    func several() {
        let desk = Desk(caps: [nil, nil])
        for id in 1...3 as ClosedRange<UInt64> { _ = desk.ask(id, holders: [0]) }
        for id in 1...3 as ClosedRange<UInt64> { desk.end(id, .clientGone(inPrefill: true)) }
        let chosen = (0..<4).compactMap { _ in desk.ask().runner }
        #expect(chosen.prefix(3) == [1, 1, 1])
    }

    @Test("a client that leaves during generation, or before the request is sent, leaves none")
    func noShadow() {
        let desk = Desk(caps: [nil, nil])
        _ = desk.ask(1, holders: [1])
        _ = desk.ask(2, holders: [0])
        desk.end(2, .clientGone(inPrefill: false))
        desk.end(1, .clientGone(inPrefill: false))
        #expect(desk.ask(3).runner == 1, "both count nothing: the next in rotation")
        #expect(desk.state(of: 0) == .untried, "and say nothing about the runner")
    }

    @Test("a stranger who connects and leaves all day makes nothing grow, and nothing lasts")
    func bounded() {
        let desk = Desk(caps: [nil, nil])
        for _ in 0..<10_000 { _ = desk.serve(.clientGone(inPrefill: true), holders: [0]) }
        for _ in 0..<64 { #expect(desk.ask().runner == 1) }
        let rest = (0..<4).compactMap { _ in desk.ask().runner }
        #expect(rest.contains(0), "at most 64 are remembered")
    }
}
