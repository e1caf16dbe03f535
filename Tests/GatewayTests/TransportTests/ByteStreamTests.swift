// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import Testing

@testable import Transport

@Suite(.serialized) struct ByteStreamTests {
    @Test func bytesArriveInBothDirections() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        #expect(pair.near.write(Array("ping".utf8)))
        pair.loop.run(until: { pair.far.text == "ping" })
        #expect(pair.far.write(Array("pong".utf8)))
        pair.loop.run(until: { pair.near.text == "pong" })
        #expect(pair.near.peerAddress?.port == pair.listener.address?.port)
    }

    @Test func whatTheSocketDoesNotTakeIsHeldAndDrainedOnceInOrder() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.far.stopReading()
        let isThrough = pair.near.write(StreamPair.bulk)
        #expect(!isThrough)
        #expect(pair.near.heldBytes > 0)
        let held = pair.near.heldBytes
        // Behind what is held nothing may overtake it.
        #expect(!pair.near.write(Array("last".utf8)))
        #expect(pair.near.heldBytes == held + 4)
        pair.loop.run(for: .milliseconds(20))
        #expect(pair.near.count(of: "drain") == 0, "nobody reads")
        pair.far.startReading()
        pair.loop.run(until: { pair.near.heldBytes == 0 && pair.far.received.count == StreamPair.bulk.count + 4 })
        #expect(pair.near.count(of: "drain") == 1)
        #expect(pair.far.received == StreamPair.bulk + Array("last".utf8))
    }

    @Test func endWritingComesAfterWhatIsHeldAndReadingGoesOn() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.near.write(StreamPair.bulk)
        pair.near.endWriting()
        pair.loop.run(until: { pair.far.count(of: "end") == 1 })
        #expect(pair.far.received.count == StreamPair.bulk.count)
        pair.far.write(Array("still here".utf8))
        pair.loop.run(until: { pair.near.text == "still here" })
    }

    @Test func closeIsAnEndForThePeer() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.near.close()
        pair.near.close()
        pair.loop.run(until: { pair.far.count(of: "end") == 1 })
        #expect(pair.near.events == ["connect", "close"])
        #expect(pair.far.failure == nil)
    }

    @Test func resetIsAFailureForThePeer() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.near.reset()
        pair.loop.run(until: { pair.far.failure != nil })
        #expect(pair.far.failure?.isReset == true)
        #expect(pair.far.count(of: "end") == 0)
    }

    @Test func aResetRightBehindBytesIsNoEnd() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.near.write(Array("the last words".utf8))
        pair.near.reset()
        pair.loop.run(until: { !pair.far.events.isEmpty })
        #expect(pair.far.text == "the last words")
        #expect(pair.far.events == ["fail"])
    }

    @Test func writingToAPeerThatHasResetFailsAndDoesNotEndTheProcess() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.far.stopReading()
        pair.near.reset()
        pair.loop.run(until: { pair.near.count(of: "close") == 1 })
        // The first write meets the reset, the second the closed socket (EPIPE, and SIGPIPE unless it is ignored).
        for _ in 0..<4 {
            pair.far.write(Array("anyone?".utf8))
            pair.loop.turn(wait: false)
        }
        pair.loop.run(until: { pair.far.failure != nil })
        #expect(pair.far.failure?.isReset == true)
    }

    @Test func closingWithBytesHeldLosesThemAndTellsNothingBut() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.far.stopReading()
        pair.near.write(StreamPair.bulk)
        pair.near.close()
        #expect(pair.near.write(Array("x".utf8)), "writing to a closed stream is nothing")
        pair.loop.run(until: { pair.near.count(of: "close") == 1 })
        #expect(pair.near.events == ["connect", "close"])
    }

    @Test func refusedConnectionsFail() throws {
        let pair = try StreamPair()
        let address = try #require(pair.listener.address)
        pair.end()
        let stream = NotingStream(loop: pair.loop)
        stream.connect(to: address)
        pair.loop.run(until: { stream.failure != nil })
        #expect(stream.failure?.name == "ECONNREFUSED")
        stream.close()
        pair.loop.run(until: { pair.loop.openStreams == 0 })
    }

    @Test func closedWhileConnectingTellsNothingBut() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        let stream = NotingStream(loop: pair.loop)
        stream.connect(to: try #require(pair.listener.address))
        stream.close()
        pair.loop.run(until: { stream.count(of: "close") == 1 })
        #expect(stream.events == ["close"])
        pair.loop.run(until: { pair.listener.accepted.allSatisfy { $0 === pair.far || $0.count(of: "end") == 1 } })
        for other in pair.listener.accepted where other !== pair.far { other.close() }
    }

    @Test func aReadIsNoLargerThanItsLimit() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.far.readLimit = 10
        pair.near.write([UInt8](repeating: 7, count: 1000))
        pair.loop.run(until: { !pair.far.received.isEmpty })
        pair.loop.run(until: { pair.far.received.count == 1000 })
    }

    @Test func theObjectLivesAsLongAsItsHandle() throws {
        let pair = try StreamPair()
        weak var watched: NotingStream?
        do {
            let stream = NotingStream(loop: pair.loop)
            stream.connect(to: try #require(pair.listener.address))
            watched = stream
        }
        pair.loop.run(until: { watched?.count(of: "connect") == 1 })
        watched?.close()
        pair.loop.run(until: { watched == nil }, "release in the close callback")
        for other in pair.listener.accepted { other.close() }
        pair.end()
    }

    // MARK: What is told once, and paused

    @Test func whatCameDuringAPauseIsReadBehindIt() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.near.write(Array("before".utf8))
        pair.loop.run(until: { pair.far.text == "before" })
        pair.far.stopReading()
        pair.near.write(Array(" and during".utf8))
        pair.loop.run(for: .milliseconds(20))
        #expect(pair.far.text == "before")
        pair.far.startReading()
        #expect(pair.far.text == "before", "nothing is handed over from in there")
        pair.loop.run(until: { pair.far.text == "before and during" })
    }

    /// From the second piece on the kernel tells nothing of them; all is there behind the pause.
    @Test func manyPiecesThatComeDuringAPauseAreReadBehindIt() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.far.stopReading()
        for number in 0..<20 {
            pair.near.write(Array("\(number) ".utf8))
            pair.loop.run(for: .milliseconds(1))
        }
        let sent = (0..<20).map { "\($0) " }.joined()
        #expect(pair.far.text.isEmpty)
        pair.far.startReading()
        pair.loop.run(until: { pair.far.text == sent })
        pair.near.write(Array("and more".utf8))
        pair.loop.run(until: { pair.far.text == sent + "and more" })
    }

    @Test(arguments: [true, false])
    func anEndDuringAPauseIsToldBehindIt(byReset: Bool) throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.far.stopReading()
        pair.near.write(Array("the last words".utf8))
        if byReset { pair.near.reset() } else { pair.near.close() }
        pair.loop.run(for: .milliseconds(20))
        #expect(pair.far.events.isEmpty)
        #expect(pair.far.isPeerGone)
        pair.far.startReading()
        pair.loop.run(until: { !pair.far.events.isEmpty })
        #expect(pair.far.text == "the last words")
        #expect(pair.far.events == [byReset ? "fail" : "end"])
    }

    @Test func anEndRightBehindBytesIsTold() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.near.write(Array("the last words".utf8))
        pair.near.endWriting()
        pair.loop.run(until: { !pair.far.events.isEmpty })
        #expect(pair.far.text == "the last words")
        #expect(pair.far.events == ["end"])
        #expect(pair.near.count(of: "end") == 0)
    }

    @Test func aReaderThatPausesAfterEachReadGetsAll() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.far.readLimit = 1000
        pair.far.pausesAfterRead = true
        pair.near.write(Array(StreamPair.bulk[..<20_000]))
        pair.near.endWriting()
        pair.loop.run(until: {
            pair.far.startReading()
            return pair.far.count(of: "end") == 1
        })
        #expect(pair.far.received == Array(StreamPair.bulk[..<20_000]))
    }

    // MARK: Small writes

    @Test func smallAndLargeWritesOfATurnArriveInOrder() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        var expected: [UInt8] = []
        for number in 0..<50 {
            let count = number % 10 == 9 ? 6000 : 1 + number * 7
            let write = Array(StreamPair.bulk[number * 8..<number * 8 + count])
            expected += write
            #expect(pair.near.write(write))
        }
        pair.loop.run(until: { pair.far.received.count == expected.count })
        #expect(pair.far.received == expected)
    }

    @Test func theFirstWriteOfATurnLeavesAtOnceAndTheOthersAtItsEnd() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        let peer = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(peer) }
        #expect(try #require(pair.listener.address).connect(peer) == 0)
        pair.loop.run(until: { pair.listener.accepted.count == 2 })
        let near = try #require(pair.listener.accepted.last)
        pair.loop.turn(wait: false)
        /// Loopback delivers within the system call.
        func arrived() -> Int {
            var bytes = [UInt8](repeating: 0, count: 100)
            return recv(peer, &bytes, bytes.count, Int32(MSG_PEEK | MSG_DONTWAIT))
        }
        near.write(Array("one ".utf8))
        #expect(arrived() == 4)
        near.write(Array("two ".utf8))
        #expect(arrived() == 4)
        near.flush()
        #expect(arrived() == 8)
        near.write(Array("three".utf8))
        #expect(arrived() == 8)
        pair.loop.turn(wait: false)
        #expect(arrived() == 13)
        near.close()
    }

    @Test(arguments: ["close", "reset", "endWriting"])
    func endsComeBehindAllWritesOfTheirTurn(end: String) throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.near.write(Array("one ".utf8))
        pair.near.write(Array("two".utf8))
        switch end {
        case "close": pair.near.close()
        case "reset": pair.near.reset()
        default: pair.near.endWriting()
        }
        pair.loop.run(until: { !pair.far.events.isEmpty })
        #expect(pair.far.text == "one two")
        #expect(pair.far.events == [end == "reset" ? "fail" : "end"])
    }

    @Test func smallWritesThatFillTheSocketAreHeldAndDrained() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.far.stopReading()
        var written = 0
        while pair.near.heldBytes == 0 {
            for _ in 0..<10 {
                pair.near.write(Array(StreamPair.bulk[written..<written + 1000]))
                written += 1000
            }
            pair.loop.turn(wait: false)
        }
        pair.far.startReading()
        pair.loop.run(until: { pair.near.count(of: "drain") == 1 })
        pair.loop.run(until: { pair.far.received.count == written })
        #expect(pair.far.received == Array(StreamPair.bulk[..<written]))
    }
}
