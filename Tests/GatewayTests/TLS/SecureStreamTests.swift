// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

/// What a stream promises in plain text it promises over TLS.
@Suite(.serialized) struct SecureStreamTests {
    @Test func bytesArriveInBothDirections() throws {
        let site = try SecureSite()
        defer { site.end() }
        let (near, far) = try site.pair()
        #expect(near.write(Array("ping".utf8)))
        site.loop.run(until: { far.text == "ping" })
        #expect(far.write(Array("pong".utf8)))
        site.loop.run(until: { near.text == "pong" })
        #expect(near.security?.version == "TLSv1.3")
        #expect(near.security?.protocolName == "http/1.1")
        #expect(far.security?.protocolName == "http/1.1")
        #expect(near.reads == 1)
    }

    @Test func whatTheSocketDoesNotTakeIsHeldAndDrainedOnceInOrder() throws {
        let site = try SecureSite()
        defer { site.end() }
        let (near, far) = try site.pair()
        far.stopReading()
        #expect(!near.write(StreamPair.bulk))
        let held = near.heldBytes
        #expect(held > 0)
        #expect(!near.write(Array("last".utf8)))
        #expect(near.heldBytes > held)
        site.loop.run(for: .milliseconds(20))
        #expect(near.count(of: "drain") == 0, "nobody reads")
        far.startReading()
        site.loop.run(until: { near.heldBytes == 0 && far.received.count == StreamPair.bulk.count + 4 })
        #expect(near.count(of: "drain") == 1)
        #expect(far.received == StreamPair.bulk + Array("last".utf8))
        #expect(far.reads < StreamPair.bulk.count / 16384, "several records of a read come in one piece")
    }

    @Test func aReadIsNoLargerThanItsLimitAndPausesInTheMiddleOfARecord() throws {
        let site = try SecureSite()
        defer { site.end() }
        let (near, far) = try site.pair()
        far.readLimit = 1000
        far.pausesAfterRead = true
        let bytes = Array(StreamPair.bulk[..<100_000])
        near.write(bytes)
        var reads = 0
        while far.received.count < bytes.count, reads < 200 {
            let before = far.reads
            site.loop.run(until: { far.reads > before }, "another read")
            // It paused, so nothing more may come, whatever OpenSSL has decrypted already.
            site.loop.turn(wait: false)
            #expect(far.reads == before + 1)
            far.startReading()
            reads += 1
        }
        #expect(far.received == bytes)
        #expect(far.largestRead == 1000)
    }

    @Test func pausingAndGoingOnInOneReadLosesNothing() throws {
        let site = try SecureSite()
        defer { site.end() }
        let (near, far) = try site.pair()
        far.stopReading()
        near.write(StreamPair.bulk)
        far.pausesAfterRead = true
        far.startReading()
        site.loop.run(until: {
            far.startReading()
            return far.received.count == StreamPair.bulk.count
        })
        #expect(far.received == StreamPair.bulk)
    }

    @Test func endWritingIsAnEndForThePeerAndReadingGoesOn() throws {
        let site = try SecureSite()
        defer { site.end() }
        let (near, far) = try site.pair()
        near.write(StreamPair.bulk)
        near.endWriting()
        site.loop.run(until: { far.count(of: "end") == 1 })
        #expect(far.received.count == StreamPair.bulk.count)
        far.write(Array("still here".utf8))
        site.loop.run(until: { near.text == "still here" })
    }

    @Test func closeIsAnEndForThePeer() throws {
        let site = try SecureSite()
        defer { site.end() }
        let (near, far) = try site.pair()
        near.close()
        site.loop.run(until: { !far.events.isEmpty })
        #expect(far.events == ["end"])
        #expect(far.tlsFailure == nil)
    }

    /// RFC 8446 section 6.1: without the alert bytes may be missing.
    @Test func anEndWithoutTheClosingAlertIsAFailure() throws {
        let site = try SecureSite()
        defer { site.end() }
        let relay = try TLSRelay(site)
        defer { relay.close() }
        let (near, far) = try relay.pair()
        #expect(far.write(Array("half of".utf8)))
        relay.run(until: { near.text == "half of" })
        relay.endWithoutAlert()
        site.loop.run(until: { !near.events.filter { $0 != "connect" }.isEmpty })
        #expect(near.events == ["connect", "fail"])
        #expect(near.tlsFailure?.kind == .truncated)
    }

    @Test func resetIsAFailureForThePeer() throws {
        let site = try SecureSite()
        defer { site.end() }
        let (near, far) = try site.pair()
        near.reset()
        site.loop.run(until: { !far.events.isEmpty })
        #expect(far.failure?.isReset == true)
    }

    @Test func closingWithBytesHeldLosesThem() throws {
        let site = try SecureSite()
        defer { site.end() }
        let (near, far) = try site.pair()
        far.stopReading()
        near.write(StreamPair.bulk)
        near.close()
        #expect(near.write(Array("x".utf8)), "writing to a closed stream is nothing")
        site.loop.run(until: { near.count(of: "close") == 1 })
        #expect(near.events == ["connect", "close"])
        far.startReading()
        site.loop.run(until: { !far.events.isEmpty })
        #expect(far.events == ["fail"], "cut, and told so")
    }

    @Test func restingGivesMemoryBackAndNothingElse() throws {
        let site = try SecureSite()
        defer { site.end() }
        let (near, far) = try site.pair()
        for round in 0..<3 {
            near.write(Array("ping".utf8))
            site.loop.run(until: { far.received.count == 4 * (round + 1) })
            far.write(Array("pong".utf8))
            site.loop.run(until: { near.received.count == 4 * (round + 1) })
            near.rest()
            far.rest()
        }
    }

    @Test func theObjectLivesAsLongAsItsHandle() throws {
        let site = try SecureSite()
        defer { site.end() }
        weak var watched: SecureStream?
        do { watched = try site.pair().far }
        #expect(watched != nil)
        #expect(site.loop.openTLSSessions == 2)
    }
}
