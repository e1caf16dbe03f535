// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// `/key/KEY/…`: where a key stands in a path, what it opens, and that every reply says not to pass the address on.
@Suite struct PathKeyTests {
    static let router = Router(pathPrefix: "/docker-model-runner")

    static func route(_ method: Method, _ target: String) -> Routing {
        router.route(method, target: Array(target.utf8))
    }

    /// Every route of both surfaces, with and without a pin, reads the same behind a key as without one.
    @Test func theWholeTableIsBehindAKeyAsWell() {
        for operation in GatewayCore.Operation.allCases {
            for (surface, lead) in [(Surface.root, ""), (.prefix, "/docker-model-runner")] {
                let path = operation.entry.pattern.split(separator: "/").map { $0.hasPrefix(":") ? "x" : String($0) }
                for tail in ["", "/0", "/?a=b", "//"] {
                    let target = lead + "/" + path.joined(separator: "/") + tail
                    for method in Method.allCases where method != .connect {
                        let plain = Self.route(method, target)
                        let keyed = Self.route(method, "/key/dmr_user" + target)
                        #expect(keyed.result == plain.result, "\(method) \(target) \(surface)")
                        #expect(plain.pathKey == nil && keyed.pathKey == Array("dmr_user".utf8))
                    }
                }
            }
        }
    }

    static let spellings: [(String, String?)] = [
        ("/key/dmr_user", "dmr_user"), ("/key/dmr_user/", "dmr_user"), ("//key//dmr_user//api/tags", "dmr_user"),
        ("/%6Bey/dmr%5Fuser/api/tags", "dmr_user"), ("http://gw:1/key/dmr_user/api/tags", "dmr_user"),
        ("/key", nil), ("/key/", nil), ("/keys/dmr_user/api/tags", nil), ("/KEY/dmr_user/api/tags", nil),
        ("/api/key/dmr_user", nil), ("/docker-model-runner/key/dmr_user/api/tags", nil), ("/api/tags?/key/x", nil)
    ]

    @Test(arguments: spellings)
    func onlyTheFirstPartOfThePathIsAKey(target: String, key: String?) {
        #expect(Self.route(.get, target).pathKey == key.map { Array($0.utf8) })
    }

    @Test func aSecondKeyInThePathIsNoRoute() {
        #expect(Self.route(.get, "/key/dmr_user/key/dmr_user/api/tags").result == .notFound(.root))
    }

    /// Every kind of caller × every route, by path.
    static let callers: [(token: String, allowed: [Scope])] = [
        ("dmr_user", [.none, .read, .inference]), ("dmr_reader", [.none, .read]), ("dmr_scraper", [.none, .metrics]),
        ("dmr_manager", [.none, .read, .inference, .manage])
    ]

    @Test(arguments: callers)
    func aUsersKeyOpensWhatItsScopesSay(token: String, allowed: [Scope]) {
        let policy = AccessPolicy(keys: AccessFixtures.all)
        for operation in GatewayCore.Operation.allCases {
            for listener in ListenerKind.allCases {
                let scope = operation.entry.scope
                #expect(policy.status(operation, path: token, [], listener) == (allowed.contains(scope) ? 200 : 403))
                // The same key twice is one key, a dummy is none.
                #expect(
                    policy.status(operation, path: token, AccessFixtures.bearer(token))
                        == (allowed.contains(scope) ? 200 : 403))
                #expect(
                    policy.status(operation, path: token, AccessFixtures.bearer("sk-x"))
                        == (allowed.contains(scope) ? 200 : 403))
                #expect(policy.status(operation, path: token, AccessFixtures.bearer("dmr_admin")) == 400)
                #expect(policy.status(operation, path: token, AccessFixtures.bearer("dmr_wrong")) == 401)
            }
        }
    }

    @Test(arguments: ["dmr_admin", "correct-horse-battery-staple"])
    func anAdminsKeyOpensNothingThere(token: String) {
        let policy = AccessPolicy(keys: AccessFixtures.all)
        for operation in GatewayCore.Operation.allCases { #expect(policy.status(operation, path: token) == 403) }
        #expect(policy.status(nil, path: token) == 403)
    }

    @Test func adminRoutesTakeNoKeyThereEvenOneWithThatScope() {
        let key = AccessFixtures.key("operator", "dmr_operator", .user, [.admin, .read])
        let policy = AccessPolicy(keys: [key])
        for operation in GatewayCore.Operation.allCases where operation.entry.scope == .admin {
            #expect(policy.status(operation, AccessFixtures.bearer("dmr_operator")) == 200)
            #expect(policy.status(operation, path: "dmr_operator") == 403)
            #expect(policy.status(operation, path: "dmr_operator", AccessFixtures.bearer("dmr_operator")) == 403)
        }
        #expect(policy.status(.tags, path: "dmr_operator") == 200)
    }

    /// Unlike in a header field nobody has to make one up.
    @Test(arguments: ["dmr_nope", "sk-dummy", "", "dmr_user2", String(repeating: "a", count: 5000)])
    func whatIsNoKeyOfOursIsWrong(token: String) {
        for keys in [[], AccessFixtures.all] {
            let policy = AccessPolicy(anonymous: .all, keys: keys)
            for operation in [GatewayCore.Operation.tags, .chat, .landing, .config] {
                #expect(policy.status(operation, path: token) == 401)
            }
        }
    }

    static let answers: [(Method, String, [(String, String)], Int)] = [
        (.get, "/key/dmr_user/api/tags", [], 200), (.head, "/key/dmr_user", [], 200),
        (.head, "/key/dmr_user/", [], 200),
        (.post, "/key/dmr_user/api/chat", [], 200), (.post, "/key/dmr_user/docker-model-runner/api/chat/0", [], 200),
        (.get, "/key/dmr_user/docker-model-runner/api/tags", [], 200), (.post, "/key/dmr_user/api/pull", [], 403),
        (.get, "/key/dmr_admin/api/tags", [], 403), (.get, "/key/dmr_wrong/api/tags", [], 401),
        (.get, "/key/dmr_user/docker-model-runner/config", [], 403), (.get, "/key/dmr_user/nowhere", [], 404),
        (.put, "/key/dmr_user/api/tags", [], 405), (.get, "/key/dmr_user/a/../b", [], 400),
        (.get, "/key/dmr_user/a%2Fb", [], 400),
        (.post, "/key/dmr_user/api/chat", [Knock.length(1), Knock.chunked], 400),
        (.options, "/key/dmr_user/api/chat", [("Origin", "http://localhost:3000")], 204),
        (.options, "/key/dmr_wrong/api/chat", [("Origin", "http://localhost:3000")], 204),
        (.options, "/key/dmr_user/api/chat", [], 204), (.options, "/key/dmr_user/api/chat", [Knock.foreign], 403),
        (.get, "/key/dmr_user/api/tags", [Knock.foreign], 403),
        (.get, "/key/dmr_user/api/tags", AccessFixtures.bearer("dmr_reader"), 400),
        (.get, "/key/dmr_user/api/tags", [("Via", "1.1 \(Knock.loopGuard.pseudonym)")], 508)
    ]

    @Test(arguments: answers)
    func everyReplyKeepsTheAddressFromBeingPassedOn(
        method: Method, target: String, fields: [(String, String)], status: Int
    ) {
        let field = OwnResponse.Field("Referrer-Policy", "no-referrer")
        let intake = Knock(method, target, fields).intake(keys: AccessFixtures.all)
        #expect(intake.status == status)
        #expect(intake.responseFields.filter { $0 == field }.count == 1)
        #expect(!intake.pattern.contains("dmr_"))
        if let error = intake.error { #expect(!error.sentence.contains("dmr_")) }
        let plain = Knock(method, "/" + target.split(separator: "/").dropFirst(2).joined(separator: "/"), fields)
        #expect(!plain.intake(keys: AccessFixtures.all).responseFields.contains(field))
    }

    @Test func anAllowedPageGetsBothFields() {
        let intake = Knock(.get, "/key/dmr_user/api/tags", [("Origin", "http://localhost:3000")])
            .intake(keys: AccessFixtures.all)
        #expect(intake.responseFields.map(\.name) == ["Access-Control-Allow-Origin", "Vary", "Referrer-Policy"])
    }

    @Test func aHeadThatCannotBeReadIsToldByItsTarget() {
        #expect(PathKey.responseFields(ofUnread: Array("/key/dmr_user/a".utf8)).map(\.name) == ["Referrer-Policy"])
        #expect(PathKey.responseFields(ofUnread: Array("/api/chat".utf8)).isEmpty)
        #expect(PathKey.responseFields(ofUnread: []).isEmpty)
    }
}

extension AccessPolicy {
    /// 200, or the status of the refusal.
    func status(
        _ operation: GatewayCore.Operation?, path: String? = nil, _ fields: [(String, String)] = [],
        _ listener: ListenerKind = .other
    ) -> Int {
        let headers = AccessFixtures.headers([("Host", "localhost")] + fields)
        let decision = decide(
            operation, from: Caller(on: listener), headers: headers, pathKey: path.map { Array($0.utf8) })
        switch decision {
        case .success: return 200
        case .failure(let error): return error.status
        }
    }
}
