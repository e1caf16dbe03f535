// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// 503 from a runner: it has enough to do, which is no failure. Others are asked, and where all are busy, time is.
@Suite(.serialized) struct BusyRunnerTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    static func busy(_ fields: String = "") -> [ScriptedRunner.Step] {
        [.waitForRequest, .respond(503, #"{"error":"server busy"}"#, "Content-Type: application/json\r\n\(fields)")]
    }

    private func runner(busyFor times: Int, _ fields: String = "") throws -> ScriptedRunner {
        try ScriptedRunner(loop) { $0 < times ? BusyRunnerTests.busy(fields) : ScriptedRunner.stream("served") }
    }

    @Test func whenAllAreBusyTheExchangeWaitsAndIsServed() throws {
        let runners = [try runner(busyFor: 1), try runner(busyFor: 1, "Retry-After: 3\r\n")]
        let gateway = try GatewayUnderTest(loop, runners)
        defer { gateway.stop() }
        let client = try gateway.client()
        let begin = loop.now
        client.chat()
        gateway.run(untilInFlight: 0, waiting: 1)
        #expect(runners.map(\.connections.count) == [1, 1])
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(client.last?.runner == 0, "the one that asked for no more than the usual second")
        #expect(loop.now - begin >= .milliseconds(990))
        #expect(client.responses.count == 1)
        #expect((0...1).allSatisfy { gateway.health($0).failuresInARow == 0 })
    }

    @Test func whatOutlivesTheQueueGetsOurWords() throws {
        let runner = try runner(busyFor: 99)
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.timeouts.queue = .milliseconds(60) }
        defer { gateway.stop() }
        let response = try gateway.client().answer()
        #expect(response.status == 503)
        #expect(response.json?["error"]?.string?.contains("timeouts.queue") == true)
        #expect(response.header("x-should-retry") == "false")
        #expect(response.runner == nil)
        #expect(runner.connections.count == 1)
    }

    /// Or a runner that always says so would be asked thousands of times a second.
    @Test func retryAfterZeroIsNotTakenLiterally() throws {
        let runner = try ScriptedRunner(
            loop, always: (0..<50).flatMap { _ in BusyRunnerTests.busy("Retry-After: 0\r\n") })
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.timeouts.queue = .milliseconds(100) }
        defer { gateway.stop() }
        #expect(try gateway.client().answer().status == 503)
        #expect(runner.connections.reduce(0) { $0 + $1.requests.count } <= 2)
    }

    @Test func newExchangesStayAwayFromABusyRunner() throws {
        let busy = try ScriptedRunner(loop, always: BusyRunnerTests.busy("Retry-After: 30\r\n"))
        let well = try SimulatedRunner(loop: loop, options: .instant())
        let gateway = try GatewayUnderTest(loop, [busy, well])
        defer { gateway.stop() }
        let client = try gateway.client()
        for _ in 1...5 { #expect(try client.answer().runner == 1) }
        #expect(busy.connections.count == 1)
    }

    /// A slot is worth more than the busy runner's second: the waiter takes what is free first.
    @Test func aWaiterTakesTheFirstRunnerThatIsFree() throws {
        let busy = try ScriptedRunner(loop, always: BusyRunnerTests.busy("Retry-After: 30\r\n"))
        let well = try SimulatedRunner(loop: loop, options: .atHeadGate())
        let gateway = try GatewayUnderTest(loop, [busy, well]) { $0.runners[1].maxInflight = 1 }
        defer { gateway.stop() }
        let (waiter, first) = (try gateway.client(), try gateway.client())
        // The model is loaded on the second after this, which makes it the first choice.
        well.releaseHead()
        #expect(try first.answer().runner == 1)
        first.chat()
        gateway.run(untilInFlight: 1)
        waiter.chat()
        gateway.run(untilInFlight: 1, waiting: 1)
        well.releaseHead()
        first.readResponses(2)
        loop.run(until: { well.inferenceRequestsSeen == 3 })
        well.releaseHead()
        waiter.readResponses()
        #expect(waiter.last?.runner == 1)
    }
}
