// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Who may do what: every scope of the closed route table × every kind of caller.
@Suite struct AccessPolicyTests {
    /// What each caller may do once keys are configured and `anonymous` is `auto`; no key means no right at all.
    static let callers: [(String, Set<Scope>)] = [
        ("dmr_admin", Set(Scope.allCases)), ("correct-horse-battery-staple", Set(Scope.allCases)),
        ("dmr_user", [.none, .read, .inference]), ("dmr_reader", [.none, .read]), ("dmr_scraper", [.none, .metrics]),
        ("dmr_manager", [.none, .read, .inference, .manage])
    ]

    @Test(arguments: callers)
    func everyRouteAsksForItsScope(token: String, allowed: Set<Scope>) {
        let policy = AccessPolicy(keys: AccessFixtures.all)
        for operation in GatewayCore.Operation.allCases {
            for listener in ListenerKind.allCases {
                let expected = allowed.contains(operation.entry.scope) ? 200 : 403
                let scope = operation.entry.scope
                #expect(policy.status(scope, AccessFixtures.bearer(token), listener) == expected, "\(operation)")
                #expect(policy.status(scope, [("x-api-key", token)], listener) == expected, "\(operation)")
                #expect(policy.status(scope, [], listener) == (scope == .none ? 200 : 401), "\(operation)")
            }
        }
    }

    /// Rule × listener × whether any key is configured, for a caller without one.
    static let rules: [(AnonymousRule, [ListenerKind], [Bool], [Scope])] = [
        (.none, [.loopback, .unix, .other], [false, true], []),
        (.read, [.loopback, .unix, .other], [false, true], [.read]),
        (.inference, [.loopback, .unix, .other], [false, true], [.read, .inference]),
        (.all, [.loopback, .unix, .other], [false, true], [.read, .inference, .manage, .metrics]),
        (.auto, [.loopback, .unix], [false], [.read, .inference, .manage, .metrics]),
        (.auto, [.other], [false], [.read, .inference]), (.auto, [.loopback, .unix, .other], [true], [])
    ]

    @Test(arguments: rules)
    func anonymousRules(rule: AnonymousRule, listeners: [ListenerKind], keyed: [Bool], allowed: [Scope]) {
        for listener in listeners {
            for anyKey in keyed {
                let policy = AccessPolicy(anonymous: rule, keys: anyKey ? [AccessFixtures.user] : [])
                for scope in Scope.allCases {
                    let expected = scope == .none || allowed.contains(scope) ? 200 : 401
                    for fields in Self.keyless {
                        #expect(policy.status(scope, fields, listener) == expected, "\(scope) \(listener) \(fields)")
                    }
                }
            }
        }
    }

    /// Everything that counts as no key.
    static let keyless: [[(String, String)]] = [
        [], [("Authorization", "")], [("Authorization", "Bearer")], [("Authorization", "Bearer ")],
        [("Authorization", "Bearer   \t")], [("Authorization", "Basic ZG1yX3VzZXI6")],
        [("Authorization", "Basic dmr_user")], [("Authorization", "dmr_user")], [("Authorization", "Bearerdmr_user")],
        [("Authorization", "AAAAC3NzaC1lZDI1NTE5:c2ln")], [("Authorization", "Bearer sk-dummy")],
        [("Authorization", "Bearer ollama")], [("Authorization", "Bearer DMR_user")], [("x-api-key", "")],
        [("x-api-key", "dummy")], [("Authorization", "Bearer a"), ("x-api-key", "b")],
        [("Proxy-Authorization", "Bearer dmr_user")], [("Cookie", "key=dmr_user")],
        [("Authorization", "Bearer " + String(repeating: "a", count: 5000))]
    ]

    static let wrong: [[(String, String)]] =
        [
            "dmr_nope", "dmr_", "dmr_" + String(repeating: "a", count: 5000), "dmr_use", "dmr_user2", "dmr_user x"
        ].map(AccessFixtures.bearer)
        + [[("x-api-key", "dmr_nope")], [("Authorization", "Bearer dmr_nope"), ("x-api-key", "dmr_nope2")]]

    @Test(arguments: Scope.allCases)
    func aWrongKeyOfOursIsAlways401(scope: Scope) {
        for keys in [[], AccessFixtures.all] {
            for rule in AnonymousRule.allCases {
                let policy = AccessPolicy(anonymous: rule, keys: keys)
                for listener in ListenerKind.allCases {
                    for fields in Self.wrong {
                        #expect(policy.status(scope, fields, listener) == 401)
                    }
                }
            }
        }
    }

    static let tokens: [([(String, String)], Int)] = [
        ([("Authorization", "bearer dmr_user")], 200), ([("authorization", "BEARER   dmr_user \t")], 200),
        ([("Authorization", "Bearer\tdmr_user")], 200), ([("X-API-Key", " dmr_user ")], 200),
        ([("Authorization", "Bearer dmr_user"), ("x-api-key", "dmr_user")], 200),
        ([("Authorization", "Bearer dummy"), ("x-api-key", "dmr_user")], 200),
        ([("Authorization", "Bearer dmr_user"), ("x-api-key", "dummy")], 200),
        ([("Authorization", "Bearer "), ("x-api-key", "dmr_user")], 200),
        ([("Authorization", "Bearer dmr_user"), ("x-api-key", "dmr_admin")], 400),
        ([("x-api-key", "dmr_reader"), ("Authorization", "Bearer dmr_user")], 400),
        ([("Authorization", "Bearer correct-horse-battery-staple"), ("x-api-key", "dmr_user")], 400),
        ([("Authorization", "Bearer dmr_user"), ("x-api-key", "dmr_nope")], 401),
        ([("Authorization", "Bearer dmr_nope"), ("x-api-key", "dmr_user")], 401),
        ([("Authorization", "Bearer dmr_user"), ("Authorization", "Bearer dmr_user")], 400),
        ([("Authorization", "Basic x"), ("authorization", "Bearer dmr_user")], 400),
        ([("x-api-key", "a"), ("x-api-key", "b")], 400)
    ]

    @Test(arguments: tokens)
    func tokensAreReadAsGatewaysAndClientsWriteThem(fields: [(String, String)], status: Int) {
        #expect(AccessPolicy(keys: AccessFixtures.all).status(.read, fields) == status)
    }

    @Test func anIdentityKnowsItsKeyAndWhatABodyMayAsk() throws {
        let policy = AccessPolicy(keys: AccessFixtures.all)
        let headers = AccessFixtures.headers(AccessFixtures.bearer("dmr_user"))
        let identity = try policy.decide(
            .chat, from: Caller(on: .other), headers: headers
        ).get()
        #expect(identity.keyName == "user" && identity.role == .user && identity.rights == [.read, .inference])
        #expect(identity.claimant != nil)
        // `keep_alive: 0` in the body of a chat needs more than its route.
        #expect(!identity.allows(.manage) && identity.allows(.none))
        #expect(try policy.outcome(.none, []).get() == [])
    }

    @Test func aWeakKeyIsNotLiftedByWhatStrangersMayDo() {
        let policy = AccessPolicy(anonymous: .inference, keys: AccessFixtures.all)
        #expect(policy.status(.inference, []) == 200)
        #expect(policy.status(.inference, AccessFixtures.bearer("dmr_reader")) == 403)
    }

    @Test func nothingIsHashedForStrangersWhereNoKeyIsConfigured() {
        let counter = Counter()
        var means = AccessFixtures.means
        means.sha256 = { token in
            counter.calls += 1
            return AccessFixtures.means.sha256(token)
        }
        let two = AccessFixtures.headers(AccessFixtures.bearer("a") + [("x-api-key", "b")])
        let stranger = Caller(on: .other)
        _ = AccessPolicy(means: means).decide(.tags, from: stranger, headers: two)
        #expect(counter.calls == 0)
        let policy = AccessPolicy(keys: AccessFixtures.all, means: means)
        _ = policy.decide(.tags, from: stranger, headers: two)
        #expect(counter.calls == 2)
        let long = AccessFixtures.headers(AccessFixtures.bearer(String(repeating: "a", count: 1025)))
        _ = policy.decide(.tags, from: stranger, headers: long)
        #expect(counter.calls == 2)
    }

    /// Only one test at a time has one.
    private final class Counter: @unchecked Sendable {
        var calls = 0
    }

    static let refused: [[(String, String)]] = [
        AccessFixtures.bearer("dmr_sesame"), AccessFixtures.bearer("dmr_user") + [("x-api-key", "dmr_admin")],
        AccessFixtures.bearer("dmr_reader"), AccessFixtures.bearer("sk-sesame"), [("Origin", "http://sesame.example")],
        [("Origin", "http://localhost"), ("Host", "sesame.example")]
    ]

    @Test(arguments: refused)
    func refusalsAreSentencesWithoutTheClientsOwnWords(fields: [(String, String)]) {
        guard case .failure(let error) = AccessPolicy(keys: AccessFixtures.all).outcome(.admin, fields) else {
            Issue.record("allowed")
            return
        }
        #expect(error.sentence.hasSuffix(".") && !error.sentence.contains("sesame"))
        #expect(!error.sentence.contains("dmr_") && error.origin == .client && !error.closesConnection)
    }
}
