// SPDX-License-Identifier: MIT

import COpenSSL
import GatewayCore
import Glibc
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Clients that come over `https://`.
@Suite(.serialized) struct SecureListenerTests {
    let loop: Loop
    let authority: Authority
    let clients: Authority

    init() throws {
        loop = try Loop()
        authority = try Authority()
        clients = try Authority("Clients")
    }

    private func site(_ change: (inout Configuration) throws -> Void = { _ in }) throws -> TwoRunners {
        try site(authority.issue(as: "server"), change)
    }

    private func site(
        _ leaf: Authority.Leaf, _ change: (inout Configuration) throws -> Void = { _ in }
    ) throws -> TwoRunners {
        try TwoRunners(loop) {
            $0.tls.certificate = leaf.certificate
            $0.tls.key = leaf.key
            $0.listen = [.tls(host: "127.0.0.1", port: 0)]
            $0.log.file = authority.folder.path("log")
            $0.log.level = .debug
            try change(&$0)
        }
    }

    private func client(_ site: TwoRunners, _ context: TLSClientContext? = nil) throws -> RawClient {
        try RawClient(
            loop, port: site.under.port, tls: try context ?? TLSClientContext(authorities: authority.file))
    }

    private func log(of site: TwoRunners) throws -> String {
        site.under.gateway.log.flush()
        return try authority.folder.text(of: "log")
    }

    @Test func aChatIsStreamedOverTLS() throws {
        let site = try site()
        defer { site.stop() }
        #expect(site.under.server.addresses == ["https://127.0.0.1:\(site.under.port)"])
        let client = try client(site)
        defer { client.close() }
        client.post("/api/chat", Body.streamedChat)
        client.readResponses()
        #expect(client.last?.lines.last?.contains(#""done":true"#) == true)
        #expect(client.security?.version == "TLSv1.3")
        #expect(client.security?.protocolName == "http/1.1")
        site.expectUsable(client, after: 1)
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let site = try site()
        defer { site.stop() }
        let client = try client(site)
        defer { client.close() }
        client.get("/api/version")
        client.get("/api/tags")
        client.get("/")
        client.readResponses(3)
        #expect(client.responses.map(\.status) == [200, 200, 200])
        #expect(client.responses[2].body == "Ollama is running")
    }

    @Test func connectionCloseEndsWithTheClosingAlert() throws {
        let site = try site()
        defer { site.stop() }
        let client = try client(site)
        defer { client.close() }
        client.get("/api/version", "Connection: close\r\n")
        client.readToEnd()
        #expect(client.closeness == .ended)
        #expect(client.tlsFailure == nil)
    }

    /// "Readable": in plain text, and a close.
    @Test func aRequestInPlainTextGetsAReadable400() throws {
        let site = try site()
        defer { site.stop() }
        let client = try site.client()
        client.get("/api/version")
        client.readToEnd()
        #expect(client.last?.status == 400)
        #expect(client.last?.body.contains("This port speaks HTTPS") == true)
        #expect(client.last?.header("connection") == "close")
    }

    @Test func aHandshakeOnAPlainPortGetsTheUsual400() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try client(site)
        defer { client.close() }
        loop.run(until: { client.tlsFailure != nil }, "a failed handshake")
        #expect(client.tlsFailure?.kind == .handshake)
    }

    @Test func aHandshakeThatDoesNotComeIsClosedInTime() throws {
        let site = try site { $0.timeouts.clientHeader = .milliseconds(50) }
        defer { site.stop() }
        let silent = try site.client()
        silent.readToEnd()
        #expect(silent.received.isEmpty)
        let half = try site.client()
        half.send([0x16, 0x03, 0x01, 0x01, 0x00, 0x01])
        half.readToEnd()
        #expect(site.clientCount == 0)
    }

    @Test func overTheLimitTheConnectionIsClosedWithoutAHandshake() throws {
        let site = try site { $0.limits.connections = 1 }
        defer { site.stop() }
        let first = try client(site)
        defer { first.close() }
        first.get("/api/version")
        first.readResponses()
        let second = try client(site)
        defer { second.close() }
        second.readToEnd()
        #expect(second.security == nil)
        site.expectUsable(first, after: 1)
    }

    @Test func failedHandshakesAreSaidAtDebug() throws {
        let site = try site()
        defer { site.stop() }
        let stranger = try client(site, TLSClientContext(authorities: clients.file))
        defer { stranger.close() }
        loop.run(until: { stranger.tlsFailure != nil })
        stranger.close()
        loop.run(until: { site.clientCount == 0 }, "the end of it")
        let line = try log(of: site).split(separator: "\n").first { $0.contains("TLS failed") }
        #expect(line?.contains("unknown ca") == true, "\(line ?? "nothing")")
    }

    @Test func clientsResumeAndOldVersionsAreRefused() throws {
        let site = try site()
        defer { site.stop() }
        let context = try TLSClientContext(authorities: authority.file)
        for round in 0..<3 {
            let client = try client(site, context)
            client.get("/api/version")
            client.readResponses()
            #expect(client.security?.isResumed == (round > 0))
            client.close()
        }
        let old = try BareClient(loop, port: site.under.port) { dmr_ssl_ctx_max_version($0, TLS1_1_VERSION) }
        defer { old.end() }
        loop.run(until: {
            old.turn()
            return old.isOver
        })
        #expect(!old.isConnected)
    }

    @Test func tlsOneTwoIsSpokenToo() throws {
        let site = try site()
        defer { site.stop() }
        let client = try BareClient(loop, port: site.under.port) { dmr_ssl_ctx_max_version($0, TLS1_2_VERSION) }
        defer { client.end() }
        loop.run(until: {
            client.turn()
            return client.isConnected
        })
        client.send("GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n")
        loop.run(until: {
            client.turn()
            return String(decoding: client.received, as: UTF8.self).contains(#"{"version":"#)
        })
    }

    /// A client that stops reading holds one read's worth, over TLS as well.
    @Test func aSlowReaderIsBounded() throws {
        let site = try site()
        defer { site.stop() }
        let client = try client(site)
        defer { client.close() }
        client.post(
            "/api/chat",
            #"{"model":"shared:1b","messages":[{"role":"user","content":"x"}],"options":{"num_predict":100000}}"#)
        client.readUntil("the head") { client.last != nil }
        client.stopReading()
        loop.run(until: { site.under.gateway.heldBytes > 0 }, "bytes held")
        loop.run(for: .milliseconds(50))
        #expect(site.under.gateway.heldBytes < 200_000)
        client.startReading()
        client.readResponses()
        #expect(client.last?.lines.count == 100_001)
    }

    @Test func aClientThatGoesAwayFreesItsRunner() throws {
        let site = try TwoRunners(loop, gatesHead: true) {
            let leaf = try authority.issue()
            ($0.tls.certificate, $0.tls.key) = (leaf.certificate, leaf.key)
            $0.listen = [.tls(host: "127.0.0.1", port: 0)]
        }
        defer { site.stop() }
        let client = try client(site)
        client.post("/api/chat", Body.chat)
        loop.run(until: { site.proxied.count == 1 }, "the request at a runner")
        client.close()
        loop.run(until: { site.runners.reduce(0) { $0 + $1.aborted } == 1 }, "the end of the runner's work")
        site.under.expectIdle()
    }

    // MARK: Certificates

    @Test func aCertificateThatWasReplacedIsShownToNewConnections() throws {
        let site = try site()
        defer { site.stop() }
        func name() throws -> String {
            let client = try BareClient(loop, port: site.under.port) { _ in }
            defer { client.end() }
            loop.run(until: {
                client.turn()
                return client.isConnected
            })
            return client.serverName
        }
        let before = try client(site)
        defer { before.close() }
        before.get("/api/version")
        before.readResponses()
        #expect(try name() == "localhost")
        _ = try authority.issue("renewed", as: "server")
        site.under.server.reload()
        #expect(try name() == "renewed")
        site.expectUsable(before, after: 1)
        // Half of a pair does no harm.
        try "broken".withCString { text in
            let file = try #require(fopen(authority.folder.path("server.key"), "w"))
            fputs(text, file)
            fclose(file)
        }
        site.under.server.reload()
        #expect(try name() == "renewed")
        #expect(try log(of: site).contains("the certificates that are in use stay so"))
    }

    @Test func aCertificateThatCanNotBeReadIsABadConfiguration() throws {
        let leaf = try authority.issue()
        let other = try authority.issue()
        let error = #expect(throws: StartError.self) {
            _ = try site(Authority.Leaf(certificate: leaf.certificate, key: other.key))
        }
        #expect(
            error?.sentence.contains("\(other.key) can't be used as the key of \(leaf.certificate)") == true,
            "\(error as Any)")
    }

    // MARK: Clients' certificates

    private func status(of site: TwoRunners, _ leaf: Authority.Leaf?, fields: String = "") throws -> Int? {
        let client = try BareClient(loop, port: site.under.port) {
            guard let leaf else { return }
            SSL_CTX_use_certificate_chain_file($0, leaf.certificate)
            SSL_CTX_use_PrivateKey_file($0, leaf.key, SSL_FILETYPE_PEM)
        }
        defer { client.end() }
        loop.run(until: {
            client.turn()
            return client.isConnected
        })
        client.send("GET /api/tags HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
        loop.run(until: {
            client.turn()
            return !client.received.isEmpty || client.isOver
        })
        return String(decoding: client.received, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap {
            Int($0)
        }
    }

    @Test func aClientsCertificateIsAKey() throws {
        let site = try site {
            $0.tls.clientCA = clients.file
            var key = Configuration.Access.Key(name: "alice", sha256: [])
            key.clientCertificate = "CN=alice,O=Example"
            $0.access.keys = [key]
        }
        defer { site.stop() }
        let alice = try clients.issue("O=Example,CN=alice", names: [])
        #expect(try status(of: site, alice) == 200)
        #expect(try status(of: site, nil) == 401)
        #expect(try status(of: site, clients.issue("O=Example,CN=bob", names: [])) == 401)
        #expect(try status(of: site, clients.issue("CN=alice", names: [])) == 401, "the whole subject counts")
        #expect(try status(of: site, authority.issue("O=Example,CN=alice", names: [])) == nil, "a stranger's")
        #expect(try status(of: site, alice, fields: "x-api-key: dmr_wrong\r\n") == 401, "a wrong key is wrong")
        #expect(try log(of: site).contains("alice"))
    }

    @Test func aCertificateThatIsNotAcceptedIsAudited() throws {
        let site = try site { $0.tls.clientCA = clients.file }
        let stranger = try authority.issue("O=Example,CN=alice", names: [])
        #expect(try status(of: site, stranger) == nil)
        #expect(try status(of: site, clients.issue("O=Example,CN=bob", names: [])) == 200)
        site.stop()
        let lines = try log(of: site).split(separator: "\n").compactMap { AuditLine(String($0)) }
        #expect(lines.map(\.word) == ["refused"] && lines.first?["reason"] == "certificate", "\(lines)")
        #expect(lines.first?["client"]?.hasPrefix("127.0.0.1:") == true)
    }
}
