// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Forms that are larger than what is held of one: they are passed on while they arrive.
@Suite(.serialized) struct UploadTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// More than all the sockets' own buffers on the way.
    static let large = Form().field("model", "demo").file(Form.audio(48 << 20)).ended
    /// Larger than the look-ahead, and not much.
    static let medium = Form().field("model", "demo").file(Form.audio(4 << 20)).ended
    static let answer = ScriptedRunner.Step.respond(#"{"text":"hello"}"#)

    /// Compared apart from `#expect`, which would print both.
    private func hasBody(_ runner: ScriptedRunner, _ body: [UInt8]) -> Bool {
        runner.connections.last?.requests.last?.body == body
    }

    private func received(_ runner: ScriptedRunner) -> Int { runner.connections.last?.requests.last?.body.count ?? 0 }

    @Test func aSlowRunnerPausesTheClient() throws {
        let runner = try ScriptedRunner(
            loop, always: [.stopReading, .waitForRelease, .startReading, .waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.transcribe(Self.large)
        loop.run(until: { gateway.gateway.exchangesInFlight == 1 })
        loop.run(for: .milliseconds(300))
        // Nearly all of it is still with the client, and of what isn't the gateway holds at most the look-ahead.
        let unsent = client.heldBytes
        #expect(unsent > 16 << 20)
        #expect(gateway.gateway.bodyMemory.held <= BodyFormat.lookAheadBytes + 2 * 65536)
        runner.release()
        var mostHeld = 0
        client.readUntil("the answer") {
            mostHeld = max(mostHeld, gateway.gateway.bodyMemory.held)
            return client.last?.isComplete == true
        }
        #expect(mostHeld <= BodyFormat.lookAheadBytes + 2 * 65536)
        #expect(client.last?.status == 200)
        #expect(hasBody(runner, Self.large))
        #expect(runner.connections.first?.requests.first?.header("content-length") == String(Self.large.count))
        // Both sides go on.
        client.get("/api/version")
        client.readResponses(2)
        #expect(client.last?.status == 200)
        gateway.expectIdle()
    }

    @Test func chunksArePassedOnAsChunks() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.send(RawClient.transcriptionHead("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"))
        client.readUntil("100 Continue") { client.text.hasSuffix("\r\n\r\n") }
        for start in stride(from: 0, to: Self.medium.count, by: 300_000) {
            let piece = Array(Self.medium[start...].prefix(300_000))
            client.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8))
            loop.turn(wait: false)
        }
        client.send("0\r\n\r\n")
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(hasBody(runner, Self.medium))
        #expect(runner.connections.first?.requests.first?.header("transfer-encoding") == "chunked")
        gateway.expectIdle()
    }

    @Test func aBodyLargerThanTheLimitOfJSONPasses() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [runner]) {
            $0.limits.jsonBodyBytes = 2 << 20
            $0.limits.bodyMemory = 2 << 20
        }
        defer { gateway.stop() }
        let client = try gateway.client()
        client.transcribe(Self.medium)
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(hasBody(runner, Self.medium))
    }

    @Test func aPrefixedNameIsSplicedIntoTheStart() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.runners[0].prefixID = "gpu" }
        defer { gateway.stop() }
        let client = try gateway.client()
        client.transcribe(Form().field("model", "gpu.demo").file(Form.audio(4 << 20)).ended)
        client.readResponses()
        #expect(client.last?.status == 200)
        let request = try #require(runner.connections.first?.requests.first)
        // The runner's own spelling.
        let expected = Form().field("model", "demo:latest").file(Form.audio(4 << 20)).ended
        #expect(hasBody(runner, expected))
        #expect(request.header("content-length") == String(expected.count))
    }

    // MARK: The model behind the look-ahead

    @Test func aModelBehindTheFileIsWaitedFor() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let start = Form().file(Form.audio(3 << 20))
        let whole = start.field("model", "demo").file(Form.audio(2 << 20)).ended
        let client = try gateway.client()
        client.send(RawClient.transcriptionHead("Content-Length: \(whole.count)\r\n"))
        client.send(start.bytes)
        loop.run(until: { gateway.gateway.bodyMemory.held == start.bytes.count })
        #expect(runner.connections.isEmpty)
        client.send(Array(whole[start.bytes.count...]))
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(hasBody(runner, whole))
        gateway.expectIdle()
    }

    @Test func aModelThatDoesNotComeIsWaitedForUpToTheLimit() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.limits.jsonBodyBytes = 2 << 20 }
        defer { gateway.stop() }
        let client = try gateway.client()
        client.transcribe(Form().file(Form.audio(4 << 20)).field("model", "demo").ended)
        client.readToEnd()
        #expect(client.responses.map(\.status) == [413])
        #expect(runner.connections.isEmpty)
        gateway.expectIdle()
    }

    // MARK: What comes too late

    enum WrongEnd: CaseIterable {
        case secondModel, noClosingBoundary, brokenHeader

        var form: [UInt8] {
            let start = Form().field("model", "demo").file(Form.audio(3 << 20))
            switch self {
            case .secondModel: return start.field("model", "demo").ended
            case .noClosingBoundary: return start.bytes
            case .brokenHeader: return start.field("a\r\n", "").ended
            }
        }
    }

    @Test(arguments: WrongEnd.allCases)
    func aFormThatTurnsOutToBeWrongNeverReachesTheRunnerWhole(end: WrongEnd) throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.transcribe(end.form)
        client.readToEnd()
        #expect(client.responses.map(\.status) == [400])
        #expect(client.last?.body.contains("failed to parse multipart form") == true)
        loop.run(until: { runner.connections.first?.isGone == true })
        #expect(runner.connections.first?.requests.first?.isComplete == false)
        #expect(gateway.health(0).failuresInARow == 0)
        gateway.expectIdle()
    }

    @Test func aClientThatStopsSendingIsGivenUp() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [runner]) {
            $0.timeouts.clientBody = .milliseconds(150)
            // The client's slowness is not the runner's.
            $0.timeouts.wholeAnswer = .milliseconds(50)
        }
        defer { gateway.stop() }
        let client = try gateway.client()
        client.send(RawClient.transcriptionHead("Content-Length: \(Self.medium.count)\r\n"))
        client.send(Array(Self.medium.dropLast(100)))
        client.readToEnd()
        #expect(client.responses.map(\.status) == [408])
        loop.run(until: { runner.connections.first?.isGone == true })
        #expect(gateway.health(0).failuresInARow == 0)
        gateway.expectIdle()
    }

    @Test func aRunnerThatTakesNothingIsGivenUp() throws {
        let runner = try ScriptedRunner(loop, always: [.stopReading])
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.timeouts.wholeAnswer = .milliseconds(150) }
        defer { gateway.stop() }
        let client = try gateway.client()
        client.transcribe(Self.large)
        client.readToEnd()
        #expect(client.responses.map(\.status) == [504])
        #expect(gateway.health(0).failuresInARow == 1)
        gateway.expectIdle()
    }

    // MARK: Moves

    @Test func whileAllOfItIsHeldItMoves() throws {
        let sick = try ScriptedRunner(loop, always: [.reset])
        let well = try ScriptedRunner(loop, always: [.waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [sick, well])
        defer { gateway.stop() }
        let client = try gateway.client()
        // Exactly what makes an exchange begin: nothing more is there to be given away.
        let start = BodyFormat.lookAheadBytes + 1
        client.send(RawClient.transcriptionHead("Content-Length: \(Self.medium.count)\r\n"))
        client.send(Array(Self.medium.prefix(start)))
        loop.run(until: { received(well) == start })
        #expect(gateway.gateway.bodyMemory.held == start)
        client.send(Array(Self.medium.dropFirst(start)))
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(client.last?.runner == 1)
        #expect(sick.connections.count == 1)
        #expect(hasBody(well, Self.medium))
        gateway.expectIdle()
    }

    @Test func onceAPartIsGoneItDoesNot() throws {
        let sick = try ScriptedRunner(loop, always: [.waitForRelease, .reset])
        let other = try ScriptedRunner(loop, always: [.waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [sick, other])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.send(RawClient.transcriptionHead("Content-Length: \(Self.medium.count)\r\n"))
        client.send(Array(Self.medium.prefix(3 << 20)))
        loop.run(until: { received(sick) == 3 << 20 })
        #expect(gateway.gateway.bodyMemory.held == 0)
        sick.release()
        client.readToEnd()
        #expect(client.responses.map(\.status) == [502])
        #expect(client.last?.header("connection") == "close")
        #expect(other.connections.isEmpty)
        gateway.expectIdle()
    }

    @Test func itTakesNoConnectionThatWasKeptAlive() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, Self.answer, .waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect(try client.answer(to: "/v1/completions", #"{"model":"demo","prompt":"a"}"#).status == 200)
        client.transcribe(Self.medium)
        client.readResponses(2)
        #expect(client.last?.status == 200)
        #expect(runner.connections.map(\.requests.count) == [1, 1])
        // Its own may be used again.
        #expect(try client.answer(to: "/v1/completions", #"{"model":"demo","prompt":"a"}"#).status == 200)
        #expect(runner.connections.map(\.requests.count).reduce(0, +) == 3)
        #expect(runner.connections.count == 2)
    }

    // MARK: Early answers

    @Test(arguments: [[ScriptedRunner.Step.startReading], [.close], [.reset]])
    func aRunnerMayRefuseBeforeItHasReadTheBody(then: [ScriptedRunner.Step]) throws {
        let refusal = ScriptedRunner.Step.respond(
            413, #"{"error":{"message":"too large"}}"#, "Content-Type: application/json\r\n")
        let runner = try ScriptedRunner(loop, always: [.stopReading, refusal] + then)
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.transcribe(Self.large)
        client.readToEnd()
        #expect(client.responses.map(\.status) == [413])
        #expect(client.last?.body == #"{"error":{"message":"too large"}}"#)
        #expect(client.last?.header("connection") == "close")
        #expect(gateway.health(0).failuresInARow == 0)
        gateway.expectIdle()
    }

    // MARK: Clients that go away

    @Test(arguments: [false, true])
    func aDisconnectEndsTheRunnersConnection(byReset: Bool) throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, Self.answer])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.send(RawClient.transcriptionHead("Content-Length: \(Self.medium.count)\r\n"))
        client.send(Array(Self.medium.prefix(2 << 20)))
        loop.run(until: { received(runner) == 2 << 20 })
        if byReset { client.reset() } else { client.close() }
        loop.run(until: { runner.connections.first?.isGone == true })
        #expect(runner.connections.first?.requests.first?.isComplete == false)
        #expect(gateway.health(0).failuresInARow == 0)
        gateway.expectIdle()
    }

    /// While the runner takes nothing the client isn't read, and yet it is missed.
    @Test func aDisconnectIsNoticedWhileTheClientIsNotRead() throws {
        let runner = try ScriptedRunner(loop, always: [.stopReading, .waitForRelease, .startReading])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.transcribe(Self.large)
        loop.run(until: { gateway.gateway.exchangesInFlight == 1 })
        loop.run(for: .milliseconds(100))
        client.reset()
        loop.run(until: { gateway.gateway.exchangesInFlight == 0 })
        gateway.expectIdle()
        runner.release()
        loop.run(until: { runner.connections.first?.isGone == true })
        #expect(runner.connections.first?.requests.first?.isComplete == false)
    }

    @Test func aClientThatLeavesWhileItWaitsForASlotLeavesTheQueue() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest])
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.runners[0].maxInflight = 1 }
        defer { gateway.stop() }
        let first = try gateway.client()
        first.chat()
        gateway.run(untilInFlight: 1)
        let client = try gateway.client()
        client.send(RawClient.transcriptionHead("Content-Length: \(Self.medium.count)\r\n"))
        client.send(Array(Self.medium.prefix((1 << 20) + 70_000)))
        gateway.run(untilInFlight: 1, waiting: 1)
        client.close()
        loop.run(until: { gateway.gateway.exchangesWaiting == 0 })
        #expect(gateway.gateway.bodyMemory.held == Ask.chat.utf8.count)
    }
}
