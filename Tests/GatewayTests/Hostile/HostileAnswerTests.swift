// SPDX-License-Identifier: MIT

import GatewayCore
import HostileCases
import Testing
import Transport

@testable import Gateway

/// What a runner may send: what its client sees of it, what it costs the runner, and that nothing of it reaches the
/// next client.
@Suite(.serialized) struct HostileAnswerTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private static let well = #"{"well":true}"#

    private static func script(_ row: HostileAnswer) -> [ScriptedRunner.Step] {
        let end: [ScriptedRunner.Step] =
            switch row.end {
            case .staysOpen: []
            case .closes: [.close]
            // It has to have been read, or the reset would overtake it.
            case .resets: [.waitForRelease, .reset]
            }
        return [.waitForRequest, .send(row.bytes)] + end + [.waitForRequest, .respond(well)]
    }

    @Test func noTwoCasesShareAName() {
        let names = HostileAnswer.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: HostileAnswer.all)
    func fromTheOnlyRunner(row: HostileAnswer) throws {
        let runner = try ScriptedRunner(loop) { number in
            number == 0 ? Self.script(row) : [.waitForRequest, .respond(Self.well)]
        }
        let site = try GatewayUnderTest(loop, [runner]) { $0.health.ejectAfter = .max }
        defer { site.stop() }
        let client = try site.client()
        client.chat()
        endBehindItsBytes(row, runner, client)
        switch row.outcome {
        case .passes(let status, let body):
            client.readResponses()
            #expect(client.last?.status == status)
            #expect(client.last?.body == body)
        case .refused:
            client.readResponses()
            #expect(client.last?.status == 502)
            #expect(client.last?.body.contains("runner 0") == true)
        case .cut(let body):
            client.readToEnd()
            #expect(client.last?.isComplete == false)
            #expect(client.last?.body == body)
        }
        #expect(client.responses.count == 1)
        #expect(client.parseFailure == nil)
        #expect(!client.text.contains("X-Injected") && !client.text.contains("poison"))
        #expect(site.health(0).failuresInARow == (row.isFailure ? 1 : 0))
        site.expectIdle()
        // The next client's answer is its own.
        let next = try site.client()
        #expect(try next.answer().body == Self.well)
        #expect(runner.connections.count == (row.isReused ? 1 : 2))
        #expect(!next.text.contains("poison"))
    }

    /// Before a byte of it reached the client, another runner's answer comes in its place.
    @Test(arguments: HostileAnswer.all.filter { $0.outcome == .refused })
    func fromOneOfTwoRunners(row: HostileAnswer) throws {
        let sick = try ScriptedRunner(loop) { number in
            number == 0 ? Self.script(row) : [.waitForRequest, .respond(Self.well)]
        }
        let well = try ScriptedRunner(loop, always: [.waitForRequest, .respond(Self.well)])
        let site = try GatewayUnderTest(loop, [sick, well]) { $0.health.ejectAfter = .max }
        defer { site.stop() }
        // The first of the rotation may be either.
        while sick.connections.isEmpty {
            let client = try site.client()
            client.chat()
            endBehindItsBytes(row, sick, client)
            client.readResponses()
            #expect(client.last?.status == 200)
            #expect(client.last?.body == Self.well)
            #expect(client.last?.runner == 1)
        }
        #expect(site.health(0).failuresInARow == 1)
        #expect(site.health(1).failuresInARow == 0)
        #expect(sick.connections[0].requests.count == 1)
    }

    private func endBehindItsBytes(_ row: HostileAnswer, _ runner: ScriptedRunner, _ client: RawClient) {
        guard row.end == .resets else { return }
        loop.run(
            until: { runner.connections.first?.requests.first?.isComplete == true || client.last != nil },
            "the request at the runner")
        guard runner.connections.first?.requests.first?.isComplete == true else { return }
        if case .cut(let body) = row.outcome { client.readBody(body) } else { loop.run(for: .milliseconds(20)) }
        runner.release()
    }

    /// Bytes that come while nobody waits for any are nobody's: the connection closes.
    @Test func anAnswerThatNobodyAskedForIsNeverTheNextClients() throws {
        let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
        let runner = try ScriptedRunner(loop) { number in
            number == 0
                ? [.waitForRequest, .respond(Self.well), .waitForRelease, .send(poison)]
                : [.waitForRequest, .respond(Self.well)]
        }
        let site = try GatewayUnderTest(loop, [runner])
        defer { site.stop() }
        let client = try site.client()
        #expect(try client.answer().body == Self.well)
        runner.release()
        loop.run(until: { runner.connections[0].isGone }, "the end of the runner's connection")
        #expect(try client.answer().body == Self.well)
        #expect(runner.connections.count == 2)
        #expect(!client.text.contains("poison"))
    }
}
