// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// A runner's own error: as it came at the root, with `detail` under the prefix, however it comes and breaks.
@Suite(.serialized) struct RunnersErrorTests {
    let loop: Loop
    private static let words = #"{"error":"\"demo\" does not support chat"}"#
    private static let path = "/docker-model-runner/api/chat"

    init() throws {
        loop = try Loop()
    }

    private static func refusal(_ status: Int = 400, _ fields: String = "") -> [ScriptedRunner.Step] {
        [.waitForRequest, .respond(status, words, "Content-Type: application/json\r\n" + fields)]
    }

    private static let half = ScriptedRunner.Step.send(
        "HTTP/1.1 500 X\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"error\":\"so")

    /// The gateway lets go of the request's body when the answer's head is here.
    private func clientOfHalfAnError(_ runner: ScriptedRunner, _ gateway: GatewayUnderTest) throws -> RawClient {
        let client = try gateway.client()
        client.post(Self.path, Ask.chat)
        loop.run(
            until: { runner.connections.first?.requests.count == 1 && gateway.gateway.bodyMemory.held == 0 },
            "the head of the error")
        return client
    }

    @Test func atTheRootItGoesOutAsItCame() throws {
        let runner = try ScriptedRunner(loop, always: Self.refusal(400, "X-Mine: 1\r\n"))
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let answer = try gateway.client().answer()
        #expect(answer.status == 400 && answer.body == Self.words && answer.header("x-mine") == "1")
    }

    @Test func underThePrefixItHasADetailAndTheConnectionsGoOn() throws {
        let runner = try ScriptedRunner(loop, always: Self.refusal() + ScriptedRunner.stream("well"))
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        let answer = try client.answer(to: Self.path)
        #expect(answer.status == 400)
        #expect(answer.contentType == "application/json; charset=utf-8")
        #expect(answer.json?["error"]?.string == #""demo" does not support chat"#)
        #expect(answer.json?["detail"] == answer.json?["error"])
        #expect(answer.runner == 0 && answer.header("x-request-id") != nil)
        #expect(try client.answer(to: Self.path).status == 200)
        #expect(runner.connections.count == 1)
        gateway.expectIdle()
    }

    /// Chunk by chunk, with what the runner says of a later time.
    @Test func itIsHeldUntilItIsWhole() throws {
        let pieces = Self.words.map { ScriptedRunner.Step.chunk(String($0)) }
        let head = ScriptedRunner.Step.send(
            "HTTP/1.1 500 X\r\nContent-Type: application/json\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n")
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, head] + pieces + [.waitForRelease, .lastChunk])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.post(Self.path, Ask.chat)
        loop.run(until: { runner.connections.first?.requests.count == 1 })
        loop.run(for: .milliseconds(20))
        #expect(client.responses.isEmpty)
        runner.release()
        client.readResponses()
        #expect(client.last?.status == 500 && client.last?.header("retry-after") == "7")
        #expect(client.last?.json?["detail"]?.string == #""demo" does not support chat"#)
    }

    @Test(arguments: [[ScriptedRunner.Step.reset], [.close]]) func whereItBreaksOffItsStatusIsTold(
        end: [ScriptedRunner.Step]
    ) throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, Self.half, .waitForRelease] + end)
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try clientOfHalfAnError(runner, gateway)
        runner.release()
        client.readResponses()
        #expect(client.last?.status == 500)
        #expect(client.last?.json?["detail"]?.string?.contains("runner 0") == true)
        #expect(gateway.health(0).failuresInARow == 1)
        gateway.expectIdle()
    }

    @Test func whatIsNoJSONGetsWordsOfOurs() throws {
        let runner = try ScriptedRunner(
            loop, always: [.waitForRequest, .respond(413, "<html>too large</html>", "Content-Type: text/html\r\n")])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let answer = try gateway.client().answer(to: "/docker-model-runner/v1/chat/completions", Ask.openAIChat)
        #expect(answer.status == 413)
        #expect(answer.json?["error"]?["message"]?.string?.hasSuffix("answered 413.") == true)
        #expect(answer.json?["detail"] == answer.json?["error"]?["message"])
    }

    @Test func oneWithoutAnEndIsNotKept() throws {
        let piece = ScriptedRunner.Step.chunk(String(repeating: "x", count: 30_000))
        let head = ScriptedRunner.Step.send(
            "HTTP/1.1 500 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        let runner = try ScriptedRunner(
            loop, always: [.waitForRequest, head] + Array(repeating: piece, count: 100) + [.lastChunk])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let answer = try gateway.client().answer(to: Self.path)
        #expect(answer.status == 500 && answer.body.utf8.count < 1000)
    }

    @Test func aClientThatLeavesMeanwhileEndsIt() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, Self.half, .waitForRelease])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try clientOfHalfAnError(runner, gateway)
        client.close()
        loop.run(until: { runner.connections[0].isGone }, "the end of the runner's connection")
        gateway.expectIdle()
    }
}
