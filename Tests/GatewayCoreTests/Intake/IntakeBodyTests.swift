// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What is done with a body before a byte of it has come, and whether the connection can go on behind it.
@Suite struct IntakeBodyTests {
    /// One head and what becomes of its body.
    struct Case: Sendable, CustomTestStringConvertible {
        var knock: Knock
        var status: Int
        var use: RequestIntake.BodyUse
        var keepsAlive: Bool

        init(_ knock: Knock, _ status: Int, _ use: RequestIntake.BodyUse, _ keepsAlive: Bool) {
            (self.knock, self.status, self.use, self.keepsAlive) = (knock, status, use, keepsAlive)
        }

        var testDescription: String { knock.testDescription }
    }

    static let served: [Case] = [
        Case(Knock(.post, "/api/chat"), 200, .scan, true),
        Case(Knock(.post, "/api/chat", [Knock.length(0)]), 200, .scan, true),
        Case(Knock(.post, "/api/chat", [Knock.length(1000)]), 200, .scan, true),
        Case(Knock(.post, "/api/chat", [Knock.chunked]), 200, .scan, true),
        Case(Knock(.post, "/api/chat", [Knock.chunked, Knock.expects]), 200, .scan, true),
        Case(Knock(.post, "/api/chat", [], .http10), 200, .scan, false),
        Case(Knock(.post, "/api/chat", [Knock.length(5), ("Connection", "keep-alive")], .http10), 200, .scan, true),
        Case(Knock(.post, "/api/chat", [("Connection", "close")]), 200, .scan, false),
        // Open WebUI and the CLI put a Content-Type on a GET; some put a body there, too.
        Case(Knock(.get, "/api/tags", [("Content-Type", "application/json")]), 200, .drop, true),
        Case(Knock(.get, "/api/tags", [Knock.length(2)]), 200, .drop, true),
        Case(Knock(.get, "/api/tags", [Knock.length(65536)]), 200, .drop, true),
        Case(Knock(.get, "/api/tags", [Knock.length(65537)]), 200, .refuse, false),
        Case(Knock(.get, "/api/tags", [Knock.chunked]), 200, .refuse, false),
        Case(Knock(.get, "/api/tags", [Knock.length(2), Knock.expects]), 200, .refuse, false),
        Case(Knock(.get, "/api/tags", [Knock.expects]), 200, .drop, true),
        Case(Knock(.get, "/v1/models/x", [Knock.length(2)]), 200, .drop, true),
        Case(Knock(.post, "/api/pull", [Knock.chunked, Knock.expects]), 200, .scan, true),
        Case(Knock(.delete, "/api/delete", [Knock.length(20)]), 200, .scan, true),
        Case(Knock(.post, "/api/me"), 200, .drop, true), Case(Knock(.get, "/api/status"), 200, .drop, true),
        Case(Knock(.post, "/api/experimental/web_search", [Knock.length(20)]), 200, .scan, true),
        Case(Knock(.head, "/api/blobs/sha256:00"), 200, .drop, true),
        // Never held, so whatever its length.
        Case(Knock(.post, "/api/blobs/sha256:00", [Knock.length(5_000_000_000), Knock.expects]), 200, .stream, true),
        Case(Knock(.post, "/api/blobs/sha256:00", [Knock.chunked]), 200, .stream, true)
    ]

    static let refused: [Case] = [
        Case(Knock(.post, "/api/chat", [Knock.length(1001)]), 413, .refuse, false),
        Case(Knock(.post, "/api/pull", [Knock.length(1001)]), 413, .refuse, false),
        Case(Knock(.post, "/api/chat", [Knock.length(999_999_999_999_999_999)]), 413, .refuse, false),
        Case(Knock(.post, "/api/chat", [Knock.length(1001), Knock.expects]), 413, .refuse, false),
        Case(Knock(.post, "/nowhere"), 404, .drop, true),
        Case(Knock(.post, "/nowhere", [Knock.length(65536)]), 404, .drop, true),
        Case(Knock(.post, "/nowhere", [Knock.length(65537)]), 404, .refuse, false),
        Case(Knock(.post, "/nowhere", [Knock.chunked]), 404, .refuse, false),
        Case(Knock(.post, "/nowhere", [Knock.length(1), Knock.expects]), 404, .refuse, false),
        Case(Knock(.post, "/api/tags", [Knock.length(7)]), 405, .drop, true),
        Case(Knock(.get, "/metrics", [Knock.length(20)]), 501, .drop, true),
        Case(Knock(.get, "/metrics", [Knock.chunked]), 501, .refuse, false),
        Case(Knock(.post, "/api/chat", [Knock.foreign, Knock.length(9)]), 403, .drop, true),
        Case(Knock(.post, "/api/chat", [("Authorization", "Bearer dmr_no"), Knock.length(9)]), 401, .drop, true),
        Case(Knock(.options, "/api/chat", [("Origin", "http://localhost:3000")]), 204, .drop, true),
        Case(Knock(.options, "/api/chat", [("Origin", "http://localhost"), Knock.chunked]), 204, .refuse, false)
    ]

    @Test(arguments: served + refused)
    func bodyAndConnection(_ expected: Case) {
        let intake = expected.knock.intake()
        #expect(intake.status == expected.status)
        #expect(intake.bodyUse == expected.use)
        #expect(intake.keepsAlive == expected.keepsAlive)
        if expected.use != .scan, expected.use != .stream { #expect(!intake.expectsContinue) }
    }

    @Test(arguments: [
        ([("Content-Length", "5")], HTTPVersion.http11, false),
        ([("Content-Length", "5"), ("Expect", "100-continue")], .http11, true),
        ([("Transfer-Encoding", "chunked"), ("Expect", "100-Continue")], .http11, true),
        ([("Content-Length", "0"), ("Expect", "100-continue")], .http11, false),
        ([("Expect", "100-continue")], .http11, false),
        ([("Content-Length", "5"), ("Expect", "100-continue")], .http10, false)
    ])
    func onlyABodyThatIsWantedIsAskedFor(fields: [(String, String)], version: HTTPVersion, asks: Bool) {
        #expect(Knock(.post, "/api/chat", fields, version).intake().expectsContinue == asks)
        #expect(!Knock(.post, "/api/chat", fields, version).intake(keys: [AccessFixtures.user]).expectsContinue)
    }

    @Test func aLimitOfNoneTakesAnyLength() {
        let knock = Knock(.post, "/api/chat", [Knock.length(999_999_999_999_999_999)])
        #expect(knock.intake(bodyLimit: .max).bodyUse == .scan)
    }

    @Test func theLimitIsOfBodiesThatAreHeld() {
        #expect(Knock(.get, "/api/tags", [Knock.length(2000)]).intake(bodyLimit: 10).status == 200)
        #expect(
            Knock(.post, "/api/chat", [Knock.length(2000)]).intake(bodyLimit: 10).error?.sentence.contains("10") == true
        )
    }

    // MARK: Heads that break the rules

    static let malformed: [(Knock, Int)] = [
        (Knock(.post, "/api/chat", [Knock.length(1), Knock.length(1)]), 400),
        (Knock(.post, "/api/chat", [Knock.length(1), Knock.chunked]), 400),
        (Knock(.post, "/api/chat", [("Transfer-Encoding", "gzip, chunked")]), 400),
        (Knock(.post, "/api/chat", [("Content-Length", "-1")]), 400),
        (Knock(.post, "/api/chat", [Knock.chunked], .http10), 400), (Knock(.post, "/api/chat", host: nil), 400),
        (Knock(.post, "/api/chat", [("Host", "localhost")]), 400), (Knock(.post, "/api/chat", host: "a b"), 400),
        (Knock(.get, "http://other/api/tags"), 400),
        (Knock(.post, "/api/chat", [("X-A", "a\u{1}b")]), 400),
        (Knock(.post, "/api/chat", [("Content-Encoding", "gzip"), Knock.length(3)]), 415),
        (Knock(.post, "/api/chat", [("Expect", "cake"), Knock.length(3)]), 417),
        (Knock(.get, "/" + String(repeating: "a", count: 33_000)), 414),
        (Knock(.get, "/api/tags", [("X", String(repeating: "a", count: 33_000))]), 431),
        (Knock(.get, "/api/tags", (0..<101).map { ("X-\($0)", "") }), 431)
    ]

    @Test(arguments: malformed)
    func aBrokenHeadCostsTheConnection(_ knock: Knock, _ status: Int) {
        let intake = knock.intake()
        #expect(intake.status == status)
        #expect(intake.bodyUse == .refuse)
        #expect(intake.framing == .none)
        #expect(!intake.keepsAlive)
        #expect(!intake.expectsContinue)
    }

    @Test func aBrokenHeadIsAnsweredInItsRoutesShape() {
        let intake = Knock(.post, "/docker-model-runner/v1/chat/completions", [Knock.length(1), Knock.chunked]).intake()
        #expect(intake.family == .openAI)
        #expect(intake.surface == .prefix)
        #expect(intake.pattern == "/v1/chat/completions")
    }

    @Test func ofTwoFaultsTheFramingIsToldFirst() {
        let fields = [Knock.foreign, Knock.length(1), Knock.chunked, ("Via", "1.1 \(Knock.loopGuard.pseudonym)")]
        #expect(Knock(.post, "/nowhere", fields).intake(keys: AccessFixtures.all).status == 400)
    }
}
