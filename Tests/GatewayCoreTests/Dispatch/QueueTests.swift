// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("The queue")
struct QueueTests {
    @Test("a freed slot goes to the oldest that can use it, one slot at a time")
    func oldestFirst() {
        let desk = Desk(caps: [1])
        _ = desk.ask(1)
        for id in 2...4 as ClosedRange<UInt64> { #expect(desk.ask(id) == .queued) }
        #expect(desk.drain() == [])
        for id in 1...3 as ClosedRange<UInt64> {
            desk.end(id)
            #expect(desk.drain() == [.init(id + 1, 0)])
        }
        #expect(desk.waiting == 0)
    }

    @Test("an older waiter for another runner is no obstacle")
    func eligibility() {
        let desk = Desk(caps: [1, 1])
        _ = desk.ask(1, holders: [0])
        _ = desk.ask(2, holders: [1])
        #expect(desk.ask(3, holders: [0]) == .queued)
        #expect(desk.ask(4, holders: [1]) == .queued)
        desk.end(2)
        #expect(desk.drain() == [.init(4, 1)])
        #expect(desk.waiting == 1)
    }

    @Test("a waiter with two holders takes whichever is free first")
    func eitherHolder() {
        let desk = Desk(caps: [1, 1])
        _ = desk.ask(1)
        _ = desk.ask(2)
        #expect(desk.ask(3) == .queued)
        desk.end(2)
        #expect(desk.drain() == [.init(3, 1)])
    }

    @Test("a slot freed by time alone goes to who waited for it, not to who asks at that moment")
    func noOvertaking() {
        let desk = Desk(caps: [nil])
        #expect(desk.serve(.busy(retryAfter: .seconds(3))) == 0)
        #expect(desk.ask(1) == .queued)
        desk.wait(3)
        #expect(desk.ask(2) == .queued)
        #expect(desk.drain() == [.init(1, 0), .init(2, 0)])
    }

    @Test("a newcomer for a runner that nobody waits for is served at once")
    func noNeedlessWaiting() {
        let desk = Desk(caps: [1, 1])
        _ = desk.ask(1, holders: [0])
        #expect(desk.ask(2, holders: [0]) == .queued)
        #expect(desk.ask(3) == .granted(1))
    }

    @Test("the queue is bounded, and refuses with a time to come back")
    func bound() {
        let desk = Desk(caps: [1], queueLimit: 2)
        _ = desk.ask(1)
        #expect(desk.ask(2) == .queued)
        #expect(desk.ask(3) == .queued)
        guard case .refused(.queueFull(let seconds)) = desk.ask(4) else {
            Issue.record("the fourth was not refused")
            return
        }
        #expect((1...60).contains(seconds))
        #expect(desk.waiting == 2)
    }

    @Test("with a bound of 0 nobody waits")
    func noQueue() {
        let desk = Desk(caps: [1], queueLimit: 0)
        _ = desk.ask(1)
        guard case .refused(.queueFull) = desk.ask(2) else {
            Issue.record("somebody waits")
            return
        }
    }

    @Test("waiting is counted since the request came, not since it was queued")
    func timeOut() {
        let desk = Desk(caps: [1], queueTimeout: .seconds(60))
        _ = desk.ask(1)
        let came = desk.now
        desk.wait(50)
        #expect(desk.ask(desk.request(2, arrivedAt: came)) == .queued)
        #expect(desk.nextWakeUp == came + .seconds(60))
        desk.wait(9.999)
        #expect(desk.refused().isEmpty)
        desk.wait(0.001)
        let refused = desk.refused()
        #expect(refused.map(\.id) == [2])
        guard case .timedOut(let seconds)? = refused.first?.refusal else {
            Issue.record("refused for another reason")
            return
        }
        #expect((1...60).contains(seconds))
        #expect(desk.nextWakeUp == nil)
    }

    @Test("whose time is over is not queued at all, but a free slot is still given")
    func tooLateToWait() {
        let desk = Desk(caps: [1])
        let came = desk.now
        desk.wait(61)
        #expect(desk.ask(desk.request(1, arrivedAt: came)) == .granted(0))
        guard case .refused(.timedOut) = desk.ask(desk.request(2, arrivedAt: came)) else {
            Issue.record("queued beyond its time")
            return
        }
    }

    @Test("without a limit one waits forever")
    func noLimit() {
        let desk = Desk(caps: [1], queueTimeout: nil)
        _ = desk.ask(1)
        #expect(desk.ask(2) == .queued)
        desk.wait(1e6)
        #expect(desk.refused().isEmpty)
        #expect(desk.nextWakeUp == .distantFuture)
    }

    @Test("a waiter wakes when a busy runner is ready again, though its own time lasts longer")
    func wakeUp() {
        let desk = Desk(caps: [nil])
        let saidBusy = desk.now
        _ = desk.serve(.busy(retryAfter: .seconds(7)))
        #expect(desk.ask(1) == .queued)
        #expect(desk.nextWakeUp == saidBusy + .seconds(7))
        desk.wait(7)
        #expect(desk.drain() == [.init(1, 0)])
    }

    @Test("a client that goes away leaves the queue at once, and only once")
    func cancelling() {
        let desk = Desk(caps: [1], queueLimit: 1)
        _ = desk.ask(1)
        #expect(desk.ask(2) == .queued)
        #expect(desk.cancel(2))
        #expect(!desk.cancel(2))
        #expect(!desk.cancel(1), "one that holds a lease doesn't wait")
        #expect(desk.ask(3) == .queued, "the place is free again")
        desk.end(1)
        #expect(desk.drain() == [.init(3, 0)])
    }

    @Test("waiting is counted per model")
    func depth() {
        let desk = Desk(caps: [1])
        _ = desk.ask(1)
        _ = desk.ask(desk.request(2, model: "a"))
        _ = desk.ask(desk.request(3, model: "b"))
        _ = desk.ask(desk.request(4, model: "a"))
        #expect(desk.waiting(for: "a") == 2)
        #expect(desk.waiting(for: "b") == 1)
        #expect(desk.waiting(for: "c") == 0)
    }
}
