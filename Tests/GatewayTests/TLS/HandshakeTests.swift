// SPDX-License-Identifier: MIT

import COpenSSL
import GatewayCore
import Testing
import Transport

/// What a handshake accepts, refuses and survives, seen from both ends.
@Suite(.serialized) struct HandshakeTests {
    // MARK: The peer's certificate

    /// Connects to a site that shows this certificate; says why it failed.
    private func failure(
        of leaf: (Authority) throws -> Authority.Leaf, host: String = "localhost", trusting: Authority? = nil,
        verifies: Bool = true
    ) throws -> TLSFailure? {
        let site = try SecureSite()
        defer { site.end() }
        site.listener.context = try TLSServerContext(
            identities: [try leaf(site.authority).identity], tickets: site.tickets)
        let context = try TLSClientContext(
            verifies: verifies, authorities: (trusting ?? site.authority).file)
        let client = try site.client(context, host: host)
        site.loop.run(until: { !client.events.isEmpty }, "an end of the handshake")
        return client.tlsFailure
    }

    @Test func aCertificateOfATrustedAuthorityIsAccepted() throws {
        #expect(try failure(of: { try $0.issue() }) == nil)
        #expect(try failure(of: { try $0.issue() }, host: "LOCALHOST.") == nil)
        #expect(try failure(of: { try $0.issue() }, host: "127.0.0.1") == nil)
        #expect(try failure(of: { try $0.issue(names: ["DNS:*.example.com"]) }, host: "gpu1.example.com") == nil)
    }

    @Test(arguments: [
        (-7200 ... -3600, "certificate has expired", "renew it"),
        (3600...7200, "certificate is not yet valid", "correct the clock")
    ])
    func aCertificateOutOfItsTimeIsRefused(validFor: ClosedRange<Int>, reason: String, remedy: String) throws {
        let failure = try failure(of: { try $0.issue(validFor: validFor) })
        #expect(failure?.kind == .certificate)
        #expect(failure?.description.contains(reason) == true, "\(failure as Any)")
        #expect(failure?.remedy.contains(remedy) == true)
    }

    @Test(arguments: ["gpu1.example.com", "example.com", "a.b.example.net", "127.0.0.2"])
    func aCertificateForAnotherHostIsRefused(host: String) throws {
        let names = ["DNS:localhost", "DNS:*.example.net", "IP:127.0.0.1"]
        let failure = try failure(of: { try $0.issue(names: names) }, host: host)
        #expect(failure?.kind == .certificate)
        #expect(failure?.reason.contains("mismatch") == true, "\(failure as Any)")
        #expect(failure?.remedy.contains("the runner's url") == true)
    }

    @Test func aCertificateOfAStrangersAuthorityIsRefused() throws {
        let failure = try failure(of: { try $0.issue() }, trusting: Authority("Stranger"))
        #expect(failure?.kind == .certificate)
        #expect(failure?.remedy.contains("tls_ca") == true, "\(failure as Any)")
    }

    @Test func aCertificateForClientsOnlyIsRefused() throws {
        let failure = try failure(of: { try $0.issue(purpose: "clientAuth") })
        #expect(failure?.kind == .certificate)
    }

    @Test func withoutVerificationAnyCertificateIsTaken() throws {
        let stranger = try Authority("Stranger")
        #expect(
            try failure(
                of: { try $0.issue(names: ["DNS:other"], validFor: -7200 ... -3600) }, trusting: stranger,
                verifies: false) == nil)
    }

    @Test func aFileWithoutCertificatesIsNamed() throws {
        let folder = try TemporaryFolder()
        try folder.write("no certificate", to: "ca.pem")
        for file in [folder.path("ca.pem"), folder.path("missing.pem")] {
            let error = #expect(throws: TLSFileError.self) { try TLSClientContext(authorities: file) }
            #expect(error?.file == file)
        }
    }

    // MARK: Resumption

    @Test func theSecondConnectionResumesTheFirst() throws {
        let site = try SecureSite()
        defer { site.end() }
        let context = try site.clientContext()
        for round in 0..<4 {
            let (near, far) = try site.pair(context)
            // In TLS 1.3 tickets come behind the handshake.
            far.write(Array("hello".utf8))
            site.loop.run(until: { near.text == "hello" })
            #expect(near.security?.isResumed == (round > 0))
            #expect(far.security?.isResumed == (round > 0))
            if round == 1 { near.reset() } else { near.close() }
            site.loop.run(until: { !far.events.isEmpty })
        }
    }

    /// A ticket is good for as long as its key is the current one or the one before.
    @Test(arguments: [(1, true), (2, false)]) func ticketsOutliveOneRotation(rotations: Int, isResumed: Bool) throws {
        let site = try SecureSite()
        defer { site.end() }
        let context = try site.clientContext()
        let (near, far) = try site.pair(context)
        far.write(Array("hello".utf8))
        site.loop.run(until: { near.text == "hello" })
        near.close()
        for _ in 0..<rotations { site.tickets.deadlineReached(at: site.loop.now) }
        #expect(try site.pair(context).near.security?.isResumed == isResumed)
    }

    // MARK: Broken bytes

    private func clientBytes() throws -> Int {
        let site = try SecureSite()
        defer { site.end() }
        let relay = try TLSRelay(site)
        defer { relay.close() }
        _ = try relay.pair()
        return relay.clientBytes.count
    }

    @Test func aHandshakeThatArrivesByteByByteSucceeds() throws {
        let site = try SecureSite()
        defer { site.end() }
        let relay = try TLSRelay(site)
        defer { relay.close() }
        relay.manner = .bytewise
        let (near, far) = try relay.pair()
        near.write(Array("ping".utf8))
        relay.run(until: { far.text == "ping" })
        far.write([UInt8](repeating: 1, count: 3000))
        relay.run(until: { near.received.count == 3000 })
    }

    /// At each byte of the client's: it goes away, and the server forgets it.
    @Test func aClientThatVanishesInTheHandshakeIsForgotten() throws {
        let total = try clientBytes()
        let site = try SecureSite()
        defer { site.end() }
        let relay = try TLSRelay(site)
        _ = try relay.client()
        relay.run(until: { relay.clientBytes.count > 5 })
        let hello = relay.clientBytes
        relay.close()
        for length in 0..<min(hello.count, total) {
            let count = site.listener.accepted.count
            let client = try site.plainClient()
            client.write(Array(hello[..<length]))
            client.endWriting()
            site.loop.run(until: {
                site.listener.accepted.count > count && !site.listener.accepted[count].events.isEmpty
            })
            let far = site.listener.accepted[count]
            #expect(far.events == ["fail"])
            #expect(far.tlsFailure?.kind == .handshake)
            #expect(far.tlsFailure?.reason.contains("during the handshake") == true)
            client.close()
            far.close()
        }
        site.loop.run(until: { site.loop.openTLSSessions <= 1 })
    }

    /// One bit of the client's bytes is turned around, in the handshake and behind it: the connection fails or goes on,
    /// and nothing but what was sent comes out as plaintext.
    @Test(arguments: Array(stride(from: 0, to: 420, by: 13))) func aBrokenByteNeverBecomesPlaintext(place: Int) throws {
        let site = try SecureSite()
        defer { site.end() }
        let relay = try TLSRelay(site)
        defer { relay.close() }
        relay.manner = .clientFlipped(place)
        let client = try relay.client()
        var hasSent = false
        relay.run(until: {
            let far = site.listener.accepted.last
            if !hasSent, client.security != nil {
                hasSent = true
                client.write(Array("ping".utf8))
            }
            // A length that was turned around may have the server wait for more than there is.
            let isStuck = relay.clientBytes.count > place && relay.isQuiet
            return isStuck || client.tlsFailure != nil || far?.tlsFailure != nil || far?.text == "ping"
        })
        #expect(["", "ping"].contains(site.listener.accepted.last?.text))
    }

    @Test func aRecordThatDoesNotDecryptIsAFailure() throws {
        let site = try SecureSite()
        defer { site.end() }
        let relay = try TLSRelay(site)
        defer { relay.close() }
        let (near, far) = try relay.pair()
        relay.run(until: { near.security != nil && far.security != nil })
        relay.sendToServer([0x17, 0x03, 0x03, 0x00, 0x20] + [UInt8](repeating: 7, count: 32))
        relay.run(until: { far.tlsFailure != nil })
        #expect(far.tlsFailure?.kind == .record)
        #expect(far.received.isEmpty)
        // Its alert reaches the client.
        relay.run(until: { near.tlsFailure != nil })
        #expect(near.tlsFailure?.reason.contains("bad record mac") == true, "\(near.tlsFailure as Any)")
    }

    @Test(
        arguments: [
            [0x17, 0x03, 0x03, 0xFF, 0xFF], [0x16, 0x03, 0x03, 0x40, 0x01], [0x18, 0x03, 0x03, 0x00, 0x01, 0x00],
            [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]
        ] as [[UInt8]])
    func hugeAndStrangeRecordsAreFailures(record: [UInt8]) throws {
        let site = try SecureSite()
        defer { site.end() }
        let relay = try TLSRelay(site)
        defer { relay.close() }
        let (_, far) = try relay.pair()
        relay.sendToServer(record)
        relay.run(until: { far.tlsFailure != nil })
        #expect(far.received.isEmpty)
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "\u{0}\u{0}", "SSH-2.0-x\r\n"])
    func plainTextIsTold(text: String) throws {
        let site = try SecureSite()
        defer { site.end() }
        let client = try site.plainClient()
        client.write(Array(text.utf8))
        site.loop.run(until: { site.listener.accepted.first?.tlsFailure != nil })
        #expect(site.listener.accepted.first?.tlsFailure?.kind == .plainText)
        #expect(client.received.isEmpty)
        let stream = try #require(site.listener.accepted.first)
        stream.goOnInPlainText()
        stream.write(Array("use https".utf8))
        client.write(Array("sorry".utf8))
        site.loop.run(until: { client.text == "use https" && stream.text == "sorry" })
    }

    // MARK: Old habits

    /// A client of OpenSSL's own making, without the limits that ours have.
    @Test(arguments: [TLS1_VERSION, TLS1_1_VERSION]) func oldVersionsAreRefused(version: Int32) throws {
        #expect(try meet { dmr_ssl_ctx_max_version($0, version) }.failure?.kind == .handshake)
    }

    @Test(arguments: [(TLS1_2_VERSION, "TLSv1.2"), (TLS1_3_VERSION, "TLSv1.3")])
    func newVersionsAreSpoken(version: Int32, name: String) throws {
        let outcome = try meet { dmr_ssl_ctx_max_version($0, version) }
        #expect(outcome.failure == nil)
        #expect(outcome.version == name)
    }

    @Test func ciphersWithoutForwardSecrecyAreRefused() throws {
        let outcome = try meet {
            dmr_ssl_ctx_max_version($0, TLS1_2_VERSION)
            SSL_CTX_set_cipher_list($0, "AES128-SHA:AES256-SHA256:ECDHE-ECDSA-AES128-SHA")
        }
        #expect(outcome.failure?.reason.contains("no shared cipher") == true, "\(outcome)")
    }

    /// OpenSSL would take AES-256 first and give two tickets; see `TLSServerContext.configure`.
    @Test(arguments: [
        ("TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
        ("TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"),
        ("TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256")
    ])
    func aHandshakeTakesTheCheapestCipherAndGivesOneTicket(offered: String, chosen: String) throws {
        let site = try SecureSite()
        defer { site.end() }
        var sessions: OpaquePointer?
        let client = try BareClient(site) { context in
            sessions = context
            SSL_CTX_set_ciphersuites(context, offered)
            dmr_ssl_ctx_session_cache(context, Int(SSL_SESS_CACHE_CLIENT))
        }
        defer { client.end() }
        site.loop.run(until: {
            client.turn()
            return site.listener.accepted.first?.security != nil
        })
        // Behind the handshake, in order: what follows the tickets comes after all of them.
        site.listener.accepted.first?.write(Array("hello".utf8))
        site.loop.run(until: {
            client.turn()
            return client.received == Array("hello".utf8)
        })
        #expect(String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(client.ssl))) == chosen)
        #expect(SSL_CTX_ctrl(sessions, SSL_CTRL_SESS_NUMBER, 0, nil) == 1)
    }

    @Test func aClientThatOffersOnlyOtherProtocolsIsRefused() throws {
        let outcome = try meet { SSL_CTX_set_alpn_protos($0, [2, 0x68, 0x32], 3) }
        #expect(outcome.failure != nil)
        let both = [2, 0x68, 0x32, 8] + Array("http/1.1".utf8)
        #expect(try meet { SSL_CTX_set_alpn_protos($0, both, UInt32(both.count)) }.protocolName == "http/1.1")
    }

    private func meet(
        _ change: (OpaquePointer) -> some Any
    ) throws -> (failure: TLSFailure?, version: String?, protocolName: String?) {
        let site = try SecureSite()
        defer { site.end() }
        let client = try BareClient(site, change)
        defer { client.end() }
        site.loop.run(until: {
            client.turn()
            let far = site.listener.accepted.first
            return far?.tlsFailure != nil || far?.security != nil
        })
        let far = site.listener.accepted.first
        return (far?.tlsFailure, far?.security?.version, far?.security?.protocolName)
    }

    // MARK: Certificates by name

    @Test(arguments: [
        ("a.example.com", "a.example.com"), ("b.example.com", "*.example.com"), ("example.com", "default"),
        ("A.EXAMPLE.COM", "a.example.com"), ("x.y.example.com", "default")
    ])
    func theCertificateIsChosenByTheNameAskedFor(name: String, subject: String) throws {
        let site = try SecureSite()
        defer { site.end() }
        site.listener.context = try TLSServerContext(
            identities: [
                site.authority.issue("default", names: ["DNS:default"]).identity,
                site.authority.issue("a.example.com", names: ["DNS:a.example.com"]).identity,
                site.authority.issue("*.example.com", names: ["DNS:*.example.com"]).identity
            ], tickets: site.tickets)
        let client = try BareClient(site, host: name) { _ in }
        defer { client.end() }
        site.loop.run(until: {
            client.turn()
            return client.isConnected
        })
        #expect(client.serverName == subject)
    }

    // MARK: Clients' certificates

    @Test func aClientsCertificateBecomesItsSubject() throws {
        let clients = try Authority("Clients")
        let site = try SecureSite(clientAuthorities: clients.file)
        defer { site.end() }
        let leaf = try clients.issue("O=Example,CN=alice", names: [])
        let outcome = try subject(at: site, leaf)
        #expect(outcome.subject == "CN=alice,O=Example")
        // Nobody has to show one.
        let (_, far) = try site.pair()
        #expect(far.security?.peerSubject == nil)
    }

    @Test func aStrangersCertificateEndsTheHandshake() throws {
        let clients = try Authority("Clients")
        let site = try SecureSite(clientAuthorities: clients.file)
        defer { site.end() }
        let stranger = try Authority("Stranger")
        let outcome = try subject(at: site, stranger.issue("CN=alice", names: []))
        #expect(outcome.subject == nil)
        #expect(outcome.failure?.kind == .certificate)
        #expect(outcome.failure?.reason.contains("the client's certificate is not accepted") == true)
    }

    private func subject(at site: SecureSite, _ leaf: Authority.Leaf) throws -> (subject: String?, failure: TLSFailure?)
    {
        let client = try BareClient(site) {
            SSL_CTX_use_certificate_chain_file($0, leaf.certificate)
            SSL_CTX_use_PrivateKey_file($0, leaf.key, SSL_FILETYPE_PEM)
        }
        defer { client.end() }
        site.loop.run(until: {
            client.turn()
            let far = site.listener.accepted.last
            return far?.tlsFailure != nil || far?.security != nil
        })
        let far = site.listener.accepted.last
        return (far?.security?.peerSubject, far?.tlsFailure)
    }
}
