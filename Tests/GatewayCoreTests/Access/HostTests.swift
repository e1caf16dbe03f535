// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// The guard against DNS rebinding (oa section 3, gateway.md section 4 "Browsers").
@Suite struct HostTests {
    static let policy = AccessPolicy(
        anonymous: .all, keys: [AccessFixtures.user],
        hosts: HostList(
            adding: ["gw.example.com", "Other.Example.org:443", "9.9.9.9", "a b"], machineName: "Box7.lan",
            machineAddresses: [.v4(0x0808_0404), .v6(0x2001_0DB8_0000_0000, 1)]))

    func status(_ host: String?, _ listener: ListenerKind, _ more: [(String, String)] = []) -> Int {
        let headers = AccessFixtures.headers((host.map { [("Host", $0)] } ?? []) + more)
        let result = Self.policy.decide(.tags, from: Caller(on: listener), headers: headers)
        switch result {
        case .success: return 200
        case .failure(let error): return error.status
        }
    }

    /// What each listener says to a request without and with an Origin, without a key.
    @Test(arguments: [
        "localhost", "LOCALHOST:11435", "", ":11435", "gateway", "docker_model_runner:11435", "box7.lan", "BOX7.LAN:1",
        "a.localhost", "x.local", "x.y.internal:1", "A.Local", "gw.example.com", "GW.example.com:8443",
        "other.example.org", "127.0.0.1", "127.9.9.9:1", "[::1]:11435", "10.1.2.3", "172.16.0.1", "172.31.255.255",
        "192.168.0.1:1", "0.0.0.0", "[::]", "[fd00::1]", "[fc00::1]:1", "[::ffff:127.0.0.1]", "8.8.4.4", "9.9.9.9:1",
        "[2001:db8::1]", "[2001:DB8:0:0::1]"
    ])
    func acceptableHostsPassEverywhere(host: String) {
        for listener in ListenerKind.allCases {
            #expect(status(host, listener) == 200)
            #expect(status(host, listener, [("Origin", "http://localhost:3000")]) == 200)
        }
    }

    @Test(arguments: [
        "evil.example", "localhost.evil.example", "local", "internal.evil", "localhost.", "x.local.", "a.b",
        "127.0.0.1.nip.io", "xbox7.lan", "gw.example.com.evil", "x.gw.example.com", "evillocalhost.com", "1.2.3",
        "127.0.0.1.", "010.0.0.1"
    ])
    func foreignNamesPassOnlyWhereNoPageAsks(host: String) {
        // A single label is no name an attacker can register.
        let expected = host == "local" ? 200 : 403
        #expect(status(host, .loopback) == expected)
        for listener in [ListenerKind.unix, .other] {
            #expect(status(host, listener) == 200)
            #expect(status(host, listener, [("Origin", "http://\(host)")]) == expected)
            #expect(status(host, listener, [("Origin", "app://x")]) == expected)
        }
    }

    @Test(arguments: ["8.8.8.8", "1.1.1.1:80", "172.32.0.1", "[2001:db8::2]", "169.254.1.1", "[fe80::1]", "11.0.0.1"])
    func publicAddressesAreRefusedOnLoopbackOnly(host: String) {
        #expect(status(host, .loopback) == 403)
        #expect(status(host, .other) == 200)
        #expect(status(host, .other, [("Origin", "http://\(host)")]) == 200)
    }

    /// Access is decided only where there is one well-formed Host, or none.
    @Test(arguments: [
        ["a b"], ["user@localhost"], ["localhost/x"], ["[::1"], ["a,localhost"], ["localhost", "localhost"]
    ])
    func othersGetNoFurther(hosts: [String]) {
        let head = RequestHead(target: Array("/".utf8), headers: AccessFixtures.headers(hosts.map { ("Host", $0) }))
        let error = #expect(throws: GatewayError.self) { try RequestRules.check(head, limits: RequestLimits()) }
        #expect(error?.status == 400)
    }

    @Test func noneIsOldHTTP() {
        #expect(status(nil, .loopback) == 200)
    }

    @Test func aValidKeySkipsTheHostCheckButNotTheOriginCheck() {
        let key = AccessFixtures.bearer("dmr_user")
        #expect(status("evil.example", .loopback, key) == 200)
        #expect(status("evil.example", .other, key + [("Origin", "http://evil.example")]) == 200)
        #expect(status("evil.example", .other, key + [("Origin", "http://other.example")]) == 403)
        #expect(status("evil.example", .loopback, AccessFixtures.bearer("dmr_nope")) == 403)
        #expect(status("evil.example", .loopback, AccessFixtures.bearer("dummy")) == 403)
    }

    @Test func theRefusalHasNoBodyAtTheRoot() {
        let headers = AccessFixtures.headers([("Host", "evil.example")])
        let result = Self.policy.decide(nil, from: Caller(on: .loopback), headers: headers)
        guard case .failure(let error) = result else {
            Issue.record("allowed")
            return
        }
        #expect(OwnResponse(error: error, family: .native, surface: .root) == OwnResponse(403))
        #expect(!OwnResponse(error: error, family: .native, surface: .prefix).body.isEmpty)
    }
}
