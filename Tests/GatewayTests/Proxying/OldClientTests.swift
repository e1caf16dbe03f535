// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// HTTP/1.0 clients have no chunks: they get the bytes, and a close where nothing else tells the end.
@Suite(.serialized) struct OldClientTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func request(_ body: String, _ fields: String = "") -> String {
        "POST /api/chat HTTP/1.0\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
    }

    @Test(arguments: ["", "Connection: keep-alive\r\n"])
    func aStreamComesUnchunkedAndEndsWithTheConnection(fields: String) throws {
        let runner = try ScriptedRunner(loop, always: ScriptedRunner.stream("a", "b"))
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.send(request(Ask.chat, fields))
        client.readToEnd()
        #expect(client.closeness == .ended)
        #expect(client.last?.header("transfer-encoding") == nil)
        #expect(client.last?.header("connection") == "close")
        #expect(
            client.text.hasSuffix(
                "\r\n\r\n{\"response\":\"a\",\"done\":false}\n{\"response\":\"b\",\"done\":false}\n{\"done\":true}\n"))
        #expect(runner.connections[0].requests[0].head.version == .http11, "the runner is asked in HTTP/1.1")
    }

    @Test func aStreamThatBreaksOffIsResetSinceACloseWouldLookLikeItsEnd() throws {
        let runner = try ScriptedRunner(
            loop, always: [.waitForRequest, .streamHead, .line("a"), .waitForRelease, .reset])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.send(request(Ask.chat))
        client.readUntil { client.text.hasSuffix("false}\n") }
        runner.release()
        client.readToEnd()
        #expect(client.isReset)
    }

    @Test func aCountedAnswerMayBeFollowedByAnother() throws {
        let script: [ScriptedRunner.Step] = [.waitForRequest, .respond("whole")]
        let runner = try ScriptedRunner(loop, always: script + script)
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.send(request(Ask.wholeChat, "Connection: keep-alive\r\n"))
        client.readResponses()
        #expect(client.last?.header("connection") == "keep-alive")
        client.send(request(Ask.wholeChat))
        client.readToEnd()
        #expect(client.responses.map(\.body) == ["whole", "whole"])
        #expect(client.last?.header("connection") == "close")
    }
}
