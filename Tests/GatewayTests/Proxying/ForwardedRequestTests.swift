// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// What arrives at the runner, byte for byte.
@Suite(.serialized) struct ForwardedRequestTests {
    let loop: Loop
    let runner: ScriptedRunner

    init() throws {
        loop = try Loop()
        runner = try ScriptedRunner(loop, always: [.waitForRequest, .respond("ok"), .waitForRequest, .respond("ok")])
    }

    private func via(_ gateway: GatewayUnderTest) -> String { gateway.gateway.rules.loopGuard.pseudonym }

    @Test func theRequestIsRebuiltFromWhatWasParsed() throws {
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.send(
            "POST //api/chat/?ts=1 HTTP/1.1\r\nHost: localhost:1\r\nContent-Type:application/json\r\nuser-agent: test/1\r\n"
                + "Authorization: Bearer abc\r\nProxy-Authorization: x\r\nX-Api-Key: abc\r\nOrigin: http://localhost:3000\r\n"
                + "Cookie: a=b\r\nReferer: http://x/\r\nForwarded: for=1.2.3.4\r\nX-Forwarded-For: 1.2.3.4\r\n"
                + "X-Forwarded-Proto: https\r\nX-OpenWebUI-User-Email: a@b\r\nX-DMR-Runner: 4\r\nVia: 1.0 proxy\r\n"
                + "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\n"
                + "Accept-Encoding: gzip\r\nX-Request-Id: mine-1\r\nX-Custom:  two  words \r\nAccept: */*\r\n"
                + "X-OpenWebUI-Chat-Id: c-1\r\n"
                + "Content-Length: \(Ask.chat.utf8.count)\r\n\r\n\(Ask.chat)")
        client.readResponses()
        #expect(client.last?.header("x-request-id") == "mine-1")
        #expect(
            String(decoding: runner.connections[0].received, as: UTF8.self)
                == "POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1:\(runner.port)\r\n"
                + "Accept-Encoding: identity\r\nVia: 1.0 proxy\r\nVia: 1.1 \(via(gateway))\r\nX-Request-Id: mine-1\r\n"
                + "Content-Type: application/json\r\nuser-agent: test/1\r\nX-Custom: two  words\r\nAccept: */*\r\n"
                + "X-OpenWebUI-Chat-Id: c-1\r\n"
                + "Content-Length: \(Ask.chat.utf8.count)\r\n\r\n\(Ask.chat)")
    }

    @Test func theRunnersKeyAndBasePathAreUsedForListsToo() throws {
        runner.basePath = "/gpu/a"
        let gateway = try GatewayUnderTest(loop, [runner]) { configuration in
            configuration.runners[0].url = try RunnerURL(parsing: "http://127.0.0.1:\(runner.port)/gpu/a/")
            configuration.runners[0].key = Secret(Array("runner-key".utf8))
        }
        defer { gateway.stop() }
        _ = try gateway.client().answer(to: "/docker-model-runner/api/generate", #"{"model":"demo","prompt":"x"}"#)
        let request = try #require(runner.connections[0].requests.first)
        #expect(request.line == "POST /gpu/a/api/generate")
        #expect(request.header("authorization") == "Bearer runner-key")
        #expect(runner.listsAnswered.contains("GET /gpu/a/api/tags"))
    }

    @Test func everyRequestHasAnIdOfItsOwn() throws {
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        let answered = [try client.answer(), try client.answer()].map { $0.header("x-request-id") }
        #expect(runner.connections[0].requests.map { $0.header("x-request-id") } == answered)
        #expect(answered[0] != answered[1])
    }

    @Test func chunkedStaysChunked() throws {
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.send("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n")
        for piece in [Ask.chat.prefix(7), Ask.chat.dropFirst(7)] {
            client.send("\(String(piece.utf8.count, radix: 16));x=y\r\n\(piece)\r\n")
        }
        client.send("0\r\nX-T: 1\r\n\r\n")
        client.readResponses()
        #expect(runner.connections[0].requests.first?.text == Ask.chat)
        let size = String(Ask.chat.utf8.count, radix: 16)
        #expect(
            String(decoding: runner.connections[0].received, as: UTF8.self).hasSuffix(
                "\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n\(Ask.chat)\r\n0\r\n\r\n"))
    }

    @Test func onlyTheStrippedPrefixIsTakenOutOfTheBody() throws {
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.runners[0].prefixID = "gpu" }
        defer { gateway.stop() }
        let before =
            "{\r\n\t\"mess\\u0061ges\" : [ {\"role\":\"user\",\"content\":\"gpu.demo 😀 \\ud83d\\ude00\"} ],\n \"Model\" :  "
        let after = "  ,\"options\":{\"temperature\":1e-1,\"model\":\"gpu.demo\"} , \"stream\":false}  \n"
        _ = try gateway.client().answer(to: "/api/chat", before + #""gpu.de\u006do""# + after)
        let request = try #require(runner.connections[0].requests.first)
        #expect(request.text == before + "\"demo:latest\"" + after)
        #expect(request.header("content-length") == String(request.body.count))
    }

    @Test func withoutAPrefixEvenAnOddSpellingOfTheNameStays() throws {
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let body = #" {"x":1,"model":" DE\u004dO ","stream":false} "#
        _ = try gateway.client().answer(to: "/api/chat", body)
        #expect(runner.connections[0].requests.first?.text == body)
    }

    @Test(arguments: [false, true])
    func aLargeBodyFollowsARunnerThatReadsSlowly(isChunked: Bool) throws {
        let runner = try ScriptedRunner(
            loop, always: [.stopReading, .waitForRelease, .startReading, .waitForRequest, .respond("ok")])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let prompt = String(repeating: "0123456789abcdef", count: 5 << 16)
        let body = "{\"model\":\"demo\",\"prompt\":\"\(prompt)\",\"stream\":false}"
        let client = try gateway.client()
        if isChunked {
            client.send("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send("\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n")
        } else {
            client.post("/api/generate", body)
        }
        loop.run(until: { runner.connections.count == 1 && client.heldBytes == 0 })
        #expect(gateway.gateway.bodyMemory.held == body.utf8.count)
        runner.release()
        client.readResponses()
        #expect(runner.connections[0].requests.first?.body == Array(body.utf8))
        #expect(gateway.gateway.bodyMemory.held == 0)
    }

    @Test func anAnswerBeforeTheBodyWasReadIsPassedOnAndTheConnectionNotUsedAgain() throws {
        let runner = try ScriptedRunner(
            loop, always: [.stopReading, .respond(413, "too large"), .waitForRelease, .startReading])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let prompt = String(repeating: "0123456789abcdef", count: 1 << 20)
        let client = try gateway.client()
        client.post("/api/generate", "{\"model\":\"demo\",\"prompt\":\"\(prompt)\"}")
        client.readResponses()
        #expect(client.last?.status == 413)
        runner.release()
        loop.run(until: { runner.connections[0].isGone })
        gateway.expectIdle()
    }
}
