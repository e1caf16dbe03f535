// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@Suite(.serialized) struct SimulatedRunnerStreamTests {
    let loop: Loop
    let runner: SimulatedRunner

    init() throws {
        loop = try Loop()
        runner = try SimulatedRunner(loop: loop, options: .instant())
        runner.options.keepsRecords = true
    }

    private func exchange(_ path: String, _ body: String) throws -> RawClient.Response {
        let client = try RawClient(loop, port: runner.port)
        client.post(path, body)
        client.readResponses()
        client.close()
        return try #require(client.responses.first)
    }

    @Test(arguments: [
        ("/api/chat", #"{"model":"demo","messages":[{"role":"user","content":"hi"}]}"#),
        ("/api/generate", #"{"model":"demo","prompt":"hi"}"#)
    ])
    func nativeStreamIsOneLinePerChunkWithFiguresInTheLast(path: String, body: String) throws {
        defer { runner.close() }
        let response = try exchange(path, body)
        #expect(response.status == 200)
        #expect(response.header("content-type") == "application/x-ndjson")
        #expect(response.header("transfer-encoding") == "chunked")
        #expect(response.header("content-length") == nil)
        #expect(response.header("server") == nil)
        let lines = try response.lines.map { try JSON(parsing: Array($0.utf8)) }
        #expect(lines.count == 9)
        #expect(response.pieces.count == 9)
        #expect(lines.dropLast().allSatisfy { $0["done"]?.bool == false && $0["model"]?.string == "demo" })
        let text = lines.compactMap { $0["response"]?.string ?? $0["message"]?["content"]?.string }.joined()
        #expect(text == PseudoText(seed: 1).text(tokens: 8))
        #expect(lines.last?["done"]?.bool == true)
        #expect(lines.last?["done_reason"]?.string == "stop")
        #expect(lines.last?["eval_count"]?.int == 8)
        #expect(lines.allSatisfy { ($0["created_at"]?.string ?? "").hasSuffix("Z") })
    }

    @Test(arguments: [(1, 21), (8, 4), (20, 2), (1000, 2)])
    func asManyLinesShareAWriteAsAskedFor(tokensPerWrite: Int, pieces: Int) throws {
        defer { runner.close() }
        runner.options.tokensPerWrite = tokensPerWrite
        runner.options.answerTokens = 20
        let response = try exchange("/api/chat", #"{"model":"demo","messages":[{"role":"user","content":"hi"}]}"#)
        #expect(response.pieces.count == pieces)
        let lines = try response.lines.map { try JSON(parsing: Array($0.utf8)) }
        #expect(lines.count == 21)
        let text = lines.compactMap { $0["message"]?["content"]?.string }.joined()
        #expect(text == PseudoText(seed: 1).text(tokens: 20))
    }

    @Test func aWriteNeverHoldsMoreThanTheBuffer() throws {
        defer { runner.close() }
        let name = String(repeating: "m", count: 20_000)
        runner.options.models = [SimulatedModel(name)]
        runner.options.tokensPerWrite = 64
        let response = try exchange("/api/generate", #"{"model":"\#(name)","prompt":"hi"}"#)
        #expect(response.lines.count == 9)
        #expect(response.isComplete)
    }

    @Test func tokensComeAtTheirModelsRateAndNeverEarly() throws {
        defer { runner.close() }
        runner.options.models = [SimulatedModel("demo"), SimulatedModel("paced", tokensPerSecond: 500)]
        let start = Loop.preciseNow
        _ = try exchange("/api/generate", #"{"model":"paced","prompt":"hi"}"#)
        let times = try #require(runner.records.first).tokensSentAt
        #expect(times.count == 8)
        for (place, time) in times.enumerated() {
            #expect(time >= start + .milliseconds(Int64(place) * 2 - 1), "token \(place)")
        }
        _ = try exchange("/api/generate", #"{"model":"demo","prompt":"hi"}"#)
        #expect(try #require(runner.records.last).tokensSentAt.count == 8)
    }

    @Test(arguments: [true, false])
    func openAIChatStreamEndsWithDoneAndUsageIfAsked(includesUsage: Bool) throws {
        defer { runner.close() }
        let options = includesUsage ? #","stream_options":{"include_usage":true}"# : ""
        let response = try exchange(
            "/v1/chat/completions",
            #"{"model":"demo","stream":true,"max_tokens":3,"messages":[{"role":"user","content":"hi"}]\#(options)}"#)
        #expect(response.header("content-type") == "text/event-stream")
        let events = response.body.components(separatedBy: "\n\n").filter { !$0.isEmpty }
        #expect(events.allSatisfy { $0.hasPrefix("data: ") })
        #expect(events.last == "data: [DONE]")
        let chunks = try events.dropLast().map { try JSON(parsing: Array($0.dropFirst(6).utf8)) }
        #expect(chunks.count == (includesUsage ? 5 : 4))
        #expect(chunks.allSatisfy { $0["object"]?.string == "chat.completion.chunk" })
        #expect(chunks[0]["choices"]?.array?[0]["delta"]?["role"]?.string == "assistant")
        #expect(chunks[1]["choices"]?.array?[0]["delta"]?["role"] == nil)
        #expect(chunks[3]["choices"]?.array?[0]["finish_reason"]?.string == "length")
        #expect(chunks.last?["usage"]?["completion_tokens"]?.int == (includesUsage ? 3 : nil))
        // The end and [DONE] share a chunk, as Ollama's do.
        #expect(response.pieces.count == 4)
    }

    @Test func openAICompletionStreams() throws {
        defer { runner.close() }
        let response = try exchange("/v1/completions", #"{"model":"demo","prompt":"x","stream":true,"max_tokens":2}"#)
        let events = response.body.components(separatedBy: "\n\n").filter { !$0.isEmpty }
        #expect(events.count == 4)
        let first = try JSON(parsing: Array(events[0].dropFirst(6).utf8))
        #expect(first["object"]?.string == "text_completion")
        #expect(first["choices"]?.array?[0]["text"]?.string == "This")
    }

    @Test(arguments: [
        ("/api/chat", #"{"model":"demo","stream":false,"messages":[{"content":"hi"}],"options":{"num_predict":3}}"#),
        ("/api/generate", #"{"model":"demo","stream":false,"prompt":"hi","options":{"num_predict":3}}"#),
        ("/v1/chat/completions", #"{"model":"demo","max_tokens":3,"messages":[{"role":"user","content":"hi"}]}"#),
        ("/v1/completions", #"{"model":"demo","prompt":"hi","max_tokens":3}"#)
    ])
    func wholeAnswersHaveALength(path: String, body: String) throws {
        defer { runner.close() }
        let response = try exchange(path, body)
        #expect(response.status == 200)
        #expect(response.header("transfer-encoding") == nil)
        #expect(response.header("content-length") == "\(response.body.utf8.count)")
        let json = try #require(response.json)
        let choice = json["choices"]?.array?.first
        let text =
            json["response"]?.string ?? json["message"]?["content"]?.string ?? choice?["text"]?.string
            ?? choice?[
                "message"]?["content"]?.string
        #expect(text == "This answer is")
        #expect((json["done_reason"] ?? choice?["finish_reason"])?.string == "length")
        #expect((json["eval_count"] ?? json["usage"]?["completion_tokens"])?.int == 3)
    }

    @Test func eachTokenLeavesOnlyWhenTheGateLetsIt() throws {
        defer { runner.close() }
        runner.options.gatesTokens = true
        let client = try RawClient(loop, port: runner.port)
        client.post("/api/generate", #"{"model":"demo","prompt":"x","options":{"num_predict":3}}"#)
        loop.run(until: { runner.inflight == 1 })
        for count in 1...4 {
            loop.turn(wait: false)
            #expect(client.responses.first?.lines.count ?? 0 == count - 1)
            runner.releaseToken()
            client.readUntil("line \(count)") { client.responses.first?.lines.count == count }
        }
        #expect(client.responses[0].isComplete)
        #expect(client.reads == 4)
        #expect(runner.records[0].tokensSentAt.count == 3)
        #expect(runner.inflight == 0)
    }

    @Test func theHeadIsHeldUntilTheFirstToken() throws {
        defer { runner.close() }
        runner.options.gatesHead = true
        let client = try RawClient(loop, port: runner.port)
        client.post("/api/generate", #"{"model":"demo","prompt":"x"}"#)
        loop.run(until: { runner.inflight == 1 })
        loop.run(for: .milliseconds(20))
        #expect(client.received.isEmpty)
        runner.releaseHead()
        client.readResponses()
        // Head and first token share a write.
        #expect(client.responses[0].lines.count == 9)
    }

    @Test func tokensComeAtTheirPace() throws {
        defer { runner.close() }
        runner.options.tokensPerSecond = 100
        runner.options.timeToFirstToken = .milliseconds(30)
        let start = Loop.preciseNow
        _ = try exchange("/api/generate", #"{"model":"demo","prompt":"x","options":{"num_predict":10}}"#)
        let times = runner.records[0].tokensSentAt
        #expect(times.count == 10)
        // Never early; how late, is the machine's business. The loop's clock counts whole milliseconds.
        for (place, time) in times.enumerated() {
            #expect(time - start >= .milliseconds(28 + 10 * Int64(place)), "token \(place)")
        }
    }

    @Test func aSlowClientIsWaitedForAndLosesNothing() throws {
        defer { runner.close() }
        let client = try RawClient(loop, port: runner.port)
        client.post("/v1/completions", #"{"model":"demo","prompt":"x","stream":true,"max_tokens":5000}"#)
        for _ in 0..<3 {
            let seen = client.reads
            client.readUntil { client.reads > seen }
            client.stopReading()
            loop.run(for: .milliseconds(16))
            client.startReading()
        }
        client.readResponses()
        #expect(client.responses[0].body.components(separatedBy: "\n\n").count == 5003)
        #expect(client.responses[0].body.hasSuffix("data: [DONE]\n\n"))
    }
}

extension String {
    /// Foundation stays out of the tests, too.
    func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
