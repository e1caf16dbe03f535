// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// Pages in browsers: foreign ones get nothing, allowed ones can read every answer, and a rebound name opens nothing.
@Suite(.serialized) struct BrowserTests {
    static let foreign = "Origin: https://evil.example.com\r\n"
    static let allowed = "Origin: http://localhost:3000\r\n"
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test func aForeignOriginIs403WithNothingInIt() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        for (method, target, body) in [
            ("GET", "/", nil), ("GET", "/api/tags", nil), ("GET", "/nowhere", nil), ("PUT", "/api/chat", nil),
            ("POST", "/api/chat", Body.chat), ("OPTIONS", "/api/chat", nil)
        ] as [(String, String, String?)] {
            let answer = try site.answer(method, target, body, fields: Self.foreign)
            #expect(answer.status == 403, "\(method) \(target)")
            #expect(answer.body == "", "\(method) \(target)")
            #expect(answer.header("access-control-allow-origin") == nil)
        }
        #expect(site.proxied.isEmpty)
        // Under the prefix no Ollama answers: it says why.
        let prefixed = try site.answer("GET", "/docker-model-runner/api/tags", fields: Self.foreign)
        #expect(prefixed.status == 403)
        #expect(prefixed.json?["detail"]?.string?.contains("access.origins") == true)
    }

    @Test func aKeyDoesNotOpenTheDoorToAForeignOrigin() throws {
        let key = "an-admin-key-of-24-letters"
        let site = try TwoRunners(loop) { $0.adminKey = Secret(Array(key.utf8)) }
        defer { site.stop() }
        let fields = "\(Self.foreign)Authorization: Bearer \(key)\r\n"
        #expect(try site.answer("GET", "/api/tags", fields: fields).status == 403)
        #expect(try site.answer("GET", "/api/tags", fields: Self.allowed + fields).status == 403)
    }

    @Test func anAllowedOriginIsEchoedOnEveryKindOfAnswer() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        for (method, target, body, status) in [
            ("GET", "/api/tags", nil, 200), ("GET", "/nowhere", nil, 404), ("POST", "/api/chat", "{}", 400),
            ("POST", "/api/chat", Body.chat, 200), ("POST", "/api/chat", Body.streamedChat, 200),
            ("POST", "/api/show", #"{"model":"shared:1b"}"#, 200), ("POST", "/api/chat", #"{"model":"no"}"#, 404)
        ] as [(String, String, String?, Int)] {
            let answer = try site.answer(method, target, body, fields: Self.allowed)
            #expect(answer.status == status)
            #expect(answer.header("access-control-allow-origin") == "http://localhost:3000", "\(target)")
            #expect(answer.header("vary") == "Origin")
            #expect(answer.header("access-control-allow-credentials") == nil)
        }
        // Runners never hear of it: they would answer 403.
        #expect(site.proxied.allSatisfy { $0.values("origin").isEmpty })
    }

    @Test func ownAndConfiguredOriginsAreTaken() throws {
        let site = try TwoRunners(loop) { $0.access.origins = ["https://*.corp.example"] }
        defer { site.stop() }
        let own = try site.answer("GET", "/api/tags", fields: "Origin: http://localhost\r\n")
        #expect(own.status == 200)
        #expect(own.header("access-control-allow-origin") == nil)
        let configured = try site.answer("GET", "/api/tags", fields: "Origin: https://chat.corp.example\r\n")
        #expect(configured.header("access-control-allow-origin") == "https://chat.corp.example")
        #expect(
            try site.answer("GET", "/api/tags", fields: "Origin: https://chat.corp.example.org\r\n").status == 403)
        #expect(try site.answer("GET", "/api/tags", fields: "Origin: null\r\n").status == 403)
    }

    @Test func everyOriginIsAStar() throws {
        let site = try TwoRunners(loop) { $0.access.origins = ["*"] }
        defer { site.stop() }
        for (target, body) in [("/api/show", #"{"model":"shared:1b"}"#), ("/api/chat", "{}")] {
            let answer = try site.answer("POST", target, body, fields: Self.foreign)
            #expect(answer.header("access-control-allow-origin") == "*")
        }
    }

    @Test func aPreflightIsAnsweredWithoutAKey() throws {
        let site = try TwoRunners(loop) { $0.adminKey = Secret(Array("an-admin-key-of-24-letters".utf8)) }
        defer { site.stop() }
        for target in ["/api/chat", "/v1/chat/completions", "/docker-model-runner/config", "/nowhere", "*"] {
            let answer = try site.answer(
                "OPTIONS", target,
                fields: Self.allowed + "Access-Control-Request-Method: POST\r\n"
                    + "Access-Control-Request-Headers: authorization, x-stainless-os\r\n")
            #expect(answer.status == 204, "\(target)")
            #expect(answer.header("access-control-allow-origin") == "http://localhost:3000")
            #expect(answer.header("access-control-allow-methods") == "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS")
            #expect(answer.header("access-control-allow-headers")?.contains("x-stainless-os") == true)
            #expect(answer.header("access-control-max-age") == "43200")
            #expect(answer.header("content-length") == nil)
            // Once: two would make a browser refuse the answer.
            let count = answer.head.headers.fields.count {
                answer.head.headers.nameText($0).lowercased() == "access-control-allow-origin"
            }
            #expect(count == 1)
        }
    }

    @Test func optionsWithoutAnOriginIsAsInOllama() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        #expect(try site.answer("OPTIONS", "/api/chat").status == 204)
        let client = try site.client()
        client.send("OPTIONS /api/chat HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        client.send("OPTIONS /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        client.readResponses(2)
        #expect(client.responses.map(\.status) == [405, 404])
        #expect(client.responses[0].header("allow") == "POST")
    }

    @Test(arguments: [
        ("localhost:11435", 200), ("LOCALHOST", 200), ("127.0.0.1:1", 200), ("[::1]:11435", 200), ("10.1.2.3", 200),
        ("gateway", 200), ("a.b.localhost", 200), ("gw.local", 200), ("gw.internal", 200), ("chat.corp.example", 200),
        ("evil.example.com", 403), ("localhost.evil.com", 403), ("8.8.8.8", 403), ("[2001:db8::1]", 403)
    ])
    func onLoopbackTheHostHasToBeOneOfOurs(host: String, status: Int) throws {
        let site = try TwoRunners(loop) { $0.access.hosts = ["chat.corp.example"] }
        defer { site.stop() }
        let client = try site.client()
        for target in ["/api/tags", "/api/version", "/"] {
            client.send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        }
        client.readResponses(3)
        #expect(client.responses.map(\.status) == [status, status, status])
        if status == 403 { #expect(client.responses.allSatisfy { $0.body == "" }) }
    }

    @Test func aGoodKeySkipsTheHostCheckAndAWrongOneDoesNot() throws {
        let key = "an-admin-key-of-24-letters"
        let site = try TwoRunners(loop) { $0.adminKey = Secret(Array(key.utf8)) }
        defer { site.stop() }
        let client = try site.client()
        for fields in ["Authorization: Bearer \(key)\r\n", "Authorization: Bearer dmr_wrong\r\n", ""] {
            client.send("GET /api/tags HTTP/1.1\r\nHost: gw.example.com\r\n\(fields)\r\n")
        }
        client.readResponses(3)
        #expect(client.responses.map(\.status) == [200, 403, 403])
    }
}
