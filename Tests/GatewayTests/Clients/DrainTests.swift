// SPDX-License-Identifier: MIT

import Gateway
import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// Asked to stop: nothing new begins, everything begun ends, and then the gateway is gone.
@Suite(.serialized) struct DrainTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// A client whose stream has sent its first line, and whose next lines wait for the test.
    private func streamingClient(_ site: TwoRunners) throws -> RawClient {
        let client = try site.client()
        client.post("/api/chat", Body.streamedChat)
        loop.run(until: { site.proxied.count == 1 }, "the request at a runner")
        site.releaseTokens(1)
        client.readUntil("the stream's first line") { client.last?.lines.count == 1 }
        return client
    }

    @Test func theListenerAndIdleConnectionsCloseAtOnce() throws {
        let site = try TwoRunners(loop, gatesTokens: true)
        defer { site.stop() }
        let (idle, fresh) = (try site.client(), try site.client())
        idle.get("/api/version")
        idle.readResponses()
        fresh.readUntil("the connection") { site.clientCount == 2 }
        let streaming = try streamingClient(site)
        site.under.server.drain()
        idle.readToEnd()
        fresh.readToEnd()
        #expect(idle.closeness == .ended)
        #expect(fresh.closeness == .ended)
        #expect(fresh.received.isEmpty)
        let late = try site.client()
        late.readToEnd()
        #expect(late.closeness != .ended)
        #expect(!late.isConnected)
        #expect(streaming.closeness == .open)
    }

    @Test func aRunningStreamFinishesAndItsConnectionCloses() throws {
        let site = try TwoRunners(loop, gatesTokens: true)
        defer { site.stop() }
        let client = try streamingClient(site)
        // What waits behind it is not begun any more.
        client.get("/api/version")
        site.under.server.drain()
        site.releaseTokens(100)
        client.readToEnd()
        #expect(client.closeness == .ended)
        #expect(client.responses.map(\.status) == [200])
        #expect(client.last?.isComplete == true)
        #expect(client.last?.lines.count == 9)
        client.close()
        loop.run(until: { site.clientCount == 0 }, "the end of the connection")
    }

    @Test func anAnswerThatBeginsWhileDrainingSaysClose() throws {
        let site = try TwoRunners(loop, gatesHead: true)
        defer { site.stop() }
        let client = try site.client()
        client.post("/api/chat", Body.chat)
        loop.run(until: { site.proxied.count == 1 }, "the request at a runner")
        site.under.server.drain()
        for runner in site.runners { runner.releaseHead() }
        client.readToEnd()
        #expect(client.last?.status == 200)
        #expect(client.last?.isComplete == true)
        #expect(client.last?.header("connection") == "close")
    }

    @Test func whatWaitsInTheQueueIsServed() throws {
        let site = try TwoRunners(loop, gatesHead: true) {
            $0.runners = [$0.runners[0]]
            $0.runners[0].maxInflight = 1
        }
        defer { site.stop() }
        let (running, waiting) = (try site.client(), try site.client())
        running.post("/api/chat", Body.chat)
        loop.run(until: { site.proxied.count == 1 }, "the request at the runner")
        waiting.post("/api/chat", Body.chat)
        loop.run(until: { site.exchangesWaiting == 1 }, "the request in the queue")
        site.under.server.drain()
        site.runners[0].releaseHead(2)
        running.readToEnd()
        waiting.readToEnd()
        #expect(running.last?.status == 200)
        #expect(waiting.last?.status == 200)
        #expect(waiting.last?.isComplete == true)
    }

    @Test func aRequestHalfSentIsStillAnswered() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(Body.chat.utf8.count)\r\n")
        loop.run(until: { site.clientCount == 1 })
        for _ in 0..<3 { loop.turn(wait: false) }
        site.under.server.drain()
        client.send("\r\n\(Body.chat)")
        client.readToEnd()
        #expect(client.last?.status == 200)
        #expect(client.last?.header("connection") == "close")
    }

    @Test func readinessSaysThatItIsDraining() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send("GET /readyz HTTP/1.1\r\n")
        loop.run(until: { site.clientCount == 1 })
        for _ in 0..<3 { loop.turn(wait: false) }
        site.under.server.drain()
        client.send("Host: localhost\r\n\r\n")
        client.readToEnd()
        #expect(client.last?.status == 503)
        #expect(client.last?.json?["draining"]?.bool == true)
        #expect(client.last?.json?["ready"]?.bool == false)
    }

    @Test func theLimitCutsWhatStillRuns() throws {
        let site = try TwoRunners(loop, gatesTokens: true) { $0.timeouts.drain = .milliseconds(80) }
        defer { site.stop() }
        let client = try streamingClient(site)
        site.under.server.drain()
        client.readToEnd()
        // Cut without the last chunk: every client notices.
        #expect(client.last?.isComplete == false)
        #expect(!client.text.hasSuffix("0\r\n\r\n"))
        loop.run(until: { site.clientCount == 0 }, "the end of the connection")
        loop.run(until: { site.runners.reduce(0) { $0 + $1.aborted } == 1 }, "the end of the runner's work")
        site.under.expectIdle()
    }

    @Test func aRequestThatStopsHalfWayDoesNotHoldTheDrain() throws {
        let site = try TwoRunners(loop) { $0.timeouts.clientHeader = .milliseconds(50) }
        defer { site.stop() }
        let client = try site.client()
        client.send("GET / HT")
        loop.run(until: { site.clientCount == 1 })
        for _ in 0..<3 { loop.turn(wait: false) }
        site.under.server.drain()
        client.readToEnd()
        #expect(client.last?.status == 408)
        client.close()
        loop.run(until: { site.clientCount == 0 }, "the end of the drain")
    }

    @Test func drainingTwiceAndStoppingThenIsHarmless() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.under.server.drain()
        site.under.server.drain()
        site.under.server.stop()
        loop.run(until: { site.clientCount == 0 })
    }
}
