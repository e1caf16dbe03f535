// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Keys for some models only: byte for byte, a forbidden model is one that nobody has.
@Suite(.serialized) struct ForbiddenModelTests {
    static let limited = "dmr_limited"
    static let everything = "dmr_everything"
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func site() throws -> TwoRunners {
        let scopes: Set<Configuration.Access.Scope> = [.read, .inference, .manage]
        return try TwoRunners(loop) {
            $0.access.keys = [
                AccessSite.key("limited", Self.limited, scopes: scopes, models: ["SHARED:*", "mine*"]),
                AccessSite.key("everything", Self.everything, scopes: scopes)
            ]
        }
    }

    /// Method, target, body, with MODEL for the name.
    static let requests: [(String, String, String?)] = [
        ("POST", "/api/chat", #"{"model":"MODEL","messages":[]}"#),
        ("POST", "/api/chat", #"{"model":"MODEL","stream":false}"#),
        ("POST", "/api/generate", #"{"model":"MODEL","prompt":"x"}"#),
        ("POST", "/api/generate", #"{"model":"MODEL","keep_alive":0}"#), ("POST", "/api/embed", #"{"model":"MODEL"}"#),
        ("POST", "/api/embeddings", #"{"model":"MODEL"}"#), ("POST", "/api/show", #"{"model":"MODEL"}"#),
        ("POST", "/api/show", #"{"name":"MODEL"}"#), ("POST", "/v1/chat/completions", #"{"model":"MODEL"}"#),
        ("POST", "/v1/completions", #"{"model":"MODEL"}"#), ("POST", "/v1/embeddings", #"{"model":"MODEL"}"#),
        ("POST", "/v1/responses", #"{"model":"MODEL"}"#), ("POST", "/v1/messages", #"{"model":"MODEL"}"#),
        ("GET", "/v1/models/MODEL", nil), ("HEAD", "/v1/models/MODEL", nil),
        ("POST", "/api/push", #"{"model":"MODEL"}"#),
        ("DELETE", "/api/delete", #"{"model":"MODEL"}"#), ("DELETE", "/api/delete", #"{"name":"MODEL"}"#),
        ("POST", "/api/copy", #"{"source":"MODEL","destination":"mine"}"#),
        ("POST", "/docker-model-runner/api/unload", #"{"name":"MODEL"}"#),
        ("POST", "/docker-model-runner/api/chat/0", #"{"model":"MODEL"}"#),
        ("POST", "/docker-model-runner/api/chat/1", #"{"model":"MODEL"}"#),
        ("POST", "/docker-model-runner/api/chat/9", #"{"model":"MODEL"}"#),
        ("DELETE", "/docker-model-runner/api/delete/0", #"{"model":"MODEL"}"#),
        ("POST", "/docker-model-runner/v1/chat/completions/0", #"{"model":"MODEL"}"#)
    ]

    @Test(arguments: requests)
    func itAnswersAsOneThatNobodyHas(method: String, target: String, body: String?) throws {
        let site = try site()
        defer { site.stop() }
        func answer(_ name: String, _ key: String) throws -> RawClient.Response {
            try site.answer(
                method, target.replacing("MODEL", with: name), body?.replacing("MODEL", with: name),
                fields: AccessSite.bearer(key))
        }
        // As long as each other: their lengths differ in nothing.
        for (forbidden, unknown) in [
            ("embedder", "nobodies"), ("EMBEDDER", "NOBODIES"), ("embedder:latest", "nobodies:latest")
        ] {
            let seen = try answer(forbidden, Self.limited)
            let expected = try answer(unknown, Self.everything)
            #expect(seen.status == expected.status && seen.status >= 400)
            #expect(seen.body.replacing(forbidden, with: unknown) == expected.body || seen.body.contains("req_"))
            #expect(seen.head.headers.fields.map(\.name) == expected.head.headers.fields.map(\.name))
        }
        #expect(site.proxied.isEmpty)
    }

    @Test func listsLeaveItOut() throws {
        let site = try site()
        defer { site.stop() }
        for target in ["/api/tags", "/v1/models", "/docker-model-runner/api/tags", "/docker-model-runner/v1/models"] {
            #expect(
                try site.answer("GET", target, fields: AccessSite.bearer(Self.limited)).listedModels == ["shared:1b"])
            let all = try site.answer("GET", target, fields: AccessSite.bearer(Self.everything)).listedModels
            #expect(all.map { $0.lowercased() } == ["second:7b", "embedder:latest", "shared:1b"])
        }
        for index in 0..<2 {
            let pinned = "/docker-model-runner/api/tags/\(index)"
            #expect(
                try site.answer("GET", pinned, fields: AccessSite.bearer(Self.limited)).listedModels == ["shared:1b"])
        }
    }

    @Test func whatIsLoadedAsWell() throws {
        let site = try site()
        defer { site.stop() }
        for model in ["shared:1b", "embedder"] {
            let body = Body.chat.replacing("shared:1b", with: model)
            #expect(
                try site.answer("POST", "/api/chat", body, fields: AccessSite.bearer(Self.everything)).status == 200)
        }
        let gateway = site.under.gateway
        gateway.refresh([.ps], of: RunnerSet([0, 1])) {}
        loop.run(until: { String(decoding: gateway.catalog.answer(.ps), as: UTF8.self).contains("embedder") }, "a list")
        for target in ["/api/ps", "/docker-model-runner/api/ps"] {
            #expect(
                try site.answer("GET", target, fields: AccessSite.bearer(Self.limited)).listedModels == ["shared:1b"])
        }
    }

    @Test func theOthersAreServedHoweverTheyAreSpelled() throws {
        let site = try site()
        defer { site.stop() }
        for name in ["shared:1b", "SHARED:1B", "library/shared:1b"] {
            let body = Body.chat.replacing("shared:1b", with: name)
            #expect(try site.answer("POST", "/api/chat", body, fields: AccessSite.bearer(Self.limited)).status == 200)
        }
        let copy = #"{"source":"shared:1b","destination":"mine:2"}"#
        #expect(try site.answer("POST", "/api/copy", copy, fields: AccessSite.bearer(Self.limited)).status == 200)
    }

    /// A name that is not even there yet.
    @Test(arguments: [
        ("POST", "/api/pull", #"{"model":"theirs"}"#),
        ("POST", "/api/create", #"{"model":"theirs","from":"shared:1b"}"#),
        ("POST", "/api/create", #"{"model":"mine","from":"embedder"}"#),
        ("POST", "/api/copy", #"{"source":"shared:1b","destination":"theirs"}"#),
        ("POST", "/api/chat", #"{"model":"shared:1b","name":"embedder"}"#)
    ])
    func everyNameInABodyCounts(method: String, target: String, body: String) throws {
        let site = try site()
        defer { site.stop() }
        #expect(try site.answer(method, target, body, fields: AccessSite.bearer(Self.limited)).status == 404)
        #expect(site.proxied.isEmpty)
    }

    @Test func aFormsModelCounts() throws {
        let site = try site()
        defer { site.stop() }
        let form = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nembedder\r\n--b--\r\n"
        let fields = AccessSite.bearer(Self.limited) + "Content-Type: multipart/form-data; boundary=b\r\n"
        #expect(try site.answer("POST", "/v1/audio/transcriptions", form, fields: fields).status == 404)
        #expect(site.proxied.isEmpty)
    }
}
