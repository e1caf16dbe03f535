// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Which models are known when, and what the others are told: unknown, unavailable and not yet known differ.
@Suite(.serialized) struct KnownModelTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test func aRunnerThatIsDownAtTheStartJoinsWhenItComesUp() throws {
        let closed = try ClosedPort()
        let well = try SimulatedRunner(loop: loop, options: .instant(models: [SimulatedModel("other")]))
        let gateway = try GatewayUnderTest(loop, [well, closed]) { $0.health.probeInterval = .milliseconds(20) }
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect(try client.answer().status == 404, "nobody has ever listed it")
        let late = try SimulatedRunner(loop: loop, port: closed.port, options: .instant())
        defer { late.close() }
        loop.run(until: { gateway.health(1).isInRotation }, "that it joins")
        let response = try client.answer()
        #expect(response.status == 200)
        #expect(response.runner == 1)
        client.get("/api/tags")
        client.readResponses(3)
        #expect(client.last?.json?["models"]?.array?.count == 2)
    }

    @Test func lastKnownListsSurviveARestart() throws {
        let folder = try TemporaryFolder()
        let stays = try SimulatedRunner(loop: loop, options: .instant(models: [SimulatedModel("a")]))
        let goes = try SimulatedRunner(loop: loop, options: .instant(models: [SimulatedModel("b")]))
        let before = try GatewayUnderTest(loop, [stays, goes]) { $0.stateDirectory = folder.path }
        before.stop(keepingRunners: true)
        goes.close()
        let gateway = try GatewayUnderTest(loop, [stays, goes]) { $0.stateDirectory = folder.path }
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect(try client.answer(to: "/api/chat", Ask.chat(model: "a")).status == 200)
        for path in ["/api/chat", "/docker-model-runner/api/chat", "/v1/chat/completions", "/api/show"] {
            let response = try client.answer(to: path, Ask.chat(model: "b"))
            #expect(response.status == 503, "\(path)")
            #expect(response.body.contains("runner 1 (127.0.0.1:\(goes.port))"), "\(path) names the runner")
            #expect(response.header("retry-after") != nil)
            #expect(response.header("x-should-retry") == "false")
        }
        client.get("/api/tags")
        client.readResponses(6)
        #expect(client.last?.json?["models"]?.array?.count == 2)
    }

    /// The dead runner is found dead by the request itself: its probe has not ended yet.
    @Test func aModelOfAnUnreachableRunnerIsNeverUnknown() throws {
        let folder = try TemporaryFolder()
        let closed = try ClosedPort()
        try folder.saveLists(of: [closed])
        let gateway = try GatewayUnderTest(loop, [closed], waitsForLists: false) { $0.stateDirectory = folder.path }
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect([502, 503].contains(try client.answer().status))
        gateway.waitForLists()
        let response = try client.answer()
        #expect(response.status == 503)
        #expect(response.body.contains("127.0.0.1:\(closed.port)"))
    }

    @Test(arguments: [
        ("/api/chat", 404, #"{"error":"model 'none' not found"}"#),
        ("/api/embed", 404, #"{"error":"model \"none\" not found, try pulling it first"}"#),
        ("/api/show", 404, #"{"error":"model 'none:latest' not found"}"#),
        (
            "/docker-model-runner/api/chat", 400,
            #"{"error":"model 'none' not found","detail":"model 'none' not found"}"#
        )
    ])
    func anUnknownModelIsAnsweredInTheRoutesWords(path: String, status: Int, body: String) throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let response = try gateway.client().answer(to: path, #"{"model":"none","input":"x","messages":[]}"#)
        #expect(response.status == status)
        #expect(response.body == body)
        #expect(runner.inferenceRequestsSeen == 0)
    }

    @Test func whereNoListWasEverReadIsUnavailable() throws {
        let gateway = try GatewayUnderTest(loop, [try ClosedPort(), try ClosedPort()])
        defer { gateway.stop() }
        let response = try gateway.client().answer()
        #expect(response.status == 503)
        #expect(response.header("retry-after") != nil)
    }

    /// A runner whose list comes when the test says so.
    private func slowLister() throws -> ScriptedRunner {
        let tags = #"{"models":[{"name":"slow:latest","model":"slow:latest"}]}"#
        let runner = try ScriptedRunner(loop) { number in
            number == 0 ? [.waitForRequest, .waitForRelease, .respond(tags)] : ScriptedRunner.stream("slow")
        }
        runner.answersLists = false
        return runner
    }

    @Test func whoComesEarlyWaitsForTheFirstLists() throws {
        let runner = try slowLister()
        let gateway = try GatewayUnderTest(loop, [runner], waitsForLists: false)
        defer { gateway.stop() }
        let (known, unknown) = (try gateway.client(), try gateway.client())
        known.chat(Ask.chat(model: "slow"))
        unknown.chat(Ask.chat(model: "none"))
        loop.run(until: { gateway.gateway.exchangesAwaitingLists == 2 && runner.connections.count == 1 })
        runner.release()
        known.readResponses()
        unknown.readResponses()
        #expect(known.last?.status == 200)
        #expect(unknown.last?.status == 404)
    }

    @Test func whoIsKnownAlreadyDoesNotWaitForTheOthers() throws {
        let slow = try slowLister()
        let quick = try SimulatedRunner(loop: loop, options: .instant())
        let gateway = try GatewayUnderTest(loop, [slow, quick], waitsForLists: false)
        defer { gateway.stop() }
        let (unknown, known) = (try gateway.client(), try gateway.client())
        unknown.chat(Ask.chat(model: "slow"))
        #expect(try known.answer().runner == 1)
        #expect(unknown.responses.isEmpty)
        slow.release()
        unknown.readResponses()
        #expect(unknown.last?.runner == 0)
    }

    @Test func aRunnerThatNeverAnswersIsWaitedForNoLongerThanItsProbe() throws {
        let silent = try ScriptedRunner(loop, always: [])
        silent.answersLists = false
        let well = try SimulatedRunner(loop: loop, options: .instant())
        let gateway = try GatewayUnderTest(loop, [silent, well], waitsForLists: false) {
            $0.timeouts.probe = .milliseconds(80)
        }
        defer { gateway.stop() }
        let begin = loop.now
        let response = try gateway.client().answer(to: "/api/chat", Ask.chat(model: "none"))
        #expect(response.status == 404)
        #expect(loop.now - begin >= .milliseconds(70))
    }
}
