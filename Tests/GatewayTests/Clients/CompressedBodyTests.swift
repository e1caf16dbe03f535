// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport
import ZstdFrames

@testable import Gateway

/// Bodies compressed with zstd, on the routes that take them: read for their model, forwarded as they came.
@Suite(.serialized) struct CompressedBodyTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    static let rows: [(String, String)] = [
        ("/v1/chat/completions", Body.chat), ("/v1/completions", #"{"model":"shared:1b","prompt":"a"}"#),
        ("/v1/embeddings", #"{"model":"embedder","input":"a"}"#),
        ("/v1/responses", #"{"model":"Second:7b","input":"a"}"#),
        ("/v1/messages", #"{"model":"shared:1b","max_tokens":5,"messages":[{"role":"user"}]}"#)
    ]

    private func post(_ client: RawClient, _ path: String, _ body: [UInt8], _ fields: String = "") {
        client.send(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: zstd\r\nContent-Length: \(body.count)\r\n"
                + "\(fields)\r\n")
        client.send(body)
    }

    @Test(arguments: rows, ["", "/docker-model-runner"])
    func theRunnerGetsItAsItCame(row: (path: String, body: String), base: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        for (place, bytes) in [Zstd.frame(Array(row.body.utf8)), Zstd.stream(Array(row.body.utf8))].enumerated() {
            post(client, base + row.path, bytes)
            client.readResponses(place + 1)
            #expect(client.last?.status == 200)
            #expect(site.proxied.last?.body == bytes || site.proxied.first?.body == bytes)
        }
        #expect(site.proxied.allSatisfy { $0.values("content-encoding") == ["zstd"] })
        #expect(site.bodyBytesHeld == 0)
    }

    @Test(arguments: [1, 2, 7])
    func itMayComeInPieces(size: Int) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        let bytes = Zstd.stream(Array(Body.chat.utf8))
        client.send(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: zstd\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n")
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = Array(bytes[start...].prefix(size))
            client.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8))
            loop.turn(wait: false)
        }
        client.send("0\r\n\r\n")
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(site.proxied.first?.body == bytes)
    }

    @Test func withAStrippedPrefixTheRunnerGetsItPlain() throws {
        let site = try TwoRunners(loop) { $0.runners[1].prefixID = "gpu" }
        defer { site.stop() }
        let client = try site.client()
        let body = #"{"input":"a gpu.Second:7b","model":"gpu.Second:7b","stream":false}"#
        post(client, "/v1/responses", Zstd.frame(Array(body.utf8)), "Content-Type: application/json\r\n")
        client.readResponses()
        #expect(client.last?.status == 200)
        let request = try #require(site.proxied.first)
        let expected = body.replacing(#":"gpu.Second"#, with: #":"Second"#)
        #expect(String(decoding: request.body, as: UTF8.self) == expected)
        #expect(request.values("content-encoding").isEmpty)
        #expect(request.values("content-type") == ["application/json"])
        #expect(request.values("content-length") == [String(expected.utf8.count)])
        #expect(site.bodyBytesHeld == 0)
    }

    @Test func itMovesAsItCame() throws {
        let sick = try ScriptedRunner(loop, models: ["shared:1b"], always: [.waitForRequest, .reset])
        let well = try ScriptedRunner(loop, models: ["shared:1b"], always: [.waitForRequest, .respond("{}")])
        let gateway = try GatewayUnderTest(loop, [sick, well])
        defer { gateway.stop() }
        let client = try gateway.client()
        let bytes = Zstd.frame(Array(Body.chat.utf8))
        post(client, "/v1/chat/completions", bytes)
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(well.connections.first?.requests.first?.body == bytes)
    }

    // MARK: What is refused

    static let chat = Zstd.frame(Array(Body.chat.utf8))

    static let undecodable: [[UInt8]] = [
        Array(Body.chat.utf8), Array(chat.dropLast()), chat + [0], [0x28, 0xB5, 0x2F, 0xFD],
        Zstd.stream(Array(Body.chat.utf8), windowLog: 24)
    ]

    /// In the native shape on every route, as Ollama decompresses before it knows the family.
    @Test(arguments: undecodable, ["/v1/chat/completions", "/v1/messages"])
    func whatIsNotZstdIsToldInOllamasWords(body: [UInt8], path: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        post(client, path, body)
        client.readResponses()
        #expect(client.last?.status == 400)
        #expect(client.last?.body == #"{"error":"failed to decompress request body"}"#)
        post(client, "/docker-model-runner" + path, body)
        client.readResponses(2)
        #expect(client.last?.status == 400)
        #expect(
            client.last?.body
                == #"{"error":"failed to decompress request body","detail":"failed to decompress request body"}"#)
        site.expectUsable(client, after: 2)
        #expect(site.proxied.isEmpty)
        #expect(site.bodyBytesHeld == 0)
    }

    @Test func whatIsInsideIsCheckedAsAnyBody() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        let bodies: [(String, Int, String)] = [
            ("{", 400, "not valid JSON"), (Body.chat + Body.chat, 400, "not valid JSON"),
            (#"{"model":"nobody"}"#, 404, "model 'nobody' not found"), ("{}", 400, "model is required"),
            ("", 400, "EOF")
        ]
        for (place, (body, status, words)) in bodies.enumerated() {
            post(client, "/v1/responses", Zstd.frame(Array(body.utf8)))
            client.readResponses(place + 1)
            #expect(client.last?.status == status)
            #expect(client.last?.json?["error"]?["message"]?.string?.contains(words) == true)
        }
        #expect(site.proxied.isEmpty)
    }

    @Test func aBombIsRefusedWhileItArrives() throws {
        let site = try TwoRunners(loop) { $0.limits.bodyMemory = 16 << 20 }
        defer { site.stop() }
        let bomb = Zstd.stream([UInt8](repeating: 0x20, count: 32 << 20))
        #expect(bomb.count < 100_000)
        let client = try site.client()
        post(client, "/v1/messages", bomb)
        client.readToEnd()
        #expect(client.responses.map(\.status) == [413])
        #expect(client.last?.json?["error"]?["message"]?.string?.contains("decompressed") == true)
        #expect(site.bodyBytesHeld == 0)
    }

    @Test func theLimitOfJSONIsOfThePlainBody() throws {
        let site = try TwoRunners(loop) { $0.limits.jsonBodyBytes = 2000 }
        defer { site.stop() }
        let filler = String(repeating: " ", count: 2000 - Body.chat.utf8.count)
        let client = try site.client()
        post(client, "/v1/chat/completions", Zstd.frame(Array((Body.chat + filler).utf8)))
        client.readResponses()
        #expect(client.last?.status == 200)
        post(client, "/v1/chat/completions", Zstd.frame(Array((Body.chat + filler + " ").utf8)))
        client.readToEnd()
        #expect(client.last?.status == 413)
    }

    /// A frame of a few bytes may ask for a window of 8 MiB: that is memory of bodies, too.
    @Test func windowsCountAsBodiesThatAreHeld() throws {
        let site = try TwoRunners(loop) { $0.limits.bodyMemory = 20 << 20 }
        defer { site.stop() }
        let frame = Zstd.stream(Array(Body.chat.utf8), windowLog: 23)
        let waiting = try (0..<3).map { _ in try site.client() }
        for client in waiting {
            client.send(
                "POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: zstd\r\n"
                    + "Content-Length: \(frame.count)\r\n\r\n")
            client.send(Array(frame.dropLast()))
        }
        waiting[2].readToEnd()
        #expect(waiting[2].responses.map(\.status) == [503])
        #expect(site.bodyBytesHeld > 16 << 20)
        waiting[0].send(Array(frame.suffix(1)))
        waiting[0].readResponses()
        #expect(waiting[0].last?.status == 200)
        waiting[1].close()
        loop.run(until: { site.bodyBytesHeld == 0 })
    }

    @Test(arguments: ["/api/chat", "/api/show", "/v1/audio/transcriptions"])
    func otherRoutesTakeNoCompressedBody(path: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        post(client, path, Self.chat)
        client.readToEnd()
        #expect(client.responses.map(\.status) == [415])
        #expect(site.proxied.isEmpty)
    }
}
