// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@testable import Gateway

/// A runner's `headers` are in everything that is sent to it, and in nothing that is sent to others.
@Suite(.serialized) struct RunnerHeadersTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// Every request that it gets is kept, lists included.
    private func runner(_ models: [String]) throws -> ScriptedRunner {
        let answer = #"{"models":[{"name":"m","model":"m"}],"version":"1.0.0","status":"success"}"#
        let steps: [[ScriptedRunner.Step]] = Array(repeating: [.waitForRequest, .respond(answer)], count: 40)
        let runner = try ScriptedRunner(loop, models: models, always: Array(steps.joined()))
        runner.answersLists = false
        return runner
    }

    private func sent(_ runner: ScriptedRunner, _ line: String) -> ScriptedConnection.Request? {
        runner.connections.flatMap(\.requests).first { $0.line == line && $0.isComplete }
    }

    @Test func theyAreSentWithInferenceManagementAndProbes() throws {
        let (first, second) = (try runner(["m"]), try runner(["m"]))
        let under = try GatewayUnderTest(loop, [first, second]) {
            $0.runners[0].headers = [
                .init(name: "X-Team", value: Secret(Array("blue".utf8))),
                .init(name: "Authorization", value: Secret(Array("Basic dTpw".utf8)))
            ]
            $0.policy = .roundRobin
        }
        for line in ["GET /api/tags", "GET /api/version"] {
            loop.run(until: { sent(first, line) != nil && sent(second, line) != nil }, line)
        }
        let client = try under.client()
        for count in 1...2 {
            client.post(
                "/api/generate", #"{"model":"m","stream":false}"#, "X-Team: red\r\nAuthorization: Bearer me\r\n")
            client.readResponses(count)
        }
        client.post("/api/pull", #"{"model":"x"}"#)
        client.readResponses(3)
        for line in ["GET /api/tags", "GET /api/version", "POST /api/generate", "POST /api/pull"] {
            let request = try #require(sent(first, line), "\(line)")
            #expect(request.header("x-team") == "blue", "\(line)")
            #expect(request.header("authorization") == "Basic dTpw", "\(line)")
            #expect(
                request.head.headers.fields.count { request.head.headers.nameText($0).lowercased() == "x-team" } == 1)
            let other = try #require(sent(second, line), "\(line)")
            #expect(other.header("x-team") != "blue", "\(line)")
            #expect(other.header("authorization") == nil, "\(line)")
        }
        #expect(
            sent(second, "POST /api/generate")?.header("x-team") == "red",
            "a client's own goes where nothing else is set")
        under.stop()
    }

    @Test func aChangeCountsForTheNextRequestAndAsksForListsAnew() throws {
        let runner = try runner(["m"])
        let site = try ConfiguredGateway(loop, #"{"runners":[{"url":"URL0","headers":{"X-Team":"blue"}}]}"#, [runner])
        loop.run(until: { sent(runner, "GET /api/version") != nil }, "the first lists")
        func requests() -> [ScriptedConnection.Request] { runner.connections.flatMap(\.requests) }
        #expect(requests().allSatisfy { $0.header("x-team") == "blue" })
        #expect(try !site.read().body.contains("blue"))
        let answer = try site.update(
            ConfiguredGateway.body([runner.url], #"{"0":{"headers":{"X-Team":"green","X-More":"1"}}}"#))
        #expect(answer.status == 200)
        #expect(!answer.body.contains("green"))
        loop.run(
            until: { requests().contains { $0.line == "GET /api/tags" && $0.header("x-team") == "green" } },
            "lists with the new headers")
        #expect(requests().last?.header("x-more") == "1")
        site.stop()
    }
}
