// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
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

    // MARK: The end

    /// Deadlines don't hold up the end of a process, what closes is heard of, and begun work is done.
    @Test func theEndWaitsForWorkAndForNothingElse() throws {
        let pair = try StreamPair()
        let timer = Noted(loop: pair.loop)
        timer.setDeadline(in: .seconds(3600))
        var isDone = false
        pair.loop.offload {
            usleep(20_000)
        } done: {
            isDone = true
        }
        for stream in [pair.near, pair.far] { stream.close() }
        pair.listener.close()
        #expect(pair.loop.finish())
        #expect(isDone)
        #expect(pair.near.events.last == "close" && pair.far.events.last == "close")
        #expect(timer.reached.isEmpty)
    }

    /// The threads that look up names are busy: the look-up can't begin before the test says so.
    @Test func theEndDoesNotWaitForALookUp() throws {
        let loop = try Loop()
        let others = try BusyThreads()
        defer { others.end() }
        var isFound = false
        Resolver(loop: loop).lookUp("localhost", port: 1) { _ in isFound = true }
        #expect(!loop.finish())
        #expect(!isFound)
    }
}

/// All of libuv's threads wait for a pipe's end; they are the process's, whichever loop asks.
private final class BusyThreads {
    private let loop: Loop
    private var ends: [Int32] = [0, 0]
    private var done = 0
    private static let count = 4

    init() throws {
        loop = try Loop()
        try #require(pipe(&ends) == 0)
        let end = ends[0]
        for _ in 0..<BusyThreads.count {
            loop.offload {
                var byte: UInt8 = 0
                _ = read(end, &byte, 1)
            } done: { [unowned self] in
                done += 1
            }
        }
    }

    func end() {
        close(ends[1])
        loop.run(until: { done == BusyThreads.count }, "the end of the work")
        close(ends[0])
    }
}
