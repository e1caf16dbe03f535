// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Rights by address, and whose address it is behind proxies.
@Suite struct NetworkTests {
    static func range(_ text: String) -> AddressRange {
        guard let range = AddressRange(text) else { preconditionFailure("\(text) is no range") }
        return range
    }

    static let rules = NetworkRules(
        [
            .init(range("10.0.0.0/8"), .read), .init(range("10.9.0.0/16"), .inference),
            .init(range("192.0.2.7"), .all), .init(range("2001:db8::/32"), .inference)
        ],
        trustedProxies: [range("127.0.0.1"), range("172.16.0.0/12"), range("fd00::/8")])

    static let peers: [(String?, ScopeSet)] = [
        (nil, []), ("10.1.2.3", .read), ("::ffff:10.1.2.3", .read), ("10.9.0.1", [.read, .inference]),
        ("192.0.2.7", [.read, .inference, .manage, .metrics]), ("192.0.2.8", []), ("11.0.0.0", []),
        ("2001:db8:1::9", [.read, .inference]), ("2001:db9::", []), ("::", []), ("::10.1.2.3", [])
    ]

    @Test(arguments: peers)
    func everyRangeThatHoldsTheAddressAdds(peer: String?, rights: ScopeSet) {
        // What a client says of itself counts for nothing.
        for fields in [[], [("X-Forwarded-For", "192.0.2.7")], [("Forwarded", "for=192.0.2.7")]] {
            let headers = AccessFixtures.headers(fields)
            #expect(Self.rules.rights(of: peer.flatMap { IPAddress($0) }, headers) == rights)
        }
    }

    /// `X-Forwarded-For` lines as they came, from a proxy at 127.0.0.1; the client they tell of.
    static let forwarded: [([String], String?)] = [
        (["10.1.2.3"], "10.1.2.3"), (["1.1.1.1, 10.1.2.3"], "10.1.2.3"), (["10.1.2.3, 1.1.1.1"], "1.1.1.1"),
        (["10.1.2.3,172.16.5.5"], "10.1.2.3"), (["9.9.9.9, 10.1.2.3 , 172.16.5.5,fd00::1"], "10.1.2.3"),
        (["10.1.2.3", "172.16.5.5"], "10.1.2.3"), (["10.1.2.3", "1.1.1.1"], "1.1.1.1"),
        (["nonsense, 10.1.2.3"], "10.1.2.3"), (["10.1.2.3, nonsense"], nil), (["10.1.2.3, nonsense, 172.16.5.5"], nil),
        (["10.1.2.3,"], nil), ([""], nil), ([","], nil), (["10.1.2.3", ""], nil), ([], nil),
        (["172.16.0.1"], "172.16.0.1"), (["172.16.0.1, 172.16.0.2"], "172.16.0.1"),
        (["::ffff:10.1.2.3"], "10.1.2.3"), (["10.1.2.3, ::ffff:172.16.5.5"], "10.1.2.3"),
        (["10.1.2.3:4711"], "10.1.2.3"), (["[2001:db8::9]:4711"], "2001:db8::9"), (["[2001:db8::9]"], "2001:db8::9"),
        (["2001:db8::9"], "2001:db8::9"), (["[10.1.2.3]"], nil), (["10.1.2.3:"], nil), (["10.1.2.3:x"], nil),
        (["[2001:db8::9"], nil), (["[2001:db8::9]x"], nil), (["010.1.2.3"], nil), (["10.1.2"], nil), (["unknown"], nil),
        (["\"10.1.2.3\""], nil), (["10.1.2.3 172.16.5.5"], nil), (["fe80::1%eth0"], nil)
    ]

    @Test(arguments: forwarded)
    func theRightmostAddressThatNoTrustedProxyHasIsTheClients(lines: [String], client: String?) {
        let headers = AccessFixtures.headers(lines.map { ("x-forwarded-FOR", $0) } + [("X-Forwarded-Host", "10.9.9.9")])
        let found = Self.rules.clientAddress(.loopback4, headers)
        #expect(found?.description == client)
        // A stranger may write the same, and stays who they are.
        #expect(Self.rules.clientAddress(.v4(0x0101_0101), headers) == .v4(0x0101_0101))
    }

    @Test func aLongListIsReadFromItsEnd() {
        let list = String(repeating: "172.16.0.1,", count: 3000) + "10.9.0.1"
        #expect(
            Self.rules.rights(of: .loopback4, AccessFixtures.headers([("X-Forwarded-For", list)])) == [
                .read, .inference
            ])
    }

    /// A rule × a range's right: what a caller from inside and one from outside may do.
    @Test func rangesAddToWhatEverybodyMay() {
        let inside = Caller(on: .other, address: .v4(0x0A00_0001))
        let outside = Caller(on: .other, address: .v4(0x0B00_0001))
        for rule in AnonymousRule.allCases {
            for right in [AnonymousRule.read, .inference, .all] {
                let policy = AccessPolicy(
                    anonymous: rule, keys: [AccessFixtures.user],
                    networks: NetworkRules([.init(Self.range("10.0.0.0/8"), right)]), means: AccessFixtures.means)
                for operation in GatewayCore.Operation.allCases {
                    let headers = AccessFixtures.headers([("Host", "localhost")])
                    let everybody = rule.rights(.other, anyKey: true)
                    let scope = operation.entry.scope
                    let without = try? policy.decide(operation, from: outside, headers: headers).get().rights
                    #expect(without == (everybody.allows(scope) ? everybody : nil), "\(operation) \(rule)")
                    let all = everybody.union(right.rights(.other, anyKey: true))
                    let with = try? policy.decide(operation, from: inside, headers: headers).get().rights
                    #expect(with == (all.allows(scope) ? all : nil), "\(operation) \(rule) \(right)")
                    // A key means that key, wherever it comes from.
                    let keyed = AccessFixtures.headers(AccessFixtures.bearer("dmr_user"))
                    let user = try? policy.decide(operation, from: inside, headers: keyed).get().rights
                    #expect(user == (AccessFixtures.user.rights.allows(scope) ? AccessFixtures.user.rights : nil))
                }
            }
        }
    }

    @Test func noRangeEverGivesAdmin() {
        for right in AnonymousRule.allCases {
            #expect(!NetworkRules.Rule(Self.range("::/0"), right).rights.allows(.admin))
        }
    }
}
