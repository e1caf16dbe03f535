// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// The routes that the gateway answers by itself, at the root as one Ollama and under the prefix as Open WebUI's
/// router: status, content type and shape.
@Suite(.serialized) struct OwnRouteTests {
    static let jsonType = "application/json; charset=utf-8"
    static let prefix = "/docker-model-runner"
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test func landingIsOllamasAtTheRootAndOpenWebUIsUnderThePrefix() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let root = try site.answer("GET", "/")
        #expect(root.status == 200)
        #expect(root.body == "Ollama is running")
        #expect(root.contentType == "text/plain; charset=utf-8")
        for target in [Self.prefix, Self.prefix + "/"] {
            let prefixed = try site.answer("GET", target)
            #expect(prefixed.status == 200)
            #expect(prefixed.body == #"{"status":true}"#)
            #expect(prefixed.contentType == Self.jsonType)
        }
    }

    @Test func tagsAtTheRootAreNewestFirstWithoutExtraFields() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let tags = try site.answer("GET", "/api/tags")
        #expect(tags.status == 200)
        #expect(tags.contentType == Self.jsonType)
        // The second runner's are newer; the shared one is shown as the lowest index has it.
        #expect(tags.modelNames == ["Second:7b", "shared:1b", "embedder:latest"])
        let entry = tags.json?["models"]?.array?.first
        #expect(
            entry?.members?.map(\.key).sorted() == ["details", "digest", "model", "modified_at", "name", "size"])
        #expect(entry?["model"] == entry?["name"])
        #expect(site.proxied.isEmpty)
    }

    @Test func tagsUnderThePrefixNameTheirRunners() throws {
        let site = try TwoRunners(loop) {
            $0.runners[1].prefixID = "gpu"
            $0.runners[1].tags = [.string("fast")]
        }
        defer { site.stop() }
        let models = try #require(try site.answer("GET", Self.prefix + "/api/tags").json?["models"]?.array)
        #expect(models.map { $0["name"]?.string } == ["shared:1b", "embedder:latest", "shared:1b", "Second:7b"])
        #expect(
            models.map { $0["model"]?.string } == ["shared:1b", "embedder:latest", "gpu.shared:1b", "gpu.Second:7b"])
        #expect(models.map { $0["urls"]?.array } == [[.number("0")], [.number("0")], [.number("1")], [.number("1")]])
        #expect(models.map { $0["tags"]?.array } == [nil, nil, [.string("fast")], [.string("fast")]])
        #expect(models.allSatisfy { $0["connection_type"]?.string == "docker" })
    }

    @Test func psShowsWhatIsLoadedSomewhere() throws {
        let site = try TwoRunners(loop) { $0.health.psInterval = .milliseconds(10) }
        defer { site.stop() }
        #expect(try site.answer("GET", "/api/ps").body == #"{"models":[]}"#)
        _ = try site.answer("POST", "/api/chat", Body.chat.replacing("shared:1b", with: "second:7b"))
        let client = try site.client()
        client.readUntil("the loaded model in /api/ps") {
            if client.last?.isComplete ?? true { client.get("/api/ps") }
            return client.last?.body.contains("expires_at") ?? false
        }
        let entry = client.last?.json?["models"]?.array?.first
        #expect(client.last?.contentType == Self.jsonType)
        #expect(entry?["name"]?.string == "Second:7b")
        #expect(entry?["size_vram"]?.int != nil)
        let prefixed = try site.answer("GET", Self.prefix + "/api/ps").json?["models"]?.array
        #expect(prefixed?.map { $0["urls"]?.array } == [[.number("1")]])
    }

    @Test func versionIsTheLowestOfTheUsable() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let expected = #"{"version":"0.11.0"}"#
        for target in ["/api/version", Self.prefix + "/api/version"] {
            let version = try site.answer("GET", target)
            #expect(version.status == 200)
            #expect(version.body == expected)
            #expect(version.contentType == Self.jsonType)
        }
    }

    @Test func openAIModelsAreListedAndFound() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        for base in ["", Self.prefix] {
            let list = try site.answer("GET", base + "/v1/models")
            #expect(list.status == 200)
            #expect(list.contentType == Self.jsonType)
            #expect(list.json?["object"]?.string == "list")
            #expect(
                list.json?["data"]?.array?.map { $0["id"]?.string } == ["Second:7b", "shared:1b", "embedder:latest"])
            let one = try site.answer("GET", base + "/v1/models/embedder")
            #expect(one.status == 200)
            #expect(one.json?["id"]?.string == "embedder")
            #expect(one.json?["object"]?.string == "model")
            #expect(one.json?["created"]?.int == 1_755_000_000)
            #expect(one.json?["owned_by"]?.string == "library")
        }
    }

    @Test func withoutModelsOpenAIsListIsNull() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant(models: []))
        let under = try GatewayUnderTest(loop, [runner])
        defer { under.stop() }
        let client = try under.client()
        client.get("/v1/models")
        client.get("/api/tags")
        client.readResponses(2)
        #expect(client.responses.first?.json?["data"] == .null)
        #expect(client.responses.last?.body == #"{"models":[]}"#)
    }

    @Test func healthAndReadiness() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let health = try site.answer("GET", "/healthz")
        #expect(health.status == 200)
        #expect(health.json?["status"]?.string == "ok")
        for target in ["/readyz", "/readyz?runners=1", Self.prefix + "/readyz"] {
            let ready = try site.answer("GET", target)
            #expect(ready.status == 200)
            #expect(
                ready.body == #"{"ready":true,"draining":false,"runners":{"configured":2,"usable":2}}"#)
        }
    }

    @Test func readinessCanAskForARunner() throws {
        let closed = try ClosedPort()
        let under = try GatewayUnderTest(loop, [closed]) { $0.health.ejectAfter = 1 }
        defer { under.stop() }
        let client = try under.client()
        client.get("/readyz")
        client.get("/readyz?runners=1")
        client.get("/healthz")
        client.readResponses(3)
        #expect(client.responses.map(\.status) == [200, 503, 200])
        #expect(client.responses[1].json?["ready"]?.bool == false)
        #expect(client.responses[1].json?["runners"]?["usable"]?.int == 0)
    }

    @Test func nobodyIsReadyBeforeTheFirstRoundOfProbes() throws {
        let silent = try ScriptedRunner(loop, always: [])
        silent.answersLists = false
        let under = try GatewayUnderTest(loop, [silent], waitsForLists: false)
        defer { under.stop() }
        let client = try under.client()
        client.get("/readyz")
        client.get("/healthz")
        client.readResponses(2)
        #expect(client.responses.map(\.status) == [503, 200])
    }

    @Test(arguments: [
        "/", "/api/tags", "/api/ps", "/api/version", "/v1/models", "/v1/models/shared:1b", "/healthz", "/readyz",
        "/docker-model-runner/", "/docker-model-runner/api/tags", "/docker-model-runner/v1/models"
    ])
    func headAnswersAsGetWithoutTheBody(target: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let get = try site.answer("GET", target)
        let client = try site.client()
        client.get(target, method: "HEAD")
        client.readResponses()
        let head = try #require(client.last)
        #expect(head.status == get.status)
        #expect(head.body.isEmpty)
        #expect(head.header("content-length") == get.header("content-length"))
        #expect(head.contentType == get.contentType)
        site.expectUsable(client, after: 1)
    }

    @Test func everyAnswerHasADateAndAnIdOfItsRequest() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let first = try site.answer("GET", "/api/tags")
        let second = try site.answer("GET", "/nowhere")
        #expect(first.header("date")?.hasSuffix(" GMT") == true)
        #expect(first.header("x-request-id") != nil)
        #expect(first.header("x-request-id") != second.header("x-request-id"))
        #expect(try site.answer("GET", "/", fields: "X-Request-Id: mine-7\r\n").header("x-request-id") == "mine-7")
        let quoted = try site.answer("GET", "/", fields: "X-Request-Id: a \"b\"\r\n")
        #expect(quoted.header("x-request-id")?.contains("\"") == false)
    }
}
