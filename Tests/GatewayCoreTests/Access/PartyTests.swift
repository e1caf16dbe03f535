// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Who the audit log says it was: never more than access itself believes.
@Suite struct PartyTests {
    private static func policy(secret: [UInt8]? = nil, rules: [UserRules.Rule] = UserRuleTests.rules) -> AccessPolicy {
        let means = AccessFixtures.means
        return AccessPolicy(
            keys: [UserRuleTests.webui] + AccessFixtures.all, networks: NetworkTests.rules,
            users: UserRules(rules, secret: secret, means: means), means: means)
    }

    private static func party(
        _ fields: [(String, String)], from address: String? = "192.0.2.9", key: String? = nil,
        _ policy: AccessPolicy = policy()
    ) -> AuditRecord.Party {
        policy.party(
            Caller(on: .other, address: address.flatMap { IPAddress($0) }), peer: address.map { $0 + ":1" } ?? "unix",
            headers: AccessFixtures.headers(fields), keyName: key)
    }

    @Test func theAddressIsThePeersUnlessATrustedProxyTellsAnother() {
        let forwarded = [("X-Forwarded-For", "203.0.113.5, 10.1.2.3")]
        #expect(Self.party([]) == .init(client: "192.0.2.9:1"))
        #expect(Self.party(forwarded) == .init(client: "192.0.2.9:1"))
        #expect(Self.party(forwarded, from: nil) == .init(client: "unix"))
        #expect(Self.party(forwarded, from: "127.0.0.1") == .init(client: "10.1.2.3", proxy: "127.0.0.1:1"))
        for nobody in [[], [("X-Forwarded-For", "evil\u{1B}")], [("Forwarded", "for=10.1.2.3")]] {
            #expect(Self.party(nobody, from: "127.0.0.1") == .init(client: nil, proxy: "127.0.0.1:1"))
        }
    }

    @Test func theUserIsBelievedFromKeysThatMaySaySo() {
        let ann = UserRuleTests.user(email: "Ann@example.org", id: "u-1")
        #expect(Self.party(ann, key: "webui").user == "u-1")
        #expect(Self.party(UserRuleTests.user(email: "Ann@example.org"), key: "webui").user == "ann@example.org")
        #expect(Self.party(UserRuleTests.user(role: "admin"), key: "webui").user == nil)
        #expect(Self.party(ann + ann, key: "webui").user == nil, "sent twice")
        for key in ["user", "admin", "nobody", nil] { #expect(Self.party(ann, key: key).user == nil) }
        // Also where no rule is about users.
        #expect(Self.party(ann, key: "webui", Self.policy(rules: [])).user == "u-1")
        let signed = Self.policy(secret: [1])
        #expect(Self.party(ann, key: "webui", signed).user == nil)
        #expect(Self.party(ann + [("X-OpenWebUI-User-Jwt", "a.b.c")], key: "webui", signed).user == nil)
    }
}
