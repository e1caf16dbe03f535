// SPDX-License-Identifier: MIT

import Gateway
import GatewayCore
import Glibc
import SimulatedRunner
import Testing
import Transport

/// A gateway on a Unix socket: served as on loopback, its file replaced if it is stale, never if it is in use.
@Suite(.serialized) struct UnixListenerTests {
    let loop: Loop
    let folder: TemporaryFolder

    init() throws {
        loop = try Loop()
        folder = try TemporaryFolder()
    }

    private func site(_ change: (inout Configuration) -> Void = { _ in }) throws -> TwoRunners {
        try TwoRunners(loop) {
            $0.listen = [.unix(path: folder.path("socket"))]
            change(&$0)
        }
    }

    @Test func aClientIsServed() throws {
        let site = try site()
        defer { site.stop() }
        #expect(site.under.server.addresses == ["unix:\(folder.path("socket"))"])
        let client = try UnixClient(folder.path("socket"))
        client.send("GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n")
        loop.run(until: { client.read().contains("0.11.0") }, "the version")
        client.send(
            "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Content-Length: \(Body.streamedChat.utf8.count)\r\n\r\n\(Body.streamedChat)")
        loop.run(until: { client.read().hasSuffix("0\r\n\r\n") }, "the whole stream")
        #expect(client.read().contains(#""done":true"#))
        loop.run(until: { client.hasEnded }, "the end of the connection")
    }

    /// Nobody's page can reach it, so any Host will do; and without a key everything is allowed.
    @Test func anyHostIsTaken() throws {
        let site = try site()
        defer { site.stop() }
        let client = try UnixClient(folder.path("socket"))
        client.send("GET /api/tags HTTP/1.1\r\nHost: any.example.com\r\n\r\n")
        client.send("POST /api/pull HTTP/1.1\r\nHost: any.example.com\r\nContent-Length: 0\r\n\r\n")
        loop.run(until: { client.read().contains("HTTP/1.1 400") }, "the second answer")
        #expect(client.read().hasPrefix("HTTP/1.1 200"))
    }

    @Test func aClientThatGoesAwayFreesItsRunner() throws {
        let site = try TwoRunners(loop, gatesHead: true) { $0.listen = [.unix(path: folder.path("socket"))] }
        defer { site.stop() }
        let client = try UnixClient(folder.path("socket"))
        client.send(
            "POST /api/chat HTTP/1.1\r\nHost: a\r\nContent-Length: \(Body.chat.utf8.count)\r\n\r\n\(Body.chat)")
        loop.run(until: { site.proxied.count == 1 }, "the request at a runner")
        client.close()
        loop.run(until: { site.runners.reduce(0) { $0 + $1.aborted } == 1 }, "the end of the runner's work")
        site.under.expectIdle()
    }

    @Test func aStaleFileIsReplacedAndTakenAwayAtTheEnd() throws {
        let left = try UnixClient.leaveStaleSocket(at: folder.path("socket"))
        #expect(left)
        let site = try site()
        let client = try UnixClient(folder.path("socket"))
        client.send("GET / HTTP/1.0\r\n\r\n")
        loop.run(until: { client.read().hasSuffix("Ollama is running") }, "the answer")
        site.stop()
        #expect(!folder.exists("socket"))
    }

    @Test func aSocketInUseIsLeftAlone() throws {
        let site = try site()
        defer { site.stop() }
        #expect(throws: StartFailure.self) { try startAnother() }
        #expect(folder.exists("socket"))
        let client = try UnixClient(folder.path("socket"))
        client.send("GET / HTTP/1.0\r\n\r\n")
        loop.run(until: { client.read().hasSuffix("Ollama is running") }, "the answer")
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() throws {
        try folder.write("precious", to: "socket")
        #expect(throws: StartFailure.self) { try startAnother() }
        _ = loop.finish()
        #expect(try folder.text(of: "socket") == "precious")
    }

    private struct StartFailure: Error {}

    private func startAnother() throws {
        do { try startServer(loop, on: .unix(path: folder.path("socket"))) } catch {
            #expect("\(error)".contains("address already in use"))
            #expect("\(error)".contains(folder.path("socket")))
            throw StartFailure()
        }
    }
}
