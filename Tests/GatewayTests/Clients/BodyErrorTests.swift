// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// Bodies that name no model that can be served: one answer in the words and the shape of the route's family, the
/// connection goes on, and no runner hears of it.
@Suite(.serialized) struct BodyErrorTests {
    struct Row: CustomTestStringConvertible, Sendable {
        var path: String
        var body: String
        var status: Int
        /// The whole sentence, or, with `…` at its end, how it begins.
        var says: String

        init(_ path: String, _ body: String, _ status: Int, _ says: String) {
            (self.path, self.body, self.status, self.says) = (path, body, status, says)
        }

        var testDescription: String { "\(path) \(body)" }

        func fits(_ sentence: String?) -> Bool {
            says.hasSuffix("…") ? sentence?.hasPrefix(says.dropLast()) == true : sentence == says
        }
    }

    static let rows = [
        Row("/api/chat", "", 400, "missing request body"),
        Row("/api/show", "  \n", 400, "missing request body"),
        Row("/v1/chat/completions", "", 400, "EOF"),
        Row("/v1/embeddings", "", 400, "EOF"),
        Row("/v1/responses", "", 400, "EOF"),
        Row("/v1/messages", " ", 400, "EOF"),
        Row("/api/chat", "hello", 400, "…"),
        Row("/api/chat", #"{"model":"shared:1b""#, 400, "…"),
        Row("/api/chat", #"{"model":"shared:1b"} x"#, 400, "…"),
        Row("/api/chat", #"{"model":"shared:1b"}{}"#, 400, "…"),
        Row("/api/chat", "\u{FEFF}" + Body.chat, 400, "…"),
        Row("/api/chat", #"["shared:1b"]"#, 400, "…"),
        Row("/api/chat", #"null"#, 400, "…"),
        Row("/api/chat", #"{"model":"shared:1b","options":{"seed":NaN}}"#, 400, "…"),
        Row("/api/chat", #"{"model":"shared:1b","model":"shared:1b"}"#, 400, "…"),
        Row("/api/chat", #"{"model":"shared:1b","MODEL":"Second:7b"}"#, 400, "…"),
        Row("/api/chat", #"{"model":"shared:1b","mode\u006c":"Second:7b"}"#, 400, "…"),
        Row("/api/chat", #"{"model":"shared:1b","messages":[],"Messages":[]}"#, 400, "…"),
        Row("/api/chat", #"{"model":"shared:1b","stream":true,"stream":false}"#, 400, "…"),
        Row("/api/chat", #"{"model":7}"#, 400, "…"),
        Row("/api/chat", #"{"model":["shared:1b"]}"#, 400, "…"),
        Row("/api/chat", String(repeating: #"{"a":"#, count: 600), 400, "…"),
        Row("/v1/chat/completions", #"{"model":"shared:1b","model":""}"#, 400, "…"),
        Row("/v1/completions", "{", 400, "…"),
        Row("/v1/responses", #"{"model":"shared:1b","input":}"#, 400, "…"),
        Row("/v1/messages", #"{"model":"shared:1b","model":"shared:1b"}"#, 400, "…"),

        Row("/api/chat", "{}", 400, "model is required"),
        Row("/api/chat", #"{"name":"shared:1b"}"#, 400, "model is required"),
        Row("/api/embeddings", "{}", 400, "model is required"),
        Row("/api/show", #"{"model":""}"#, 400, "model is required"),
        Row("/v1/chat/completions", #"{"model":" "}"#, 400, "model is required"),
        Row("/v1/responses", #"{"name":"shared:1b","input":"a"}"#, 400, "model is required"),
        Row("/v1/messages", #"{"name":"shared:1b"}"#, 400, "model is required"),
        Row("/api/generate", "{}", 404, "model '' not found"),
        Row("/api/embed", #"{"input":"x"}"#, 404, "model '' not found"),
        Row("/v1/completions", "{}", 404, "model '' not found"),
        Row("/v1/embeddings", "{}", 404, "model '' not found"),

        Row("/api/chat", #"{"model":"Nobody"}"#, 404, "model 'Nobody' not found"),
        Row("/api/generate", #"{"model":"nobody:7b"}"#, 404, "model 'nobody:7b' not found"),
        Row("/api/embed", #"{"model":"nobody"}"#, 404, "model \"nobody\" not found, try pulling it first"),
        Row("/api/embeddings", #"{"model":"nobody"}"#, 404, "model \"nobody\" not found, try pulling it first"),
        Row("/api/show", #"{"model":"Nobody"}"#, 404, "model 'Nobody:latest' not found"),
        Row("/api/show", #"{"name":"library/nobody"}"#, 404, "model 'nobody:latest' not found"),
        Row("/v1/chat/completions", #"{"model":"nobody"}"#, 404, "model 'nobody' not found"),
        Row("/v1/completions", #"{"model":"nobody"}"#, 404, "model 'nobody' not found"),
        Row("/v1/embeddings", #"{"model":"nobody"}"#, 404, "model \"nobody\" not found, try pulling it first"),
        Row("/v1/responses", #"{"model":"Nobody"}"#, 404, "model 'Nobody' not found"),
        Row("/v1/systemone", #"{"model":"Nobody"}"#, 404, "model 'Nobody' not found"),
        Row("/v1/messages", #"{"model":"Nobody"}"#, 404, "model 'Nobody' not found"),
        Row("/v1/messages", #"{"model":"a b"}"#, 400, "invalid model name"),
        Row("/api/chat", #"{"model":"a//b"}"#, 400, "invalid model name"),
        Row("/api/show", #"{"model":":tag"}"#, 400, "invalid model name"),
        Row("/v1/chat/completions", #"{"model":"a b"}"#, 400, "invalid model name")
    ]

    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test(arguments: rows)
    func theAnswerSaysWhatWasWrong(row: Row) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.post(row.path, row.body)
        client.readResponses()
        let root = try #require(client.last)
        #expect(root.status == row.status)
        #expect(root.contentType == "application/json; charset=utf-8")
        let error = try #require(root.json?["error"])
        if row.path.hasPrefix("/v1/") {
            #expect(row.fits(error["message"]?.string))
            #expect(error["type"]?.string == (row.status == 404 ? "not_found_error" : "invalid_request_error"))
            if row.path == "/v1/messages" {
                #expect(root.json?["type"]?.string == "error")
                #expect(root.json?["request_id"]?.string?.hasPrefix("req_") == true)
            } else {
                #expect(error["param"] == .null)
                #expect(error["code"] == .null)
            }
        } else {
            #expect(row.fits(error.string))
        }
        #expect(root.json?["detail"] == nil)
        client.post("/docker-model-runner" + row.path, row.body)
        client.readResponses(2)
        // As Open WebUI's router, which knows no 404 for a model.
        #expect(client.last?.status == 400)
        let detail = client.last?.json?["detail"]?.string
        #expect(row.fits(detail))
        let prefixed = client.last?.json?["error"]
        #expect((row.path.hasPrefix("/v1/") ? prefixed?["message"]?.string : prefixed?.string) == detail)
        site.expectUsable(client, after: 2)
        #expect(site.proxied.isEmpty)
        #expect(site.bodyBytesHeld == 0)
    }

    @Test(arguments: ["nobody", "no%20body", "a%3Ab", "caf%C3%A9"])
    func anUnknownModelInThePathIs404(name: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let root = try site.answer("GET", "/v1/models/\(name)")
        #expect(root.status == 404)
        #expect(root.json?["error"]?["type"]?.string == "not_found_error")
        #expect(root.json?["error"]?["message"]?.string?.hasSuffix("not found") == true)
        let prefixed = try site.answer("GET", "/docker-model-runner/v1/models/\(name)")
        #expect(prefixed.status == 400)
        #expect(prefixed.json?["detail"] == prefixed.json?["error"]?["message"])
    }

    @Test func invalidUTF8IsRefused() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        let body = Array(#"{"model":"shared:1b","prompt":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
        client.send("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n")
        client.send(body)
        client.readResponses()
        #expect(client.last?.status == 400)
        #expect(client.last?.json?["error"]?.string?.isEmpty == false)
        site.expectUsable(client, after: 1)
        #expect(site.proxied.isEmpty)
    }

    @Test func aRunnerThatRefusesConnectionsIsNamed() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant(models: [SimulatedModel("gone")]))
        let under = try GatewayUnderTest(loop, [runner]) { $0.health.ejectAfter = .max }
        defer { under.stop() }
        runner.close()
        let client = try under.client()
        for path in ["/api/chat", "/v1/chat/completions", "/docker-model-runner/api/chat"] {
            client.post(path, Body.chat.replacing("shared:1b", with: "gone"))
        }
        client.readResponses(3)
        let words = "runner 0 (127.0.0.1:\(runner.port))"
        #expect(client.responses.map(\.status) == [502, 502, 502])
        #expect(client.responses[0].json?["error"]?.string?.contains(words) == true)
        #expect(client.responses[1].json?["error"]?["message"]?.string?.contains(words) == true)
        #expect(client.responses[1].json?["error"]?["type"]?.string == "api_error")
        #expect(client.responses[2].json?["detail"]?.string?.contains(words) == true)
        under.expectIdle()
    }

    @Test func whereNoListWasEverReadItIsTheRunnersFaultNotTheModels() throws {
        let closed = try ClosedPort()
        let under = try GatewayUnderTest(loop, [closed])
        defer { under.stop() }
        let client = try under.client()
        client.post("/api/chat", Body.chat)
        client.post("/api/show", #"{"model":"shared:1b"}"#)
        client.readResponses(2)
        #expect(client.responses.map(\.status) == [503, 503])
        #expect(client.last?.header("retry-after") != nil)
        #expect(client.last?.header("x-should-retry") == "false")
    }
}
