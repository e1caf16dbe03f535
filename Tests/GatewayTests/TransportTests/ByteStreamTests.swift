// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

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
        let stream = try NotingStream(loop: pair.loop)
        stream.connect(to: address)
        pair.loop.run(until: { stream.failure != nil })
        #expect(stream.failure?.name == "ECONNREFUSED")
        stream.close()
        pair.loop.run(until: { pair.loop.openStreams == 0 })
    }

    @Test func closedWhileConnectingTellsNothingBut() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        let stream = try NotingStream(loop: pair.loop)
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
            let stream = try NotingStream(loop: pair.loop)
            stream.connect(to: try #require(pair.listener.address))
            watched = stream
        }
        pair.loop.run(until: { watched?.count(of: "connect") == 1 })
        watched?.close()
        pair.loop.run(until: { watched == nil }, "release in the close callback")
        for other in pair.listener.accepted { other.close() }
        pair.end()
    }
}
