// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// A runner may close a kept-alive connection just as it is used again. That says nothing about the runner or the
/// request, so the same runner is asked once more, on a fresh connection.
@Suite(.serialized) struct StaleConnectionTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test(arguments: [("close", ScriptedRunner.Step.close), ("reset", .reset)])
    func itIsReplacedOnceByAFreshOne(name: String, end: ScriptedRunner.Step) throws {
        let runner = try ScriptedRunner(loop) { number in
            number == 0
                ? ScriptedRunner.stream("first") + [.waitForRequest, end]
                : ScriptedRunner.stream("fresh")
        }
        let other = try ScriptedRunner(loop, models: ["other"], always: [])
        let gateway = try GatewayUnderTest(loop, [runner, other])
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect(try client.answer().lines.count == 2)
        let response = try client.answer()
        #expect(response.body.contains("fresh"))
        #expect(client.responses.count == 2)
        #expect(runner.connections.map(\.requests.count) == [2, 1])
        #expect(gateway.health(0).failuresInARow == 0)
    }

    /// The other runner lists the model, too: replacing a connection is still no move.
    @Test func noOtherRunnerSeesTheRequest() throws {
        let runner = try ScriptedRunner(loop) { number in
            number == 0 ? ScriptedRunner.stream("first") + [.waitForRequest, .close] : ScriptedRunner.stream("fresh")
        }
        let other = try ScriptedRunner(loop, always: ScriptedRunner.stream("other"))
        let gateway = try GatewayUnderTest(loop, [runner, other])
        defer { gateway.stop() }
        let client = try gateway.client()
        // Where the model is loaded, the next one goes, too.
        #expect(try [client.answer().runner, client.answer().runner] == [0, 0])
        #expect(runner.connections.map(\.requests.count) == [2, 1])
        #expect(other.connections.isEmpty)
    }

    @Test func aFreshOneThatDiesTooMoves() throws {
        let runner = try ScriptedRunner(loop) { number in
            number == 0 ? ScriptedRunner.stream("first") + [.waitForRequest, .close] : [.waitForRequest, .close]
        }
        let well = try ScriptedRunner(loop, always: ScriptedRunner.stream("well") + ScriptedRunner.stream("well"))
        let gateway = try GatewayUnderTest(loop, [runner, well])
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect(try [client.answer().runner, client.answer().runner] == [0, 1])
        #expect(try client.answer().runner == 1)
        #expect(runner.connections.count == 2)
        #expect(gateway.health(0).failuresInARow == 1)
    }

    /// The runner has begun to answer: it may have done the work, so this is a failure and not a stale connection.
    @Test(arguments: ["HTTP/1.1 200", "HTTP/1.1 100 Continue\r\n\r\n"])
    func oneThatHasBegunToAnswerIsNotReplaced(beginning: String) throws {
        let runner = try ScriptedRunner(
            loop, always: ScriptedRunner.stream("first") + [.waitForRequest, .send(beginning), .close])
        let well = try ScriptedRunner(loop, always: ScriptedRunner.stream("well") + ScriptedRunner.stream("well"))
        let gateway = try GatewayUnderTest(loop, [runner, well])
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect(try [client.answer().runner, client.answer().runner] == [0, 1])
        #expect(runner.connections.count == 1)
        #expect(gateway.health(0).failuresInARow == 1)
    }

    @Test func oneThatIsClosedWhileIdleIsNotUsed() throws {
        let runner = try ScriptedRunner(loop, always: ScriptedRunner.stream("a") + [.close])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        for count in 1...3 {
            #expect(try client.answer().status == 200)
            loop.run(until: { runner.connections[count - 1].isGone })
        }
        #expect(gateway.health(0).failuresInARow == 0)
    }

    @Test func aConnectionThatTheRunnerWantsClosedIsNotKept() throws {
        let runner = try ScriptedRunner(
            loop, always: [.waitForRequest, .respond(200, "a", "Connection: close\r\n"), .waitForRequest])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        for _ in 1...2 { _ = try client.answer() }
        #expect(runner.connections.count == 2)
        #expect(client.closeness == .open)
    }

    @Test func listsAreReadAgainOverAFreshConnection() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        // Connections are closed before the next list is due.
        runner.options.faults.closeIdleAfter = .milliseconds(10)
        let gateway = try GatewayUnderTest(loop, [runner]) {
            $0.health.tagsInterval = .milliseconds(60)
            $0.health.psInterval = .milliseconds(60)
            $0.health.probeInterval = .milliseconds(60)
        }
        defer { gateway.stop() }
        let seen = runner.requestsSeen
        loop.run(until: { runner.requestsSeen >= seen + 6 }, "two more rounds of lists")
        #expect(gateway.health(0).failuresInARow == 0)
        #expect(runner.connectionsAccepted >= 2)
    }
}
