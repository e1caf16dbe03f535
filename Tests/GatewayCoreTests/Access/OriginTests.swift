// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// CORS, row by row of oa section 3.
@Suite struct OriginTests {
    func decision(_ origin: String?, host: String = "gw:11435", adding origins: [String] = []) -> OriginDecision {
        let fields = [("Host", host)] + (origin.map { [("Origin", $0)] } ?? [])
        return OriginList(adding: origins).decision(AccessFixtures.headers(fields))
    }

    @Test(arguments: [nil, "", "http://gw:11435", "https://gw:11435", "HTTP://GW:11435"])
    func ourOwnOriginIsNotCORS(origin: String?) {
        #expect(decision(origin) == .notCORS)
        #expect(decision(origin, adding: ["*"]) == .notCORS)
    }

    @Test(arguments: [
        "http://localhost", "https://localhost", "http://localhost:3000", "https://localhost:1", "http://127.0.0.1",
        "https://127.0.0.1", "http://127.0.0.1:8080", "https://127.0.0.1:8080", "http://0.0.0.0", "https://0.0.0.0",
        "http://0.0.0.0:1", "https://0.0.0.0:1", "app://obsidian.md", "app://", "file://", "file:///x",
        "tauri://localhost",
        "vscode-webview://1a2b", "vscode-file://vscode-app", "HTTP://LocalHost:3000"
    ])
    func ollamasListIsAlwaysAllowed(origin: String) {
        #expect(decision(origin) == .allowed(origin))
        #expect(
            decision(origin).responseFields == [.init("Access-Control-Allow-Origin", origin), .init("Vary", "Origin")])
    }

    @Test(arguments: [
        "null", "http://evil.example", "http://gw", "http://gw:11436", "http://localhost.evil.example",
        "http://localhosts", "http://xlocalhost", "ftp://localhost", "localhost", "http://127.0.0.2", "http://[::1]",
        "http://127.0.0.1.evil.example", "chrome-extension://abc", "moz-extension://abc", "safari-web-extension://x",
        "xapp://a", "http://gw:11435/", "http://gw:11435.evil.example", "https://example.com", "http://", "*",
        "http://localhost:1 http://evil.example", "http://localhost:\u{1}", "http://localhost:é", "://", "file:/"
    ])
    func everythingElseIsForeign(origin: String) {
        #expect(decision(origin) == .foreign)
        #expect(decision(origin).responseFields.isEmpty)
    }

    /// It is repeated in the answer's head, whose room is bounded.
    @Test(arguments: [(1024, true), (1025, false), (32768, false)])
    func oneThatIsNoBrowsersForItsLengthIsForeign(length: Int, isAllowed: Bool) {
        let origin = "app://" + String(repeating: "a", count: length - 6)
        #expect(decision(origin) == (isAllowed ? .allowed(origin) : .foreign))
        #expect(decision(origin, adding: ["*"]) == (isAllowed ? .allowed("*") : .foreign))
    }

    @Test(arguments: [
        ("https://chat.example.com", "https://chat.example.com", true),
        ("https://Chat.Example.com", "https://chat.example.com", true),
        ("https://chat.example.com", "https://chat.example.com:444", false),
        ("https://*.example.com", "https://a.b.example.com", true),
        ("https://*.example.com", "https://example.com", false),
        ("https://*.example.com", "https://a.example.com.evil", false),
        ("https://*.example.com", "http://a.example.com", false),
        ("chrome-extension://*", "chrome-extension://x", true),
        ("http://10.0.0.1:*", "http://10.0.0.1:1", true), ("http://10.0.0.1:*", "http://10.0.0.10:1", false),
        ("ab*ba", "aba", false), ("ab*ba", "abba", true), ("https://*.*.com", "https://a.b.com", false),
        ("null", "null", true), ("", "http://evil.example", false), ("**", "http://evil.example", false)
    ])
    func entriesAreAddedWithOneWildcard(entry: String, origin: String, isAllowed: Bool) {
        #expect(decision(origin, adding: [entry]) == (isAllowed ? .allowed(origin) : .foreign))
        // Ollama's own stay.
        #expect(decision("http://localhost:1", adding: [entry]) == .allowed("http://localhost:1"))
    }

    @Test(arguments: ["http://evil.example", "null", "http://localhost"])
    func aBareStarAllowsAllWithoutVary(origin: String) {
        let decision = decision(origin, adding: ["https://x", "*"])
        #expect(decision == .allowed("*"))
        #expect(decision.responseFields == [.init("Access-Control-Allow-Origin", "*")])
    }

    @Test func twoOriginsAreForeignEvenIfBothAreFine() {
        let fields = [("Host", "gw"), ("Origin", "http://localhost"), ("Origin", "http://localhost")]
        #expect(OriginList().decision(AccessFixtures.headers(fields)) == .foreign)
    }

    @Test func withoutAHostNothingIsOurOwnOrigin() {
        #expect(OriginList().decision(AccessFixtures.headers([("Origin", "http://")])) == .foreign)
        #expect(decision("http://", host: "") == .foreign)
    }

    @Test(arguments: Scope.allCases)
    func aForeignOriginIs403ForEveryone(scope: Scope) {
        let policy = AccessPolicy(anonymous: .all, keys: AccessFixtures.all)
        for fields in [[], AccessFixtures.bearer("dmr_admin"), AccessFixtures.bearer("dmr_nope")] {
            for listener in ListenerKind.allCases {
                #expect(policy.status(scope, fields + [("Origin", "http://evil.example")], listener) == 403)
            }
        }
    }
}
