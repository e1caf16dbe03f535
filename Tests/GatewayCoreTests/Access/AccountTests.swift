// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// On whose account requests wait and run: of whom access admits them as.
@Suite struct AccountTests {
    static let policy: AccessPolicy = {
        var webui = AccessFixtures.key("webui", "dmr_webui")
        webui.assertsUser = true
        webui.allotment = .init(share: 5, maxInflight: 8, priority: .background)
        var rule = UserRules.Rule(email: "*@example.org")
        rule.allotment = .init(share: 3, maxInflight: 2)
        let means = AccessFixtures.means
        return AccessPolicy(
            anonymous: .all, keys: [webui, AccessFixtures.user],
            networks: NetworkRules([], trustedProxies: [NetworkTests.range("10.0.0.2")]),
            users: UserRules([rule, .init(role: "admin")], secret: nil, means: means), means: means)
    }()

    private func claimant(
        _ token: String?, _ fields: [(String, String)] = [], address: IPAddress = .v4(0x0A00_0001)
    ) throws -> Claimant {
        let headers = AccessFixtures.headers([("Host", "gw")] + (token.map(AccessFixtures.bearer) ?? []) + fields)
        let identity = try Self.policy.admit(
            Caller(on: .other, address: address), to: .tags, host: nil, headers: headers)
        return Claimant(of: identity, address: address, headers: headers)
    }

    @Test func aKeysRequestsAreOnItsOwn() throws {
        let user = try claimant("dmr_user")
        #expect(try user == claimant("dmr_user", address: .v4(1)) && user != claimant("dmr_webui"))
        #expect(user.share == 1 && user.cap == nil && user.priority == .interactive)
        let webui = try claimant("dmr_webui")
        #expect(webui.share == 5 && webui.cap?.limit == 8 && webui.priority == .background)
    }

    @Test func aUsersRequestsAreOnTheirOwnWithinTheKeys() throws {
        let ann = try claimant("dmr_webui", UserRuleTests.user(email: "ann@example.org"))
        let bob = try claimant("dmr_webui", UserRuleTests.user(email: "bob@example.org"))
        let key = try claimant("dmr_webui")
        #expect(ann.id != bob.id && ann.id != key.id)
        #expect(try ann.id == claimant("dmr_webui", UserRuleTests.user(email: "ANN@example.org")).id)
        #expect(ann.share == 3 && ann.cap?.limit == 2 && ann.cap?.holder == ann.id)
        #expect(ann.keyCap == key.cap && ann.priority == .background)
        // An id tells more than an address, which may change.
        let seven = try claimant("dmr_webui", UserRuleTests.user(email: "ann@example.org", id: "7"))
        #expect(seven.id != ann.id)
        #expect(try seven.id == claimant("dmr_webui", UserRuleTests.user(role: "admin", id: "7")).id)
        // Somebody of whom only the role is known can't be told from others: the key's account is theirs.
        #expect(try claimant("dmr_webui", UserRuleTests.user(role: "admin")).id == key.id)
    }

    @Test func whoHasNoKeyIsTheirAddress() throws {
        let one = try claimant(nil)
        #expect(try one == claimant(nil) && one != claimant(nil, address: .v4(0x0A00_0003)))
        // Believed of a proxy only.
        #expect(try claimant(nil, [("X-Forwarded-For", "192.0.2.1")]) == one)
        let proxied = try claimant(nil, [("X-Forwarded-For", "192.0.2.1")], address: .v4(0x0A00_0002))
        #expect(proxied.id == Claimant.ID(address: .v4(0xC000_0201)))
        #expect(try claimant(nil, address: .v4(0x0A00_0002)).id == Claimant.ID(address: .v4(0x0A00_0002)))
    }
}
