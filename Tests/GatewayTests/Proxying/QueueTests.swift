// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing

@testable import Gateway
@testable import Transport

/// All runners are at their cap: exchanges wait for a slot, oldest first, and not without end.
@Suite(.serialized) struct QueueTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func gateway(
        _ count: Int, change: (inout Configuration) -> Void = { _ in }
    ) throws -> (GatewayUnderTest, [SimulatedRunner]) {
        let runners = try (0..<count).map { _ in try SimulatedRunner(loop: loop, options: .atHeadGate()) }
        let gateway = try GatewayUnderTest(loop, runners) {
            for place in 0..<count { $0.runners[place].maxInflight = 1 }
            change(&$0)
        }
        return (gateway, runners)
    }

    /// Clients whose requests came in this order, the first `slots` of them being served.
    private func clients(_ count: Int, of gateway: GatewayUnderTest, slots: Int) throws -> [RawClient] {
        try (1...count).map { place in
            let client = try gateway.client()
            client.chat()
            gateway.run(untilInFlight: min(slots, place), waiting: max(0, place - slots))
            return client
        }
    }

    @Test func theThirdWaitsForTheFirstToEnd() throws {
        let (gateway, runners) = try gateway(2)
        defer { gateway.stop() }
        let clients = try clients(3, of: gateway, slots: 2)
        loop.run(until: { runners.allSatisfy { $0.inflight == 1 } })
        #expect(runners.map(\.inferenceRequestsSeen) == [1, 1])
        runners[1].releaseHead()
        clients[1].readResponses()
        loop.run(until: { runners[1].inferenceRequestsSeen == 2 })
        runners[1].releaseHead()
        clients[2].readResponses()
        #expect(clients[2].last?.runner == 1)
        runners[0].releaseHead()
        clients[0].readResponses()
    }

    @Test func waitersAreServedInTheOrderTheyCame() throws {
        let (gateway, runners) = try gateway(1)
        defer { gateway.stop() }
        let clients = try clients(6, of: gateway, slots: 1)
        for (place, client) in clients.enumerated() {
            runners[0].releaseHead()
            client.readResponses()
            #expect(clients[(place + 1)...].allSatisfy { $0.responses.isEmpty })
        }
    }

    /// A waiter for one model is not in the way of another model's.
    @Test func aWaiterWhoseRunnerIsBusyDoesNotHoldUpOthers() throws {
        let options = ["a", "b"].map { name in
            var options = SimulatedRunnerOptions.atHeadGate()
            options.models = [SimulatedModel(name)]
            return options
        }
        let runners = try options.map { try SimulatedRunner(loop: loop, options: $0) }
        let gateway = try GatewayUnderTest(loop, runners) {
            for place in 0...1 { $0.runners[place].maxInflight = 1 }
        }
        defer { gateway.stop() }
        let clients = try (0..<4).map { _ in try gateway.client() }
        for (place, model) in ["a", "b", "a", "b"].enumerated() {
            clients[place].chat(Ask.chat(model: model))
            gateway.run(untilInFlight: min(2, place + 1), waiting: max(0, place - 1))
        }
        runners[1].releaseHead(2)
        clients[3].readResponses()
        #expect(clients[2].responses.isEmpty)
        runners[0].releaseHead(2)
        clients[2].readResponses()
    }

    @Test func aFullQueueIsSaidAtOnce() throws {
        let (gateway, runners) = try gateway(1) { $0.limits.queue = 1 }
        defer { gateway.stop() }
        let clients = try clients(2, of: gateway, slots: 1)
        let refused = try gateway.client()
        let response = try refused.answer()
        #expect(response.status == 503)
        #expect(response.json?["error"]?.string?.contains("limits.queue") == true)
        #expect(response.header("x-should-retry") == "false")
        let seconds = try #require(response.header("retry-after").flatMap { Int($0) })
        #expect((1...60).contains(seconds))
        #expect(refused.closeness == .open)
        runners[0].releaseHead(2)
        for client in clients { client.readResponses() }
        runners[0].releaseHead()
        #expect(try refused.answer().status == 200)
    }

    @Test func whoWaitedTooLongIsToldSo() throws {
        let (gateway, runners) = try gateway(1) { $0.timeouts.queue = .milliseconds(80) }
        defer { gateway.stop() }
        let clients = try clients(2, of: gateway, slots: 1)
        clients[1].readResponses()
        let response = try #require(clients[1].last)
        #expect(response.status == 503)
        #expect(response.json?["error"]?.string?.contains("timeouts.queue") == true)
        #expect(response.header("x-should-retry") == "false")
        #expect(response.header("retry-after") != nil)
        #expect(gateway.gateway.exchangesWaiting == 0)
        runners[0].releaseHead()
        clients[0].readResponses()
        #expect(clients[0].last?.status == 200, "the limit is about waiting only")
    }

    @Test func whoIsServedInTimeIsNotCutByTheQueuesLimit() throws {
        let (gateway, runners) = try gateway(1) {
            $0.timeouts.queue = .seconds(100)
            $0.timeouts.probe = nil
        }
        defer { gateway.stop() }
        let clients = try clients(2, of: gateway, slots: 1)
        runners[0].releaseHead()
        loop.run(until: { runners[0].inferenceRequestsSeen == 2 })
        loop.skip(.seconds(300))
        runners[0].releaseHead()
        clients[1].readResponses()
        #expect(clients[1].last?.status == 200)
    }

    @Test func showTakesNoSlotAndDoesNotWait() throws {
        let (gateway, runners) = try gateway(1)
        defer { gateway.stop() }
        let clients = try clients(2, of: gateway, slots: 1)
        #expect(try gateway.client().answer(to: "/api/show", #"{"model":"demo"}"#).status == 200)
        runners[0].releaseHead(2)
        for client in clients { client.readResponses() }
    }

    @Test func aModelThatIsGoneFromAllListsIsNotWaitedFor() throws {
        let runner = try SimulatedRunner(loop: loop, options: .atHeadGate())
        let gateway = try GatewayUnderTest(loop, [runner]) {
            $0.runners[0].maxInflight = 1
            $0.health.tagsInterval = .milliseconds(20)
        }
        defer { gateway.stop() }
        let clients = try clients(2, of: gateway, slots: 1)
        runner.options.models = [SimulatedModel("other")]
        clients[1].readResponses()
        #expect(clients[1].last?.status == 503)
        #expect(clients[1].last?.json?["error"]?.string?.contains("lists the model 'demo' any more") == true)
        runner.releaseHead()
        clients[0].readResponses()
        #expect(clients[0].last?.status == 200)
    }

    /// It came by the model while the exchange waited, so the exchange knew nothing of it at first.
    @Test func aRunnerThatLearnsTheModelIsAskedForItByItsOwnName() throws {
        let busy = try SimulatedRunner(loop: loop, options: .atHeadGate())
        let learner = try ScriptedRunner(loop, models: [], always: ScriptedRunner.stream("hi"))
        let gateway = try GatewayUnderTest(loop, [busy, learner]) {
            $0.runners[0].maxInflight = 1
            for place in 0..<2 { $0.runners[place].prefixID = "gpu" }
            $0.health.tagsInterval = .milliseconds(20)
        }
        defer { gateway.stop() }
        let clients = try (1...2).map { place in
            let client = try gateway.client()
            client.chat(Ask.chat(model: "gpu.demo"))
            gateway.run(untilInFlight: 1, waiting: place - 1)
            return client
        }
        learner.models = ["demo:latest"]
        clients[1].readResponses()
        #expect(clients[1].last?.runner == 1)
        #expect(learner.connections.first?.requests.first?.text == Ask.chat(model: "demo:latest"))
        busy.releaseHead()
        clients[0].readResponses()
    }
}
