// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Pull and push: several runners' progress as one stream, or one runner's.
@Suite(.serialized) struct PullTests {
    static let prefix = "/docker-model-runner"
    static let success = #"{"status":"success"}"#
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func names(_ runner: SimulatedRunner) -> [String] { runner.options.models.map(\.name) }

    private func progress(_ answer: RawClient.Response) -> [JSON] {
        answer.lines.compactMap { try? JSON(parsing: Array($0.utf8)) }
    }

    // MARK: Pull

    @Test(arguments: ["", prefix])
    func pullingReachesEveryRunnerInOneStream(surface: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer("POST", surface + "/api/pull", #"{"name":"new:1b"}"#)
        #expect(answer.status == 200 && answer.isComplete)
        #expect(answer.contentType == "application/x-ndjson")
        #expect(site.runners.allSatisfy { names($0).contains("new:1b") })
        let lines = progress(answer)
        #expect(lines.count == answer.lines.count)
        #expect(lines.first?["status"]?.string == "pulling manifest")
        #expect(answer.lines.last == Self.success)
        #expect(answer.lines.filter { $0 == Self.success }.count == 1)
        // As the CLI draws it: a bar per digest, its total fixed, never going back.
        var completed: [String: Int] = [:]
        for line in lines {
            guard let digest = line["digest"]?.string else { continue }
            #expect(line["completed"] != .integer(0))
            #expect(line["completed"]?.int ?? 0 >= completed[digest] ?? 0)
            completed[digest] = line["completed"]?.int ?? 0
        }
        #expect(completed.values.sorted() == [200_000, 800_000])
        #expect(try site.answer("GET", "/api/tags").modelNames?.contains("new:1b") == true)
    }

    @Test func progressIsThatOfTheSlowest() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[1].options.gatesTokens = true
        let client = try site.client()
        client.post("/api/pull", #"{"model":"new"}"#)
        client.readUntil("the layers of the fast one") { client.last?.lines.count == 3 }
        #expect(client.last?.lines.dropFirst().allSatisfy { !$0.contains("completed") } == true)
        // Its own word, and the first layer up to one half.
        site.runners[1].releaseToken(4)
        client.readUntil { client.last?.body.contains("\"completed\":400000") == true }
        #expect(client.last?.body.contains("success") == false)
        site.runners[1].releaseToken(100)
        client.readResponses()
        #expect(client.last?.lines.last == Self.success)
    }

    @Test func everyLineComesWhenItIsSaid() throws {
        let site = try TwoRunners(loop) { $0.runners.removeLast() }
        defer { site.stop() }
        site.runners[0].options.gatesTokens = true
        let client = try site.client()
        client.post("/api/pull", #"{"model":"new"}"#)
        for count in 1...5 {
            site.runners[0].releaseToken()
            client.readUntil("line \(count)") { client.last?.lines.count == count }
        }
        site.runners[0].releaseToken(100)
        client.readResponses()
        #expect(client.last?.lines.last == Self.success)
        #expect(client.last?.runner == 0)
    }

    @Test func withoutAStreamThereIsARealStatus() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let good = try site.answer("POST", "/api/pull", #"{"model":"new","stream":false}"#)
        #expect(good.status == 200)
        #expect(good.body == Self.success)
        #expect(good.contentType == "application/json")
        site.runners[1].options.library.failsAtLayer = 1
        let bad = try site.answer("POST", "/api/pull", #"{"model":"other","stream":false}"#)
        #expect(bad.status == 500)
        #expect(bad.json?["error"]?.string?.contains("runner 1") == true)
        #expect(bad.json?["runners"]?.array?.map { $0["status"]?.int } == [200, 500])
        #expect(try site.answer("GET", "/api/tags").modelNames?.contains("other:latest") == true)
    }

    @Test func aFailingRunnerIsNamedInTheLastLine() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[0].options.library.failsAtLayer = 1
        let answer = try site.answer("POST", "/api/pull", #"{"model":"new"}"#)
        #expect(answer.status == 200 && answer.isComplete)
        #expect(!answer.body.contains("success"))
        let error = try #require(progress(answer).last?["error"]?.string)
        #expect(error.contains("runner 0 (127.0.0.1:\(site.runners[0].port)) did not finish: simulated failure"))
        #expect(names(site.runners[1]).contains("new:latest"))
    }

    @Test func aRunnerThatDiesInTheMiddleIsNamed() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[1].options.library.resetsAtLayer = 1
        let answer = try site.answer("POST", "/api/pull", #"{"model":"new"}"#)
        #expect(answer.isComplete)
        #expect(progress(answer).last?["error"]?.string?.contains("runner 1") == true)
    }

    @Test func whatTheRegistryDoesNotKnowIsAnErrorLine() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        for runner in site.runners { runner.options.library.unknown = ["ghost"] }
        let answer = try site.answer("POST", "/api/pull", #"{"model":"ghost"}"#)
        #expect(progress(answer).last?["error"]?.string?.contains("file does not exist") == true)
    }

    @Test func whatIsNoNameIsRefusedBeforeTheStream() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer("POST", "/api/pull", #"{"model":"a//b"}"#)
        #expect(answer.status == 400)
        #expect(answer.json?["error"]?.string == "invalid model name")
    }

    @Test func whoCannotBeReachedAtTheStartIsSkippedAndNamed() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[0].close()
        let answer = try site.answer("POST", "/api/pull", #"{"model":"new"}"#)
        #expect(answer.lines.last == Self.success)
        let skipped = progress(answer).compactMap { $0["status"]?.string }.filter { $0.contains("skipped") }
        #expect(skipped.count == 1)
        #expect(skipped.first?.contains("runner 0 (127.0.0.1:\(site.runners[0].port))") == true)
        let whole = try site.answer("POST", "/api/pull", #"{"model":"new","stream":false}"#)
        #expect(whole.status == 200)
        #expect(whole.json?["status"]?.string == "success")
        #expect(whole.json?["runners"]?.array?.map { $0["status"]?.int } == [502, 200])
    }

    @Test func aClientChoosesRunners() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        #expect(try site.answer("POST", "/api/pull?runners=1", #"{"model":"new"}"#).lines.last == Self.success)
        #expect(!names(site.runners[0]).contains("new:latest") && names(site.runners[1]).contains("new:latest"))
        #expect(try site.answer("POST", "/api/pull?runners=7", #"{"model":"new"}"#).status == 404)
        #expect(try site.answer("POST", "/api/pull?runners=x", #"{"model":"new"}"#).status == 400)
    }

    @Test func aRunnerThatTakesNoPullsIsLeftOutUnlessItIsChosen() throws {
        let site = try TwoRunners(loop) { $0.runners[0].pulls = false }
        defer { site.stop() }
        #expect(try site.answer("POST", "/api/pull", #"{"model":"new"}"#).lines.last == Self.success)
        #expect(site.runners.map { names($0).contains("new:latest") } == [false, true])
        #expect(try site.answer("POST", "/api/blobs/\(BlobTests.digest([0x61]))", "a").status == 201)
        #expect(site.runners.map { $0.options.library.blobs.count } == [0, 1])
        #expect(try site.answer("POST", "/api/pull?runners=0", #"{"model":"new"}"#).lines.last == Self.success)
        #expect(names(site.runners[0]).contains("new:latest"))
    }

    @Test func aPrefixChoosesRunnersAndLeavesTheBody() throws {
        let site = try TwoRunners(loop) { $0.runners[1].prefixID = "gpu1" }
        defer { site.stop() }
        // Open WebUI sends both names.
        let body = #"{"name":"gpu1.new","model":"gpu1.new","insecure":true}"#
        #expect(try site.answer("POST", "/api/pull", body).lines.last == Self.success)
        #expect(names(site.runners[1]).contains("new:latest"))
        let sent = site.runners[1].records.last { $0.requestLine.contains("pull") }?.body ?? []
        #expect(String(decoding: sent, as: UTF8.self) == #"{"name":"new","model":"new","insecure":true}"#)
        #expect(try site.answer("POST", "/api/pull", #"{"name":"bare"}"#).lines.last == Self.success)
        #expect(names(site.runners[0]).contains("bare:latest") && !names(site.runners[1]).contains("bare:latest"))
    }

    @Test func aClientThatDisconnectsCancelsAll() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        for runner in site.runners { runner.options.library.hangsAtLayer = 1 }
        let client = try site.client()
        client.post("/api/pull", #"{"model":"new"}"#)
        client.readUntil { client.last?.body.contains("completed") == true }
        client.close()
        // Two connections of the watches stay.
        loop.run(until: { site.runners.allSatisfy { $0.openConnections <= 1 } }, "both pulls cancelled")
        #expect(site.bodyBytesHeld == 0)
    }

    @Test func aClientThatDoesNotReadHoldsUpTheRunners() throws {
        let chunk = ScriptedRunner.Step.chunk(#"{"status":"\#(String(repeating: "x", count: 60_000))"}"# + "\n")
        let runner = try ScriptedRunner(
            loop,
            always: [.waitForRequest, .streamHead] + Array(repeating: chunk, count: 150) + [
                .chunk(Self.success + "\n"), .lastChunk
            ])
        let under = try GatewayUnderTest(loop, [runner])
        defer { under.stop() }
        let client = try under.client()
        client.post("/api/pull", #"{"model":"new"}"#)
        client.readUntil { client.last != nil }
        client.stopReading()
        loop.run(until: { under.gateway.heldBytes > 0 }, "a full socket")
        loop.run(for: .milliseconds(100))
        #expect(under.gateway.heldBytes < 200_000)
        client.startReading()
        client.readResponses()
        #expect(client.last?.lines.count == 151)
        #expect(client.last?.lines.last == Self.success)
    }

    @Test func anHTTP10ClientGetsItUntilTheClose() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send("POST /api/pull HTTP/1.0\r\nContent-Length: 15\r\n\r\n{\"model\":\"new\"}")
        client.readToEnd()
        #expect(client.last?.lines.last == Self.success)
        #expect(client.last?.header("transfer-encoding") == nil)
    }

    @Test(arguments: [
        [ScriptedRunner.Step.waitForRequest, .streamHead, .chunk("{\"status\":\"pulling manifest\"}\n"), .lastChunk],
        [.waitForRequest, .streamHead, .chunk("{\"status\":\"pulling manifest\"}\n"), .close]
    ])
    func anEndWithoutSuccessIsAnErrorLine(steps: [ScriptedRunner.Step]) throws {
        let runner = try ScriptedRunner(loop, always: steps)
        let under = try GatewayUnderTest(loop, [runner])
        defer { under.stop() }
        let answer = try under.client().answer(to: "/api/pull", #"{"model":"new"}"#)
        #expect(answer.lines.count == 2)
        #expect(progress(answer).last?["error"]?.string?.contains("runner 0") == true)
    }

    // MARK: Push

    @Test(arguments: [("POST", ""), ("POST", prefix), ("DELETE", prefix)])
    func pushingIsOneRunnersAndPassesAsItCame(method: String, surface: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer(method, surface + "/api/push", #"{"name":"shared:1b"}"#)
        #expect(answer.status == 200)
        #expect(answer.lines.first == #"{"status":"retrieving manifest"}"#)
        #expect(answer.lines.last == Self.success)
        #expect(answer.runner != nil)
        let pushes = site.runners.map { $0.records.filter { $0.requestLine == "POST /api/push HTTP/1.1" }.count }
        #expect(pushes.reduce(0, +) == 1)
        #expect(pushes[answer.runner ?? 0] == 1)
    }

    @Test func whatNobodyListsIsNotPushed() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        #expect(try site.answer("POST", "/api/push", #"{"name":"nobody"}"#).status == 404)
        #expect(try site.answer("POST", Self.prefix + "/api/push", #"{"name":"nobody"}"#).status == 400)
        #expect(site.proxied.isEmpty)
    }

    @Test func aFailingPushKeepsItsOwnErrorLine() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[0].options.library.failsAtLayer = 1
        let answer = try site.answer("POST", "/api/push", #"{"name":"embedder"}"#)
        #expect(answer.lines.last == #"{"error":"simulated failure at layer 1"}"#)
        #expect(answer.lines.filter { $0.contains("error") }.count == 1)
    }
}
