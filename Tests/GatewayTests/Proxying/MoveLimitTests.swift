// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// How often an exchange moves, and what the client gets when nobody is left.
@Suite(.serialized) struct MoveLimitTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func runners(_ count: Int, _ script: [ScriptedRunner.Step]) throws -> [ScriptedRunner] {
        try (0..<count).map { _ in try ScriptedRunner(loop, always: script) }
    }

    private func asked(_ runners: [ScriptedRunner]) -> [Int] { runners.map(\.connections.count) }

    @Test func itMovesTwiceAndThenPassesOnTheLastRunnersOwnResponse() throws {
        let runners = try runners(4, [.waitForRequest, .waitForRelease, .respond(502, "mine", "X-Mine: 1\r\n")])
        for runner in runners {
            runner.script = { [port = runner.port] _ in [.waitForRequest, .respond(502, "of \(port)")] }
        }
        let gateway = try GatewayUnderTest(loop, runners)
        defer { gateway.stop() }
        let response = try gateway.client().answer()
        #expect(response.status == 502)
        #expect(response.runner == 2)
        #expect(response.body == "of \(runners[2].port)")
        #expect(asked(runners) == [1, 1, 1, 0])
    }

    @Test(arguments: [
        ("reset", [ScriptedRunner.Step.waitForRequest, .reset]), ("close", [.waitForRequest, .close])
    ])
    func aPromptThatCrashesRunnersKillsNoMoreThanTwo(name: String, script: [ScriptedRunner.Step]) throws {
        let runners = try runners(3, script)
        let gateway = try GatewayUnderTest(loop, runners)
        defer { gateway.stop() }
        let response = try gateway.client().answer()
        #expect(asked(runners) == [1, 1, 0])
        #expect(response.status == 502)
        #expect(response.json?["error"]?.string?.contains("runner 1 (127.0.0.1:\(runners[1].port)) closed") == true)
        #expect(response.runner == nil)
    }

    @Test func runnersThatAreNotThereCostMovesToo() throws {
        let runners = try runners(4, ScriptedRunner.stream("a"))
        let gateway = try GatewayUnderTest(loop, runners)
        defer { gateway.stop() }
        for runner in runners.prefix(3) { runner.stopListening() }
        let response = try gateway.client().answer()
        #expect(response.status == 502)
        #expect(response.json?["error"]?.string?.contains("could not be reached") == true)
        // Nobody was killed by it, and the next client's luck is better.
        #expect(try gateway.client().answer().runner == 3)
    }

    @Test func whenAllAreSilentTheClientIsToldAfterThree() throws {
        let runners = try runners(4, [.waitForRequest])
        let gateway = try GatewayUnderTest(loop, runners) { $0.timeouts.firstByte = .milliseconds(50) }
        defer { gateway.stop() }
        let response = try gateway.client().answer()
        #expect(response.status == 504)
        #expect(response.json?["error"]?.string?.contains("timeouts.first_byte") == true)
        #expect(asked(runners) == [1, 1, 1, 0])
        for runner in runners.prefix(3) { loop.run(until: { runner.connections[0].isGone }) }
    }

    struct Family: CustomTestStringConvertible {
        var path: String
        var sentence: @Sendable (JSON) -> String?
        var testDescription: String { path }
    }

    @Test(arguments: [
        Family(path: "/api/chat") { $0["error"]?.string },
        Family(path: "/v1/chat/completions") { $0["error"]?["message"]?.string },
        Family(path: "/docker-model-runner/api/chat") {
            $0["detail"]?.string == $0["error"]?.string ? $0["detail"]?.string : nil
        },
        Family(path: "/docker-model-runner/v1/chat/completions") {
            $0["detail"]?.string == $0["error"]?["message"]?.string ? $0["detail"]?.string : nil
        }
    ])
    func ourErrorHasTheShapeOfTheRoute(family: Family) throws {
        let reset = try ScriptedRunner(loop, always: [.waitForRequest, .reset])
        let gateway = try GatewayUnderTest(loop, [reset])
        defer { gateway.stop() }
        let client = try gateway.client()
        for _ in 1...2 {
            let response = try client.answer(to: family.path, Ask.openAIChat)
            #expect(response.status == 502)
            #expect(response.header("content-type") == "application/json; charset=utf-8")
            #expect(
                family.sentence(try #require(response.json))?.hasPrefix("runner 0 (127.0.0.1:\(reset.port))") == true)
        }
        #expect(client.closeness == .open, "the connection goes on")
    }

    @Test func aMovedExchangeThatHasToWaitStandsFirst() throws {
        let sick = try ScriptedRunner(loop, always: [.waitForRequest, .waitForRelease, .respond(502, "bad")])
        let well = try SimulatedRunner(loop: loop, options: .atHeadGate())
        let gateway = try GatewayUnderTest(loop, [sick, well]) {
            for place in 0...1 { $0.runners[place].maxInflight = 1 }
        }
        defer { gateway.stop() }
        let clients = try (0..<3).map { _ in try gateway.client() }
        for (place, client) in clients.enumerated() {
            client.chat()
            gateway.run(untilInFlight: min(2, place + 1), waiting: max(0, place - 1))
        }
        // The first one's runner fails; it comes before the third, which waits already.
        loop.run(until: { sick.connections.first?.requests.first?.isComplete == true })
        sick.release()
        loop.run(until: { sick.connections.count == 2 }, "that the third got the failed runner's slot")
        #expect(gateway.gateway.exchangesWaiting == 1)
        well.releaseHead()
        clients[1].readResponses()
        loop.run(until: { well.inferenceRequestsSeen == 2 })
        well.releaseHead()
        clients[0].readResponses()
        #expect(clients[0].last?.runner == 1)
        #expect(clients[0].last?.status == 200)
    }
}
