// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@Suite(.serialized) struct SimulatedRunnerRouteTests {
    let loop: Loop
    let runner: SimulatedRunner
    let client: RawClient

    init() throws {
        loop = try Loop()
        var options = SimulatedRunnerOptions.instant(models: [
            SimulatedModel("demo", modifiedAt: 1_700_000_000), SimulatedModel("Newer:7b", modifiedAt: 1_700_000_001)
        ])
        options.keepsRecords = true
        runner = try SimulatedRunner(loop: loop, options: options)
        client = try RawClient(loop, port: runner.port)
    }

    private func end() {
        client.close()
        runner.close()
        loop.run(until: { loop.openStreams == 0 }, "all streams closed")
    }

    @Test func rootAndVersionSpeakAsOllama() throws {
        defer { end() }
        client.get("/")
        client.get("/api/version")
        client.readResponses(2)
        #expect(client.responses[0].body == "Ollama is running")
        #expect(client.responses[0].header("content-type") == "text/plain; charset=utf-8")
        #expect(client.responses[1].body == #"{"version":"0.11.0"}"#)
        let date = try #require(client.responses[0].header("date"))
        #expect(date.count == 29 && date.hasSuffix(" GMT"))
    }

    @Test(arguments: ["/", "/api/version", "/api/tags"])
    func headGetsTheHeadOfTheGet(path: String) throws {
        defer { end() }
        client.get(path)
        client.readResponses()
        client.get(path, method: "HEAD")
        client.readResponses(2)
        #expect(client.responses[1].status == 200)
        #expect(client.responses[1].header("content-length") == client.responses[0].header("content-length"))
        #expect(client.responses[1].body.isEmpty)
    }

    @Test func tagsListModelsNewestFirstWithAllThatClientsRead() throws {
        defer { end() }
        client.get("/api/tags?x=1")
        client.readResponses()
        let models = try #require(client.last?.json?["models"]?.array)
        #expect(models.map { $0["name"]?.string } == ["Newer:7b", "demo:latest"])
        #expect(models.allSatisfy { $0["name"] == $0["model"] })
        #expect(models[1]["modified_at"]?.string == "2023-11-14T22:13:20Z")
        for model in models {
            let digest = try #require(model["digest"]?.string)
            #expect(digest.count == 64 && digest.allSatisfy(\.isHexDigit))
            #expect(model["details"]?["families"]?.array?.isEmpty == false)
            #expect(model["size"]?.int ?? 0 > 0)
        }
        #expect(SimulatedModel("demo").digest == SimulatedModel("demo:latest").digest)
        #expect(models[0]["digest"] != models[1]["digest"])
    }

    @Test func openAIListsAreTheirOwnShape() throws {
        defer { end() }
        client.get("/v1/models")
        client.get("/v1/models/demo")
        client.get("/v1/models/nope")
        client.get("/v1/models/a/b")
        client.readResponses(4)
        #expect(client.responses[0].json?["data"]?.array?.first?["id"]?.string == "Newer:7b")
        #expect(client.responses[1].json?["id"]?.string == "demo")
        #expect(client.responses[2].status == 404)
        #expect(client.responses[2].json?["error"]?["type"]?.string == "not_found_error")
        #expect(client.responses[3].body == "404 page not found")
        runner.options.models = []
        client.get("/v1/models")
        client.readResponses(5)
        #expect(client.last?.json?["data"] == .null)
    }

    @Test(arguments: ["demo", "DEMO:latest", "library/demo", "registry.ollama.ai/library/Demo:LATEST"])
    func showTakesAnyWayToSayTheNameAndSaysItIsSimulated(name: String) throws {
        defer { end() }
        client.post("/api/show", #"{"name":"\#(name)"}"#)
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(client.last?.json?["modelfile"]?.string?.contains("simulated") == true)
        #expect(client.last?.json?["license"]?.string?.contains("simulated") == true)
        #expect(client.last?.json?["model_info"]?.members?.isEmpty == false)
    }

    @Test(arguments: [
        ("GET", "/nope", 404, "404 page not found"), ("POST", "/api/nope", 404, "404 page not found"),
        ("GET", "/api/chat", 405, "405 method not allowed"), ("HEAD", "/api/ps", 405, ""),
        ("DELETE", "/api/tags", 405, "405 method not allowed"), ("GET", "/api/tags/", 301, ""),
        ("POST", "/api/chat/", 307, "")
    ])
    func whatHasNoRouteIsPlainText(method: String, path: String, status: Int, body: String) {
        defer { end() }
        client.get(path, method: method)
        client.readResponses()
        #expect(client.last?.status == status)
        #expect(client.last?.body == body)
        if status == 405 { #expect(client.last?.header("allow") != nil) }
        if status < 400 { #expect(client.last?.header("location") == String(path.dropLast())) }
    }

    @Test(arguments: [
        ("/api/chat", "", 400, "missing request body"), ("/api/chat", "{", 400, "invalid JSON"),
        ("/api/chat", "[]", 400, "cannot unmarshal"), ("/api/chat", "{}", 400, "model is required"),
        ("/api/generate", "{}", 404, "model '' not found"),
        ("/api/generate", #"{"model":"x:1","prompt":"a"}"#, 404, "model 'x:1' not found"),
        ("/api/embed", #"{"model":"x","input":"a"}"#, 404, "model \"x\" not found, try pulling it first"),
        ("/api/show", #"{"model":"x"}"#, 404, "model 'x:latest' not found"),
        ("/api/show", "{}", 400, "model is required"),
        ("/api/chat", #"{"model":"demo","messages":[],"keep_alive":"-1"}"#, 400, "time: invalid duration"),
        ("/v1/completions", "", 400, "EOF"), ("/v1/chat/completions", #"{"model":"demo"}"#, 400, "too short")
    ])
    func refusalsHaveOllamasStatusAndWords(path: String, body: String, status: Int, words: String) {
        defer { end() }
        client.post(path, body)
        client.readResponses()
        #expect(client.last?.status == status)
        let error = client.last?.json?["error"]
        #expect((error?.string ?? error?["message"]?.string)?.contains(words) == true, "\(client.text)")
        #expect((error?["type"] != nil) == path.hasPrefix("/v1/"))
        #expect(runner.inflight == 0)
    }

    @Test(arguments: [
        ("Host: evil.example\r\n", 403), ("Host: localhost:1\r\n", 200), ("Host: 10.1.2.3\r\n", 200),
        ("Host: [::1]:80\r\n", 200), ("Host: box.local\r\n", 200), ("Host: a\r\nOrigin: http://a\r\n", 403),
        ("Host: localhost\r\nOrigin: https://evil.example\r\n", 403),
        ("Host: localhost\r\nOrigin: http://localhost:3000\r\n", 200)
    ])
    func foreignHostsAndOriginsGetABare403(fields: String, status: Int) {
        defer { end() }
        client.send("GET /api/version HTTP/1.1\r\n\(fields)\r\n")
        client.readResponses()
        #expect(client.last?.status == status)
        #expect(client.last?.body.isEmpty == (status == 403))
    }

    @Test func requestsAreRecordedAsTheyCame() throws {
        defer { end() }
        let head =
            "POST /api/show?q HTTP/1.1\r\nhOsT: localhost\r\nX-B: 2\r\nx-a:  1 \r\nX-B: 3\r\nContent-Length: 2\r\n\r\n"
        client.send("\r\n" + head + "{}GET / HTTP/1.1\r\nHost: a.local\r\n\r\n")
        client.readResponses(2)
        #expect(runner.records.count == 2)
        let record = try #require(runner.records.first)
        #expect(String(decoding: record.headBytes, as: UTF8.self) == head)
        #expect(record.requestLine == "POST /api/show?q HTTP/1.1")
        #expect(record.fields.map(\.name) == ["hOsT", "X-B", "x-a", "X-B", "Content-Length"])
        #expect(record.values("x-b") == ["2", "3"])
        #expect(record.body == Array("{}".utf8))
    }
}
