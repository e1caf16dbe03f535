// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// A runner that says that it hasn't got the model it lists: another one is asked, and its list is read again.
@Suite(.serialized) struct MissingModelTests {
    let loop: Loop
    static let words = #"{"error":"model 'demo' not found"}"#
    static let notFound: [ScriptedRunner.Step] = [
        .waitForRequest, .respond(404, words, "Content-Type: application/json; charset=utf-8\r\n")
    ]

    init() throws {
        loop = try Loop()
    }

    private func tagsRead(_ runner: ScriptedRunner) -> Int {
        runner.listsAnswered.count { $0 == "GET /api/tags" }
    }

    @Test func theNextHolderAnswersAndTheListIsReadAgain() throws {
        let stale = try ScriptedRunner(loop, always: MissingModelTests.notFound)
        let well = try ScriptedRunner(loop, always: ScriptedRunner.stream("here") + ScriptedRunner.stream("here"))
        let gateway = try GatewayUnderTest(loop, [stale, well])
        defer { gateway.stop() }
        let before = tagsRead(stale)
        stale.models = []
        let client = try gateway.client()
        #expect(try client.answer().runner == 1)
        loop.run(until: { tagsRead(stale) == before + 1 }, "that the list is read again")
        #expect(try client.answer().runner == 1)
        #expect(stale.connections.count == 1, "it isn't asked twice")
        #expect(gateway.health(0).failuresInARow == 0)
    }

    @Test func theOnlyHoldersOwnWordsArePassedOnAtTheRoot() throws {
        let stale = try ScriptedRunner(loop, always: MissingModelTests.notFound)
        let gateway = try GatewayUnderTest(loop, [stale])
        defer { gateway.stop() }
        let before = tagsRead(stale)
        let response = try gateway.client().answer()
        #expect(response.status == 404)
        #expect(response.body == MissingModelTests.words)
        #expect(response.runner == 0)
        loop.run(until: { tagsRead(stale) == before + 1 })
    }

    @Test func underThePrefixItIsFourHundred() throws {
        let stale = try ScriptedRunner(loop, always: MissingModelTests.notFound)
        let gateway = try GatewayUnderTest(loop, [stale])
        defer { gateway.stop() }
        let response = try gateway.client().answer(to: "/docker-model-runner/api/chat")
        #expect(response.status == 400)
        #expect(response.json?["detail"]?.string == "model 'demo' not found")
        #expect(response.json?["error"]?.string == "model 'demo' not found")
    }

    @Test func whenTheListSaysItIsBackItIsAskedAgain() throws {
        let runner = try ScriptedRunner(loop, always: MissingModelTests.notFound + ScriptedRunner.stream("back"))
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        let before = tagsRead(runner)
        #expect(try client.answer().status == 404)
        loop.run(until: { tagsRead(runner) == before + 1 })
        loop.run(until: { if case .found = gateway.gateway.catalog.resolve("demo") { true } else { false } })
        #expect(try client.answer().status == 200)
    }

    /// Ollama takes white space around a name and `:local` behind it for nothing, but not every version of it does.
    @Test(arguments: ["demo:latest:local", " demo"]) func aDeniedAliasDoesNotTakeTheModelFromOthers(
        alias: String
    ) throws {
        let older = try ScriptedRunner(loop, always: MissingModelTests.notFound + ScriptedRunner.stream("here"))
        let gateway = try GatewayUnderTest(loop, [older])
        defer { gateway.stop() }
        let body = #"{"model":"\#(alias)","messages":[{"role":"user","content":"x"}]}"#
        #expect(try gateway.client().answer(to: "/api/chat", body).status == 404)
        #expect(try gateway.client().answer().status == 200)
    }
}
