// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// What a client doesn't read stays with its runner: the gateway holds one buffer of it and no more.
@Suite(.serialized) struct SlowReaderTests {
    let loop: Loop
    /// More than all the sockets' own buffers on the way.
    static let answerBytes = 20 << 20

    init() throws {
        loop = try Loop()
    }

    /// Incompressible and different at every place, so that a loss or a repetition shows.
    private func madeUpBytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            var state: UInt64 = 0x9E37_79B9_7F4A_7C15
            for place in stride(from: 0, to: count, by: 8) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                UnsafeMutableRawPointer(buffer.baseAddress! + place).storeBytes(of: state, as: UInt64.self)
            }
            initialized = count
        }
    }

    private func large(_ body: [UInt8], framing: String) throws -> ScriptedRunner {
        let size = String(body.count, radix: 16)
        let steps: [ScriptedRunner.Step] =
            framing == "chunked"
            ? [.streamHead, .send("\(size)\r\n"), .send(body), .send("\r\n"), .lastChunk]
            : [.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n"), .send(body)]
        return try ScriptedRunner(loop, always: [.waitForRequest] + steps)
    }

    /// Turns the loop until the client's side is full.
    private func fill(_ gateway: GatewayUnderTest, _ client: RawClient) {
        client.readUntil("the head") { client.last != nil }
        client.stopReading()
        loop.run(until: { gateway.gateway.heldBytes > 0 }, "that the client's socket is full")
    }

    @Test(arguments: [65536, 4096])
    func aClientThatStopsReadingPausesItsRunner(bufferBytes: Int) throws {
        var body = madeUpBytes(SlowReaderTests.answerBytes)
        // The closing event, so that the stream counts as whole.
        body.replaceSubrange((body.count - 12)..., with: Array("\"done\":true\n".utf8))
        let runner = try large(body, framing: "chunked")
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.limits.bufferBytes = bufferBytes }
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        fill(gateway, client)
        var mostHeld = gateway.gateway.heldBytes
        let received = client.received.count
        // Now in bursts: each fills up again.
        while client.last?.isComplete == false {
            let target = client.received.count + (2 << 20)
            client.startReading()
            client.readUntil("more") {
                mostHeld = max(mostHeld, gateway.gateway.heldBytes)
                return client.received.count >= target || client.last?.isComplete == true
            }
            client.stopReading()
            guard client.closeness == .open else { break }
        }
        #expect(received < SlowReaderTests.answerBytes)
        #expect(mostHeld > 0)
        #expect(mostHeld <= bufferBytes + 1024, "one buffer, and a head")
        let arrived = try #require(client.last).bytes
        #expect(arrived.count == body.count)
        #expect(arrived.withUnsafeBytes { Cryptography.sha256($0) } == body.withUnsafeBytes { Cryptography.sha256($0) })
        #expect(gateway.health(0).failuresInARow == 0)
    }

    @Test func theRunnerStopsMakingTokensWhenNobodyReadsThem() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat(Ask.chat(tokens: 1_000_000))
        fill(gateway, client)
        var sent = -1
        while sent != runner.tokensSent {
            sent = runner.tokensSent
            loop.run(for: .milliseconds(30))
        }
        #expect(sent < 1_000_000)
        client.startReading()
        loop.run(until: { runner.tokensSent > sent }, "that it goes on")
        client.close()
        loop.run(until: { runner.aborted == 1 })
    }

    @Test(arguments: ["chunked", "counted"])
    func aClientThatIsStuckIsCutAndOthersAreNot(framing: String) throws {
        let stuckRunner = try large(madeUpBytes(SlowReaderTests.answerBytes), framing: framing)
        let runner = try SimulatedRunner(loop: loop, options: .instant(models: [SimulatedModel("other")]))
        runner.options.gatesTokens = true
        let gateway = try GatewayUnderTest(loop, [stuckRunner, runner]) {
            $0.timeouts.clientWrite = .milliseconds(100)
        }
        defer { gateway.stop() }
        let (stuck, other) = (try gateway.client(), try gateway.client())
        other.chat(Ask.chat(model: "other"))
        runner.releaseToken()
        other.readUntil { other.last?.lines.count == 1 }
        stuck.chat()
        fill(gateway, stuck)
        loop.run(until: { gateway.gateway.clientCount == 1 }, "that the stuck client is cut")
        #expect(gateway.gateway.exchangesInFlight == 1)
        loop.run(until: { stuckRunner.connections[0].isGone })
        #expect(gateway.health(0).failuresInARow == 0, "that was no fault of the runner's")
        runner.releaseToken(8)
        other.readResponses()
        #expect(other.last?.lines.count == 9)
        stuck.startReading()
        stuck.readToEnd()
        #expect(stuck.last?.isComplete == false)
        #expect(stuck.isReset)
    }

    @Test func aRunnerThatDiesWhileItIsPausedCutsTheClientBehindWhatItSent() throws {
        let runner = try ScriptedRunner(
            loop,
            always: [
                .waitForRequest, .streamHead, .send("1000000\r\n"), .send(madeUpBytes(8 << 20)), .waitForRelease, .close
            ])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        fill(gateway, client)
        runner.release()
        loop.run(for: .milliseconds(20))
        client.startReading()
        client.readToEnd()
        #expect(client.last?.bytes.count == 8 << 20)
        #expect(client.last?.isComplete == false)
    }
}
