// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// The bounds of heads and of connections: each has its status, and what is just inside them is served.
@Suite(.serialized) struct HeadLimitTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test func headerFieldsBeyondTheLimitAre431() throws {
        let site = try TwoRunners(loop) { $0.limits.headerBytes = 2000 }
        defer { site.stop() }
        let fits = try site.client()
        fits.get("/api/version", "X-Filler: \(String(repeating: "a", count: 1800))\r\n")
        fits.readResponses()
        #expect(fits.last?.status == 200)
        site.expectUsable(fits, after: 1)
        for fields in [
            "X-Filler: \(String(repeating: "a", count: 2000))\r\n",
            "\(String(repeating: "a", count: 2000)): b\r\n",
            String(repeating: "A: bcdefghij\r\n", count: 90) + "X: \(String(repeating: "a", count: 1000))\r\n"
        ] {
            let client = try site.client()
            client.get("/api/version", fields)
            client.readToEnd()
            #expect(client.responses.map(\.status) == [431])
            #expect(client.last?.body.contains("header_bytes") == true)
        }
    }

    @Test func aTargetBeyondTheLimitIs414() throws {
        let site = try TwoRunners(loop) { $0.limits.headerBytes = 2000 }
        defer { site.stop() }
        #expect(try site.answer("GET", "/api/version?\(String(repeating: "a", count: 1900))").status == 200)
        for target in ["/\(String(repeating: "a", count: 2000))", "/api/tags?\(String(repeating: "a", count: 5000))"] {
            let client = try site.client()
            client.get(target)
            client.readToEnd()
            #expect(client.responses.map(\.status) == [414])
        }
    }

    @Test func headsThatNeverEndAreCutOff() throws {
        let site = try TwoRunners(loop) { $0.limits.headerBytes = 2000 }
        defer { site.stop() }
        for (start, piece, status) in [
            ("GET / HTTP/1.1\r\n", "A: b\r\n", 431), ("GET / HTTP/1.1\r\nA: ", "bbbbbbbbbb", 431),
            ("GET /", "aaaaaaaaaa", 414), ("", "\r\n\r\n\r\n", 431)
        ] {
            let client = try site.client()
            client.send(start)
            client.readUntil("the connection") { client.isConnected }
            // Far more than the limit: a server without one would go on reading.
            for _ in 0..<1000 where client.closeness == .open {
                client.send(piece)
                loop.turn(wait: false)
            }
            client.readToEnd()
            #expect(client.responses.map(\.status) == [status])
        }
    }

    @Test func tooManyFieldsAre431() throws {
        let site = try TwoRunners(loop) { $0.limits.headers = 10 }
        defer { site.stop() }
        let fields = String(repeating: "A: b\r\n", count: 9)
        #expect(try site.answer("GET", "/api/version", fields: fields).status == 200)
        let client = try site.client()
        client.get("/api/version", fields + "C: d\r\n")
        client.readToEnd()
        #expect(client.responses.map(\.status) == [431])
        #expect(client.last?.body.contains("limits.headers") == true)
    }

    @Test func trailersAndChunkExtensionsAreBounded() throws {
        let site = try TwoRunners(loop) { $0.limits.headerBytes = 1000 }
        defer { site.stop() }
        for rest in [
            "2;\(String(repeating: "a", count: 2000))\r\n{}\r\n0\r\n\r\n",
            "2\r\n{}\r\n0\r\nX: \(String(repeating: "a", count: 2000))\r\n\r\n"
        ] {
            let client = try site.client()
            client.send("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\(rest)")
            client.readToEnd()
            #expect(client.responses.map(\.status) == [431])
        }
    }

    @Test func noLimitMeansNone() throws {
        let site = try TwoRunners(loop) {
            $0.limits.headerBytes = .max
            $0.limits.headers = .max
            $0.limits.jsonBodyBytes = .max
            $0.limits.bodyMemory = .max
            $0.limits.connections = .max
        }
        defer { site.stop() }
        let fields = String(repeating: "A: \(String(repeating: "b", count: 300))\r\n", count: 150)
        let client = try site.client()
        client.post("/api/chat", Body.chat, fields)
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(site.proxied.first?.values("a").count == 150)
    }

    /// Whoever is told why stays for two seconds at most, and no more than 256 at once; the others are closed.
    @Test func aFloodBeyondTheLimitIsHeldOffAndDoesNotKeepOthersOut() throws {
        let site = try TwoRunners(loop) { $0.limits.connections = 2 }
        defer { site.stop() }
        let (first, second) = (try site.client(), try site.client())
        for client in [first, second] {
            client.get("/api/version")
            client.readResponses()
        }
        let flood = try (0..<400).map { _ in try site.client() }
        loop.run(until: { flood.allSatisfy { $0.closeness != .open } }, "the end of the flood")
        #expect(flood.filter { $0.responses.map(\.status) == [503] }.count == 256)
        #expect(flood.filter { $0.received.isEmpty }.count == 144)
        site.expectUsable(first, after: 1)
        // The flood's connections are still there, but they don't count.
        second.close()
        loop.run(until: { site.clientCount == 1 + 256 }, "the end of one that was served")
        let later = try site.client()
        later.get("/api/version")
        later.readResponses()
        #expect(later.last?.status == 200)
    }

    @Test func connectionsBeyondTheLimitGet503AndALaterOneIsServed() throws {
        let site = try TwoRunners(loop) { $0.limits.connections = 2 }
        defer { site.stop() }
        let (first, second) = (try site.client(), try site.client())
        first.get("/api/version")
        second.get("/api/version")
        first.readResponses()
        second.readResponses()
        let refused = try site.client()
        refused.get("/api/version")
        refused.readToEnd()
        #expect(refused.responses.map(\.status) == [503])
        #expect(refused.last?.header("retry-after") == "1")
        #expect(refused.last?.header("connection") == "close")
        #expect(refused.last?.body.contains("limits.connections") == true)
        // Those that were there before don't suffer.
        site.expectUsable(first, after: 1)
        refused.close()
        second.close()
        loop.run(until: { site.clientCount == 1 }, "the end of two connections")
        let later = try site.client()
        later.post("/api/chat", Body.chat)
        later.readResponses()
        #expect(later.last?.status == 200)
    }
}
