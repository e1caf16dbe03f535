// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Who is turned away at the door, and in which order the doors stand: loop, Origin, Host, key, scope.
@Suite struct IntakeAccessTests {
    static let via = ("Via", "1.1 \(Knock.loopGuard.pseudonym)")
    static let strangers = ["1.1 dmr-aa", "1.1 dmr-bb", "1.1 dmr-cc", "1.1 dmr-dd"]

    // MARK: Loops

    @Test(arguments: [
        (Method.post, "/api/chat"), (.get, "/api/version"), (.get, "/"), (.get, "/nowhere"), (.put, "/api/tags"),
        (.options, "/api/chat"), (.get, "/a/../b")
    ])
    func whatHasBeenHereBeforeIsALoopWhateverItAsks(method: Method, target: String) {
        #expect(Knock(method, target, [Self.via]).intake().status == 508)
        #expect(Knock(method, target, [Self.via, Knock.foreign]).intake(keys: AccessFixtures.all).status == 508)
    }

    @Test func threeOtherGatewaysMayStandInFront() {
        let passes = Self.strangers.prefix(3).joined(separator: ", ")
        #expect(Knock(.get, "/api/tags", [("Via", passes)]).intake().status == 200)
        #expect(Knock(.get, "/api/tags", Self.strangers.map { ("Via", $0) }).intake().status == 508)
        #expect(Knock(.get, "/api/tags", [("Via", "1.1 proxy, 1.0 cache, 2 dmr, 1.1 a, 1.1 b")]).intake().status == 200)
    }

    // MARK: Origin

    @Test(arguments: [
        (Method.post, "/api/chat"), (.get, "/"), (.get, "/api/version"), (.get, "/nowhere"), (.put, "/api/tags"),
        (.options, "/api/chat"), (.options, "/nowhere"), (.get, "/healthz")
    ])
    func aForeignPageIsTurnedAwayEverywhere(method: Method, target: String) {
        for listener in ListenerKind.allCases {
            let intake = Knock(method, target, [Knock.foreign], listener: listener).intake()
            #expect(intake.status == 403)
            #expect(intake.responseFields.isEmpty)
        }
        let key = AccessFixtures.bearer("dmr_admin")
        #expect(Knock(method, target, [Knock.foreign] + key).intake(keys: AccessFixtures.all).status == 403)
    }

    @Test(arguments: [
        (Method.post, "/api/chat", 200), (.get, "/nowhere", 404), (.put, "/api/tags", 405), (.get, "/metrics", 501)
    ])
    func anAllowedPageGetsItsFieldsOnEveryAnswer(method: Method, target: String, status: Int) {
        for origin in ["http://localhost:3000", "app://x", "https://chat.example"] {
            let intake = Knock(method, target, [("Origin", origin)]).intake(origins: ["https://chat.example"])
            #expect(intake.status == status)
            #expect(intake.responseFields.contains(.init("Access-Control-Allow-Origin", origin)))
        }
    }

    @Test func anAllowedPageGetsItsFieldsOnABrokenHeadToo() {
        let intake = Knock(.post, "/api/chat", [("Origin", "http://localhost"), Knock.length(1), Knock.chunked])
            .intake()
        #expect(intake.status == 400)
        #expect(intake.responseFields.contains(.init("Access-Control-Allow-Origin", "http://localhost")))
    }

    @Test func aPreflightNeedsNoKey() {
        let fields = [("Origin", "http://localhost:3000"), ("Access-Control-Request-Method", "POST")]
        #expect(Knock(.options, "/api/chat", fields).intake(keys: AccessFixtures.all).status == 204)
        #expect(Knock(.options, "/api/chat", fields).intake(isEnabled: false).status == 204)
    }

    @Test(arguments: [
        ("/api/chat", ListenerKind.other, "gateway.example", 405), ("/nowhere", .other, "gateway.example", 404),
        ("/api/chat", .loopback, "localhost", 204), ("/api/chat", .loopback, "127.0.0.1", 405),
        ("/api/chat", .loopback, "evil.example", 403), ("*", .other, "gateway.example", 204)
    ])
    func optionsWithoutAPageIsAnsweredAsOllamaDoes(
        target: String, listener: ListenerKind, host: String, status: Int
    ) {
        #expect(Knock(.options, target, listener: listener, host: host).intake().status == status)
    }

    // MARK: Host

    static let hosts: [(String, ListenerKind, [(String, String)], Int)] = [
        ("localhost", .loopback, [], 200), ("127.0.0.1:11435", .loopback, [], 200), ("[::1]", .loopback, [], 200),
        ("gateway", .loopback, [], 200), ("gw.internal", .loopback, [], 200), ("", .loopback, [], 200),
        ("evil.example", .loopback, [], 403), ("8.8.8.8", .loopback, [], 403), ("trusted.example", .loopback, [], 200),
        ("evil.example", .other, [], 200), ("8.8.8.8", .other, [], 200), ("evil.example", .unix, [], 200),
        ("evil.example", .other, [("Origin", "http://localhost")], 403),
        ("evil.example", .other, [("Origin", "http://evil.example")], 403),
        ("trusted.example", .other, [("Origin", "http://trusted.example")], 200)
    ]

    @Test(arguments: hosts)
    func aHostThatAnAttackerCouldOwnIsTurnedAway(
        host: String, listener: ListenerKind, fields: [(String, String)], status: Int
    ) {
        let knock = Knock(.get, "/api/tags", fields, listener: listener, host: host)
        #expect(knock.intake(hosts: ["trusted.example"]).status == status)
        let nowhere = Knock(.get, "/nowhere", fields, listener: listener, host: host)
        #expect(nowhere.intake(hosts: ["trusted.example"]).status == (status == 200 ? 404 : status))
    }

    @Test func aValidKeyIsNoPage() {
        let knock = Knock(.get, "/api/tags", AccessFixtures.bearer("dmr_reader"), host: "evil.example")
        #expect(knock.intake(keys: AccessFixtures.all).status == 200)
        #expect(knock.intake().status == 403)
    }

    // MARK: Keys and scopes

    @Test(arguments: [
        ("/api/chat", 401, 403, 200), ("/api/show", 401, 200, 200), ("/api/pull", 401, 403, 403),
        ("/v1/completions", 401, 403, 200), ("/v1/responses", 401, 403, 200),
        ("/docker-model-runner/config/update", 401, 403, 403), ("/docker-model-runner/api/unload", 401, 403, 403),
        ("/nowhere", 404, 404, 404)
    ])
    func aKeyIsAskedForBeforeAnythingIsTold(target: String, without: Int, reader: Int, user: Int) {
        func status(_ fields: [(String, String)], isEnabled: Bool = true) -> Int {
            Knock(.post, target, fields).intake(keys: AccessFixtures.all, isEnabled: isEnabled).status
        }
        #expect(status([]) == without)
        #expect(status([Knock.length(5_000)]) == without)
        #expect(status(AccessFixtures.bearer("dmr_reader")) == reader)
        #expect(status(AccessFixtures.bearer("dmr_user")) == user)
        #expect(status([("x-api-key", "dmr_user")]) == user)
        #expect(status(AccessFixtures.bearer("dmr_unknown")) == 401)
        #expect(status(AccessFixtures.bearer("dmr_user") + [("x-api-key", "dmr_admin")]) == 400)
    }

    @Test(arguments: [
        (AnonymousRule.none, 401, 401), (.read, 200, 401), (.inference, 200, 200), (.all, 200, 200), (.auto, 200, 200)
    ])
    func withoutAKeyTheRuleDecides(rule: AnonymousRule, tags: Int, chat: Int) {
        #expect(Knock(.get, "/api/tags", listener: .other).intake(anonymous: rule).status == tags)
        #expect(Knock(.post, "/api/chat", listener: .other).intake(anonymous: rule).status == chat)
        for path in ["/", "/healthz", "/readyz", "/api/version"] {
            #expect(Knock(.get, path, listener: .other).intake(anonymous: rule).status == 200)
        }
    }

    @Test func theIdentityGoesOnWithTheRequest() {
        let intake = Knock(.post, "/api/chat", AccessFixtures.bearer("dmr_user")).intake(keys: AccessFixtures.all)
        guard case .serve(_, let identity) = intake.decision else {
            Issue.record("not served")
            return
        }
        #expect(identity.keyName == "user")
        #expect(identity.allows(.inference) && !identity.allows(.manage))
    }
}
