// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// `/v1/responses` and `/v1/messages`: their streams are whole with their own closing events only, and everything else
/// about them is as on the other inference routes.
@Suite(.serialized) struct NamedEventTests {
    static let responses = #"{"model":"demo","input":"hi","stream":true}"#
    static let messages = #"{"model":"demo","max_tokens":9,"messages":[{"role":"user"}],"stream":true}"#
    static let eventHead = ScriptedRunner.Step.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")

    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test(
        arguments: [
            ("/v1/responses", responses, "response.completed"), ("/v1/responses", responses, "response.failed"),
            ("/v1/responses", responses, "response.incomplete"), ("/v1/messages", messages, "message_stop")
        ], ["", "/docker-model-runner"])
    func aStreamWithItsClosingEventIsWhole(row: (path: String, body: String, event: String), base: String) throws {
        let runner = try ScriptedRunner(
            loop,
            always: [
                .waitForRequest, Self.eventHead, .chunk("event: first\ndata: {}\n\n"),
                .chunk("event: \(row.event)\ndata: {\"type\":\"\(row.event)\"}\n\n"), .lastChunk
            ])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        let answer = try client.answer(to: base + row.path, row.body)
        #expect(answer.status == 200)
        #expect(answer.body.hasSuffix("\"}\n\n"))
        #expect(gateway.health(0).failuresInARow == 0)
        #expect(client.closeness == .open)
        #expect(runner.connections.first?.requests.first?.line == "POST \(row.path)")
    }

    /// Clean ends that Ollama makes when its model runner dies, and endings of the other families.
    static let broken: [(String, String, String)] = [
        ("/v1/responses", responses, ""),
        ("/v1/responses", responses, "event: response.output_text.done\ndata: {}\n\n"),
        ("/v1/messages", messages, ""), ("/v1/messages", messages, "event: message_delta\ndata: {}\n\n"),
        ("/v1/messages", messages, "event: error\ndata: {\"type\":\"error\"}\n\n")
    ]

    @Test(arguments: broken)
    func aCleanEndWithoutItIsCut(path: String, body: String, last: String) throws {
        let steps = last.isEmpty ? [] : [ScriptedRunner.Step.chunk(last)]
        let runner = try ScriptedRunner(
            loop,
            always: [.waitForRequest, Self.eventHead, .chunk("event: first\ndata: {}\n\n")] + steps + [.lastChunk])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.post(path, body)
        client.readToEnd()
        #expect(client.last?.status == 200)
        #expect(client.last?.isComplete == false)
        #expect(gateway.health(0).failuresInARow == 1)
        gateway.expectIdle()
    }

    @Test(arguments: [("/v1/responses", responses), ("/v1/messages", messages)])
    func aRunnerThatDiesInTheMiddleCutsTheClient(path: String, body: String) throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        runner.options.faults.resetAfterTokens = 3
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.post(path, body)
        client.readToEnd()
        #expect(client.last?.status == 200)
        #expect(client.last?.isComplete == false)
        gateway.expectIdle()
    }

    @Test(arguments: [
        ("/v1/responses", responses), ("/v1/messages", messages),
        ("/v1/responses", responses.replacing("true", with: "false")),
        ("/v1/messages", messages.replacing("true", with: "false"))
    ])
    func aRunnerThatDiesBeforeItsAnswerIsReplaced(path: String, body: String) throws {
        let sick = try ScriptedRunner(loop, always: [.waitForRequest, .reset])
        let well = try SimulatedRunner(loop: loop, options: .instant())
        let gateway = try GatewayUnderTest(loop, [sick, well])
        defer { gateway.stop() }
        let client = try gateway.client()
        for _ in 0..<2 {
            let answer = try client.answer(to: path, body)
            #expect(answer.status == 200)
            #expect(answer.runner == 1)
        }
        #expect(sick.connections.count == 1)
    }

    /// Without `"stream": true` the answer is timed as one in one piece, though the routes could stream.
    @Test(arguments: [("/v1/responses", responses), ("/v1/messages", messages)])
    func onlyTheBodysStreamMakesItAStream(path: String, body: String) throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest])
        let gateway = try GatewayUnderTest(loop, [runner]) {
            $0.timeouts.firstByte = .milliseconds(40)
            $0.timeouts.wholeAnswer = .milliseconds(80)
        }
        defer { gateway.stop() }
        let streamed = try gateway.client().answer(to: path, body)
        #expect(streamed.status == 504)
        #expect(streamed.body.contains("first_byte"))
        for other in [body.replacing("true", with: "false"), body.replacing(#","stream":true"#, with: "")] {
            let whole = try gateway.client().answer(to: path, other)
            #expect(whole.status == 504)
            #expect(whole.body.contains("whole_answer"))
        }
    }
}
