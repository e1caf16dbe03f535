// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing

@testable import Gateway
@testable import Transport

/// After the first byte nothing can be moved: what the runner said is delivered, and the client's connection is cut so
/// that it can't take the answer for a whole one.
@Suite(.serialized) struct DeathInTheMiddleTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// The client has the first line, and the runner goes on with these steps.
    private func exchange(
        _ rest: [ScriptedRunner.Step], expecting failure: String? = nil,
        change: (inout Configuration) -> Void = { _ in },
        _ check: (RawClient, GatewayUnderTest) throws -> Void
    ) throws {
        let sick = try ScriptedRunner(
            loop, always: [.waitForRequest, .streamHead, .line("one"), .waitForRelease] + rest)
        let other = try ScriptedRunner(loop, always: ScriptedRunner.stream("other"))
        let gateway = try GatewayUnderTest(loop, [sick, other], change)
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        client.readUntil { client.last?.lines.count == 1 }
        sick.release()
        try check(client, gateway)
        #expect(other.connections.isEmpty, "nothing is moved any more")
        gateway.expectIdle()
    }

    struct Death: CustomTestStringConvertible {
        var testDescription: String
        var rest: [ScriptedRunner.Step]
        /// What still reaches the client.
        var body = "{\"response\":\"one\",\"done\":false}\n"
    }

    static let deaths: [Death] = {
        let first = "{\"response\":\"one\",\"done\":false}\n"
        let errorLine = "{\"error\":\"an error was encountered while running the model: unexpected EOF\"}\n"
        return [
            Death(testDescription: "close without the last chunk", rest: [.close]),
            Death(testDescription: "reset", rest: [.reset]),
            Death(
                testDescription: "close within a chunk", rest: [.send("64\r\n{\"response\":\""), .close],
                body: first + "{\"response\":\""),
            Death(testDescription: "a chunk size that is none", rest: [.send("zz\r\n")]),
            Death(testDescription: "a chunk longer than its size", rest: [.send("1\r\nabc\r\n")], body: first + "a"),
            Death(testDescription: "a chunk size without end", rest: [.send(String(repeating: "f", count: 20))]),
            Death(
                testDescription: "an endless chunk extension",
                rest: [.send("1;" + String(repeating: "x", count: 70_000))]),
            Death(
                testDescription: "good bytes before the bad ones, in one read", rest: [.send("2\r\nok\r\nzz\r\n")],
                body: first + "ok"),
            Death(
                testDescription: "a clean end with an error line", rest: [.chunk(errorLine), .lastChunk],
                body: first + errorLine),
            Death(testDescription: "a clean end without the closing event", rest: [.lastChunk])
        ]
    }()

    @Test(arguments: deaths)
    func theClientIsCutWithoutTheLastChunk(death: Death) throws {
        try exchange(death.rest) { client, gateway in
            client.readToEnd()
            #expect(client.responses.count == 1)
            #expect(client.last?.body == death.body)
            #expect(client.last?.isComplete == false)
            #expect(client.closeness == .ended)
            #expect(gateway.health(0).failuresInARow == 1)
            loop.run(until: { gateway.gateway.runners[0].pool.openConnections == 1 })
        }
    }

    @Test func aStreamThatFallsSilentIsCutAfterItsLimit() throws {
        try exchange([], change: { $0.timeouts.streamIdle = .milliseconds(60) }) { client, gateway in
            client.readToEnd()
            #expect(client.last?.isComplete == false)
            #expect(gateway.health(0).failuresInARow == 1)
        }
    }

    @Test func everyTokenRenewsTheLimit() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        runner.options.gatesTokens = true
        let gateway = try GatewayUnderTest(loop, [runner]) {
            $0.timeouts.streamIdle = .seconds(100)
            $0.timeouts.probe = nil
        }
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        for token in 1...9 {
            runner.releaseToken()
            client.readUntil { (client.last?.lines.count ?? 0) == token }
            loop.skip(.seconds(60))
        }
        client.readResponses()
        #expect(client.last?.isComplete == true)
    }

    /// Head and bytes don't renew it: an answer in one piece has one limit from its request to its end.
    @Test func anAnswerInOnePieceThatTricklesIsCut() throws {
        let runner = try ScriptedRunner(
            loop, always: [.waitForRequest, .waitForRelease, .send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na")])
        let gateway = try GatewayUnderTest(loop, [runner]) {
            $0.timeouts.wholeAnswer = .seconds(100)
            $0.timeouts.probe = nil
        }
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat(Ask.wholeChat)
        loop.run(until: { runner.connections.first?.requests.first?.isComplete == true })
        loop.skip(.seconds(60))
        runner.release()
        client.readBody("a")
        loop.skip(.seconds(60))
        client.readToEnd()
        #expect(client.last?.isComplete == false)
        #expect(gateway.health(0).failuresInARow == 1)
    }

    @Test func aPausedRunnerIsNotBlamedForItsClient() throws {
        let runner = try ScriptedRunner(
            loop,
            always: [
                .waitForRequest, .streamHead, .send("800000\r\n"), .send([UInt8](repeating: 0x61, count: 8 << 20)),
                .send("\r\n"), .lastLine, .lastChunk
            ])
        let gateway = try GatewayUnderTest(loop, [runner]) {
            $0.timeouts.streamIdle = .seconds(100)
            $0.timeouts.probe = nil
        }
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        client.readUntil { client.last != nil }
        client.stopReading()
        loop.run(until: { gateway.gateway.heldBytes > 0 })
        loop.skip(.seconds(110))
        client.startReading()
        client.readResponses()
        #expect(client.last?.isComplete == true)
    }

    @Test func aCountedAnswerThatEndsEarlyIsCut() throws {
        let runner = try ScriptedRunner(
            loop,
            always: [
                .waitForRequest, .send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), .waitForRelease, .close
            ])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        client.readBody("half")
        runner.release()
        client.readToEnd()
        #expect(client.last?.isComplete == false)
    }

    @Test(arguments: [("/api/generate", false), ("/v1/chat/completions", true)])
    func ollamasOwnWayToBreakOffIsRecognised(path: String, isOpenAI: Bool) throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        runner.options.faults.cleanEndAfterTokens = 3
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.post(path, isOpenAI ? Ask.openAIChat : #"{"model":"demo","prompt":"x"}"#)
        client.readToEnd()
        #expect(client.last?.isComplete == false)
        #expect(client.last?.body.contains("an error was encountered while running the model") == !isOpenAI)
        #expect(client.last?.body.hasSuffix(isOpenAI ? "\n\n" : "\"}\n") == true, "all of it was delivered")
        #expect(gateway.health(0).failuresInARow == 1)
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "junk", "\r\n\r\n\r\nX"])
    func bytesBehindTheEndCostTheRunnerItsConnection(junk: String) throws {
        let end = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole"
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, .send(end + junk), .waitForRequest])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        for count in 1...2 {
            #expect(try client.answer().body == "whole")
            #expect(runner.connections.count == count, "the connection isn't used again")
            #expect(gateway.health(0).failuresInARow == count)
        }
        #expect(client.closeness == .open)
    }

    @Test func bytesThatNobodyAskedForCloseAnIdleConnection() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, .respond("a"), .waitForRelease, .respond("b")])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect(try client.answer().body == "a")
        runner.release()
        loop.run(until: { runner.connections[0].isGone })
        #expect(try client.answer().body == "a")
        #expect(runner.connections.count == 2)
    }
}
