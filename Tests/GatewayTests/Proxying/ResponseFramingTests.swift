// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// However a runner delimits its response, the client gets the same bytes, delimited for it.
@Suite(.serialized) struct ResponseFramingTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func exchange(
        _ script: [ScriptedRunner.Step], _ check: (RawClient, ScriptedRunner) throws -> Void
    ) throws {
        let runner = try ScriptedRunner(loop, always: script)
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        try check(try gateway.client(), runner)
    }

    @Test func chunkExtensionsAndTrailersAreDropped() throws {
        let raw =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
            + "5;name=value;quoted=\"a;b\"\r\nhello\r\n0;last\r\nX-Sum: 12\r\nX-DMR-Runner: 7\r\n\r\n"
        let script: [ScriptedRunner.Step] = [.waitForRequest, .send(raw)]
        try exchange(script + script) { client, runner in
            for count in 1...2 {
                let response = try client.answer()
                #expect(response.body == "hello")
                #expect(response.header("trailer") == nil)
                #expect(client.responses.count == count)
            }
            for word in ["name", "quoted", "last", "Sum", "Runner: 7"] { #expect(!client.text.contains(word)) }
            #expect(runner.connections.count == 1, "the connection was kept alive")
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    ])
    func aBodyThatLastsUntilTheCloseIsChunkedForTheClient(head: String) throws {
        let script: [ScriptedRunner.Step] = [
            .waitForRequest, .send(head + "first "), .waitForRelease, .send("second"), .close
        ]
        try exchange(script) { client, runner in
            client.chat()
            client.readBody("first ")
            runner.release()
            client.readResponses()
            #expect(client.last?.body == "first second")
            #expect(client.last?.header("transfer-encoding") == "chunked")
            client.chat()
            client.readUntil { client.last?.body == "first " && client.responses.count == 2 }
            #expect(client.closeness == .open, "the client's connection goes on")
            #expect(runner.connections.count == 2)
        }
    }

    @Test func aBodyUntilTheCloseThatIsResetIsCut() throws {
        let script: [ScriptedRunner.Step] = [
            .waitForRequest, .send("HTTP/1.1 200 OK\r\n\r\nfirst"), .waitForRelease, .reset
        ]
        try exchange(script) { client, runner in
            client.chat()
            client.readBody("first")
            runner.release()
            client.readToEnd()
            #expect(client.last?.isComplete == false)
        }
    }

    @Test(arguments: [0, 1, 300_000])
    func aCountedBodyKeepsItsLength(count: Int) throws {
        let body = String(repeating: "x", count: count)
        try exchange([.waitForRequest, .respond(200, body, "Content-Type: application/json\r\n")]) { client, _ in
            let response = try client.answer(to: "/api/chat", Ask.wholeChat)
            #expect(response.header("content-length") == String(count))
            #expect(response.header("transfer-encoding") == nil)
            #expect(response.bytes.count == count)
            #expect(client.closeness == .open)
        }
    }

    @Test(arguments: ["204 No Content", "304 Not Modified"])
    func aResponseWithoutABodyEndsWithItsHead(status: String) throws {
        let script: [ScriptedRunner.Step] = [.waitForRequest, .send("HTTP/1.1 \(status)\r\n\r\n")]
        try exchange(script + script) { client, runner in
            for _ in 1...2 {
                let response = try client.answer()
                #expect(String(response.status) == status.prefix(3))
                #expect(response.pieces.isEmpty)
                #expect(response.header("content-length") == nil)
                #expect(response.header("transfer-encoding") == nil)
            }
            #expect(runner.connections.count == 1)
        }
    }

    @Test func interimResponsesAreDropped() throws {
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        try exchange([.waitForRequest, .send(interim), .waitForRelease, .respond("done")]) { client, runner in
            client.chat()
            loop.run(until: { runner.connections.count == 1 })
            runner.release()
            client.readResponses()
            #expect(client.responses.map(\.status) == [200])
            #expect(client.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(!client.text.contains("Link"))
        }
    }

    @Test func theHeadIsTheRunnersWithoutWhatBelongsToItsConnection() throws {
        let head =
            "HTTP/1.1 200 Fine\r\nServer: s\r\nContent-Type: application/x-ndjson\r\nConnection: keep-alive, X-Hop\r\n"
            + "Keep-Alive: timeout=5\r\nX-Hop: 1\r\nX-DMR-Runner: 9\r\nX-Request-Id: theirs\r\nX-Two: a\r\nX-Two: b\r\n"
            + "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n"
        try exchange([.waitForRequest, .send(head), .lastLine, .lastChunk]) { client, _ in
            let response = try client.answer()
            let id = try #require(response.header("x-request-id"))
            #expect(
                client.text.hasPrefix(
                    "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Type: application/x-ndjson\r\nX-Two: a\r\nX-Two: b\r\n"
                        + "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\nX-DMR-Runner: 0\r\nX-Request-Id: \(id)\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n"))
            #expect(id != "theirs")
        }
    }

    @Test func noHeadRequestEverReachesARunner() throws {
        try exchange(ScriptedRunner.stream("a")) { client, runner in
            client.send("HEAD /api/tags HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.readResponses(1)
            #expect(client.last?.status == 200)
            #expect(Int(client.last?.header("content-length") ?? "") ?? 0 > 20)
            client.send("HEAD /api/chat HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.readResponses(2)
            #expect(client.last?.status == 405)
            let response = try client.answer()
            #expect(response.lines.count == 2)
            #expect(runner.connections.flatMap(\.requests).map(\.line) == ["POST /api/chat"])
            #expect(!runner.listsAnswered.contains { $0.hasPrefix("HEAD") })
        }
    }

    @Test func aLineOfAMegabyteArrivesWhole() throws {
        let line = "{\"response\":\"" + String(repeating: "ü0123456789", count: 100_000) + "\",\"done\":true}\n"
        try exchange([.waitForRequest, .streamHead, .chunk(line), .lastChunk]) { client, _ in
            let response = try client.answer()
            #expect(response.bytes == Array(line.utf8))
        }
    }

    @Test func anErrorOfTheRunnerIsPassedOnAsItCame() throws {
        let body = #"{"error":"option \"num_ctx\" must be of type integer"}"#
        let script: [ScriptedRunner.Step] = [
            .waitForRequest, .respond(500, body, "Content-Type: application/json; charset=utf-8\r\n")
        ]
        try exchange(script) { client, _ in
            let response = try client.answer()
            #expect(response.status == 500)
            #expect(response.body == body)
            #expect(response.runner == 0)
        }
    }
}
