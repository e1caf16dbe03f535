// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// Each token is with the client before the runner sends the next: nothing waits for more to come.
@Suite(.serialized) struct TokenTimingTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test(arguments: [("/api/chat", Ask.chat), ("/v1/chat/completions", Ask.openAIChat)])
    func eachTokenReachesTheClientBeforeTheNextIsSent(path: String, body: String) throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        runner.options.gatesTokens = true
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.post(path, body)
        for token in 1...8 {
            runner.releaseToken()
            client.readUntil("token \(token)") { client.last?.pieces.count == token }
            #expect(runner.tokensSent == token)
            #expect(client.reads == token)
            #expect(client.last?.isComplete == false)
        }
        runner.releaseToken()
        client.readResponses()
        let response = try #require(client.last)
        #expect(response.pieces.count == 9)
        #expect(client.reads == 9, "the closing event and the last chunk share a write")
        let isEvents = path.hasPrefix("/v1")
        #expect(response.header("content-type") == (isEvents ? "text/event-stream" : "application/x-ndjson"))
        #expect(response.texts.dropLast().allSatisfy { $0.hasSuffix(isEvents ? "\n\n" : "\n") })
        #expect(response.texts.last?.contains(isEvents ? "data: [DONE]\n\n" : "\"done\":true") == true)
    }

    @Test func theHeadDoesNotWaitForTheFirstToken() throws {
        let runner = try ScriptedRunner(
            loop, always: [.waitForRequest, .streamHead, .waitForRelease, .lastLine, .lastChunk])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        client.readUntil("the head") { client.last?.status == 200 }
        #expect(client.last?.pieces.isEmpty == true)
        runner.release()
        client.readResponses()
    }

    @Test func whatComesInOneReadGoesOutInOneWriteAsOneChunk() throws {
        let lines = "4\r\none\n\r\n4\r\ntwo\n\r\n6\r\nthree\n\r\n"
        let runner = try ScriptedRunner(
            loop, always: [.waitForRequest, .streamHead, .waitForRelease, .send(lines), .waitForRelease, .lastLine])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        client.readUntil { client.reads == 1 }
        runner.release()
        client.readBody("one\ntwo\nthree\n")
        #expect(client.reads == 2)
        #expect(client.last?.pieces.count == 1)
    }

    @Test func aChunkThatComesInPiecesGoesOutInPieces() throws {
        let runner = try ScriptedRunner(
            loop,
            always: [
                .waitForRequest, .streamHead, .send("c\r\n{\"do"), .waitForRelease, .send("ne\":"), .waitForRelease,
                .send("true"), .waitForRelease, .send("\r\n0\r\n\r\n")
            ])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        client.readBody("{\"do")
        runner.release()
        client.readBody("{\"done\":")
        runner.release()
        client.readBody("{\"done\":true")
        #expect(client.last?.texts == ["{\"do", "ne\":", "true"])
        runner.release()
        client.readResponses()
        #expect(client.last?.pieces.count == 3, "the last chunk alone is no piece")
    }

    @Test func bytesOfOneCharacterAreNotHeldForTheRest() throws {
        let line = Array("{\"response\":\"😀ß漢\",\"done\":true}\n".utf8)
        var script: [ScriptedRunner.Step] = [.waitForRequest, .streamHead]
        for byte in line { script += [.waitForRelease, .send(Array("1\r\n".utf8) + [byte] + Array("\r\n".utf8))] }
        let runner = try ScriptedRunner(loop, always: script + [.lastChunk])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        loop.run(until: { runner.connections.count == 1 })
        for count in 1...line.count {
            loop.run(until: { runner.connections[0].requests.first?.isComplete == true })
            runner.release()
            client.readUntil("byte \(count)") { client.last?.bytes.count == count }
        }
        client.readResponses()
        #expect(client.last?.bytes == line)
    }

    @Test func twoStreamsDoNotWaitForEachOther() throws {
        let runner = try ScriptedRunner(
            loop,
            always: [
                .waitForRequest, .streamHead, .waitForRelease, .chunk("a\n"), .waitForRelease, .lastLine, .lastChunk
            ])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let first = try gateway.client()
        first.chat()
        first.readUntil { first.last != nil }
        let second = try gateway.client()
        second.chat()
        second.readUntil { second.last != nil }
        for step in ["a\n", "a\n{\"done\":true}\n"] {
            runner.release(1)
            second.readBody(step)
        }
        second.readResponses()
        #expect(first.last?.pieces.isEmpty == true)
        runner.release(0)
        first.readBody("a\n")
        runner.release(0)
        first.readResponses()
    }
}
