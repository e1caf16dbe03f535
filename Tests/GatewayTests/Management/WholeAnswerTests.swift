// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Delete, copy, the account and what any runner can say: answers in one piece, made of several runners' answers.
@Suite(.serialized) struct WholeAnswerTests {
    static let prefix = "/docker-model-runner"
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func names(_ site: TwoRunners) -> [[String]] {
        site.runners.map { $0.options.models.map(\.name).sorted() }
    }

    // MARK: Delete

    @Test(arguments: ["", prefix])
    func deletingReachesEveryRunnerThatListsIt(surface: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer("DELETE", surface + "/api/delete", #"{"name":"shared:1b"}"#)
        #expect(answer.status == 200)
        #expect(answer.body == (surface.isEmpty ? "" : "true"))
        #expect(answer.runner == 0)
        #expect(names(site) == [["embedder:latest"], ["Second:7b"]])
        // What a client asks right behind it is true already.
        #expect(try site.answer("GET", "/api/tags").modelNames?.contains("shared:1b") == false)
        let again = try site.answer("DELETE", surface + "/api/delete", #"{"name":"shared:1b"}"#)
        #expect(again.status == (surface.isEmpty ? 404 : 400))
        #expect(again.json?["error"]?.string == "model 'shared:1b' not found")
    }

    @Test func whoNeverHadItIsNotAsked() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        #expect(try site.answer("DELETE", "/api/delete", #"{"model":"embedder"}"#).status == 200)
        #expect(site.runners[1].records.allSatisfy { !$0.requestLine.hasPrefix("DELETE") })
        let record = try #require(site.runners[0].records.last { $0.requestLine.hasPrefix("DELETE") })
        #expect(record.requestLine == "DELETE /api/delete HTTP/1.1")
        #expect(String(decoding: record.body, as: UTF8.self) == #"{"model":"embedder"}"#)
        #expect(record.values("via").count == 1 && record.values("x-request-id").count == 1)
    }

    @Test func aRunnerThatLacksItAlreadyIsNoFailure() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        // Behind the gateway's back: its list still has it.
        site.runners[0].options.models.removeAll { $0.name == "shared:1b" }
        let answer = try site.answer("DELETE", "/api/delete", #"{"model":"shared:1b"}"#)
        #expect(answer.status == 200)
        #expect(answer.runner == 1)
    }

    @Test func aPartSuccessIsTold() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[1].options.library.refusesWith = 507
        let answer = try site.answer("DELETE", Self.prefix + "/api/delete", #"{"model":"shared:1b"}"#)
        #expect(answer.status == 507)
        #expect(answer.json?["runners"]?.array?.map { $0["status"]?.int } == [200, 507])
        #expect(
            answer.json?["detail"]?.string?.contains("runner 1 (127.0.0.1:\(site.runners[1].port)) answered 507")
                == true)
        // Only what was done has changed in the lists.
        let urls = try site.answer("GET", Self.prefix + "/api/tags").json?["models"]?.array?
            .first { $0["model"]?.string == "shared:1b" }?["urls"]
        #expect(urls == .array([.integer(1)]))
    }

    @Test func aRunnerThatIsAwayIsTold() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[1].close()
        let answer = try site.answer("DELETE", "/api/delete", #"{"model":"shared:1b"}"#)
        #expect(answer.status == 502)
        #expect(answer.json?["runners"]?.array?.map { $0["status"]?.int } == [200, 502])
        #expect(names(site)[0] == ["embedder:latest"])
    }

    @Test(arguments: ["", prefix])
    func aSingleRunnersRefusalKeepsItsWords(surface: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[0].options.library.refusesWith = 500
        let answer = try site.answer("DELETE", surface + "/api/delete", #"{"model":"embedder"}"#)
        #expect(answer.status == 500)
        #expect(answer.json?["error"]?.string == "simulated refusal")
        #expect(answer.json?["detail"]?.string == (surface.isEmpty ? nil : "simulated refusal"))
    }

    @Test func theClientsNextRequestFollowsOnItsConnection() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(
            "DELETE /api/delete HTTP/1.1\r\nHost: localhost\r\nContent-Length: 21\r\n\r\n{\"model\":\"shared:1b\"}"
                + "GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.readResponses(2)
        #expect(client.responses.map(\.status) == [200, 200])
        #expect(site.bodyBytesHeld == 0)
    }

    // MARK: Copy

    @Test(arguments: ["", prefix])
    func copyingHappensOnEveryRunnerThatListsTheSource(surface: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer(
            "POST", surface + "/api/copy", #"{"source":"shared:1b","destination":"twin"}"#)
        #expect(answer.status == 200)
        #expect(answer.body == (surface.isEmpty ? "" : "true"))
        #expect(names(site).allSatisfy { $0.contains("twin:latest") })
        #expect(try site.answer("GET", "/api/tags").modelNames?.contains("twin:latest") == true)
    }

    @Test func aDestinationThatIsNoNameIsRefusedInOllamasWords() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer("POST", "/api/copy", #"{"source":"shared:1b","destination":"a//b"}"#)
        #expect(answer.status == 400)
        #expect(answer.json?["error"]?.string == "destination \"a//b\" is invalid")
    }

    @Test func aPrefixGoesFromBothNames() throws {
        let site = try TwoRunners(loop) { $0.runners[1].prefixID = "gpu1" }
        defer { site.stop() }
        let body = #"{"source":"gpu1.second:7b","destination":"gpu1.third"}"#
        #expect(try site.answer("POST", "/api/copy", body).status == 200)
        #expect(names(site)[1].contains("third:latest"))
        #expect(try site.answer("GET", "/api/tags").modelNames?.contains("gpu1.third:latest") == true)
    }

    // MARK: The account, and any runner

    @Test func oneAccountStandsForAllAndSigningOutReachesAll() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let me = try site.answer("POST", "/api/me")
        #expect(me.status == 200 && me.runner == 0)
        #expect(me.json?["name"]?.string == "simulated")
        let out = try site.answer("POST", "/api/signout")
        #expect(out.status == 200)
        #expect(out.body == "null")
        #expect(site.runners.allSatisfy { !$0.options.library.isSignedIn })
        #expect(try site.answer("POST", "/api/me").status == 401)
        let again = try site.answer("DELETE", "/api/user/keys/abc")
        #expect(again.status == 401)
        #expect(again.json?["error"]?.string == "you are not currently signed in")
        // Whoever was signed out before is no failure.
        site.runners[1].options.library.isSignedIn = true
        #expect(try site.answer("DELETE", "/api/user/keys/abc").status == 200)
        #expect(site.runners[1].records.last?.requestLine == "POST /api/signout HTTP/1.1")
    }

    @Test(
        arguments: [
            ("GET", "/api/status", nil, "cloud"),
            ("GET", "/api/experimental/model-recommendations", nil, "recommendations"),
            ("POST", "/api/experimental/web_search", #"{"query":"a"}"#, "results"),
            ("POST", "/api/experimental/web_fetch", #"{"url":"a"}"#, "results")
        ] as [(String, String, String?, String)])
    func anyRunnerAnswersWhatIsNoModels(method: String, path: String, body: String?, key: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer(method, path, body)
        #expect(answer.status == 200)
        #expect(answer.json?[key] != nil)
        #expect(answer.runner != nil)
        let record = try #require(site.runners[answer.runner ?? 0].records.last { $0.requestLine.contains(path) })
        #expect(record.body == Array((body ?? "").utf8))
    }

    @Test func aHeadOfThemIsAnsweredWithoutABody() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.get("/api/status", method: "HEAD")
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(client.last?.header("content-length").flatMap { Int($0) } ?? 0 > 0)
        site.expectUsable(client, after: 1)
    }

    @Test func aBodyThatNobodyWantsIsRefusedBeforeAnythingIsDone() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send("POST /api/signout HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.readToEnd()
        #expect(client.last?.status == 413)
        #expect(site.runners.allSatisfy { $0.options.library.isSignedIn })
        #expect(try site.answer("POST", "/api/signout", "{}").status == 200)
    }

    @Test func aRunnerThatNoLongerWatchesHoldsUpNoAnswer() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        var isDone = false
        site.under.gateway.refresh([.tags], of: RunnerSet([0, 1])) { isDone = true }
        #expect(!isDone)
        for runner in site.under.gateway.runners { runner.stopWatch() }
        #expect(isDone)
        // Nor does one that never watched.
        isDone = false
        site.under.gateway.refresh([.tags], of: RunnerSet([0, 1])) { isDone = true }
        #expect(isDone)
    }

    @Test func withoutAnyRunnerItIsUnavailable() throws {
        let site = try TwoRunners(loop) {
            $0.health.ejectAfter = 1
            $0.health.probeInterval = .milliseconds(50)
        }
        defer { site.stop() }
        for runner in site.runners { runner.close() }
        loop.run(until: { site.under.gateway.dispatcher.usableRunners.isEmpty }, "both ejected")
        for (method, path) in [("GET", "/api/status"), ("POST", "/api/me"), ("POST", "/api/pull")] {
            let answer = try site.answer(method, path, method == "POST" ? #"{"model":"new"}"# : nil)
            #expect(answer.status == 503, "\(path)")
            #expect(answer.header("retry-after") != nil)
        }
    }

    @Test func anOlderRunnerWithoutTheRouteSaysSo() throws {
        let runner = try ScriptedRunner(
            loop, always: [.waitForRequest, .respond(404, "404 page not found", "Content-Type: text/plain\r\n")])
        let under = try GatewayUnderTest(loop, [runner])
        defer { under.stop() }
        let client = try under.client()
        client.get("/api/status")
        client.readResponses()
        #expect(client.last?.status == 404)
        #expect(client.last?.body == "404 page not found")
    }
}
