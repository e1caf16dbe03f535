// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// A path that ends in a runner's index: that runner and no other (gateway.md section 3).
@Suite(.serialized) struct PinTests {
    static let prefix = "/docker-model-runner"
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test(
        arguments: [
            ("/api/chat", Body.chat), ("/api/generate", #"{"model":"shared:1b","prompt":"a","stream":false}"#),
            ("/api/embed", #"{"model":"shared:1b","input":"a"}"#), ("/api/show", #"{"model":"shared:1b"}"#),
            ("/v1/chat/completions", Body.chat), ("/api/copy", #"{"source":"shared:1b","destination":"z"}"#),
            ("/api/pull", #"{"model":"new"}"#), ("/api/me", "")
        ], [0, 1])
    func theRunnerOfTheIndexAnswers(request: (path: String, body: String), pin: Int) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer("POST", "\(Self.prefix)\(request.path)/\(pin)", request.body)
        #expect(answer.status == 200)
        #expect(answer.runner == pin)
        let record = try #require(site.proxied.last)
        #expect(record.requestLine == "POST \(request.path) HTTP/1.1")
    }

    @Test(arguments: [("2", 404), ("99", 404), ("-1", 404), ("x", 404), ("1.0", 404), ("99999999999999999999", 404)])
    func whatIsNoIndexIs404(pin: String, status: Int) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        for (method, path) in [("POST", "/api/chat"), ("GET", "/api/tags"), ("POST", "/api/pull"), ("POST", "/api/me")]
        {
            let answer = try site.answer(method, "\(Self.prefix)\(path)/\(pin)", method == "POST" ? Body.chat : nil)
            #expect(answer.status == status, "\(path)")
            #expect(answer.json?["detail"]?.string == answer.json?["error"]?.string)
        }
        #expect(site.proxied.isEmpty)
    }

    @Test func aDisabledRunnerIs404() throws {
        let site = try TwoRunners(loop) { $0.runners[1].isEnabled = false }
        defer { site.stop() }
        for (method, path) in [("POST", "/api/chat/1"), ("GET", "/api/tags/1"), ("DELETE", "/api/delete/1")] {
            #expect(try site.answer(method, Self.prefix + path, method == "GET" ? nil : Body.chat).status == 404)
        }
    }

    @Test(arguments: ["/api/chat/1", "/api/show/1", "/v1/chat/completions/1", "/api/push/1"])
    func aRunnerThatLacksTheModelIs400(path: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let body = #"{"model":"embedder","messages":[{"role":"user","content":"a"}]}"#
        let answer = try site.answer("POST", Self.prefix + path, body)
        #expect(answer.status == 400)
        #expect(answer.body.contains("not found"))
        #expect(site.proxied.isEmpty)
    }

    @Test func itsOwnWordThatItLacksTheModelCountsToo() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[1].options.faults.notFound = true
        let answer = try site.answer("POST", Self.prefix + "/api/chat/1", Body.chat)
        #expect(answer.status == 400)
        #expect(site.runners[0].inferenceRequestsSeen == 0)
    }

    @Test func aPinnedExchangeWaitsForItsRunnerOnly() throws {
        let site = try TwoRunners(loop, gatesHead: true) {
            for runner in $0.runners.indices { $0.runners[runner].maxInflight = 1 }
        }
        defer { site.stop() }
        let first = try site.client()
        first.post(Self.prefix + "/api/chat/1", Body.chat)
        site.under.run(untilInFlight: 1)
        let second = try site.client()
        second.post(Self.prefix + "/api/chat/1", Body.chat)
        site.under.run(untilInFlight: 1, waiting: 1)
        // Runner 0 is free all the time.
        #expect(site.runners[0].inflight == 0)
        site.runners[1].releaseHead(2)
        first.readResponses()
        second.readResponses()
        #expect(second.last?.runner == 1)
    }

    @Test func aPinnedExchangeNeverMoves() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[1].options.faults.resetBeforeHead = true
        let answer = try site.answer("POST", Self.prefix + "/api/chat/1", Body.chat)
        #expect(answer.status == 502)
        #expect(site.runners[0].inferenceRequestsSeen == 0)
        #expect(site.runners[1].inferenceRequestsSeen == 1)
    }

    @Test func anEjectedRunnerIsTriedAnyway() throws {
        let site = try TwoRunners(loop) { $0.health.ejectAfter = 1 }
        defer { site.stop() }
        site.runners[1].options.faults.resetBeforeHead = true
        _ = try site.answer("POST", Self.prefix + "/api/chat/1", Body.chat)
        #expect(!site.under.health(1).isInRotation)
        site.runners[1].options.faults.resetBeforeHead = false
        let answer = try site.answer("POST", Self.prefix + "/api/chat/1", Body.chat)
        #expect(answer.status == 200 && answer.runner == 1)
        #expect(try site.answer("POST", Self.prefix + "/api/me/1").status == 200)
    }

    @Test func listsAreThoseOfTheRunnerInTheGatewaysNames() throws {
        let site = try TwoRunners(loop) { $0.runners[1].prefixID = "gpu1" }
        defer { site.stop() }
        let tags = try site.answer("GET", Self.prefix + "/api/tags/1")
        #expect(
            tags.json?["models"]?.array?.compactMap { $0["model"]?.string }.sorted() == [
                "gpu1.Second:7b", "gpu1.shared:1b"
            ])
        #expect(tags.json?["models"]?.array?.allSatisfy { $0["urls"] == .array([.integer(1)]) } == true)
        let models = try site.answer("GET", Self.prefix + "/v1/models/0")
        #expect(
            models.json?["data"]?.array?.compactMap { $0["id"]?.string }.sorted() == ["embedder:latest", "shared:1b"])
        #expect(try site.answer("GET", Self.prefix + "/api/version/0").body == #"{"version":"0.11.0"}"#)
        #expect(try site.answer("GET", Self.prefix + "/api/ps/0").body == #"{"models":[]}"#)
        // At the root a number is a model's name, and there are no pins.
        #expect(try site.answer("GET", "/v1/models/0").status == 404)
        #expect(try site.answer("GET", "/api/tags/0").body == "404 page not found")
    }

    @Test func blobsDeleteAndUnloadStayOnTheirRunner() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let content = Array("abc".utf8)
        let digest = BlobTests.digest(content)
        #expect(try site.answer("POST", "\(Self.prefix)/api/blobs/\(digest)/1", "abc").status == 201)
        #expect(try site.answer("HEAD", "\(Self.prefix)/api/blobs/\(digest)/1").status == 200)
        #expect(try site.answer("HEAD", "\(Self.prefix)/api/blobs/\(digest)/0").status == 404)
        #expect(try site.answer("POST", "\(Self.prefix)/api/unload/1", #"{"model":"shared:1b"}"#).status == 200)
        #expect(try site.answer("DELETE", "\(Self.prefix)/api/delete/1", #"{"model":"shared:1b"}"#).body == "true")
        #expect(site.runners.map { $0.options.models.contains { $0.name == "shared:1b" } } == [true, false])
    }
}
