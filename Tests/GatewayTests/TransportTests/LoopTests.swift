// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@Suite(.serialized) struct LoopTests {
    private final class Noted: Timed {
        var reached: [Instant] = []
        var again: Interval?

        override func deadlineReached(at now: Instant) {
            reached.append(now)
            if let again { setDeadline(now + again) }
        }
    }

    @Test func deadlinesComeOnceInOrderAndNeverEarly() throws {
        let loop = try Loop()
        let late = Noted(loop: loop)
        let early = Noted(loop: loop)
        loop.turn(wait: false)
        let start = loop.now
        late.setDeadline(in: .milliseconds(40))
        early.setDeadline(in: .milliseconds(10))
        loop.run(until: { !late.reached.isEmpty })
        #expect(early.reached.count == 1)
        #expect(early.reached.first.map { $0 >= start + .milliseconds(10) } == true)
        #expect(late.reached.first.map { $0 >= start + .milliseconds(40) } == true)
        // In the same turn, where the machine was busy.
        #expect(early.reached.first.map { $0 <= late.reached[0] } == true)
        loop.run(for: .milliseconds(30))
        #expect(early.reached.count + late.reached.count == 2)
    }

    @Test func aDeadlineMovedAwayOrTakenBackDoesNotCome() throws {
        let loop = try Loop()
        let moved = Noted(loop: loop)
        let taken = Noted(loop: loop)
        loop.turn(wait: false)
        moved.setDeadline(in: .milliseconds(5))
        taken.setDeadline(in: .milliseconds(5))
        moved.setDeadline(in: .milliseconds(60))
        taken.setDeadline(in: nil)
        loop.run(for: .milliseconds(30))
        #expect(moved.reached.isEmpty && taken.reached.isEmpty)
        loop.run(until: { moved.reached.count == 1 })
        #expect(taken.reached.isEmpty)
    }

    @Test func aDeadlineMayBeSetFromWithinAnother() throws {
        let loop = try Loop()
        let periodic = Noted(loop: loop)
        periodic.again = .milliseconds(5)
        loop.turn(wait: false)
        periodic.setDeadline(in: .milliseconds(5))
        loop.run(until: { periodic.reached.count == 5 })
        #expect(zip(periodic.reached, periodic.reached.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(5) })
    }

    @Test func anOwnerThatIsGoneIsNotCalled() throws {
        let loop = try Loop()
        var owner: Noted? = Noted(loop: loop)
        owner?.setDeadline(in: .milliseconds(5))
        owner = nil
        let successor = Noted(loop: loop)
        loop.run(for: .milliseconds(30))
        #expect(successor.reached.isEmpty, "it has the same place in the wheel, not the deadline")
    }

    @Test func theEndOfATurnIsToldBeforeTheLoopBlocks() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        var turns = 0
        pair.loop.turnEnded = { turns += 1 }
        pair.loop.turn(wait: false)
        pair.loop.turn(wait: false)
        #expect(turns == 2)
        pair.loop.turnEnded = nil
    }

    @Test func runEndsWhenAskedTo() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        let timer = Stopper(loop: pair.loop)
        timer.setDeadline(in: .milliseconds(5))
        pair.loop.run()
        #expect(timer.hasStopped)
    }

    private final class Stopper: Timed {
        var hasStopped = false

        override func deadlineReached(at now: Instant) {
            hasStopped = true
            loop.stop()
        }
    }

    @Test func namesAndLiteralsAreResolved() throws {
        let loop = try Loop()
        let resolver = Resolver(loop: loop)
        var results: [Result<SocketAddress, UVError>] = []
        resolver.resolve("127.0.0.1", port: 80) { results.append($0) }
        #expect(results.count == 1, "a literal needs no thread")
        resolver.resolve("localhost", port: 81) { results.append($0) }
        resolver.resolve("no-such-name.invalid", port: 82) { results.append($0) }
        loop.run(until: { results.count == 3 })
        #expect(results.compactMap { try? $0.get().port }.sorted() == [80, 81])
    }
}
