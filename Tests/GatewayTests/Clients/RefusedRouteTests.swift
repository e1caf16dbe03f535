// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// Paths and methods without an answer of their own: in Ollama's exact words at the root, as JSON under the prefix.
@Suite(.serialized) struct RefusedRouteTests {
    static let prefix = "/docker-model-runner"
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test(arguments: ["/nowhere", "/api", "/api/chat/0", "/v1", "/api/tags/0", "/verify", "/config", "/api/unload"])
    func unknownPathsAtTheRootAreOllamas404(path: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer("GET", path)
        #expect(answer.status == 404)
        #expect(answer.body == "404 page not found")
        #expect(answer.contentType == "text/plain")
    }

    @Test func unknownPathsUnderThePrefixAreJSONWithErrorAndDetail() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer("GET", Self.prefix + "/api/nothing")
        #expect(answer.status == 404)
        #expect(answer.contentType == "application/json; charset=utf-8")
        #expect(answer.json?["error"]?.string?.isEmpty == false)
        #expect(answer.json?["detail"] == answer.json?["error"])
        // Only a whole segment is the prefix.
        #expect(try site.answer("GET", Self.prefix + "x/api/tags").body == "404 page not found")
    }

    @Test(arguments: [
        ("POST", "/", "GET, HEAD"), ("POST", "/api/tags", "GET, HEAD"), ("PUT", "/api/chat", "POST"),
        ("GET", "/api/chat", "POST"), ("HEAD", "/api/generate", "POST"), ("PATCH", "/v1/chat/completions", "POST"),
        ("DELETE", "/v1/models/shared:1b", "GET, HEAD"), ("POST", "/api/delete", "DELETE"),
        ("TRACE", "/api/tags", "GET, HEAD"), ("PROPFIND", "/api/tags", "GET, HEAD"),
        ("DELETE", "/api/push", "POST")
    ])
    func wrongMethodsSayWhichAreRight(method: String, path: String, allowed: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let root = try site.answer(method, path)
        #expect(root.status == 405)
        #expect(root.header("allow") == allowed)
        #expect(root.contentType == "text/plain")
        #expect(root.body == (method == "HEAD" ? "" : "405 method not allowed"))
        guard method != "HEAD", path != "/api/push" else { return }
        let prefixed = try site.answer(method, Self.prefix + path)
        #expect(prefixed.status == 405)
        #expect(prefixed.header("allow") == allowed)
        // Under /v1 the error is an object.
        let error = prefixed.json?["error"]
        #expect(prefixed.json?["detail"]?.string == (error?["message"] ?? error)?.string)
        #expect(prefixed.json?["detail"]?.string?.contains(allowed) == true)
    }

    @Test(arguments: [
        ("GET", "/metrics"),
        ("GET", "/docker-model-runner/ui")
    ])
    func whatThisVersionLacksIsSaidAndNotGuessed(method: String, path: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer(method, path, method == "POST" ? #"{"model":"shared:1b"}"# : nil)
        #expect(answer.status == 501)
        if method != "HEAD" { #expect(answer.body.contains("doesn't serve")) }
        #expect(site.proxied.isEmpty)
    }

    /// With a key they are served, refuse an empty body, or are not in this version yet.
    @Test(arguments: [
        ("GET", "/config", 200), ("POST", "/config/update", 400), ("POST", "/verify", 400), ("GET", "/stats", 501),
        ("GET", "/decisions", 501), ("GET", "/keys", 200), ("POST", "/keys", 409), ("DELETE", "/keys/laptop", 409)
    ])
    func adminRoutesWantAKeyEvenOnLoopback(method: String, path: String, status: Int) throws {
        let adminKey = "an-admin-key-of-24-letters"
        let site = try TwoRunners(loop) { $0.adminKey = Secret(Array(adminKey.utf8)) }
        defer { site.stop() }
        let anonymous = try site.answer(method, Self.prefix + path)
        #expect(anonymous.status == 401)
        #expect(anonymous.header("www-authenticate") == "Bearer")
        let known = try site.answer(method, Self.prefix + path, fields: "Authorization: Bearer \(adminKey)\r\n")
        #expect(known.status == status)
        if status != 200 { #expect(known.json?["detail"]?.string?.isEmpty == false) }
    }

    @Test(arguments: [
        "//api/tags/", "/api//tags", "/api/tags/", "///api///tags///", "/api/%74ags", "/api/tags?ts=1", "/api/tags?",
        "/api/tags/?a=/../b", "http://localhost/api/tags", "HTTP://LOCALHOST/api/tags",
        "/docker-model-runner//api/tags/", "//docker-model-runner/api/tags?x=%00"
    ])
    func slashesAndQueriesAreIgnoredAndNeverRedirected(target: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer("GET", target)
        #expect(answer.status == 200)
        #expect(answer.modelNames?.count == 3)
    }

    @Test func aPostWithSlashesAroundItsPathReachesARunnerUnderTheRightOne() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        #expect(try site.answer("POST", "//api/%63hat/?x=1", Body.chat).status == 200)
        #expect(site.proxied.map(\.requestLine) == ["POST /api/chat HTTP/1.1"])
    }

    @Test func switchedOffOnlyTheFaceAnswers() throws {
        let site = try TwoRunners(loop) { $0.isEnabled = false }
        defer { site.stop() }
        for target in ["/", Self.prefix + "/", "/api/version", "/healthz", "/readyz"] {
            #expect(try site.answer("GET", target).status == 200, "\(target)")
        }
        for target in ["/api/tags", "/api/ps", "/v1/models", "/v1/models/shared:1b", Self.prefix + "/api/tags"] {
            let answer = try site.answer("GET", target)
            #expect(answer.status == 503, "\(target)")
            #expect(answer.body.contains("switched off"))
        }
        for target in ["/api/chat", "/api/show", "/v1/chat/completions"] {
            let answer = try site.answer("POST", target, Body.chat)
            #expect(answer.status == 503, "\(target)")
            #expect(answer.header("x-should-retry") == "false")
        }
        #expect(site.proxied.isEmpty)
    }

    @Test func anotherPrefixMovesTheSurface() throws {
        let site = try TwoRunners(loop) { $0.pathPrefix = "/llm/pool" }
        defer { site.stop() }
        #expect(try site.answer("GET", "/llm/pool/").body == #"{"status":true}"#)
        #expect(try site.answer("GET", "/llm/pool/api/tags").status == 200)
        #expect(try site.answer("GET", "/llm").status == 404)
        #expect(try site.answer("GET", Self.prefix + "/api/tags").status == 404)
    }
}
