// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// HTTP as the simulated runner speaks it.
@Suite(.serialized) struct SimulatedRunnerConnectionTests {
    let loop: Loop
    let runner: SimulatedRunner
    let client: RawClient
    private static let prompt = #"{"model":"demo","prompt":"x"}"#

    init() throws {
        loop = try Loop()
        runner = try SimulatedRunner(loop: loop, options: .instant())
        client = try RawClient(loop, port: runner.port)
    }

    private func end() {
        client.close()
        runner.close()
        loop.run(until: { loop.openStreams == 0 }, "all streams closed")
    }

    @Test func pipelinedRequestsAreAnsweredInOrderEvenBehindAStream() {
        defer { end() }
        runner.options.tokensPerSecond = 500
        client.get("/api/version")
        client.post("/api/generate", Self.prompt)
        client.get("/")
        client.post("/api/generate", Self.prompt)
        client.get("/api/version")
        client.readResponses(5)
        #expect(client.responses.map(\.body.utf8.count).first == 20)
        #expect(client.responses[1].lines.count == 9)
        #expect(client.responses[2].body == "Ollama is running")
        #expect(client.responses[4].body == client.responses[0].body)
        #expect(runner.connectionsAccepted == 1)
    }

    @Test func tooMuchBehindARunningRequestClosesTheConnection() {
        defer { end() }
        runner.options.gatesHead = true
        client.post("/api/generate", Self.prompt)
        client.send([UInt8](repeating: 0x0D, count: 100_000))
        client.readToEnd()
        #expect(runner.inflight == 0)
    }

    @Test(arguments: [1, 7, 1000])
    func bodiesMayBeChunkedAndComeInPieces(size: Int) throws {
        defer { end() }
        let message = Array(
            ("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "A\r\n{\"model\":\"\r\n13\r\ndemo\",\"prompt\":\"x\"}\r\n0\r\n\r\n").utf8)
        for start in stride(from: 0, to: message.count, by: size) {
            client.send(Array(message[start..<min(message.count, start + size)]))
            loop.turn(wait: false)
        }
        client.readResponses()
        #expect(client.last?.lines.count == 9)
    }

    @Test func expectContinueIsAnsweredBeforeTheBody() {
        defer { end() }
        client.send(
            "POST /api/generate HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                + "Content-Length: \(Self.prompt.utf8.count)\r\n\r\n")
        client.readUntil { client.text == "HTTP/1.1 100 Continue\r\n\r\n" }
        client.send(Self.prompt)
        client.readResponses()
        #expect(client.last?.status == 200)
    }

    @Test func http10GetsUnchunkedBytesAndAClose() {
        defer { end() }
        client.send("POST /api/generate HTTP/1.0\r\nContent-Length: \(Self.prompt.utf8.count)\r\n\r\n\(Self.prompt)")
        client.readToEnd()
        #expect(client.closeness == .ended)
        #expect(client.last?.header("transfer-encoding") == nil)
        #expect(client.last?.lines.count == 9)
        #expect(client.last?.isComplete == true)
    }

    @Test func connectionCloseIsObeyed() {
        defer { end() }
        client.get("/api/tags", "Connection: close\r\n")
        client.readToEnd()
        #expect(client.last?.isComplete == true)
        #expect(client.last?.header("connection") == "close")
    }

    @Test func whatIsNoHTTPGetsOne400AndAClose() {
        defer { end() }
        client.send("{\"model\":\"demo\"}\r\n\r\n")
        client.readToEnd()
        #expect(client.last?.status == 400)
        #expect(client.responses.count == 1)
    }

    @Test func embeddingsAreTheSameForTheSameText() throws {
        defer { end() }
        client.post("/api/embed", #"{"model":"demo","input":["a","b","a"],"dimensions":5}"#)
        client.post("/api/embeddings", #"{"model":"demo","prompt":"a"}"#)
        client.post("/v1/embeddings", #"{"model":"demo","input":"a","dimensions":3}"#)
        client.post("/v1/embeddings", #"{"model":"demo","input":"a","dimensions":3,"encoding_format":"base64"}"#)
        client.post("/api/embed", #"{"model":"demo","input":[]}"#)
        client.readResponses(5)
        let vectors = try #require(client.responses[0].json?["embeddings"]?.array)
        #expect(vectors.count == 3)
        #expect(vectors[0] == vectors[2] && vectors[0] != vectors[1])
        #expect(vectors[0].array?.count == 5)
        #expect(vectors.allSatisfy { ($0.array ?? []).allSatisfy { abs($0.double ?? 9) <= 1 } })
        #expect(client.responses[1].json?["embedding"]?.array?.count == 32)
        let floats = try #require(client.responses[2].json?["data"]?.array?[0]["embedding"]?.array)
        #expect(floats.count == 3)
        // Three floats are twelve bytes, which are sixteen digits.
        #expect(client.responses[3].json?["data"]?.array?[0]["embedding"]?.string?.count == 16)
        #expect(client.responses[4].json?["embeddings"]?.array == [])
    }

    @Test func askingForTooMuchIsBounded() {
        defer { end() }
        client.post(
            "/api/embed",
            "{\"model\":\"demo\",\"input\":[\(Array(repeating: "\"\"", count: 600).joined(separator: ","))]}")
        client.readResponses()
        #expect(client.last?.status == 400)
        runner.options.tokensPerSecond = 1e-300
        client.post("/api/generate", #"{"model":"demo","prompt":"x","options":{"num_predict":9223372036854775807}}"#)
        client.readUntil { client.responses.count == 2 }
        #expect(client.last?.lines.count == 1)
    }
}
