// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Users that a key asserts: which rule counts, what it leaves of the key's rights, and who is not believed.
@Suite struct UserRuleTests {
    static let webui: AccessKey = {
        var key = AccessFixtures.key("webui", "dmr_webui", .user, [.read, .inference, .manage])
        key.assertsUser = true
        key.models = ModelRights(["llama*", "qwen*"])
        return key
    }()
    static let rules: [UserRules.Rule] = [
        .init(role: "admin"), .init(email: "*@Example.org", models: ModelRights(["llama*", "phi*"])),
        .init(role: "user", id: "u-7*", models: ModelRights(["qwen"]))
    ]

    static func policy(
        _ rules: [UserRules.Rule] = rules, secret: [UInt8]? = nil, keys: [AccessKey] = [webui] + AccessFixtures.all
    ) -> AccessPolicy {
        let means = AccessFixtures.means
        return AccessPolicy(
            anonymous: .inference, keys: keys, users: UserRules(rules, secret: secret, means: means), means: means)
    }

    static func user(role: String? = nil, email: String? = nil, id: String? = nil) -> [(String, String)] {
        [("X-OpenWebUI-User-Role", role), ("x-openwebui-user-email", email), ("X-OPENWEBUI-USER-ID", id)]
            .compactMap { name, value in value.map { (name, $0) } }
    }

    /// The user, and of `llama:1b`, `qwen:latest`, `phi:1b` those that they may use; nil: nothing at all.
    static let users: [([(String, String)], [String]?)] = [
        (user(role: "admin"), ["llama:1b", "qwen:latest"]),
        (user(role: "admin", email: "a@x"), ["llama:1b", "qwen:latest"]),
        (user(role: "user", email: "Ann@EXAMPLE.org"), ["llama:1b"]), (user(email: "@example.org"), ["llama:1b"]),
        (user(role: "user", email: "ann@example.com", id: "u-71"), ["qwen:latest"]),
        (user(role: "user", id: "u-8"), nil), (user(role: "pending", id: "u-7"), nil), (user(id: "u-7"), nil),
        (user(role: "Admin"), nil), (user(role: "administrator"), nil), (user(role: "", id: "u-7"), nil),
        (user(email: "ann@example.org.evil.com"), nil)
    ]

    @Test(arguments: users)
    func theFirstRuleWhoseFieldsAllMatchCounts(fields: [(String, String)], models: [String]?) {
        for operation in GatewayCore.Operation.allCases {
            let decision = Self.decide(Self.policy(), operation, fields)
            let scope = operation.entry.scope
            guard scope != .none else {
                #expect((try? decision.get()) != nil)
                continue
            }
            guard let models, Self.webui.rights.allows(scope) else {
                #expect(decision.status == 403, "\(operation)")
                continue
            }
            let identity = try? decision.get()
            #expect(identity?.rights == Self.webui.rights)
            let allowed = ["llama:1b", "qwen:latest", "phi:1b"].filter { identity?.models.allows(key: $0) ?? false }
            #expect(allowed == models)
        }
    }

    private static func decide(
        _ policy: AccessPolicy, _ operation: GatewayCore.Operation, _ fields: [(String, String)],
        token: String = "dmr_webui"
    ) -> Result<Identity, GatewayError> {
        policy.decide(
            operation, from: Caller(on: .other),
            headers: AccessFixtures.headers([("Host", "gw")] + AccessFixtures.bearer(token) + fields))
    }

    @Test func withoutAUserTheKeyMayOnlyList() {
        let nobody: [[(String, String)]] = [
            [], Self.user(role: "", email: "", id: ""), [("X-OpenWebUI-User-Name", "Ann")],
            [("X-OpenWebUI-Chat-Id", "c-1"), ("X-User-Id", "u-7")], [("X-OpenWebUI-User-Jwt", "a.b.c")]
        ]
        for fields in nobody {
            for operation in GatewayCore.Operation.allCases {
                let decision = Self.decide(Self.policy(), operation, fields)
                let isList = [GatewayCore.Operation.tags, .ps, .openAIModels].contains(operation)
                let mayPass = isList || operation.entry.scope == .none
                #expect(decision.status == (mayPass ? 200 : 403), "\(operation)")
                if isList { #expect((try? decision.get().models) == Self.webui.models) }
                if !mayPass, Self.webui.rights.allows(operation.entry.scope) {
                    #expect(decision.sentence?.contains("ENABLE_FORWARD_USER_INFO_HEADERS") == true)
                }
            }
        }
    }

    @Test func whereTokensAreSignedPlainFieldsCountForNothing() {
        let policy = Self.policy(secret: [1])
        let decision = Self.decide(policy, .chat, Self.user(role: "admin", email: "a@example.org", id: "u-7"))
        #expect(decision.status == 403)
        #expect(decision.sentence?.contains("FORWARD_USER_INFO_HEADER_JWT_SECRET") == true)
        #expect(Self.decide(policy, .tags, Self.user(role: "admin")).status == 200)
        // One that proves nothing is worse than none.
        for operation in [GatewayCore.Operation.chat, .tags] {
            #expect(Self.decide(policy, operation, [("X-OpenWebUI-User-Jwt", "a.b.c")]).status == 403)
        }
    }

    @Test func withoutRulesTheKeysOwnRightsHold() {
        for fields in [[], Self.user(role: "pending"), [("X-OpenWebUI-User-Jwt", "x")]] {
            let identity = try? Self.decide(Self.policy([]), .chat, fields).get()
            #expect(identity?.models == Self.webui.models && identity?.rights == Self.webui.rights)
        }
    }

    @Test func aRuleForEverybodyNeedsAUserAllTheSame() {
        let policy = Self.policy([.init()])
        #expect(Self.decide(policy, .chat, Self.user(id: "anyone")).status == 200)
        #expect(Self.decide(policy, .chat, []).status == 403)
    }

    @Test(arguments: ["X-OpenWebUI-User-Id", "x-openwebui-user-EMAIL", "X-OpenWebUI-User-Role", "X-OpenWebUI-User-Jwt"])
    func whatComesTwiceIs400(name: String) {
        let twice = [(name, "u-7"), (name.uppercased(), "u-7")]
        for secret in [nil, [1] as [UInt8]?] {
            for operation in [GatewayCore.Operation.chat, .tags] {
                #expect(Self.decide(Self.policy(secret: secret), operation, twice).status == 400)
            }
        }
    }

    /// From anybody else the fields mean nothing: not who they are, not even twice.
    @Test(arguments: ["dmr_user", "dmr_admin", "dmr_manager", nil])
    func fromOtherCallersTheyAreIgnored(token: String?) {
        let twice = Self.user(role: "admin", email: "a@example.org") + Self.user(role: "pending", id: "u-7")
        for operation in GatewayCore.Operation.allCases {
            let caller = token.map(AccessFixtures.bearer) ?? []
            let headers = [("Host", "gw")] + caller
            let with = Self.policy().decide(
                operation, from: Caller(on: .other), headers: AccessFixtures.headers(headers + twice))
            let without = Self.policy().decide(
                operation, from: Caller(on: .other), headers: AccessFixtures.headers(headers))
            #expect(with == without)
        }
    }

    @Test func scopesAreAskedBeforeUsers() {
        let decision = Self.decide(Self.policy(), .config, Self.user(role: "admin"))
        #expect(decision.sentence?.contains("'admin'") == true)
    }
}

extension Result<Identity, GatewayError> {
    /// 200, or the status of the refusal.
    var status: Int {
        switch self {
        case .success: 200
        case .failure(let error): error.status
        }
    }

    var sentence: String? {
        switch self {
        case .success: nil
        case .failure(let error): error.sentence
        }
    }
}
