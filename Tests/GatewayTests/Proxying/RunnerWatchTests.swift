// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@testable import Gateway
@testable import Transport

@Suite(.serialized) struct RunnerWatchTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// A question out of turn (an exchange could not reach the runner) is still unanswered when the next one is due:
    /// the loop went round and round for it.
    @Test func whatIsDueWhileAQuestionRunsWaitsForItsEnd() throws {
        let runner = try ScriptedRunner(loop, always: [])
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.timeouts.probe = .seconds(30) }
        defer { gateway.stop() }
        loop.run(until: { runner.listsAnswered.count >= 3 }, "the first round of lists")
        loop.turn(wait: false)
        runner.answersLists = false
        let watch = try #require(gateway.gateway.runners[0].watch)
        loop.run(
            until: {
                watch.isDoubtful()
                return runner.connections.count == 1
            }, "a question out of turn")
        loop.skip(.seconds(20))
        loop.run(for: .milliseconds(20))
        #expect(runner.connections.count == 1)
        #expect(runner.openConnections == 1, "one question at a time")
    }
}
