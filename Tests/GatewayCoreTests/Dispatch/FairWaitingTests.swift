// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

extension Claimant {
    /// Somebody with an address of its own.
    static func test(_ number: UInt32, share: Int = 1, cap: Int = .max, _ priority: Priority = .interactive) -> Claimant
    {
        Claimant(
            id: ID(address: .v4(number)), Allotment(share: share, maxInflight: cap, priority: priority))
    }
}

extension Desk {
    /// Asks for so many, from `first` on.
    func ask(_ ids: ClosedRange<UInt64>, for claimant: Claimant, holders: [Int]? = nil) {
        for id in ids { _ = ask(request(id, holders: holders, claimant: claimant)) }
    }

    /// Who gets the slots that become free one after the other at a runner.
    func order(_ count: Int, at runner: Int = 0) -> [UInt64] {
        (0..<count).flatMap { _ in
            endOne(at: runner)
            return turns().given.map(\.id)
        }
    }
}

@Suite("Who waits for how long, of several claimants")
struct FairWaitingTests {
    private let a = Claimant.test(1)
    private let b = Claimant.test(2)
    private let c = Claimant.test(3)

    @Test("a batch of 500 delays somebody else's chat by one slot's service at most")
    func batchAndChat() {
        let desk = Desk(caps: [1], queueLimit: 1000)
        desk.ask(1...500, for: a)
        #expect(desk.order(100) == Array(2...101))
        desk.ask(1000...1000, for: b)
        #expect(desk.order(3) == [102, 1000, 103])
    }

    @Test("one claimant's exchanges go by age, whatever its share")
    func oneClaimant() {
        let desk = Desk(caps: [1])
        desk.ask(1...20, for: .test(1, share: 7))
        #expect(desk.order(19) == Array(2...20))
    }

    @Test("claimants with one exchange each go by age")
    func oneEach() {
        let desk = Desk(caps: [1])
        for number in 0..<9 as Range<UInt32> { desk.ask(UInt64(number)...UInt64(number), for: .test(number)) }
        #expect(desk.order(8) == Array(1...8))
    }

    @Test("slots are shared by share")
    func shares() {
        let desk = Desk(caps: [1])
        desk.ask(0...0, for: c)
        desk.ask(100...120, for: .test(1, share: 3))
        desk.ask(200...220, for: .test(2, share: 2))
        desk.ask(300...320, for: c)
        #expect(
            desk.order(14) == [100, 101, 102, 200, 201, 300, 103, 104, 105, 202, 203, 301, 106, 107])
    }

    @Test("who can't use the slot that is free keeps its turn")
    func keptTurn() {
        let desk = Desk(caps: [1, 1])
        desk.ask(0...1, for: c)
        desk.ask(100...101, for: .test(1, share: 2), holders: [1])
        desk.ask(200...203, for: b)
        #expect(desk.order(2, at: 0) == [200, 201])
        #expect(desk.order(3, at: 1) == [100, 101, 202])
    }

    @Test("who gets slots that nobody else could use loses no turn by it")
    func uncontestedSlots() {
        let desk = Desk(caps: [1, 1])
        desk.ask(0...1, for: c)
        desk.ask(100...103, for: a, holders: [0])
        desk.ask(200...203, for: b, holders: [1])
        desk.ask(104...104, for: a, holders: [1])
        #expect(desk.order(2, at: 0) == [100, 101])
        #expect(desk.order(1, at: 1) == [104])
        #expect(desk.order(2, at: 0) == [102, 103])
        #expect(desk.order(2, at: 1) == [200, 201])
    }

    @Test("nothing is saved by who stops waiting")
    func nothingSaved() {
        let desk = Desk(caps: [1])
        let large = Claimant.test(1, share: 3)
        desk.ask(0...0, for: c)
        desk.ask(100...100, for: large)
        desk.ask(200...203, for: b)
        #expect(desk.order(1) == [100], "two slots of its turn are left")
        desk.ask(101...105, for: large)
        #expect(desk.order(6) == [200, 101, 102, 103, 201, 104])
    }

    @Test("what a claimant's last request says of its share counts for those that wait already")
    func changedShare() {
        let desk = Desk(caps: [1])
        desk.ask(0...0, for: c)
        desk.ask(100...105, for: .test(1, share: 5))
        desk.ask(200...205, for: b)
        desk.ask(106...106, for: .test(1, share: 2))
        #expect(desk.order(5) == [100, 101, 200, 102, 103])
    }

    @Test("an exchange that moved goes before everybody's, and is not charged for it")
    func moves() {
        let desk = Desk(caps: [1, 1])
        desk.ask(0...0, for: c, holders: [1])
        desk.ask(100...102, for: a, holders: [1])
        desk.ask(200...202, for: b, holders: [1])
        let lost = desk.request(300, tried: [0], claimant: a)
        #expect(desk.ask(lost, isMove: true) == .queued)
        #expect(desk.order(4, at: 1) == [300, 100, 200, 101])
    }

    @Test("nothing is kept of who neither waits nor has a cap and a lease")
    func nothingKept() {
        let desk = Desk(caps: [1])
        #expect(desk.ask(desk.request(1, claimant: a)) == .granted(0))
        #expect(desk.claimantsKept == 0)
        desk.ask(2...3, for: b)
        desk.ask(4...4, for: .test(3, cap: 4))
        #expect(desk.claimantsKept == 2)
        #expect(desk.order(3) == [2, 4, 3])
        #expect(desk.cancel(3) == false)
        #expect(desk.claimantsKept == 0)
        desk.ask(5...5, for: c)
        #expect(desk.cancel(5))
        #expect(desk.claimantsKept == 0)
    }
}

@Suite("A claimant's own max_inflight")
struct ClaimantCapTests {
    @Test("over it one waits beside free slots, and holds up nobody")
    func cap() {
        let desk = Desk(caps: [nil])
        let capped = Claimant.test(1, cap: 2)
        desk.ask(1...5, for: capped)
        #expect(desk.waiting == 3)
        #expect(desk.inflight(of: capped.id) == 2)
        #expect(desk.turns().given.isEmpty)
        desk.ask(10...15, for: .test(2))
        #expect(desk.waiting == 3)
        desk.end(12)
        #expect(desk.turns().given.isEmpty)
        desk.end(2)
        #expect(desk.turns().given == [.init(3, 0)])
        #expect(desk.waiting == 2)
    }

    @Test("those behind it in the queue are not held up either")
    func behind() {
        let desk = Desk(caps: [2])
        desk.ask(1...3, for: .test(1, cap: 1))
        desk.ask(10...12, for: .test(2))
        #expect(desk.order(1) == [2])
        desk.end(10)
        #expect(desk.turns().given.map(\.id) == [11])
    }

    @Test("a moved one waits for it, too, and those behind go on")
    func moved() {
        let desk = Desk(caps: [nil, 1])
        let capped = Claimant.test(1, cap: 1)
        desk.ask(1...1, for: capped, holders: [0])
        #expect(desk.ask(desk.request(2, holders: [1], tried: [0], claimant: capped), isMove: true) == .queued)
        #expect(desk.ask(desk.request(3, holders: [1], claimant: .test(2))) == .granted(1))
        desk.ask(4...4, for: .test(2), holders: [1])
        desk.end(3)
        #expect(desk.turns().given == [.init(4, 1)])
        desk.end(1)
        desk.end(4)
        #expect(desk.turns().given == [.init(2, 1)])
    }

    @Test("a key's cap holds for all its users together, and each user's own besides")
    func keyAndUsers() {
        let desk = Desk(caps: [nil])
        let key = Claimant.test(9, cap: 3)
        let users = (0..<3).map { Claimant(user: "\($0)".utf8, of: key, .init(maxInflight: 2)) }
        desk.ask(100...102, for: users[0])
        #expect(desk.waiting == 1, "its own")
        desk.ask(200...201, for: users[1])
        #expect(desk.waiting == 2, "its key's")
        desk.ask(300...300, for: users[2])
        #expect(desk.waiting == 3)
        desk.end(100)
        #expect(desk.turns().given.map(\.id) == [102])
        desk.end(101)
        #expect(desk.turns().given.map(\.id) == [201])
        #expect(desk.inflight(of: users[1].id) == 2)
        desk.end(200)
        #expect(desk.turns().given.map(\.id) == [300])
    }

    @Test("it counts over both priorities, and it waits only so long")
    func prioritiesAndTime() {
        let desk = Desk(caps: [nil], queueTimeout: .seconds(10))
        desk.ask(1...1, for: .test(1, cap: 1))
        desk.ask(2...2, for: .test(1, cap: 1, .background))
        #expect(desk.waiting == 1)
        desk.wait(10)
        guard case .timedOut? = desk.turns().refused[2] else {
            Issue.record("it waits for its own exchange longer than timeouts.queue")
            return
        }
    }

    @Test("those over it count for limits.queue")
    func queueLimit() {
        let desk = Desk(caps: [nil], queueLimit: 2)
        desk.ask(1...3, for: .test(1, cap: 1))
        guard case .refused(.queueFull) = desk.ask(desk.request(4, claimant: .test(1, cap: 1))) else {
            Issue.record("the queue grew beyond its bound")
            return
        }
    }

    @Test("a cap that was raised counts from the claimant's next request on, for those that wait, too")
    func raised() {
        let desk = Desk(caps: [nil])
        desk.ask(1...3, for: .test(1, cap: 1))
        #expect(desk.waiting == 2)
        desk.ask(4...4, for: .test(1, cap: 3))
        #expect(desk.turns().given.map(\.id) == [2, 3])
        #expect(desk.waiting == 1, "those that came before it go first")
    }
}

@Suite("Background exchanges")
struct BackgroundTests {
    private let batch = Claimant.test(1, .background)

    @Test("get the slots that no interactive exchange could use")
    func leftovers() {
        let desk = Desk(caps: [1, 1])
        desk.ask(0...1, for: batch)
        desk.ask(100...110, for: batch)
        desk.ask(200...203, for: .test(2), holders: [0])
        #expect(desk.order(2, at: 1) == [100, 101])
        #expect(desk.order(6, at: 0) == [200, 201, 202, 203, 102, 103])
    }

    @Test("and one in sixteen of the others")
    func oneInSixteen() {
        let desk = Desk(caps: [1])
        desk.ask(0...0, for: batch)
        desk.ask(100...110, for: batch)
        desk.ask(200...250, for: .test(2))
        let order = desk.order(48)
        #expect(order.enumerated().filter { $0.element < 200 }.map(\.offset) == [15, 31, 47])
    }

    @Test("each runner's slots by themselves: a busy one's many don't give them every slot of another")
    func oneInSixteenOfEachRunner() {
        let desk = Desk(caps: [1, 1], queueLimit: 300)
        desk.ask(0...1, for: batch)
        desk.ask(100...110, for: batch, holders: [1])
        desk.ask(200...240, for: .test(2), holders: [1])
        desk.ask(300...500, for: .test(3), holders: [0])
        var slow: [UInt64] = []
        for _ in 0..<17 {
            slow += desk.order(1, at: 1)
            _ = desk.order(5, at: 0)
        }
        #expect(slow.enumerated().filter { $0.element < 200 }.map(\.offset) == [15])
    }

    @Test("which is counted only while one waits")
    func countedWhileWaiting() {
        let desk = Desk(caps: [1], queueLimit: 300)
        desk.ask(0...0, for: batch)
        desk.ask(200...400, for: .test(2))
        #expect(desk.order(100) == Array(200...299))
        desk.ask(100...101, for: batch)
        #expect(desk.order(15) == Array(300...314))
        #expect(desk.order(1) == [100])
        #expect(desk.cancel(101))
        #expect(desk.order(20) == Array(315...334))
        desk.ask(102...102, for: batch)
        #expect(desk.order(16) == Array(335...349) + [102])
    }

    @Test("share their slots as others do")
    func shares() {
        let desk = Desk(caps: [1])
        desk.ask(0...0, for: batch)
        desk.ask(100...110, for: .test(1, share: 2, .background))
        desk.ask(200...210, for: .test(2, .background))
        #expect(desk.order(6) == [100, 101, 200, 102, 103, 201])
    }

    @Test("of a claimant let its own interactive ones go first")
    func sameClaimant() {
        let desk = Desk(caps: [1])
        desk.ask(0...0, for: batch)
        desk.ask(100...101, for: batch)
        desk.ask(200...200, for: .test(1))
        #expect(desk.order(3) == [200, 100, 101])
    }

    @Test("a newcomer for a slot that only time freed doesn't overtake, but an interactive one goes first")
    func newcomer() {
        let desk = Desk(caps: [1])
        _ = desk.serve(.busy(retryAfter: .seconds(3)))
        desk.ask(100...100, for: batch)
        desk.wait(3)
        desk.ask(200...200, for: .test(2))
        #expect(desk.turns().given == [.init(200, 0)])
    }
}
