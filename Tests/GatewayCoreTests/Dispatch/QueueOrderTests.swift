// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Who goes first in the queue")
struct QueueOrderTests {
    @Test("an exchange that lost its runner waits at the head, with its original time")
    func moveGoesFirst() {
        let desk = Desk(caps: [1, 1])
        let came = desk.now
        _ = desk.ask(1, holders: [1])
        desk.wait(1)
        #expect(desk.ask(2, holders: [1]) == .queued)
        #expect(desk.ask(desk.request(3, tried: [0], arrivedAt: came), isMove: true) == .queued)
        #expect(desk.nextWakeUp == came + .seconds(60))
        desk.end(1)
        #expect(desk.drain() == [.init(3, 1)])
    }

    @Test("even a younger one: it had its turn")
    func youngerMove() {
        let desk = Desk(caps: [1, 1])
        _ = desk.ask(1, holders: [1])
        #expect(desk.ask(2, holders: [1]) == .queued)
        desk.wait(1)
        #expect(desk.ask(desk.request(3, tried: [0]), isMove: true) == .queued)
        desk.end(1)
        #expect(desk.drain() == [.init(3, 1)])
    }

    @Test("of many that a dead runner sends at once, the oldest goes first")
    func moversByAge() {
        let desk = Desk(caps: [1, 1])
        let came = desk.now
        _ = desk.ask(1, holders: [1])
        desk.wait(10)
        for (id, age) in [(5, 3.0), (6, 1), (7, 2)] as [(UInt64, Double)] {
            let request = desk.request(id, tried: [0], arrivedAt: came + .seconds(10 - age))
            #expect(desk.ask(request, isMove: true) == .queued)
        }
        var order: [UInt64] = []
        for _ in 0..<3 {
            desk.endOne(at: 1)
            order += desk.drain().map(\.id)
        }
        #expect(order == [5, 7, 6])
    }

    @Test("a move takes a free slot though others wait for it: it comes before them anyway")
    func moveTakesFreeSlot() {
        let desk = Desk(caps: [nil, nil])
        _ = desk.serve(.busy(retryAfter: .seconds(1)), holders: [1])
        #expect(desk.ask(1, holders: [1]) == .queued)
        desk.wait(1)
        #expect(desk.ask(desk.request(2, tried: [0]), isMove: true) == .granted(1))
    }

    @Test("one that waits again stays behind those that moved, be they younger")
    func waitingAgainBehindMoves() {
        let desk = Desk(caps: [1, 1])
        let came = desk.now
        _ = desk.ask(1, holders: [1])
        desk.wait(1)
        #expect(desk.ask(desk.request(2, tried: [0]), isMove: true) == .queued)
        #expect(desk.ask(desk.request(3, holders: [1], arrivedAt: came)) == .queued)
        desk.end(1)
        #expect(desk.drain() == [.init(2, 1)])
    }

    @Test("one that waits again keeps the place that it came with")
    func waitingAgain() {
        let desk = Desk(caps: [1])
        let came = desk.now
        desk.wait(1)
        _ = desk.ask(1)
        desk.wait(1)
        #expect(desk.ask(2) == .queued)
        #expect(desk.ask(desk.request(3, arrivedAt: came)) == .queued)
        desk.end(1)
        #expect(desk.drain() == [.init(3, 0)])
    }

    @Test("a move respects the bound of the queue")
    func moveIntoFullQueue() {
        let desk = Desk(caps: [1, 1], queueLimit: 1)
        _ = desk.ask(1, holders: [1])
        #expect(desk.ask(2, holders: [1]) == .queued)
        guard case .refused(.queueFull) = desk.ask(desk.request(3, tried: [0]), isMove: true) else {
            Issue.record("the queue grew beyond its bound")
            return
        }
    }

    @Test("a waiter that has tried a runner does not get it again")
    func triedRunnerFree() {
        let desk = Desk(caps: [1, 1])
        _ = desk.ask(1, holders: [1])
        #expect(desk.ask(desk.request(2, tried: [0]), isMove: true) == .queued)
        #expect(desk.drain() == [], "runner 0 is free, but it was tried")
        desk.end(1)
        #expect(desk.drain() == [.init(2, 1)])
    }

    @Test("new lists reach those who wait: a new holder serves them")
    func newHolder() {
        let desk = Desk(caps: [1, 1])
        _ = desk.ask(1, holders: [0])
        #expect(desk.ask(desk.request(2, holders: [0], model: "a")) == .queued)
        #expect(desk.ask(desk.request(3, holders: [0], model: "b")) == .queued)
        desk.dispatcher.listsChanged { request in
            request.model == "b" ? (RunnerSet([0, 1]), RunnerSet()) : (RunnerSet([0]), RunnerSet())
        }
        #expect(desk.refused().isEmpty)
        #expect(desk.drain() == [.init(3, 1)])
    }

    @Test("new lists reach those who wait: whose model is gone is refused")
    func modelGone() {
        let desk = Desk(caps: [1])
        _ = desk.ask(1)
        #expect(desk.ask(desk.request(2, model: "a")) == .queued)
        #expect(desk.ask(desk.request(3, model: "b")) == .queued)
        desk.dispatcher.listsChanged { $0.model == "b" ? (RunnerSet([0]), RunnerSet()) : nil }
        let refused = desk.refused()
        #expect(refused.map(\.id) == [2])
        #expect(refused.first?.refusal == .noHolder)
        desk.end(1)
        #expect(desk.drain() == [.init(3, 0)])
    }

    @Test("new lists say what is loaded now")
    func loadedChanges() {
        let desk = Desk(caps: [1, 1])
        _ = desk.ask(1)
        _ = desk.ask(2)
        #expect(desk.ask(3) == .queued)
        desk.dispatcher.listsChanged { _ in (RunnerSet([0, 1]), RunnerSet([1])) }
        desk.end(1)
        desk.end(2)
        #expect(desk.drain() == [.init(3, 1)])
    }
}
