// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import SimulatedRunner
import Testing

@testable import Gateway
@testable import Transport

/// When no file can be opened any more: nobody is turned away or blamed, and nothing spins.
@Suite(.serialized) struct DescriptorTests {
    let loop: Loop
    private let folder: TemporaryFolder

    init() throws {
        loop = try Loop()
        folder = try TemporaryFolder()
    }

    @Test func clientsWaitOutsideUntilADescriptorIsFree() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        defer { runner.close() }
        let gateway = try Command(
            ["serve", "--listen", "127.0.0.1:0", "--state-dir", folder.path, "--runner", runner.url], descriptors: 64)
        let port = try gateway.awaitPort()
        let clients = try (0..<150).map { _ in try RawClient(loop, port: port) }
        defer { for client in clients { client.close() } }
        for client in clients { client.get("/api/version") }
        var served: [RawClient] { clients.filter { $0.last?.isComplete == true } }
        loop.run(until: { served.count >= 4 }, "the first answers")
        loop.run(for: .milliseconds(300))
        let inside = served.count
        #expect(inside < 32, "each needs a second one for its runner")
        #expect(clients.allSatisfy { $0.closeness == RawClient.Closeness.open }, "the others wait")
        // Paused is not polling.
        let ticks = try cpuTicks(of: gateway.process)
        loop.run(for: .milliseconds(500))
        #expect(try cpuTicks(of: gateway.process) - ticks <= 5)
        #expect(served.count == inside)
        // Those inside are served as ever, each with a runner of its own.
        let insiders = served
        for client in insiders { client.chat() }
        loop.run(until: { insiders.allSatisfy { $0.responses.count == 2 && $0.last?.isComplete == true } })
        #expect(insiders.allSatisfy { $0.last?.status == 200 })
        // Each that leaves lets another one in, until all have been served.
        loop.run(
            until: {
                for client in served where !client.isClosing { client.close() }
                return served.count == clients.count
            }, "answers for all")
        #expect(clients.allSatisfy { $0.responses.first?.status == 200 })
        try gateway.awaitLine("short of file descriptors")
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
        #expect(!gateway.output.contains("failed"), "no runner is blamed")
    }

    /// Whoever hoards idle connections keeps nobody out for long.
    @Test func theLongestSilentMakesRoomForWhoWaits() throws {
        let site = try TwoRunners(loop) { $0.timeouts.probe = nil }
        defer { site.stop() }
        loop.descriptors.limit -= 2 * (loop.descriptors.clientLimit - 2)
        #expect(loop.descriptors.clientLimit == 2)
        let clients = try (0..<4).map { _ in
            let client = try site.client()
            client.readUntil { client.isConnected }
            client.get("/api/version")
            loop.run(for: .milliseconds(20))
            return client
        }
        #expect(clients.map(\.responses.count) == [1, 1, 0, 0])
        loop.run(for: .milliseconds(600))
        #expect(clients.map(\.responses.count) == [1, 1, 0, 0], "they may be about to ask")
        loop.skip(.seconds(6))
        clients[2].readResponses()
        #expect(clients[0].closeness == RawClient.Closeness.ended, "the one that was silent longest")
        clients[3].readResponses()
        #expect(clients.map(\.responses.count) == [1, 1, 1, 1])
        #expect(clients[2].closeness == RawClient.Closeness.open)
    }

    /// User and system time.
    private func cpuTicks(of process: pid_t) throws -> Int {
        let file = try #require(fopen("/proc/\(process)/stat", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        try #require(fgets(&line, Int32(line.count), file) != nil)
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return try #require(Int(fields[12])) + #require(Int(fields[13]))
    }

    @Test func aRunnerIsNotBlamedForAConnectionThatWeCannotOpen() throws {
        let runner = try ScriptedRunner(loop) { _ in
            ScriptedRunner.stream("a") + ScriptedRunner.stream("b")
        }
        let site = try GatewayUnderTest(loop, [runner]) { $0.health.ejectAfter = 1 }
        defer { site.stop() }
        let client = try site.client()
        #expect(try client.answer().status == 200)
        let ceiling = loop.descriptors.connectCeiling
        defer { loop.descriptors.connectCeiling = ceiling }
        loop.descriptors.connectCeiling = 0
        #expect(try client.answer().status == 200, "a connection that is there is used")
        site.gateway.closeIdleRunnerConnections()
        for _ in 1...5 {
            let answer = try client.answer()
            #expect(answer.status == 503)
            #expect(answer.header("retry-after") == "1")
            #expect(answer.header("x-should-retry") == "false")
            #expect(answer.body.contains("file descriptor"))
        }
        #expect(site.health(0).isInRotation)
        #expect(site.health(0).failuresInARow == 0)
        site.expectIdle()
        loop.descriptors.connectCeiling = ceiling
        #expect(try client.answer().status == 200)
    }

    /// Management says the same, of each runner that was not asked, and blames none.
    @Test(arguments: [
        ("POST", "/api/copy", #"{"source":"demo","destination":"other"}"#),
        ("DELETE", "/api/delete", #"{"model":"demo"}"#), ("POST", "/api/pull", #"{"model":"demo"}"#),
        ("POST", "/api/push", #"{"model":"demo"}"#),
        ("POST", "/api/create", #"{"model":"new","files":{"a":"sha256:"# + String(repeating: "0", count: 64) + #""}}"#)
    ])
    func managementSaysWhatIsMissing(method: String, path: String, body: String) throws {
        let runners = try (0..<2).map { _ in try SimulatedRunner(loop: loop, options: .instant()) }
        let site = try GatewayUnderTest(loop, runners) { $0.health.ejectAfter = 1 }
        defer { site.stop() }
        let client = try site.client()
        let ceiling = loop.descriptors.connectCeiling
        defer { loop.descriptors.connectCeiling = ceiling }
        loop.descriptors.connectCeiling = 0
        client.send(
            "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        client.readResponses()
        let answer = try #require(client.last)
        #expect(answer.status == 503)
        #expect(answer.body.contains("file descriptor"))
        #expect(answer.header("retry-after") == "1")
        #expect(answer.header("x-should-retry") == "false")
        for index in 0..<2 {
            #expect(site.health(index).isInRotation)
            #expect(site.health(index).failuresInARow == 0)
        }
        site.expectIdle()
    }

    /// An idle connection to another runner is worth less than an exchange.
    @Test func idleConnectionsGiveTheirDescriptorsUp() throws {
        let idle = try ScriptedRunner(loop, models: ["other"], always: ScriptedRunner.stream("a"))
        let runner = try ScriptedRunner(loop, always: ScriptedRunner.stream("b"))
        let site = try GatewayUnderTest(loop, [idle, runner])
        defer { site.stop() }
        let client = try site.client()
        #expect(try client.answer(to: "/api/chat", Ask.chat(model: "other")).status == 200)
        let ceiling = loop.descriptors.connectCeiling
        defer { loop.descriptors.connectCeiling = ceiling }
        loop.descriptors.connectCeiling = 0
        // Here that doesn't help.
        #expect(try client.answer().status == 503)
        loop.run(until: { idle.connections[0].isGone }, "the end of the idle connection")
    }

    @Test func probesThatCannotBeMadeSayNothing() throws {
        let ceiling = loop.descriptors.connectCeiling
        defer { loop.descriptors.connectCeiling = ceiling }
        let runner = try ScriptedRunner(loop, always: ScriptedRunner.stream("a"))
        loop.descriptors.connectCeiling = 0
        let site = try GatewayUnderTest(loop, [runner]) {
            $0.health.ejectAfter = 1
            $0.health.probeInterval = .milliseconds(10)
            $0.health.tagsInterval = .milliseconds(10)
        }
        defer { site.stop() }
        loop.run(for: .milliseconds(100))
        #expect(site.health(0).isInRotation)
        #expect(!site.health(0).isUnreachable)
        loop.descriptors.connectCeiling = ceiling
        loop.run(until: { !runner.listsAnswered.isEmpty }, "a list")
        let client = try site.client()
        #expect(try client.answer().status == 200)
    }
}
