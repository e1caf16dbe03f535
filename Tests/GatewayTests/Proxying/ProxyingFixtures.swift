// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Bodies of inference requests.
enum Ask {
    static let chat = #"{"model":"demo","messages":[{"role":"user","content":"hi"}]}"#

    static func chat(tokens: Int) -> String {
        #"{"model":"demo","messages":[{"role":"user","content":"hi"}],"options":{"num_predict":\#(tokens)}}"#
    }

    static func chat(model: String) -> String {
        #"{"model":"\#(model)","messages":[{"role":"user","content":"hi"}]}"#
    }

    static let wholeChat = #"{"model":"demo","stream":false,"messages":[{"role":"user","content":"hi"}]}"#
    static let openAIChat = #"{"model":"demo","stream":true,"messages":[{"role":"user","content":"hi"}]}"#
}

extension ScriptedRunner {
    /// A whole stream as Ollama sends it, in answer to the next request.
    static func stream(_ texts: String...) -> [Step] {
        [.waitForRequest, .streamHead] + texts.map { .line($0) } + [.lastLine, .lastChunk]
    }
}

extension ScriptedRunner.Step {
    static func line(_ text: String) -> Self { .chunk("{\"response\":\"\(text)\",\"done\":false}\n") }
    static var lastLine: Self { .chunk("{\"done\":true}\n") }
}

extension RawClient.Response {
    /// The runner that answered.
    var runner: Int? { header("x-dmr-runner").flatMap { Int($0) } }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        for piece in pieces { bytes += piece }
        return bytes
    }

    var texts: [String] { pieces.map { String(decoding: $0, as: UTF8.self) } }
}

extension RawClient {
    func chat(_ body: String = Ask.chat) { post("/api/chat", body) }

    /// Sends the request and turns the loop until the response is whole.
    func answer(
        to target: String = "/api/chat", _ body: String = Ask.chat, _ fields: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Response {
        let count = responses.count + 1
        post(target, body, fields)
        readResponses(count, sourceLocation: sourceLocation)
        return try #require(responses.last, sourceLocation: sourceLocation)
    }

    /// Turns the loop until the body so far is this.
    func readBody(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        readUntil("the body \(text)", sourceLocation: sourceLocation) { self.last?.body == text }
    }
}

extension GatewayUnderTest {
    /// Turns the loop until so many exchanges hold a slot and so many wait for one.
    func run(untilInFlight count: Int, waiting: Int = 0, sourceLocation: SourceLocation = #_sourceLocation) {
        loop.run(
            until: { gateway.exchangesInFlight == count && gateway.exchangesWaiting == waiting },
            "\(count) in flight and \(waiting) waiting", sourceLocation: sourceLocation)
    }

    func health(_ runner: Int) -> RunnerHealth { gateway.dispatcher.health(of: runner) }
}

extension SimulatedRunnerOptions {
    /// Instant, but each inference response waits for `releaseHead`.
    static func atHeadGate(parallel: Int = 100) -> SimulatedRunnerOptions {
        var options = SimulatedRunnerOptions.instant()
        options.gatesHead = true
        options.parallel = parallel
        return options
    }
}
