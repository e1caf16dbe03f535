// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// What one connection carries: many requests one after the other, requests sent before the answers to earlier ones,
/// and HTTP/1.0.
@Suite(.serialized) struct PersistenceTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test func oneConnectionCarriesManyRequestsOfAllKinds() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        for round in 0..<20 {
            client.get("/api/tags")
            client.readResponses(5 * round + 1)
            client.post("/api/chat", Body.chat)
            client.readResponses(5 * round + 2)
            client.post("/api/chat", Body.streamedChat)
            client.readResponses(5 * round + 3)
            client.get("/nowhere")
            client.readResponses(5 * round + 4)
            client.post("/api/chat", "{}")
            client.readResponses(5 * round + 5)
        }
        #expect(client.responses.map(\.status) == (0..<20).flatMap { _ in [200, 200, 200, 404, 400] })
        #expect(client.responses.allSatisfy { $0.header("connection") == nil })
        #expect(site.clientCount == 1)
        site.under.expectIdle()
    }

    @Test func tenRequestsInOneWriteAreAnsweredInOrder() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        var bytes = ""
        for number in 0..<10 {
            let body = Body.chat.replacing("hello", with: "number \(number)")
            bytes +=
                number % 2 == 0
                ? "GET /v1/models/shared:1b HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: r\(number)\r\n\r\n"
                : "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: r\(number)\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        client.send(bytes)
        client.readResponses(10)
        #expect(client.responses.map(\.status) == Array(repeating: 200, count: 10))
        #expect(client.responses.map { $0.header("x-request-id") } == (0..<10).map { "r\($0)" })
        #expect(site.proxied.count == 5)
        site.expectUsable(client, after: 10)
    }

    @Test func aThousandPipelinedRequestsForOwnRoutesAreAllAnswered() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(
            String(repeating: "GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 1000))
        client.readResponses(1000)
        #expect(client.responses.allSatisfy { $0.status == 200 })
        site.expectUsable(client, after: 1000)
    }

    @Test func whatIsPipelinedBehindARunningExchangeWaitsForItsEnd() throws {
        let site = try TwoRunners(loop, gatesHead: true)
        defer { site.stop() }
        let client = try site.client()
        client.post("/api/chat", Body.chat)
        loop.run(until: { site.proxied.count == 1 })
        client.get("/api/version")
        client.post("/api/chat", "{}")
        // In pieces, too: what is kept is put together again.
        for byte in "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8 { client.send([byte]) }
        // Another client's exchange shows that the loop has had its turns.
        #expect(try site.answer("GET", "/api/version").status == 200)
        #expect(client.responses.isEmpty)
        for runner in site.runners { runner.releaseHead() }
        client.readResponses(4)
        #expect(client.responses.map(\.status) == [200, 200, 400, 200])
        #expect(client.last?.body == "Ollama is running")
    }

    @Test func pipeliningWithoutEndBehindARunningExchangeClosesBoth() throws {
        let site = try TwoRunners(loop, gatesHead: true) { $0.limits.headerBytes = 2000 }
        defer { site.stop() }
        let client = try site.client()
        client.post("/api/chat", Body.chat)
        loop.run(until: { site.proxied.count == 1 })
        client.send(String(repeating: "GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 60))
        client.readToEnd()
        #expect(client.responses.isEmpty)
        loop.run(until: { site.runners.reduce(0) { $0 + $1.aborted } == 1 }, "the end of the runner's work")
        site.under.expectIdle()
    }

    @Test func closeIsAnsweredWithCloseAndNothingBehindItIsServed() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        for (target, body) in [("/api/version", ""), ("/api/chat", Body.chat), ("/api/chat", Body.streamedChat)] {
            let client = try site.client()
            if body.isEmpty {
                client.get(target, "Connection: Close\r\n")
            } else {
                client.post(target, body, "Connection: foo, close\r\n")
            }
            client.get("/")
            client.readToEnd()
            #expect(client.responses.map(\.status) == [200])
            #expect(client.last?.isComplete == true)
            #expect(client.last?.header("connection") == "close")
            #expect(client.closeness == .ended)
        }
    }

    @Test(arguments: ["/api/version", "/nowhere"])
    func http10ClosesUnlessAskedToKeepAlive(target: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let once = try site.client()
        once.send("GET \(target) HTTP/1.0\r\n\r\n")
        once.readToEnd()
        #expect(once.text.hasPrefix("HTTP/1.0 "))
        #expect(once.last?.header("connection") == "close")
        let kept = try site.client()
        kept.send("GET \(target) HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        kept.readResponses()
        #expect(kept.last?.header("connection") == "keep-alive")
        site.expectUsable(kept, after: 1)
    }

    @Test func http10GetsAStreamUnchunkedAndAClose() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(
            "POST /api/chat HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: \(Body.streamedChat.utf8.count)\r\n\r\n"
                + Body.streamedChat)
        client.readToEnd()
        #expect(client.closeness == .ended)
        let answer = try #require(client.last)
        #expect(answer.status == 200)
        #expect(answer.header("transfer-encoding") == nil)
        #expect(answer.header("connection") == "close")
        #expect(answer.lines.count == 9)
        #expect(answer.lines.last?.contains(#""done":true"#) == true)
        #expect(client.text.hasSuffix("}\n"))
    }

    @Test func http10MayKeepAnAnswerOfKnownLengthAlive() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(
            "POST /api/chat HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: \(Body.chat.utf8.count)\r\n\r\n"
                + Body.chat)
        client.readResponses()
        #expect(client.last?.header("content-length") != nil)
        #expect(client.last?.header("connection") == "keep-alive")
        site.expectUsable(client, after: 1)
    }

    @Test func aClientThatEndsBehindItsRequestStillGetsAnAnswerOfOurs() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.readUntil("the connection") { client.isConnected }
        client.get("/api/version")
        client.endWriting()
        client.readToEnd()
        #expect(client.responses.map(\.status) == [200])
    }
}
