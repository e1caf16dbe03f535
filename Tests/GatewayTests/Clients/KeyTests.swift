// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// Keys on real requests: which count, what they open, and that no runner ever gets one.
@Suite(.serialized) struct KeyTests {
    static let admin = "an-admin-key-of-24-letters"
    static let user = "dmr_users-key"
    static let reader = "dmr_readers-key"
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// A user's key, one that may only read, and the admin key of the environment.
    private func siteWithKeys() throws -> TwoRunners {
        try TwoRunners(loop) {
            $0.adminKey = Secret(Array(Self.admin.utf8))
            $0.access.keys = [
                .init(name: "user", sha256: Self.sha256(Self.user)),
                .init(name: "reader", sha256: Self.sha256(Self.reader), scopes: [.read])
            ]
        }
    }

    private static func sha256(_ key: String) -> [UInt8] {
        Array(key.utf8).withUnsafeBytes { Cryptography.sha256($0) }
    }

    private func bearer(_ key: String) -> String { "Authorization: Bearer \(key)\r\n" }

    @Test func withoutAnyKeyLoopbackMayDoEverything() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        #expect(try site.answer("POST", "/api/chat", Body.chat).status == 200)
        #expect(try site.answer("GET", "/api/tags").status == 200)
        // Not built, but not forbidden.
        #expect(try site.answer("GET", "/metrics").status == 501)
        #expect(try site.answer("GET", "/docker-model-runner/config").status == 401)
    }

    @Test(arguments: ["", "Authorization: Bearer \r\n", "Authorization: Bearer\r\n", "Authorization: Basic YTpi\r\n"])
    func whereAKeyIsConfiguredOneIsNeeded(fields: String) throws {
        let site = try siteWithKeys()
        defer { site.stop() }
        for (method, target) in [("GET", "/api/tags"), ("GET", "/v1/models"), ("POST", "/api/chat")] {
            let answer = try site.answer(method, target, method == "POST" ? Body.chat : nil, fields: fields)
            #expect(answer.status == 401)
            #expect(answer.header("www-authenticate") == "Bearer")
            #expect(answer.json?["error"] != nil)
        }
        for target in ["/", "/api/version", "/healthz", "/readyz"] {
            #expect(try site.answer("GET", target, fields: fields).status == 200)
        }
        // What is not there is no secret.
        #expect(try site.answer("GET", "/nowhere", fields: fields).status == 404)
        #expect(site.proxied.isEmpty)
    }

    @Test func a401HasTheShapeOfItsFamily() throws {
        let site = try siteWithKeys()
        defer { site.stop() }
        let openAI = try site.answer("POST", "/v1/chat/completions", Body.chat)
        #expect(openAI.status == 401)
        #expect(openAI.json?["error"]?["message"]?.string?.isEmpty == false)
        let prefixed = try site.answer("POST", "/docker-model-runner/api/chat", Body.chat)
        #expect(prefixed.status == 401)
        #expect(prefixed.json?["detail"]?.string == prefixed.json?["error"]?.string)
        let anthropic = try site.answer("POST", "/v1/messages", "{}")
        #expect(anthropic.json?["error"]?["type"]?.string == "authentication_error")
    }

    @Test func aGoodKeyOpensWhatItsScopesSay() throws {
        let site = try siteWithKeys()
        defer { site.stop() }
        for fields in [bearer(Self.user), "x-api-key: \(Self.user)\r\n", "authorization: bEARER   \(Self.user) \r\n"] {
            #expect(try site.answer("POST", "/api/chat", Body.chat, fields: fields).status == 200)
            #expect(try site.answer("GET", "/api/tags", fields: fields).status == 200)
            let pull = try site.answer("POST", "/api/pull", "{}", fields: fields)
            #expect(pull.status == 403)
            #expect(pull.header("www-authenticate") == nil)
            #expect(pull.json?["error"]?.string?.contains("'manage'") == true)
        }
        #expect(try site.answer("GET", "/api/tags", fields: bearer(Self.reader)).status == 200)
        let chat = try site.answer("POST", "/v1/chat/completions", Body.chat, fields: bearer(Self.reader))
        #expect(chat.status == 403)
        #expect(chat.json?["error"]?["message"]?.string?.contains("'inference'") == true)
        #expect(try site.answer("GET", "/docker-model-runner/config", fields: bearer(Self.user)).status == 403)
    }

    @Test func theEnvironmentsAdminKeyOpensAll() throws {
        let site = try siteWithKeys()
        defer { site.stop() }
        #expect(try site.answer("POST", "/api/chat", Body.chat, fields: bearer(Self.admin)).status == 200)
        for (target, status) in [("/docker-model-runner/config", 200), ("/metrics", 501)] {
            #expect(try site.answer("GET", target, fields: bearer(Self.admin)).status == status)
        }
        #expect(try site.answer("POST", "/api/chat", Body.chat, fields: bearer(Self.admin + "x")).status == 401)
    }

    @Test func aWrongKeyOfOursIsAlwaysTold() throws {
        for hasKeys in [true, false] {
            let site = hasKeys ? try siteWithKeys() : try TwoRunners(loop)
            defer { site.stop() }
            for fields in [bearer("dmr_wrong"), "x-api-key: dmr_wrong\r\n"] {
                let answer = try site.answer("POST", "/api/chat", Body.chat, fields: fields)
                #expect(answer.status == 401)
                #expect(answer.body.contains("doesn't know the key"))
                #expect(!answer.body.contains("dmr_wrong"))
            }
        }
    }

    /// OpenAI's clients must send something.
    @Test func aDummyKeyCountsAsNone() throws {
        let open = try TwoRunners(loop)
        defer { open.stop() }
        for key in ["ollama", "sk-1234", "dmr", String(repeating: "k", count: 5000)] {
            #expect(try open.answer("POST", "/api/chat", Body.chat, fields: bearer(key)).status == 200)
        }
        let closed = try siteWithKeys()
        defer { closed.stop() }
        #expect(try closed.answer("POST", "/api/chat", Body.chat, fields: bearer("ollama")).status == 401)
        // Beside a good one it does not matter.
        let both = bearer("ollama") + "x-api-key: \(Self.user)\r\n"
        #expect(try closed.answer("POST", "/api/chat", Body.chat, fields: both).status == 200)
    }

    @Test func twoDifferentKeysOfOursAre400() throws {
        let site = try siteWithKeys()
        defer { site.stop() }
        let two = bearer(Self.user) + "x-api-key: \(Self.reader)\r\n"
        #expect(try site.answer("GET", "/api/tags", fields: two).status == 400)
        let same = bearer(Self.user) + "x-api-key: \(Self.user)\r\n"
        #expect(try site.answer("GET", "/api/tags", fields: same).status == 200)
    }

    @Test func noRunnerEverGetsAClientsKeyButItsOwn() throws {
        let site = try TwoRunners(loop) {
            $0.adminKey = Secret(Array(Self.admin.utf8))
            $0.runners[0].key = Secret(Array("the-runners-own".utf8))
        }
        defer { site.stop() }
        for model in ["embedder", "Second:7b"] {
            for fields in [bearer(Self.admin), "x-api-key: \(Self.admin)\r\n"] {
                let body = Body.chat.replacing("shared:1b", with: model)
                #expect(try site.answer("POST", "/api/chat", body, fields: fields).status == 200)
            }
        }
        let texts = site.runners.map { $0.records.map { String(decoding: $0.headBytes, as: UTF8.self) } }
        #expect(texts.joined().allSatisfy { !$0.contains(Self.admin) })
        #expect(texts[0].allSatisfy { $0.contains("Authorization: Bearer the-runners-own\r\n") })
        #expect(site.runners[1].records.allSatisfy { $0.values("authorization").isEmpty })
        #expect(site.runners.allSatisfy { $0.records.contains { $0.requestLine.hasPrefix("POST") } })
    }

    @Test func unloadingNeedsMoreThanInference() throws {
        let site = try siteWithKeys()
        defer { site.stop() }
        let unload = #"{"model":"shared:1b","keep_alive":0}"#
        #expect(try site.answer("POST", "/api/generate", unload, fields: bearer(Self.user)).status == 403)
        #expect(site.proxied.isEmpty)
        #expect(try site.answer("POST", "/api/generate", unload, fields: bearer(Self.admin)).status == 200)
    }
}
