// SPDX-License-Identifier: MIT

import FaultyFiles
import GatewayCore
import Glibc
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// `/config` and `/config/update` as Open WebUI's admin page uses them, over sockets and with a real file.
@Suite(.serialized) struct ConnectionRouteTests {
    private typealias Site = ConfiguredGateway
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func runners() throws -> [SimulatedRunner] {
        try ["one", "two"].map { name in
            var options = SimulatedRunnerOptions.instant(models: [SimulatedModel(name)])
            options.keepsRecords = true
            return try SimulatedRunner(loop: loop, options: options)
        }
    }

    // MARK: Reading

    @Test func theThreeKeysAreShownWithMasks() throws {
        let site = try Site(
            loop, #"{"runners":[{"url":"http://127.0.0.1:9","enable":false,"key":"the-key","mine":1}]}"#)
        let answer = try site.read()
        #expect(answer.status == 200)
        #expect(answer.contentType == "application/json; charset=utf-8")
        #expect(answer.header("cache-control") == "no-store")
        #expect(
            answer.json?.members?.map(\.key) == [
                "ENABLE_DOCKER_MODEL_RUNNER_API", "DOCKER_MODEL_RUNNER_BASE_URLS", "DOCKER_MODEL_RUNNER_API_CONFIGS"
            ])
        let settings = answer.json?["DOCKER_MODEL_RUNNER_API_CONFIGS"]?["0"]
        // printf the-key | sha256sum | head -c 8
        #expect(settings?["key"]?.string == "dmr-masked:ad44dc8e")
        #expect(settings?["mine"]?.int == 1)
        #expect(!answer.body.contains("the-key"))
        let tag = try #require(answer.header("etag"))
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\"") && tag.count == 18)
        #expect(try site.read().header("etag") == tag)
        let head = try site.under.client()
        head.get(Site.prefix + "/config", Site.admin, method: "HEAD")
        head.readResponses()
        #expect(head.last?.header("etag") == tag)
        site.stop()
    }

    @Test(arguments: [("GET", "/config"), ("POST", "/config/update"), ("POST", "/verify")])
    func onlyAnAdminMay(method: String, path: String) throws {
        let site = try Site(loop, #"{"access":{"anonymous":"all"}}"#)
        #expect(try site.answer(method, Site.prefix + path, "{}", isAdmin: false).status == 401)
        #expect(try site.answer(method, Site.prefix + path, "{}").status == (method == "GET" ? 200 : 422))
        #expect(try site.answer(method, path, "{}").status == 404, "not at the root")
        site.stop()
    }

    // MARK: Changing

    @Test func aRunnerThatIsAddedServesAtOnceAndAfterARestart() throws {
        let runners = try runners()
        let site = try Site(loop, #"{"policy":"round-robin","runners":[{"url":"URL0","mine":{"x":1}}]}"#, runners)
        #expect(try site.answer("POST", "/api/generate", #"{"model":"two","stream":false}"#).status == 404)
        let answer = try site.update(Site.body(runners.map(\.url), #"{"1":{"prefix_id":"gpu"}}"#))
        #expect(answer.status == 200)
        #expect(answer.json?["DOCKER_MODEL_RUNNER_BASE_URLS"]?.array == runners.map { .string($0.url) })
        #expect(answer.json?["DOCKER_MODEL_RUNNER_API_CONFIGS"]?["1"]?["prefix_id"]?.string == "gpu")
        #expect(answer.body == (try site.read().body))
        #expect(answer.header("etag") == (try site.read().header("etag")))
        #expect(try site.answer("POST", "/api/generate", #"{"model":"gpu.two","stream":false}"#).status == 200)
        #expect(
            site.fileText == """
                {
                  "policy": "round-robin",
                  "runners": [
                    { "url": "\(runners[0].url)", "mine": { "x": 1 } },
                    { "url": "\(runners[1].url)", "prefix_id": "gpu" }
                  ]
                }

                """)
        #expect(try site.stored.resolveFile().configuration == site.under.gateway.wanted)
        #expect(site.stored.names == ["config.json", "config.json.bak"])
        site.stop()
    }

    @Test func aRunnerThatIsTakenOutFinishesItsStreamsAndGetsNoMore() throws {
        let runner = try ScriptedRunner(
            loop, models: ["one"],
            always: [
                .waitForRequest, .streamHead, .chunk("{\"done\":false}\n"), .waitForRelease,
                .chunk("{\"done\":true}\n"), .lastChunk
            ])
        let site = try Site(loop, #"{"runners":[{"url":"URL0"}]}"#, [runner])
        let client = try site.under.client()
        client.post("/api/generate", #"{"model":"one"}"#, Site.admin)
        client.readUntil("the first line") { client.last?.pieces.isEmpty == false }
        #expect(try site.update(Site.body([])).status == 200)
        #expect(site.urls.isEmpty)
        #expect(try site.answer("POST", "/api/generate", #"{"model":"one"}"#).status == 503)
        runner.release()
        client.readResponses()
        #expect(client.last?.lines == [#"{"done":false}"#, #"{"done":true}"#])
        site.stop()
    }

    @Test func theAPIIsSwitchedOffAndOnWithoutARestart() throws {
        let runners = try runners()
        let site = try Site(loop, nil, runners, environment: ["DMR_RUNNERS": "URL0;URL1"])
        let urls = runners.map(\.url)
        #expect(try site.answer("GET", "/api/tags").status == 200)
        let off = try site.update(Site.body(urls, enable: "false"))
        #expect(off.status == 200)
        #expect(off.json?["ENABLE_DOCKER_MODEL_RUNNER_API"] == .bool(false))
        #expect(try site.answer("GET", "/api/tags").status == 503)
        #expect(try site.answer("GET", "/api/version").status == 200)
        #expect(try site.read().json?["ENABLE_DOCKER_MODEL_RUNNER_API"] == .bool(false))
        // Null and nothing at all are no change.
        for flag in ["null", nil] {
            #expect(
                try site.update(Site.body(urls, enable: flag)).json?["ENABLE_DOCKER_MODEL_RUNNER_API"] == .bool(false))
        }
        #expect(site.fileText == "{\n  \"enable\": false\n}\n", "the runners are the environment's, still")
        #expect(try site.update(Site.body(urls, enable: "true")).status == 200)
        #expect(try site.answer("GET", "/api/tags").status == 200)
        site.stop()
    }

    @Test func bothFormsOfSettingsAreTaken() throws {
        let runners = try runners()
        let urls = runners.map(\.url)
        let site = try Site(loop, #"{"runners":[{"url":"URL0"},{"url":"URL1"}]}"#, runners)
        let byURL = #"{"\#(urls[0])":{"prefix_id":"a"},"\#(urls[1])/":{"prefix_id":"b"}}"#
        #expect(try site.update(Site.body(urls, byURL)).status == 200)
        #expect(site.under.gateway.configuration.runners.map(\.prefixID) == ["a", "b"])
        #expect(try site.update(Site.body(urls, #"{"1":{"prefix_id":"c"}}"#)).status == 200)
        #expect(site.under.gateway.configuration.runners.map(\.prefixID) == ["a", "c"])
        site.stop()
    }

    @Test func aMaskIsTheSecretOnItsOriginAndNothingElsewhere() throws {
        let runners = try runners()
        let urls = runners.map(\.url)
        let site = try Site(loop, #"{"runners":[{"url":"URL0","key":"the-key"},{"url":"URL1"}]}"#, runners)
        let shown = try site.read()
        let mask = try #require(shown.json?["DOCKER_MODEL_RUNNER_API_CONFIGS"]?["0"]?["key"]?.string)
        let kept = try site.update(Site.body(urls, #"{"0":{"key":"\#(mask)","weight":3}}"#))
        #expect(kept.status == 200)
        #expect(site.fileText.contains(#""key": "the-key""#))
        #expect(site.fileText.contains(#""weight": 3"#))
        let before = site.fileText
        let moved = try site.update(Site.body(urls, #"{"0":{"weight":9},"1":{"key":"\#(mask)"}}"#))
        #expect(moved.status == 400)
        #expect(moved.sentence?.contains("stands for no secret") == true)
        #expect(!moved.body.contains("the-key"))
        #expect(site.fileText == before, "all or nothing")
        #expect(site.under.gateway.configuration.runners.map(\.weight) == [3, 1])
        #expect(try site.update(String(decoding: try #require(shown.json).bytes, as: UTF8.self)).status == 200)
        site.stop()
    }

    @Test func oneWrongFieldAndNothingChanges() throws {
        let runners = try runners()
        let text = #"{"runners":[{"url":"URL0"}]}"#
        let site = try Site(loop, text, runners)
        let before = site.fileText
        let answer = try site.update(
            Site.body(runners.map(\.url), #"{"0":{"weight":2},"1":{"weight":"x"}}"#, enable: "false"))
        #expect(answer.status == 400)
        #expect(answer.sentence?.contains("runners[1].weight: must be a whole number") == true)
        #expect(site.fileText == before)
        #expect(site.urls == [runners[0].url])
        #expect(try site.answer("GET", "/api/tags").status == 200)
        #expect(site.stored.names == ["config.json"])
        site.stop()
    }

    @Test(arguments: [
        ("{", 400), ("", 400), ("[]", 400), ("{}{}", 400), (#"{"DOCKER_MODEL_RUNNER_BASE_URLS":[]}"#, 422),
        (#"{"a":""# + String(repeating: "x", count: 1 << 20) + #""}"#, 413)
    ])
    func whatIsNoDocumentIsRefused(body: String, status: Int) throws {
        let site = try Site(loop, "{}")
        let answer = try site.update(body)
        #expect(answer.status == status)
        #expect(answer.sentence?.isEmpty == false)
        site.stop()
    }

    // MARK: Two at once

    @Test func anUpdateOfWhatHasChangedMeanwhileIsRefused() throws {
        let site = try Site(loop, "{}")
        let tag = try #require(try site.read().header("etag"))
        let first = try site.update(Site.body(["http://127.0.0.1:9"]), fields: "If-Match: \(tag)\r\n")
        #expect(first.status == 200)
        let second = try site.update(Site.body(["http://127.0.0.1:10"]), fields: "If-Match: \(tag)\r\n")
        #expect(second.status == 412)
        #expect(second.sentence?.contains("read it again") == true)
        #expect(site.urls == ["http://127.0.0.1:9"])
        let now = try #require(first.header("etag"))
        #expect(try site.update(Site.body([]), fields: "If-Match: \"x\", \(now)\r\n").status == 200)
        #expect(try site.update(Site.body(["http://127.0.0.1:9"]), fields: "If-Match: *\r\n").status == 200)
        site.stop()
    }

    /// An edit that the gateway has not read yet counts as well.
    @Test func theTagIsAboutTheFileAsItIs() throws {
        let site = try Site(loop, "{}")
        let tag = try #require(try site.read().header("etag"))
        let client = try site.under.client()
        client.get("/healthz")
        client.readResponses()
        try site.stored.folder.write(#"{"runners":[]}"#, to: "config.json")
        client.post(
            Site.prefix + "/config/update", Site.body(["http://127.0.0.1:9"]), "If-Match: \(tag)\r\n" + Site.admin)
        client.readResponses(2)
        #expect(client.last?.status == 412)
        #expect(site.fileText == #"{"runners":[]}"#)
        site.stop()
    }

    @Test func manyUpdatesAtOnceAreMadeOneAfterTheOther() throws {
        let site = try Site(loop, "{}")
        let clients = try (1...8).map { number in
            let client = try site.under.client()
            client.post(
                Site.prefix + "/config/update", Site.body(["http://127.0.0.1:9"], #"{"0":{"weight":\#(number)}}"#),
                Site.admin)
            return client
        }
        for client in clients { client.readResponses() }
        #expect(clients.allSatisfy { $0.last?.status == 200 })
        for (number, client) in clients.enumerated() {
            let settings = client.last?.json?["DOCKER_MODEL_RUNNER_API_CONFIGS"]?["0"]
            #expect(settings?["weight"]?.int == number + 1, "each is answered with its own")
        }
        site.stop()
    }

    /// Another process has the lock: this waits for it, and nobody else does.
    @Test func nobodyWaitsForADisk() throws {
        let site = try Site(loop, "{}")
        let folder = open(site.stored.folder.path, O_RDONLY)
        #expect(flock(folder, LOCK_EX) == 0)
        let client = try site.under.client()
        client.post(Site.prefix + "/config/update", Site.body(["http://127.0.0.1:9"]), Site.admin)
        for _ in 0..<5 { #expect(try site.answer("GET", "/healthz").status == 200) }
        #expect(client.responses.isEmpty)
        close(folder)
        client.readResponses()
        #expect(client.last?.status == 200)
        site.stop()
    }

    /// Whoever asked has gone: what was begun is done, and nothing is left of it.
    @Test func anUpdateOutlivesItsClient() throws {
        let site = try Site(loop, "{}")
        let folder = open(site.stored.folder.path, O_RDONLY)
        #expect(flock(folder, LOCK_EX) == 0)
        let client = try site.under.client()
        client.post(Site.prefix + "/config/update", Site.body(["http://127.0.0.1:9"]), Site.admin)
        #expect(try site.answer("GET", "/healthz").status == 200)
        client.close()
        let gateway = site.under.gateway
        loop.run(until: { gateway.clientCount == 1 }, "the end of the client")
        close(folder)
        loop.run(until: { gateway.configuration.runners.map(\.url.port) == [9] }, "the change")
        site.stop()
    }

    @Test func aSecondChangeOfTheFileIsStillSeen() throws {
        let site = try Site(loop, "{}")
        #expect(try site.update(Site.body(["http://127.0.0.1:9"])).status == 200)
        try site.stored.folder.write(#"{"runners":[{"url":"http://127.0.0.1:10"}]}"#, to: "config.json")
        loop.run(until: { site.urls == ["http://127.0.0.1:10"] }, "the edited file")
        #expect(try site.read().body.contains("http://127.0.0.1:10"))
        site.stop()
    }

    // MARK: What can't be changed

    @Test func whatAFlagPinsIs409AndTheRestIsNot() throws {
        let site = try Site(loop, "{}") { $0.runners = ["http://127.0.0.1:9"] }
        let pinned = try site.update(Site.body(["http://127.0.0.1:10"], enable: "false"))
        #expect(pinned.status == 409)
        #expect(pinned.sentence?.contains("--runner") == true)
        #expect(site.fileText == "{}")
        #expect(site.under.gateway.configuration.isEnabled)
        #expect(try site.update(Site.body(["http://127.0.0.1:9"], enable: "false")).status == 200)
        #expect(site.fileText == "{\n  \"enable\": false\n}\n")
        site.stop()
    }

    @Test(arguments: [("write", ENOSPC), ("open create", EACCES), ("rename", EROFS), ("fsync", EIO)])
    func aFileThatCantBeWrittenIs409AndNothingChanges(call: String, code: Int32) throws {
        let files = FaultyFiles { _, name in name == call ? .fails(code) : nil }
        let site = try Site(loop, "{}", files: files)
        let answer = try site.update(Site.body(["http://127.0.0.1:9"], enable: "false"))
        #expect(answer.status == 409)
        #expect(answer.sentence?.contains(site.stored.path) == true)
        #expect(answer.sentence?.contains("Nothing has changed.") == true)
        #expect(site.fileText == "{}")
        #expect(site.urls == ["http://127.0.0.1:11434"])
        #expect(try site.answer("GET", "/api/version").status == 200)
        #expect(!site.stored.names.contains { $0.hasSuffix(".new") })
        site.stop()
    }

    @Test func aBrokenFileIs409AndStays() throws {
        let site = try Site(loop, "{}")
        try site.stored.folder.write(#"{"runners":"#, to: "config.json")
        let answer = try site.update(Site.body(["http://127.0.0.1:9"]))
        #expect(answer.status == 409)
        #expect(answer.sentence?.contains("is not valid JSON at line 1") == true)
        #expect(site.fileText == #"{"runners":"#)
        site.stop()
    }

    @Test func aGatewayWithoutAFileSaysSo() throws {
        let under = try GatewayUnderTest(loop, []) { $0.adminKey = Secret(Array("an-admin-key-of-24-letters".utf8)) }
        let client = try under.client()
        client.post(Site.prefix + "/config/update", Site.body([]), Site.admin)
        client.readResponses()
        #expect(client.last?.status == 409)
        under.stop()
    }
}
