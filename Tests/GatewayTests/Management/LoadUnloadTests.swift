// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Requests with nothing to generate: one runner loads the model, all that have it unload it.
@Suite(.serialized) struct LoadUnloadTests {
    static let prefix = "/docker-model-runner"
    static let unload = #"{"model":"shared:1b","keep_alive":0}"#
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// Two runners of which those have `shared:1b` in memory, and a gateway that knows it.
    private func site(loaded: [Int], _ change: (inout Configuration) throws -> Void = { _ in }) throws -> TwoRunners {
        let site = try TwoRunners(loop, change)
        for runner in loaded {
            let client = try RawClient(loop, port: site.runners[runner].port)
            _ = try client.answer(to: "/api/generate", #"{"model":"shared:1b"}"#)
            client.close()
        }
        site.under.readAgain(.ps)
        guard case .found(let model) = site.under.gateway.catalog.resolve("shared:1b") else { return site }
        #expect(model.loaded.numbers == loaded)
        return site
    }

    private func unloads(_ site: TwoRunners) -> [Int] {
        site.runners.indices.filter { runner in
            site.runners[runner].records.contains { String(decoding: $0.body, as: UTF8.self).contains("keep_alive") }
        }
    }

    // MARK: Load

    @Test(arguments: ["/api/generate", "/api/chat"], [#""stream":true,"#, #""stream":false,"#, ""])
    func loadingIsOneObjectFromOneRunner(path: String, stream: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer("POST", path, "{\(stream)\"model\":\"shared:1b\"}")
        #expect(answer.status == 200 && answer.isComplete)
        #expect(answer.contentType == "application/json; charset=utf-8")
        #expect(answer.lines.count == 1)
        #expect(answer.json?["done_reason"]?.string == "load")
        #expect(site.runners.map(\.loadedModels).filter { !$0.isEmpty } == [["shared:1b"]])
        // The connection was not cut: a load has no closing event to miss.
        #expect(site.under.health(answer.runner ?? 0).failuresInARow == 0)
    }

    // MARK: Unload

    @Test(arguments: ["/api/generate", "/api/chat"], ["", prefix])
    func unloadingReachesEveryRunnerThatHasIt(path: String, surface: String) throws {
        let site = try site(loaded: [0, 1])
        defer { site.stop() }
        let answer = try site.answer("POST", surface + path, Self.unload)
        #expect(answer.status == 200)
        #expect(answer.lines.count == 1)
        #expect(answer.json?["done_reason"]?.string == "unload")
        #expect(answer.runner == 0)
        #expect(answer.header("x-request-id") != nil)
        #expect(site.runners.map(\.loadedModels) == [[], []])
        // What a client asks right behind it is true already.
        #expect(try site.answer("GET", "/api/ps").modelNames == [])
        #expect(site.under.gateway.exchangesInFlight == 0)
    }

    /// As with one Ollama, where `ollama ps` shows what has just answered.
    @Test func whatHasAnsweredIsListedWithoutWaitingForTheInterval() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        let gateway = try GatewayUnderTest(loop, [runner]) {
            $0.health.psInterval = .seconds(3600)
            $0.health.probeInterval = .milliseconds(5)
        }
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect(try client.answer(to: "/api/chat", Ask.chat).status == 200)
        let shown = { () -> Bool in
            client.get("/api/ps")
            client.readResponses(client.responses.count + 1)
            return client.last?.json?["models"]?.array?.count == 1
        }
        loop.run(until: shown, "the model in /api/ps")
    }

    @Test func whoDoesNotHaveItIsLeftAlone() throws {
        let site = try site(loaded: [1])
        defer { site.stop() }
        let answer = try site.answer("POST", "/api/generate", Self.unload)
        #expect(answer.json?["done_reason"]?.string == "unload")
        #expect(answer.runner == 1)
        #expect(unloads(site) == [1])
    }

    @Test func whatNobodyHasLoadedIsAnsweredByOneHolder() throws {
        let site = try site(loaded: [])
        defer { site.stop() }
        let answer = try site.answer("POST", "/api/chat", Self.unload)
        #expect(answer.status == 200)
        #expect(answer.json?["done_reason"]?.string == "unload")
        #expect(unloads(site).count == 1)
    }

    @Test func openWebUIsUnloadSaysThatItIsDone() throws {
        let site = try site(loaded: [0, 1])
        defer { site.stop() }
        let answer = try site.answer("POST", Self.prefix + "/api/unload", #"{"name":"shared:1b"}"#)
        #expect(answer.status == 200)
        #expect(answer.body == #"{"status":true}"#)
        #expect(site.runners.map(\.loadedModels) == [[], []])
        #expect(try site.answer("GET", Self.prefix + "/api/ps").modelNames == [])
    }

    @Test func aRunnerWhoseListLagsBehindIsReadAgain() throws {
        // Answers the unload, and shows it in /api/ps only when it is asked for the third time.
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, .respond(200, "{\"done_reason\":\"unload\"}")])
        let under = try GatewayUnderTest(loop, [runner])
        defer { under.stop() }
        runner.loaded = ["demo:latest"]
        under.readAgain(.ps)
        let asked = runner.listsAnswered.count
        runner.listAnswered = { [unowned runner] in
            let reads = runner.listsAnswered.dropFirst(asked).filter { $0.hasSuffix("/api/ps") }.count
            if reads == 2 { runner.loaded = [] }
        }
        let answer = try under.client().answer(to: "/api/generate", #"{"model":"demo","keep_alive":0}"#)
        #expect(answer.status == 200)
        let client = try under.client()
        client.get("/api/ps")
        client.readResponses()
        #expect(client.last?.modelNames == [])
    }

    @Test func aModelThatStaysInUseIsNotWaitedForLong() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest, .respond(200, "{}")])
        let under = try GatewayUnderTest(loop, [runner])
        defer { under.stop() }
        runner.loaded = ["demo:latest"]
        under.readAgain(.ps)
        let answer = try under.client().answer(to: "/api/generate", #"{"model":"demo","keep_alive":0}"#)
        #expect(answer.status == 200)
        #expect(runner.listsAnswered.filter { $0.hasSuffix("/api/ps") }.count >= 6)
    }

    @Test func anUnloadTakesNoSlotAndWaitsForNone() throws {
        let site = try site(loaded: [0]) {
            $0.runners[0].maxInflight = 1
            $0.limits.queue = 0
        }
        defer { site.stop() }
        site.runners[0].options.gatesHead = true
        let chat = try site.client()
        chat.chat(#"{"model":"embedder","messages":[{"role":"user","content":"hi"}],"stream":false}"#)
        site.under.run(untilInFlight: 1)
        #expect(try site.answer("POST", "/api/generate", Self.unload).status == 200)
        site.runners[0].releaseHead()
        chat.readResponses()
    }

    // MARK: Failures

    @Test func aFailureOfOneIsToldWithTheOthersSuccess() throws {
        let good = try SimulatedRunner(loop: loop, options: .instant(models: [SimulatedModel("demo")]))
        let bad = try ScriptedRunner(loop, always: [.waitForRequest, .respond(500, #"{"error":"out of luck"}"#)])
        let under = try GatewayUnderTest(loop, [good, bad])
        defer { under.stop() }
        under.note("demo", loadedOn: [0, 1])
        let answer = try under.client().answer(to: "/api/generate", #"{"model":"demo","keep_alive":0}"#)
        #expect(answer.status == 500)
        #expect(answer.json?["runners"]?.array?.map { $0["status"]?.int } == [200, 500])
        #expect(
            answer.json?["error"]?.string?.contains("runner 1 (127.0.0.1:\(bad.port)) answered 500: out of luck")
                == true)
        under.note("demo", loadedOn: [0, 1])
        let prefixed = try under.client().answer(to: Self.prefix + "/api/unload", #"{"model":"demo"}"#)
        #expect(prefixed.status == 500)
        #expect(prefixed.json?["detail"]?.string == prefixed.json?["error"]?.string)
        #expect(prefixed.json?["detail"]?.string?.contains("out of luck") == true)
    }

    @Test func anUnloadIsNeverMovedOrRepeated() throws {
        let first = try ScriptedRunner(loop, always: [.waitForRequest, .reset])
        let second = try ScriptedRunner(loop, always: [.waitForRequest, .respond("{}")])
        let under = try GatewayUnderTest(loop, [first, second])
        defer { under.stop() }
        under.note("demo", loadedOn: [0])
        let answer = try under.client().answer(to: "/api/generate", #"{"model":"demo","keep_alive":0}"#)
        #expect(answer.status == 502)
        #expect(answer.json?["error"]?.string?.contains("runner 0") == true)
        #expect(first.connections.count == 1)
        #expect(second.connections.isEmpty)
    }

    @Test func aClientThatGoesAwayCancelsAll() throws {
        let runners = try (0..<2).map { _ in try ScriptedRunner(loop, always: [.waitForRequest]) }
        let under = try GatewayUnderTest(loop, runners)
        defer { under.stop() }
        under.note("demo", loadedOn: [0, 1])
        let client = try under.client()
        client.post("/api/generate", #"{"model":"demo","keep_alive":0}"#)
        loop.run(until: { runners.allSatisfy { $0.connections.first?.requests.first?.isComplete == true } })
        client.close()
        loop.run(until: { runners.allSatisfy { $0.connections[0].isGone } }, "both connections closed")
    }

    @Test func aModelOfRunnersThatAreAwayIsUnavailableNotUnknown() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant(models: [SimulatedModel("demo")]))
        let under = try GatewayUnderTest(loop, [runner]) {
            $0.health.ejectAfter = 1
            $0.health.probeInterval = .milliseconds(20)
        }
        defer { under.stop() }
        runner.close()
        loop.run(until: { !under.health(0).isInRotation }, "the ejection")
        let answer = try under.client().answer(to: "/api/generate", #"{"model":"demo","keep_alive":0}"#)
        #expect(answer.status == 503)
        #expect(answer.header("retry-after") != nil)
    }

    // MARK: Rights

    @Test(arguments: [("dmr_user", 403), ("dmr_keeper", 200)])
    func unloadingNeedsTheScopeManage(key: String, status: Int) throws {
        func hash(_ key: String) -> [UInt8] { Array(key.utf8).withUnsafeBytes { Cryptography.sha256($0) } }
        let site = try TwoRunners(loop) {
            $0.access.keys = [
                .init(name: "user", sha256: hash("dmr_user")),
                .init(name: "keeper", sha256: hash("dmr_keeper"), scopes: [.manage, .inference])
            ]
        }
        defer { site.stop() }
        let fields = "Authorization: Bearer \(key)\r\n"
        #expect(try site.answer("POST", "/api/generate", Self.unload, fields: fields).status == status)
        let path = Self.prefix + "/api/unload"
        #expect(try site.answer("POST", path, #"{"model":"shared:1b"}"#, fields: fields).status == status)
    }
}
