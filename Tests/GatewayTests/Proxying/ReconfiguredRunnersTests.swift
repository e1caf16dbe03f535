// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// The configuration changes under a running gateway: what runs goes on as it began, what comes next goes by the new
/// one.
@Suite(.serialized) struct ReconfiguredRunnersTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func entry(_ runner: any RunnerUnderTest) throws -> RunnerConfiguration {
        RunnerConfiguration(url: try RunnerURL(parsing: "http://127.0.0.1:\(runner.port)"))
    }

    private func apply(_ gateway: GatewayUnderTest, _ change: (inout Configuration) throws -> Void) rethrows {
        var configuration = gateway.gateway.configuration
        try change(&configuration)
        gateway.gateway.apply(configuration)
    }

    /// A stream of three lines that waits before its last one.
    private func streaming() throws -> ScriptedRunner {
        try ScriptedRunner(
            loop,
            always: [
                .waitForRequest, .streamHead, .line("one"), .waitForRelease, .line("two"), .lastLine, .lastChunk
            ])
    }

    /// Of all connections to it: those that have a script stay open on the runner's side.
    private func waitForTheEnd(of runner: ScriptedRunner, sourceLocation: SourceLocation = #_sourceLocation) {
        loop.run(
            until: { runner.connections.allSatisfy(\.isGone) && runner.openConnections == runner.connections.count },
            "the end of its connections", sourceLocation: sourceLocation)
    }

    // MARK: Streams

    @Test func aStreamRunsOnAcrossTheRemovalOfItsRunner() throws {
        let (first, second) = (try streaming(), try SimulatedRunner(loop: loop, options: .instant()))
        let gateway = try GatewayUnderTest(loop, [first, second]) { $0.policy = .roundRobin }
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        client.readBody("{\"response\":\"one\",\"done\":false}\n")
        try apply(gateway) {
            $0.runners = [try entry(second)]
            $0.policy = .leastInflight
            $0.timeouts.streamIdle = .milliseconds(50)
            $0.timeouts.firstByte = .milliseconds(50)
            $0.limits.bufferBytes = 1
        }
        #expect(gateway.gateway.exchangesInFlight == 1)
        let other = try gateway.client()
        for _ in 0..<3 {
            let answer = try other.answer()
            #expect(answer.status == 200)
            #expect(answer.runner == 0, "the one that is left has index 0 now")
        }
        first.release()
        client.readResponses()
        #expect(client.last?.lines.count == 3)
        #expect(client.last?.runner == 0)
        #expect(try client.answer().runner == 0)
        #expect(first.connections.count == 1)
        waitForTheEnd(of: first)
    }

    /// Indices move, numbers don't: each lease goes back to the runner that gave it.
    @Test func streamsRunOnWhileRunnersChangePlaces() throws {
        let runners = try (0..<3).map { _ in try streaming() }
        let gateway = try GatewayUnderTest(loop, runners) { $0.policy = .roundRobin }
        defer { gateway.stop() }
        let clients = try (0..<3).map { _ in try gateway.client() }
        for client in clients {
            client.chat()
            client.readBody("{\"response\":\"one\",\"done\":false}\n")
        }
        #expect(clients.map { $0.last?.runner } == [0, 1, 2])
        apply(gateway) { $0.runners = [$0.runners[2], $0.runners[0]] }
        #expect((0..<3).map { gateway.gateway.dispatcher.inflight(of: $0) } == [1, 1, 1])
        for place in [1, 0, 2] {
            runners[place].release()
            clients[place].readResponses()
            #expect(clients[place].last?.lines.count == 3)
            #expect(gateway.gateway.dispatcher.inflight(of: place) == 0)
        }
        #expect(gateway.gateway.runners.map(\.index) == [1, 1, 0], "the last of a removed one is its old one")
    }

    // MARK: Waiters

    @Test func whoWaitsForARemovedRunnerIsToldAtOnce() throws {
        let options = ["a", "b"].map { name in
            var options = SimulatedRunnerOptions.atHeadGate()
            options.models = [SimulatedModel(name)]
            return options
        }
        let runners = try options.map { try SimulatedRunner(loop: loop, options: $0) }
        let gateway = try GatewayUnderTest(loop, runners) { $0.runners[0].maxInflight = 1 }
        defer { gateway.stop() }
        let clients = try (0..<2).map { _ in try gateway.client() }
        for (place, client) in clients.enumerated() {
            client.chat(Ask.chat(model: "a"))
            gateway.run(untilInFlight: 1, waiting: place)
        }
        apply(gateway) { $0.runners.removeFirst() }
        #expect(gateway.gateway.exchangesWaiting == 0)
        clients[1].readResponses()
        #expect(clients[1].last?.status == 503)
        #expect(clients[1].last?.json?["error"]?.string?.contains("lists the model 'a' any more") == true)
        #expect(try gateway.client().answer(Ask.chat(model: "a")).status == 404)
        runners[0].releaseHead()
        clients[0].readResponses()
        #expect(clients[0].last?.status == 200)
    }

    @Test func aHigherCapLetsWaitersGoAtOnce() throws {
        let runner = try SimulatedRunner(loop: loop, options: .atHeadGate())
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.runners[0].maxInflight = 1 }
        defer { gateway.stop() }
        let clients = try (0..<3).map { _ in try gateway.client() }
        for (place, client) in clients.enumerated() {
            client.chat()
            gateway.run(untilInFlight: 1, waiting: place)
        }
        apply(gateway) { $0.runners[0].maxInflight = 2 }
        #expect(gateway.gateway.exchangesInFlight == 2)
        #expect(gateway.gateway.exchangesWaiting == 1)
        runner.releaseHead(3)
        for client in clients { client.readResponses() }
    }

    @Test func aWaiterGoesToARunnerThatWasAdded() throws {
        let busy = try SimulatedRunner(loop: loop, options: .atHeadGate())
        let added = try SimulatedRunner(loop: loop, options: .instant())
        let gateway = try GatewayUnderTest(loop, [busy]) {
            $0.runners[0].maxInflight = 1
            $0.runners[0].prefixID = "p"
        }
        defer {
            gateway.stop()
            added.close()
        }
        let clients = try (0..<2).map { _ in try gateway.client() }
        for (place, client) in clients.enumerated() {
            client.chat(Ask.chat(model: "p.demo"))
            gateway.run(untilInFlight: 1, waiting: place)
        }
        try apply(gateway) {
            $0.runners.append(try entry(added))
            $0.runners[1].prefixID = "p"
        }
        clients[1].readResponses()
        #expect(clients[1].last?.status == 200, "under the runner's own name")
        #expect(clients[1].last?.runner == 1)
        busy.releaseHead()
        clients[0].readResponses()
    }

    // MARK: Runners that come and go

    @Test func anAddedRunnerIsReadAndUsedAndReadinessStays() throws {
        var options = SimulatedRunnerOptions.instant()
        options.models = [SimulatedModel("new")]
        let (first, added) = (
            try SimulatedRunner(loop: loop, options: .instant()), try SimulatedRunner(loop: loop, options: options)
        )
        let gateway = try GatewayUnderTest(loop, [first])
        defer {
            gateway.stop()
            added.close()
        }
        try apply(gateway) { $0.runners.insert(try entry(added), at: 0) }
        let client = try gateway.client()
        client.get("/readyz")
        client.readResponses()
        #expect(client.last?.status == 200, "a runner that was added does not take the gateway out of service")
        let answer = try gateway.client().answer(Ask.chat(model: "new"))
        #expect(answer.status == 200, "it waits for the new runner's first list")
        #expect(answer.runner == 0)
        #expect(try gateway.client().answer().runner == 1)
    }

    @Test func aRemovedRunnersConnectionsCloseAndItIsNotAskedAnyMore() throws {
        let (kept, removed) = (
            try ScriptedRunner(loop, always: ScriptedRunner.stream("kept")),
            try ScriptedRunner(loop, always: ScriptedRunner.stream("removed"))
        )
        let gateway = try GatewayUnderTest(loop, [kept, removed]) {
            $0.policy = .roundRobin
            $0.health.tagsInterval = .milliseconds(20)
        }
        defer { gateway.stop() }
        let client = try gateway.client()
        for _ in 0..<2 { _ = try client.answer() }
        #expect(removed.openConnections > 0)
        apply(gateway) { $0.runners.removeLast() }
        waitForTheEnd(of: removed)
        let lists = removed.listsAnswered.count
        loop.run(for: .milliseconds(60))
        #expect(removed.listsAnswered.count == lists)
        #expect(kept.openConnections > 0)
    }

    @Test func aDisabledRunnerKeepsItsIndexAndComesBack() throws {
        let runners = try (0..<2).map { _ in try SimulatedRunner(loop: loop, options: .instant()) }
        let gateway = try GatewayUnderTest(loop, runners) { $0.policy = .roundRobin }
        defer { gateway.stop() }
        apply(gateway) { $0.runners[0].isEnabled = false }
        let client = try gateway.client()
        for _ in 0..<3 { #expect(try client.answer().runner == 1) }
        apply(gateway) { $0.runners[0].isEnabled = true }
        #expect(Set(try (0..<2).map { _ in try client.answer().runner }) == [0, 1])
    }

    @Test func numbersAreUsedAgainOnlyWhenNobodyKnowsThem() throws {
        let first = try streaming()
        let others = try (0..<3).map { _ in try SimulatedRunner(loop: loop, options: .instant()) }
        let gateway = try GatewayUnderTest(loop, [first])
        defer {
            gateway.stop()
            for other in others { other.close() }
        }
        let client = try gateway.client()
        client.chat()
        client.readBody("{\"response\":\"one\",\"done\":false}\n")
        for other in others { try apply(gateway) { $0.runners = [try entry(other)] } }
        #expect(gateway.gateway.runners.count > 2, "number 0 is still known by a stream")
        #expect(gateway.gateway.runners[0].configuration.url.port == first.port)
        first.release()
        client.readResponses()
        loop.run(until: { gateway.gateway.runners.dropLast().allSatisfy { $0.pool.openConnections <= 1 } })
        let count = gateway.gateway.runners.count
        for _ in 0..<5 {
            for other in others {
                try apply(gateway) { $0.runners = [try entry(other)] }
                #expect(try gateway.client().answer().status == 200)
            }
        }
        #expect(gateway.gateway.runners.count <= count + 1)
    }

    @Test func aNewPrefixAndKeyTakeEffectForARunnerThatStays() throws {
        let runner = try ScriptedRunner(loop, script: { _ in ScriptedRunner.stream("x") + ScriptedRunner.stream("y") })
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect(try client.answer().status == 200)
        apply(gateway) {
            $0.runners[0].prefixID = "p"
            $0.runners[0].key = Secret(Array("new-key".utf8))
        }
        #expect(try client.answer().status == 404)
        #expect(try client.answer(Ask.chat(model: "p.demo")).status == 200)
        let request = try #require(runner.connections.last?.requests.last)
        #expect(request.header("authorization") == "Bearer new-key")
        #expect(request.text.contains(#""model":"demo:latest""#))
    }

    /// What a request that changes runners waits for at its end must not keep it waiting forever.
    @Test func whoWaitsForTheListsOfARemovedRunnerGetsItsAnswer() throws {
        let scripts = [ScriptedRunner.stream("loaded"), [.waitForRequest, .respond(#"{"done":true}"#)]]
        let runner = try ScriptedRunner(loop, script: { $0 < scripts.count ? scripts[$0] : [] })
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect(try client.answer().status == 200)
        runner.answersLists = false
        client.post("/api/generate", #"{"model":"demo","keep_alive":0}"#)
        loop.run(until: { runner.connections.count == 3 }, "that its lists are asked for again")
        #expect(client.responses.count == 1)
        apply(gateway) { $0.runners = [] }
        client.readResponses(2)
        #expect(client.last?.status == 200)
    }
}
