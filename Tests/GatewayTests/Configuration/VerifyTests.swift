// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@testable import Gateway
@testable import Transport

/// `/verify`: a URL is fetched for an admin, and nothing but a version comes back.
@Suite(.serialized) struct VerifyTests {
    private typealias Site = ConfiguredGateway
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func verify(_ site: Site, _ body: String) throws -> RawClient.Response {
        try site.answer("POST", Site.prefix + "/verify", body)
    }

    /// Answers everything with this.
    private func other(_ steps: [ScriptedRunner.Step]) throws -> ScriptedRunner {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest] + steps)
        runner.answersLists = false
        return runner
    }

    private func answering(_ status: Int, _ body: String, _ fields: String = "") throws -> ScriptedRunner {
        try other([.respond(status, body, fields)])
    }

    @Test func theVersionAndNothingElse() throws {
        let site = try Site(loop, #"{"runners":[]}"#)
        let runner = try answering(200, #"{"version":"0.11.4","commit":"internal"}"#)
        let answer = try verify(site, #"{"url":"\#(runner.url)/base/","key":"sk-1","config":{}}"#)
        #expect(answer.status == 200)
        #expect(answer.body == #"{"version":"0.11.4"}"#)
        let request = try #require(runner.connections.first?.requests.first)
        #expect(request.line == "GET /base/api/version")
        #expect(request.header("authorization") == "Bearer sk-1")
        #expect(request.header("host") == "127.0.0.1:\(runner.port)")
        #expect(request.header("via")?.hasPrefix("1.1 dmr-") == true)
        loop.run(until: { runner.connections.first?.isGone == true }, "the end of the connection")
        runner.close()
        site.stop()
    }

    @Test func aStoredKeyAndItsHeadersGoToTheirOwnOriginOnly() throws {
        let (own, other) = (
            try answering(200, #"{"version":"1.0.0"}"#), try answering(200, #"{"version":"2.0.0"}"#)
        )
        let site = try Site(
            loop, #"{"runners":[{"url":"\#(own.url)","key":"the-key","headers":{"X-T":"t"},"enable":false}]}"#)
        let shown = try site.read().json?["DOCKER_MODEL_RUNNER_API_CONFIGS"]?["0"]?["key"]?.string
        let mask = try #require(shown)
        #expect(try verify(site, #"{"url":"\#(own.url)","key":"\#(mask)"}"#).body == #"{"version":"1.0.0"}"#)
        let moved = try verify(site, #"{"url":"\#(other.url)","key":"\#(mask)"}"#)
        #expect(moved.status == 400)
        #expect(moved.sentence?.contains("stands for no secret") == true)
        #expect(other.accepted == 0)
        #expect(try verify(site, #"{"url":"\#(other.url)"}"#).status == 200)
        let sent = try #require(own.connections.first?.requests.first)
        #expect(sent.header("authorization") == "Bearer the-key" && sent.header("x-t") == "t")
        let bare = try #require(other.connections.first?.requests.first)
        #expect(bare.header("authorization") == nil && bare.header("x-t") == nil)
        own.close()
        other.close()
        site.stop()
    }

    @Test func aRedirectIsNotFollowed() throws {
        let site = try Site(loop, #"{"runners":[]}"#)
        let target = try answering(200, #"{"version":"1.0.0"}"#)
        let runner = try answering(302, "", "Location: \(target.url)/api/version\r\n")
        let answer = try verify(site, #"{"url":"\#(runner.url)"}"#)
        #expect(answer.status == 502)
        #expect(answer.sentence?.contains("redirect") == true)
        #expect(target.accepted == 0)
        for one in [runner, target] { one.close() }
        site.stop()
    }

    @Test(arguments: [
        (200, "{}"), (200, "<html>secret</html>"), (404, "secret"), (500, #"{"error":"secret"}"#), (401, "secret")
    ])
    func whatIsNoOllamaIsNotShown(status: Int, body: String) throws {
        let site = try Site(loop, #"{"runners":[]}"#)
        let runner = try answering(status, body)
        let answer = try verify(site, #"{"url":"\#(runner.url)"}"#)
        #expect(answer.status == 502)
        #expect(answer.sentence?.contains("127.0.0.1:\(runner.port)") == true)
        #expect(!answer.body.contains("secret"))
        runner.close()
        site.stop()
    }

    @Test func aLongAnswerIsNotReadToItsEnd() throws {
        let site = try Site(loop, #"{"runners":[]}"#)
        let runner = try answering(200, #"{"version":"1.0.0","x":""# + String(repeating: "x", count: 100_000) + #""}"#)
        #expect(try verify(site, #"{"url":"\#(runner.url)"}"#).status == 502)
        loop.run(until: { runner.connections.first?.isGone == true }, "the end of the connection")
        runner.close()
        site.stop()
    }

    @Test func silenceEndsAfterTenSeconds() throws {
        let site = try Site(loop, #"{"runners":[]}"#)
        let runner = try other([])
        let client = try site.under.client()
        client.post(Site.prefix + "/verify", #"{"url":"\#(runner.url)"}"#, Site.admin)
        loop.run(until: { !runner.connections.isEmpty }, "the question")
        loop.skip(.seconds(9.9))
        #expect(try site.answer("GET", "/healthz").status == 200)
        #expect(client.responses.isEmpty)
        loop.skip(.seconds(0.2))
        client.readResponses()
        #expect(client.last?.status == 504)
        #expect(client.last?.sentence?.contains("within 10 seconds") == true)
        loop.run(until: { runner.connections.first?.isGone == true }, "the end of the connection")
        runner.close()
        site.stop()
    }

    @Test func aClientThatGoesAwayEndsTheQuestion() throws {
        let site = try Site(loop, #"{"runners":[]}"#)
        let runner = try other([])
        let client = try site.under.client()
        client.post(Site.prefix + "/verify", #"{"url":"\#(runner.url)"}"#, Site.admin)
        loop.run(until: { !runner.connections.isEmpty }, "the question")
        client.close()
        loop.run(until: { runner.connections.first?.isGone == true }, "the end of the connection")
        runner.close()
        site.stop()
    }

    /// `stop` finds nothing left open.
    @Test func aGatewayThatStopsEndsTheQuestion() throws {
        let site = try Site(loop, #"{"runners":[]}"#)
        let runner = try other([])
        let client = try site.under.client()
        client.post(Site.prefix + "/verify", #"{"url":"\#(runner.url)"}"#, Site.admin)
        loop.run(until: { !runner.connections.isEmpty }, "the question")
        site.under.server.stop()
        loop.run(until: { runner.connections.first?.isGone == true }, "the end of the connection")
        runner.close()
        site.stop()
    }

    @Test func nobodyThereIs502() throws {
        let closed = try ClosedPort()
        defer { closed.close() }
        let site = try Site(loop, #"{"runners":[]}"#)
        let answer = try verify(site, #"{"url":"\#(closed.url)"}"#)
        #expect(answer.status == 502)
        #expect(answer.sentence?.contains("connection refused") == true)
        site.stop()
    }

    /// Whom to believe is the runner's own setting, and nobody else's.
    @Test func overTLSTheRunnersOwnTrustCounts() throws {
        let authority = try Authority()
        func secure() throws -> ScriptedRunner {
            let context = try TLSServerContext(
                identities: [try authority.issue().identity], tickets: TicketKeys(loop: loop))
            let runner = try ScriptedRunner(
                loop, tls: context, always: [.waitForRequest, .respond(#"{"version":"1.0.0"}"#)])
            runner.answersLists = false
            return runner
        }
        let (trusted, stranger) = (try secure(), try secure())
        let site = try Site(
            loop, #"{"runners":[{"url":"\#(trusted.url)","enable":false,"tls_ca":"\#(authority.file)"}]}"#)
        #expect(try verify(site, #"{"url":"\#(trusted.url)"}"#).body == #"{"version":"1.0.0"}"#)
        let answer = try verify(site, #"{"url":"\#(stranger.url)","key":"k"}"#)
        #expect(answer.status == 502)
        #expect(answer.sentence?.contains("certificate") == true, "\(answer.body)")
        #expect(stranger.connections.isEmpty, "it heard nothing, and no key")
        for runner in [trusted, stranger] { runner.close() }
        site.stop()
    }

    // MARK: Where it doesn't go

    /// Says what names stand for, and how often it was asked.
    private final class Names: Resolver {
        private(set) var asked: [String] = []
        private let answers: [[String]]

        init(_ loop: Loop, _ answers: [[String]]) {
            self.answers = answers
            super.init(loop: loop)
        }

        override func lookUp(
            _ name: String, port: Int, _ completion: @escaping (Result<[SocketAddress], UVError>) -> Void
        ) {
            asked.append(name)
            let answer = answers[min(asked.count, answers.count) - 1]
            completion(.success(answer.compactMap { SocketAddress(literal: $0, port: port) }))
        }
    }

    @Test(arguments: [
        "http://169.254.169.254", "http://[fe80::1]:11434", "http://[::ffff:169.254.169.254]/latest",
        "http://[fd00:ec2::254]", "https://100.100.100.200"
    ])
    func linkLocalAndMetadataAddressesAreNotAsked(url: String) throws {
        let site = try Site(loop, #"{"runners":[]}"#)
        let streams = loop.openStreams
        let answer = try verify(site, #"{"url":"\#(url)"}"#)
        #expect(answer.status == 400)
        #expect(answer.sentence?.contains("link-local") == true)
        #expect(loop.openStreams <= streams + 2, "nothing but the client and its connection")
        site.stop()
    }

    @Test func aNameIsLookedUpOnceAndItsAddressIsTheOneThatIsAsked() throws {
        let runner = try answering(200, #"{"version":"1.0.0"}"#)
        // The second answer would be another one, if anybody asked.
        let names = Names(loop, [["127.0.0.1"], ["169.254.169.254"]])
        let site = try Site(loop, #"{"runners":[]}"#, resolver: names)
        let answer = try verify(site, #"{"url":"http://rebound.example:\#(runner.port)"}"#)
        #expect(answer.body == #"{"version":"1.0.0"}"#)
        #expect(names.asked == ["rebound.example"])
        #expect(runner.connections.first?.requests.first?.header("host") == "rebound.example:\(runner.port)")
        let second = try verify(site, #"{"url":"http://rebound.example:\#(runner.port)"}"#)
        #expect(second.status == 400)
        #expect(runner.accepted == 1)
        runner.close()
        site.stop()
    }

    @Test(arguments: ["unix:/run/x.sock", "dns:http://a:1", "ftp://a", "file:///etc/passwd", "http://u:p@a", ""])
    func onlyHTTPIsAsked(url: String) throws {
        let site = try Site(loop, #"{"runners":[]}"#)
        let answer = try verify(site, #"{"url":"\#(url)"}"#)
        #expect(answer.status == 400)
        #expect(answer.sentence?.hasPrefix("url: ") == true)
        site.stop()
    }

    @Test func theGatewayItselfIsRecognised() throws {
        let site = try Site(loop, #"{"runners":[]}"#)
        let answer = try verify(site, #"{"url":"http://127.0.0.1:\#(site.under.port)"}"#)
        #expect(answer.status == 502)
        #expect(answer.sentence?.contains("is this gateway itself") == true)
        site.stop()
    }
}
