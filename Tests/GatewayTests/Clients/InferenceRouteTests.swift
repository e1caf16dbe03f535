// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// Every route that goes to a runner, at the root and under the prefix: what comes back is the runner's, with the
/// gateway's two fields.
@Suite(.serialized) struct InferenceRouteTests {
    struct Row: CustomTestStringConvertible, Sendable {
        var path: String
        var body: String
        var contentType: String
        /// Something that only the right answer holds.
        var sign: String

        var testDescription: String { "\(path) \(body)" }
    }

    static let jsonType = "application/json; charset=utf-8"

    static let rows = [
        Row(path: "/api/chat", body: Body.chat, contentType: jsonType, sign: #""done":true"#),
        Row(path: "/api/chat", body: Body.streamedChat, contentType: "application/x-ndjson", sign: #""done":true"#),
        Row(
            path: "/api/generate", body: #"{"model":"shared:1b","prompt":"hi","stream":false}"#, contentType: jsonType,
            sign: #""response":"#),
        Row(
            path: "/api/generate", body: #"{"model":"shared:1b","prompt":"hi"}"#, contentType: "application/x-ndjson",
            sign: #""done_reason":"#),
        Row(path: "/api/generate", body: #"{"model":"shared:1b"}"#, contentType: jsonType, sign: "load"),
        Row(
            path: "/api/embed", body: #"{"model":"embedder","input":["a","b"]}"#, contentType: jsonType,
            sign: #""embeddings":[["#),
        Row(
            path: "/api/embeddings", body: #"{"model":"embedder:latest","prompt":"a"}"#, contentType: jsonType,
            sign: #""embedding":["#),
        Row(path: "/api/show", body: #"{"model":"SECOND:7b"}"#, contentType: jsonType, sign: #""model_info":"#),
        Row(path: "/api/show", body: #"{"name":"library/shared:1b"}"#, contentType: jsonType, sign: "capabilities"),
        Row(path: "/v1/chat/completions", body: Body.chat, contentType: jsonType, sign: #""object":"chat.completion""#),
        Row(
            path: "/v1/chat/completions",
            body: #"{"model":"shared:1b","messages":[{"role":"user","content":"a"}],"stream":true}"#,
            contentType: "text/event-stream", sign: "data: [DONE]"),
        Row(
            path: "/v1/completions", body: #"{"model":"Second:7b","prompt":"a"}"#, contentType: jsonType,
            sign: #""object":"text_completion""#),
        Row(
            path: "/v1/completions", body: #"{"model":"second:7b","prompt":"a","stream":true}"#,
            contentType: "text/event-stream", sign: "data: [DONE]"),
        Row(
            path: "/v1/embeddings", body: #"{"model":"embedder","input":"a"}"#, contentType: jsonType,
            sign: #""object":"embedding""#),
        Row(
            path: "/v1/responses", body: #"{"model":"shared:1b","input":"a"}"#, contentType: jsonType,
            sign: #""object":"response""#),
        Row(
            path: "/v1/responses", body: #"{"model":"shared:1b","input":"a","stream":true}"#,
            contentType: "text/event-stream", sign: "event: response.completed\n"),
        Row(
            path: "/v1/messages", body: #"{"model":"shared:1b","max_tokens":5,"messages":[{"role":"user"}]}"#,
            contentType: jsonType, sign: #""stop_reason":"max_tokens""#),
        Row(
            path: "/v1/messages",
            body: #"{"model":"shared:1b","max_tokens":5,"messages":[{"role":"user"}],"stream":true}"#,
            contentType: "text/event-stream", sign: "event: message_stop\n"),
        Row(
            path: "/v1/systemone",
            body: #"{"model":"shared:1b","state":"a","questions":{"q":{"type":"noul","instructions":"b"}}}"#,
            contentType: jsonType, sign: #""answers":{"q":{"type":"noul","#)
    ]

    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test(arguments: rows, ["", "/docker-model-runner"])
    func aRunnersAnswerComesBack(row: Row, base: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer("POST", base + row.path, row.body)
        #expect(answer.status == 200)
        #expect(answer.contentType == row.contentType)
        #expect(answer.body.contains(row.sign))
        let request = try #require(site.proxied.first)
        #expect(site.proxied.count == 1)
        // Its own path, whatever the client's was, and the client's bytes.
        #expect(request.requestLine == "POST \(row.path) HTTP/1.1")
        #expect(String(decoding: request.body, as: UTF8.self) == row.body)
        #expect(request.values("x-request-id") == [answer.header("x-request-id")])
        let runner = try #require(answer.header("x-dmr-runner").flatMap { Int($0) })
        #expect(site.runners[runner].records.contains { $0.requestLine == request.requestLine })
    }

    @Test func aPrefixedNameIsSplicedAndNothingElseChanges() throws {
        let site = try TwoRunners(loop) { $0.runners[1].prefixID = "gpu" }
        defer { site.stop() }
        let body = #"{ "prompt" : "model: \u0067pu.Second:7b" , "mod\u0065l" :"gpu.\u0053econd:7b" , "stream":false}  "#
        let answer = try site.answer("POST", "/api/generate", body)
        #expect(answer.status == 200)
        #expect(answer.header("x-dmr-runner") == "1")
        #expect(
            String(decoding: try #require(site.proxied.first).body, as: UTF8.self)
                == #"{ "prompt" : "model: \u0067pu.Second:7b" , "mod\u0065l" :"Second:7b" , "stream":false}  "#)
    }

    @Test func whatTheRunnerGetsIsRebuilt() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer(
            "POST", "/api/chat?secret=1", Body.chat,
            fields: "Content-Type: application/x-www-form-urlencoded\r\nCookie: session=1\r\nReferer: http://a/\r\n"
                + "X-Forwarded-For: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\nX-OpenWebUI-User-Id: 7\r\n"
                + "X-DMR-Runner: 1\r\nx-api-key: dummy\r\nAuthorization: Bearer sk-dummy\r\n"
                + "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nAccept-Encoding: gzip\r\n"
                + "User-Agent: ollama/0.11\r\nX-Mine: kept\r\n")
        #expect(answer.status == 200)
        let request = try #require(site.proxied.first)
        #expect(request.requestLine == "POST /api/chat HTTP/1.1")
        for name in [
            "cookie", "referer", "x-forwarded-for", "forwarded", "x-openwebui-user-id", "x-dmr-runner", "x-api-key",
            "authorization", "x-hop", "keep-alive", "origin"
        ] {
            #expect(request.values(name).isEmpty, "\(name)")
        }
        #expect(request.values("content-type") == ["application/x-www-form-urlencoded"])
        #expect(request.values("accept-encoding") == ["identity"])
        #expect(request.values("user-agent") == ["ollama/0.11"])
        #expect(request.values("x-mine") == ["kept"])
        #expect(request.values("host").first?.hasPrefix("127.0.0.1:") == true)
        #expect(request.values("via").first?.hasPrefix("1.1 dmr-") == true)
        #expect(request.values("content-length") == [String(Body.chat.utf8.count)])
    }

    @Test func aRequestThatWentThroughThisGatewayIsALoop() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        _ = try site.answer("POST", "/api/chat", Body.chat)
        let via = try #require(site.proxied.first?.values("via").first)
        let looped = try site.answer("POST", "/api/chat", Body.chat, fields: "Via: \(via)\r\n")
        #expect(looped.status == 508)
        #expect(looped.json?["error"]?.string?.isEmpty == false)
        #expect(site.proxied.count == 1)
    }
}
