// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// The bounds of bodies, one by one and all together; whatever becomes of a request, the memory of its body comes back.
@Suite(.serialized) struct BodyLimitTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// A chat whose body has exactly that many bytes.
    private func body(_ count: Int) -> String {
        let rest = #"{"model":"shared:1b","stream":false,"messages":[{"content":""}]}"#
        return rest.replacing(#""""#, with: "\"\(String(repeating: "x", count: count - rest.utf8.count))\"")
    }

    private func head(_ fields: String) -> String {
        "POST /api/chat HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n"
    }

    @Test func aBodyAtTheLimitIsServedAndOneByteMoreIs413() throws {
        let site = try TwoRunners(loop) { $0.limits.jsonBodyBytes = 1000 }
        defer { site.stop() }
        let client = try site.client()
        client.post("/api/chat", body(1000))
        client.readResponses()
        #expect(client.last?.status == 200)
        // By its length: nothing of the body has to be sent.
        client.send(head("Content-Length: 1001\r\n"))
        client.readToEnd()
        #expect(client.responses.map(\.status) == [200, 413])
        #expect(client.last?.json?["error"]?.string?.contains("1000 bytes") == true)
        #expect(client.last?.header("connection") == "close")
    }

    @Test func chunksBeyondTheLimitAre413AsSoonAsTheyCome() throws {
        let site = try TwoRunners(loop) { $0.limits.jsonBodyBytes = 1000 }
        defer { site.stop() }
        let fits = try site.client()
        fits.send(head("Transfer-Encoding: chunked\r\n") + "3e8\r\n\(body(1000))\r\n0\r\n\r\n")
        fits.readResponses()
        #expect(fits.last?.status == 200)
        let client = try site.client()
        client.send(head("Transfer-Encoding: chunked\r\n") + "3e8\r\n\(body(1001).prefix(1000))\r\n1\r\n}")
        client.readToEnd()
        #expect(client.responses.map(\.status) == [413])
        #expect(site.proxied.count == 1)
        #expect(site.bodyBytesHeld == 0)
    }

    /// The client goes on sending: closing at once would reset the connection and cost it the answer.
    @Test func a413ReachesAClientThatIsStillSending() throws {
        let site = try TwoRunners(loop) { $0.limits.jsonBodyBytes = 10_000 }
        defer { site.stop() }
        for fields in ["Content-Length: 1048576\r\n", "Transfer-Encoding: chunked\r\n"] {
            let client = try site.client()
            client.send(head(fields) + (fields.hasPrefix("T") ? "100000\r\n" : ""))
            client.send(String(repeating: "x", count: 1 << 20))
            client.readToEnd()
            #expect(client.closeness == .ended)
            #expect(client.responses.map(\.status) == [413])
            #expect(client.last?.isComplete == true)
            // All of it was taken, as the client would see it.
            loop.run(until: { client.heldBytes == 0 }, "the client's last byte")
            #expect(client.closeness == .ended)
            client.close()
        }
        loop.run(until: { site.clientCount == 0 }, "the end of the connections")
    }

    @Test func bodiesBeyondTheMemoryGet503AndTheOthersGoOn() throws {
        let site = try TwoRunners(loop) { $0.limits.bodyMemory = 100_000 }
        defer { site.stop() }
        let whole = body(60_000)
        let clients = try (0..<3).map { _ in try site.client() }
        // The first holds nearly all of it, the others come too late; one by its chunks.
        clients[0].send(head("Content-Length: 60000\r\n") + whole.prefix(59_999))
        loop.run(until: { site.bodyBytesHeld == 59_999 }, "the first body")
        clients[1].post("/api/chat", whole)
        clients[2].send(head("Transfer-Encoding: chunked\r\n") + "ea60\r\n\(whole)")
        for client in clients[1...] {
            client.readToEnd()
            #expect(client.responses.map(\.status) == [503])
            #expect(client.last?.header("retry-after") == "1")
            #expect(client.last?.header("x-should-retry") == "false")
        }
        #expect(site.bodyBytesHeld == 59_999)
        clients[0].send("}")
        clients[0].readResponses()
        #expect(clients[0].last?.status == 200)
        #expect(site.bodyBytesHeld == 0)
        let later = try site.client()
        later.post("/api/chat", whole)
        later.readResponses()
        #expect(later.last?.status == 200)
        #expect(site.proxied.count == 2)
    }

    enum WayOut: CaseIterable {
        case clientEnds, clientResets, tooSlow, badJSON, malformedChunk, tooLarge
    }

    @Test(arguments: WayOut.allCases)
    func memoryComesBackWhileTheBodyArrives(wayOut: WayOut) throws {
        let site = try TwoRunners(loop) {
            $0.limits.jsonBodyBytes = 50_000
            if wayOut == .tooSlow { $0.timeouts.clientBody = .milliseconds(50) }
        }
        defer { site.stop() }
        let client = try site.client()
        client.send(head("Transfer-Encoding: chunked\r\n") + "2710\r\n\(body(20_000).prefix(10_000))\r\n")
        loop.run(until: { site.bodyBytesHeld == 10_000 }, "the body's first half")
        switch wayOut {
        case .clientEnds: client.endWriting()
        case .clientResets: client.reset()
        case .tooSlow: break
        case .badJSON: client.send("3\r\n\"]}\r\n0\r\n\r\n")
        case .malformedChunk: client.send("zz\r\n")
        case .tooLarge: client.send("ffff\r\n\(String(repeating: "x", count: 0xFFFF))")
        }
        loop.run(until: { site.bodyBytesHeld == 0 }, "the body's memory")
        switch wayOut {
        case .clientEnds, .clientResets: loop.run(until: { site.clientCount == 0 })
        case .tooSlow, .malformedChunk, .tooLarge, .badJSON:
            client.readResponses()
            #expect(client.responses.map(\.status) == [[.tooSlow: 408, .tooLarge: 413][wayOut] ?? 400])
        }
        #expect(site.proxied.isEmpty)
    }

    /// From here on the exchange holds the body: until a head comes, since it may have to move.
    @Test(arguments: [true, false])
    func memoryComesBackFromAWaitingRunner(clientLeaves: Bool) throws {
        let site = try TwoRunners(loop, gatesHead: true)
        defer { site.stop() }
        let client = try site.client()
        client.post("/api/chat", body(20_000))
        loop.run(until: { site.proxied.count == 1 }, "the request at a runner")
        #expect(site.bodyBytesHeld == 20_000)
        if clientLeaves { client.close() } else { for runner in site.runners { runner.releaseHead() } }
        loop.run(until: { site.bodyBytesHeld == 0 }, "the body's memory")
        if !clientLeaves { client.readResponses() }
        site.under.expectIdle()
    }

    @Test(arguments: [true, false])
    func memoryComesBackFromTheQueue(clientLeaves: Bool) throws {
        let site = try TwoRunners(loop, gatesHead: true) {
            $0.runners = [$0.runners[0]]
            $0.runners[0].maxInflight = 1
            if !clientLeaves { $0.timeouts.queue = .milliseconds(50) }
        }
        defer { site.stop() }
        let (running, waiting) = (try site.client(), try site.client())
        running.post("/api/chat", body(1000))
        loop.run(until: { site.proxied.count == 1 }, "the request at the runner")
        waiting.post("/api/chat", body(20_000))
        loop.run(until: { site.bodyBytesHeld == 21_000 }, "the second body")
        if clientLeaves { waiting.close() } else { waiting.readResponses() }
        loop.run(until: { site.bodyBytesHeld == 1000 }, "the second body's memory")
        if !clientLeaves { #expect(waiting.last?.status == 503) }
        site.runners[0].releaseHead()
        running.readResponses()
        #expect(running.last?.status == 200)
    }
}
