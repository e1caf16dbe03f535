// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import SimulatedRunner
import Testing
import Transport

@testable import dmr_bench

/// The generator over TLS, with the certificate that `compare` makes.
@Suite(
    .serialized, .enabled(if: access("/usr/bin/openssl", X_OK) == 0, "needs the openssl command (package openssl)"))
final class SecureLoadTests {
    let loop: Loop
    let folder: String
    let certificate: Certificate
    let runner: SimulatedRunner

    init() throws {
        loop = try Loop()
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/dmr-bench-test-XXXXXX".utf8CString)
        folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        certificate = try Certificate(folder: folder)
        let context = try TLSServerContext(
            identities: [.init(certificate: certificate.certificate, key: certificate.key)],
            tickets: TicketKeys(loop: loop))
        runner = try SimulatedRunner(loop: loop, options: .instant(), tls: context)
        runner.options.parallel = 100
    }

    deinit {
        for name in SystemFolder.entries(of: folder) where !name.hasPrefix(".") { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    private func run(
        _ trust: TLSTrust, host: String = Certificate.host, resumes: Bool = false, _ change: (inout LoadPlan) -> Void
    ) throws -> LoadFigures {
        defer {
            runner.close()
            _ = loop.finish()
        }
        var plan = LoadPlan()
        plan.addresses = [try #require(SocketAddress(literal: "127.0.0.1", port: runner.port))]
        plan.security = LoadSecurity(trust: trust, host: host, resumes: resumes)
        plan.requestLimit = 6
        plan.duration = .seconds(10)
        change(&plan)
        let figures = try LoadRun(loop: loop, plan: plan).run()
        #expect(loop.openStreams == 0)
        return figures
    }

    @Test func streamsAreCountedByTheirTokens() throws {
        let figures = try run(TLSTrust(verifies: false)) { plan in
            plan.request.streams = true
            plan.request.tokens = 5
        }
        #expect(figures.failureCount == 0)
        #expect(figures.requests == 6)
        #expect(figures.tokens == 30)
        #expect(figures.handshakes == 1)
    }

    @Test(arguments: [false, true])
    func eachRequestHasItsHandshakeAndResumesOnlyIfAskedTo(resumes: Bool) throws {
        let figures = try run(TLSTrust(verifies: false), resumes: resumes) { $0.isFresh = true }
        #expect(figures.failureCount == 0)
        #expect(figures.requests == 6)
        #expect(figures.handshakes == 6)
        #expect(figures.resumed == (resumes ? 5 : 0))
        #expect(runner.connectionsAccepted == 6)
    }

    @Test(arguments: ["localhost", "127.0.0.1"]) func theCertificateIsForItsNameAndItsAddress(host: String) throws {
        let trust = try TLSTrust(authorities: certificate.certificate)
        #expect(try run(trust, host: host) { _ in }.requests == 6)
    }

    /// A load against a server that isn't believed must not look like one against a server that is down.
    @Test(arguments: [(false, "localhost", "self-signed"), (true, "other.example", "ostname mismatch")])
    func aCertificateThatIsNotBelievedIsToldWithItsReason(isTrusted: Bool, host: String, reason: String) throws {
        let trust = try TLSTrust(authorities: isTrusted ? certificate.certificate : nil)
        let figures = try run(trust, host: host) { $0.duration = .milliseconds(100) }
        #expect(figures.requests == 0)
        #expect(figures.failures[LoadFigures.Failure.handshake.rawValue] >= 1)
        #expect(figures.failureCount == figures.failures[LoadFigures.Failure.handshake.rawValue])
        #expect(figures.failureList.joined().contains(reason))
    }
}

@Suite struct LoadPlaceTests {
    @Test(arguments: [
        ("127.0.0.1:80", "127.0.0.1", false), ("http://127.0.0.1:80", "127.0.0.1", false),
        ("https://127.0.0.1:80", "127.0.0.1", true), ("https://[::1]:80", "::1", true), ("[::1]:80", "::1", false)
    ])
    func addressesAreRead(text: String, host: String, isSecured: Bool) throws {
        let place = try #require(LoadPlace(text))
        #expect(place.host == host)
        #expect(place.isSecured == isSecured)
        #expect(place.address.port == 80)
    }

    @Test(arguments: [
        "", "localhost:80", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "ftp://127.0.0.1:80", "https://"
    ])
    func namesAndRubbishAreNot(text: String) {
        #expect(LoadPlace(text) == nil)
    }
}
