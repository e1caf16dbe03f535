// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

@Suite("On whose account an exchange waits")
struct ClaimantTests {
    private static let key = Claimant(
        id: Claimant.ID(KeyDigest(sha256: [UInt8](repeating: 7, count: 32))),
        Claimant.Allotment(share: 3, maxInflight: 20))

    private func headers(_ fields: [(String, String)]) -> HeaderFields {
        var headers = HeaderFields()
        for (name, value) in fields { headers.append(name, value) }
        return headers
    }

    private func id(_ address: String) throws -> Claimant.ID {
        let parsed: IPAddress = try #require(IPAddress(address))
        return Claimant.ID(address: parsed)
    }

    @Test("an IPv4 address is one account, of IPv6 a /64 is; a socket without addresses is one for all")
    func addresses() throws {
        #expect(try id("192.0.2.1") == id("::ffff:192.0.2.1"))
        #expect(try id("192.0.2.1") != id("192.0.2.2"))
        #expect(try id("2001:db8:1:2::1") == id("2001:db8:1:2:ffff::2"))
        #expect(try id("2001:db8:1:2::1") != id("2001:db8:1:3::1"))
        #expect(try id("::1") != Claimant.ID(address: nil))
        #expect(Claimant.ID(address: nil) == Claimant.nobody.id)
    }

    @Test("a request goes to its key's account, and without a key to its address's")
    func keyBeforeAddress() throws {
        let address = try #require(IPAddress("192.0.2.1"))
        let known = Identity(keyName: "k", role: .user, rights: .inference, claimant: ClaimantTests.key)
        #expect(Claimant(of: known, address: address, headers: headers([])) == ClaimantTests.key)
        let unknown = Claimant(of: Identity(rights: .inference), address: address, headers: headers([]))
        #expect(unknown == Claimant(id: Claimant.ID(address: address)))
        #expect(unknown.share == 1 && unknown.priority == .interactive && !unknown.hasCap)
    }

    @Test("a user has an account of its own, within what its key has")
    func users() {
        let user = Claimant(user: "42".utf8, of: ClaimantTests.key, .init(share: 2, maxInflight: 4))
        #expect(user.id != ClaimantTests.key.id)
        #expect(user.cap == .init(holder: user.id, limit: 4))
        #expect(user.keyCap == .init(holder: ClaimantTests.key.id, limit: 20))
        #expect(user.share == 2 && user.priority == .interactive)
        let other = Claimant(user: "42".utf8, of: .nobody, .init())
        #expect(other.id != user.id, "two keys may know different users by the same name")
        #expect(!other.hasCap)
        let background = Claimant(id: .init(address: nil), .init(priority: .background))
        #expect(Claimant(user: "42".utf8, of: background, .init()).priority == .background)
    }

    @Test(
        "everybody may step back, nobody gets ahead",
        arguments: [
            ([("X-DMR-Priority", "background")], true), ([("x-dmr-priority", " Background ")], true),
            ([("X-DMR-Priority", "interactive"), ("X-DMR-Priority", "background")], true), ([], false),
            ([("X-DMR-Priority", "interactive")], false), ([("X-DMR-Priority", "backgrounds")], false),
            ([("X-DMR-Other", "background")], false), ([("X-Priority", "background")], false)
        ] as [([(String, String)], Bool)])
    func steppingBack(fields: [(String, String)], background: Bool) {
        let claimant = Claimant(of: nil, address: nil, headers: headers(fields))
        #expect(claimant.priority == (background ? .background : .interactive))
        let key = Claimant(id: .init(address: nil), .init(priority: .background))
        let lower = Claimant(
            of: Identity(rights: .inference, claimant: key), address: nil, headers: headers(fields))
        #expect(lower.priority == .background)
    }

    @Test("a key's entry says what it has; its account is the same after its entry has changed")
    func entries() throws {
        var entry = Configuration.Access.Key(name: "batch", sha256: [UInt8](repeating: 1, count: 32))
        let before = try #require(AccessKey(entry)).claimant
        entry.name = "nightly"
        entry.share = 5
        entry.maxInflight = 2
        entry.priority = .background
        let after = try #require(AccessKey(entry)).claimant
        #expect(before.id == after.id)
        #expect(before == Claimant(id: before.id))
        #expect(after == Claimant(id: before.id, .init(share: 5, maxInflight: 2, priority: .background)))
        entry.sha256 = [UInt8](repeating: 2, count: 32)
        #expect(try #require(AccessKey(entry)).claimant.id != after.id)
        entry.clientCertificate = "CN=a"
        let byCertificate = try #require(AccessKey(entry)).claimant.id
        entry.clientCertificate = "CN=b"
        #expect(try #require(AccessKey(entry)).claimant.id != byCertificate)
    }
}
