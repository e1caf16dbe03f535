// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing

@testable import Transport

/// What happens to clients that are too slow, too silent, or gone.
@Suite(.serialized) struct DeadlineTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test(arguments: ["G", "GET / HTTP/1.1\r\nHost: local", "GET / HTTP/1.1\r\nHost: localhost\r\n"])
    func aHeadThatDoesNotEndIs408(start: String) throws {
        let site = try TwoRunners(loop) { $0.timeouts.clientHeader = .milliseconds(50) }
        defer { site.stop() }
        let client = try site.client()
        client.send(start)
        client.readToEnd()
        #expect(client.responses.map(\.status) == [408])
        #expect(client.last?.body.contains("timeouts.client_header") == true)
        #expect(client.closeness == .ended)
    }

    /// Bytes don't renew it: that is what a slow-head attack would send.
    @Test func aHeadThatDribblesIs408() throws {
        let site = try TwoRunners(loop) { $0.timeouts.clientHeader = .milliseconds(100) }
        defer { site.stop() }
        let client = try site.client()
        client.send("GET / HTTP/1.1\r\n")
        let began = loop.now
        while client.closeness == .open, (loop.now - began).inSeconds < 5 {
            client.send("A: b\r\n")
            loop.run(for: .milliseconds(5))
        }
        #expect(client.responses.map(\.status) == [408])
    }

    @Test(arguments: ["", "\r\n", "\r\n\r\n\r\n"])
    func aConnectionWithoutARequestIsClosedQuietly(bytes: String) throws {
        let site = try TwoRunners(loop) { $0.timeouts.clientHeader = .milliseconds(50) }
        defer { site.stop() }
        let client = try site.client()
        client.send(bytes)
        client.readToEnd()
        #expect(client.text == "")
        #expect(client.closeness == .ended)
    }

    @Test func aBodyThatStopsIs408() throws {
        let site = try TwoRunners(loop) { $0.timeouts.clientBody = .milliseconds(50) }
        defer { site.stop() }
        for fields in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
            let client = try site.client()
            client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\r\n")
            if fields.hasPrefix("T") { client.send("5\r\n{\"mod") } else { client.send("{\"model\":") }
            client.readToEnd()
            #expect(client.responses.map(\.status) == [408])
            #expect(client.last?.json?["error"]?["message"]?.string?.contains("timeouts.client_body") == true)
        }
        #expect(site.bodyBytesHeld == 0)
    }

    @Test func progressRenewsTheBodysLimit() throws {
        let site = try TwoRunners(loop) {
            $0.timeouts.clientBody = .seconds(100)
            $0.timeouts.probe = nil
        }
        defer { site.stop() }
        let client = try site.client()
        client.send("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(Body.chat.utf8.count)\r\n\r\n")
        let body = Array(Body.chat.utf8)
        for sent in 0..<20 {
            client.send([body[sent]])
            loop.run(until: { site.bodyBytesHeld == sent + 1 })
            loop.skip(.seconds(60))
        }
        #expect(client.responses.isEmpty)
        client.send(Array(body[20...]))
        client.readResponses()
        #expect(client.last?.status == 200)
    }

    @Test func anIdleConnectionIsClosedQuietly() throws {
        let site = try TwoRunners(loop) { $0.timeouts.clientIdle = .milliseconds(50) }
        defer { site.stop() }
        let client = try site.client()
        client.post("/api/chat", Body.chat)
        client.readResponses()
        client.get("/api/version")
        client.readResponses(2)
        client.readToEnd()
        #expect(client.responses.map(\.status) == [200, 200])
        #expect(client.closeness == .ended)
        #expect(client.last?.header("connection") == nil)
    }

    @Test func aRunningExchangeIsNotIdle() throws {
        let site = try TwoRunners(loop, gatesHead: true) {
            $0.timeouts.clientIdle = .seconds(20)
            $0.timeouts.clientHeader = .seconds(20)
            $0.timeouts.clientBody = .seconds(20)
            $0.timeouts.clientWrite = .seconds(20)
            $0.timeouts.probe = nil
        }
        defer { site.stop() }
        let client = try site.client()
        client.post("/api/chat", Body.chat)
        loop.run(until: { site.proxied.count == 1 })
        loop.skip(.seconds(80))
        #expect(client.closeness == .open)
        for runner in site.runners { runner.releaseHead() }
        client.readResponses()
        #expect(client.last?.status == 200)
    }

    /// The next request's head has its own limit, counted from its first byte.
    @Test func theHeadsLimitBeginsWithTheRequest() throws {
        let site = try TwoRunners(loop) {
            $0.timeouts.clientHeader = .milliseconds(60)
            $0.timeouts.clientIdle = .seconds(1000)
            $0.timeouts.probe = nil
        }
        defer { site.stop() }
        let client = try site.client()
        client.get("/api/version")
        client.readResponses()
        loop.skip(.seconds(100))
        site.expectUsable(client, after: 1)
        client.send("GET /")
        client.readToEnd()
        #expect(client.responses.map(\.status) == [200, 200, 408])
    }

    /// An answer of ours that nobody takes doesn't stay forever.
    @Test func aClientThatNeverReadsIsCut() throws {
        let site = try TwoRunners(loop) { $0.timeouts.clientWrite = .milliseconds(100) }
        defer { site.stop() }
        let client = try site.client()
        client.readUntil("the connection") { client.isConnected }
        client.stopReading()
        let requests = String(repeating: "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 500)
        var sent = 0
        loop.run(
            until: {
                if client.heldBytes == 0, sent < 400 {
                    client.send(requests)
                    sent += 1
                }
                return site.clientCount == 0
            }, "the end of a connection that nobody reads")
        site.under.expectIdle()
    }

    /// What lingers behind a last answer goes on for two seconds at most, however much the client sends.
    @Test func lingeringEndsByItself() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.get("/api/version", "Connection: close\r\n")
        client.readToEnd()
        #expect(client.closeness == .ended)
        let began = loop.now
        loop.run(
            until: {
                client.send("more")
                loop.turn(wait: false)
                return site.clientCount == 0
            }, "the end of the lingering connection")
        #expect((loop.now - began).inSeconds >= 1.5)
    }
}
