// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Runners behind `https://`.
@Suite(.serialized) struct SecureRunnerTests {
    let loop: Loop
    let authority: Authority
    let folder: TemporaryFolder

    init() throws {
        loop = try Loop()
        authority = try Authority()
        folder = try TemporaryFolder()
    }

    private func context(_ leaf: Authority.Leaf? = nil) throws -> TLSServerContext {
        try TLSServerContext(
            identities: [try (leaf ?? authority.issue()).identity], tickets: TicketKeys(loop: loop))
    }

    /// A gateway that trusts the test's authority, and logs to a file.
    private func gateway(
        _ runners: [any RunnerUnderTest], _ change: (inout Configuration) throws -> Void = { _ in }
    ) throws -> GatewayUnderTest {
        try GatewayUnderTest(loop, runners) {
            for index in $0.runners.indices { $0.runners[index].tlsCA = authority.file }
            $0.log.file = folder.path("log")
            $0.log.level = .debug
            try change(&$0)
        }
    }

    private func log(of under: GatewayUnderTest) throws -> String {
        under.gateway.log.flush()
        return try folder.text(of: "log")
    }

    @Test func aStreamComesThroughTokenByToken() throws {
        let runner = try ScriptedRunner(
            loop, tls: context(),
            always: [
                .waitForRequest, .streamHead, .line("one"), .waitForRelease, .line("two"), .lastLine, .lastChunk
            ])
        let under = try gateway([runner])
        defer { under.stop() }
        let client = try under.client()
        client.chat()
        client.readUntil("the first token") { client.last?.body.contains("one") == true }
        #expect(client.last?.body.contains("two") == false)
        runner.release()
        client.readResponses()
        #expect(client.last?.body.contains("two") == true)
        #expect(client.last?.runner == 0)
        #expect(runner.connections.first?.requests.first?.header("host") == "127.0.0.1:\(runner.port)")
    }

    @Test func aLargePromptAndALargeAnswerComeThroughWhole() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant(), tls: context())
        runner.options.keepsRecords = true
        let under = try gateway([runner])
        defer { under.stop() }
        let client = try under.client()
        let prompt = String(repeating: "lorem ipsum ", count: 200_000)
        client.post(
            "/api/generate", #"{"model":"demo","prompt":"\#(prompt)","options":{"num_predict":20000}}"#)
        client.readResponses()
        #expect(client.last?.lines.count == 20_001)
        #expect(client.last?.lines.last?.contains(#""done":true"#) == true)
        // Probes are recorded, too.
        #expect(runner.records.contains { $0.body.count > prompt.utf8.count })
    }

    @Test func aKeptAliveConnectionIsUsedAgainAndANewOneResumes() throws {
        let runner = try ScriptedRunner(loop, tls: context()) { _ in
            ScriptedRunner.stream("a") + ScriptedRunner.stream("b") + [.close]
        }
        let under = try gateway([runner])
        defer { under.stop() }
        let client = try under.client()
        for _ in 0..<2 { #expect(try client.answer().status == 200) }
        #expect(runner.connections.count == 1)
        loop.run(until: { runner.connections[0].isGone }, "the end of the first connection")
        #expect(try client.answer().status == 200)
        #expect(runner.resumptions.last == true)
    }

    // MARK: Whom it believes

    @Test(arguments: [
        ("expired", "certificate has expired", "renew it"), ("name", "mismatch", "the runner's url"),
        ("stranger", "self-signed certificate in certificate chain", "tls_ca")
    ])
    func aBadCertificateIsAFailedConnectWithAReason(fault: String, reason: String, remedy: String) throws {
        let stranger = try Authority("Stranger")
        let leaf =
            switch fault {
            case "expired": try authority.issue(validFor: -7200 ... -3600)
            case "name": try authority.issue(names: ["DNS:other.example.com"])
            default: try stranger.issue()
            }
        let runner = try ScriptedRunner(loop, tls: context(leaf), always: [])
        let good = try ScriptedRunner(loop, tls: context(), always: ScriptedRunner.stream("x"))
        let under = try gateway([runner, good])
        defer { under.stop() }
        #expect(under.health(0).isUnreachable)
        #expect(!under.health(1).isUnreachable)
        let line = try log(of: under).split(separator: "\n").first { $0.contains("runner 0") }
        #expect(line?.contains("its certificate is not accepted: ") == true, "\(line ?? "nothing")")
        #expect(line?.contains(reason) == true, "\(line ?? "nothing")")
        #expect(line?.contains(remedy) == true)
        #expect(runner.connections.isEmpty, "no request reached it")
        #expect(runner.listsAnswered.isEmpty)
    }

    @Test func withoutVerificationAnyCertificateWillDo() throws {
        let stranger = try Authority("Stranger")
        let leaf = try stranger.issue(names: ["DNS:other"], validFor: -7200 ... -3600)
        let runner = try ScriptedRunner(loop, tls: context(leaf), always: ScriptedRunner.stream("x"))
        let under = try gateway([runner]) { $0.runners[0].verifiesTLS = false }
        defer { under.stop() }
        #expect(try under.client().answer().status == 200)
    }

    @Test func aRunnerThatSpeaksPlainTextFailsToConnect() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        let under = try gateway([runner]) {
            $0.runners[0].url = try RunnerURL(parsing: "https://127.0.0.1:\(runner.port)")
        }
        defer { under.stop() }
        #expect(under.health(0).isUnreachable)
        let line = try log(of: under).split(separator: "\n").first { $0.contains("runner 0") }
        #expect(line?.contains("it does not speak TLS; write http://") == true, "\(line ?? "nothing")")
    }

    @Test func changingWhomToBelieveEndsOldConnections() throws {
        let runner = try ScriptedRunner(loop, tls: context()) { _ in
            ScriptedRunner.stream("a") + ScriptedRunner.stream("b")
        }
        let under = try gateway([runner])
        defer { under.stop() }
        let client = try under.client()
        #expect(try client.answer().status == 200)
        let stranger = try Authority("Stranger")
        var changed = under.gateway.configuration
        changed.runners[0].tlsCA = stranger.file
        under.gateway.apply(changed)
        loop.run(until: { runner.connections[0].isGone }, "the end of the idle connection")
        #expect(try client.answer().status == 502)
    }

    @Test func aFileOfAuthoritiesThatIsNoneIsABadConfiguration() throws {
        try folder.write("nothing", to: "ca.pem")
        var configuration = Configuration()
        configuration.runners = [RunnerConfiguration(url: try RunnerURL(parsing: "https://127.0.0.1:1"))]
        configuration.runners[0].tlsCA = folder.path("ca.pem")
        configuration.tls.certificate = folder.path("missing.pem")
        configuration.tls.key = folder.path("missing.key")
        let errors = #expect(throws: ConfigurationErrors.self) { try TLSFiles.check(configuration) }?.errors
        #expect(errors?.count == 2)
        #expect(errors?.first?.hasPrefix("runners[0].tls_ca: \(folder.path)/ca.pem holds no certificate") == true)
        #expect(
            errors?.last?.contains("missing.pem holds no certificate in PEM form: No such file") == true,
            "\(errors as Any)")
    }

    // MARK: How it ends

    /// A body that lasts until the connection closes may have been cut by anybody on the way (RFC 8446 section 6.1).
    @Test(arguments: [true, false]) func anEndWithoutTheClosingAlertIsNone(isClean: Bool) throws {
        let runner = try ScriptedRunner(
            loop, tls: context(),
            always: [
                .waitForRequest, .send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhalf of it"),
                .waitForRelease, isClean ? .close : .closeWithoutAlert
            ])
        let under = try gateway([runner])
        defer { under.stop() }
        let client = try under.client()
        client.chat(Ask.wholeChat)
        client.readUntil("half of it") { client.last?.body == "half of it" }
        runner.release()
        client.readUntil("an end") { client.closeness != .open || client.last?.isComplete == true }
        #expect((client.last?.isComplete == true) == isClean)
        under.expectIdle()
    }

    @Test func theHandshakeCountsAsConnecting() throws {
        let silent = try ScriptedRunner(loop, always: [])
        silent.startsAtAccept = true
        silent.answersLists = false
        let under = try GatewayUnderTest(loop, [silent], waitsForLists: false) {
            $0.runners[0].url = try RunnerURL(parsing: "https://127.0.0.1:\(silent.port)")
            $0.timeouts.probe = .milliseconds(50)
        }
        defer { under.stop() }
        under.waitForLists()
        #expect(under.health(0).isUnreachable)
    }

    @Test func aSlowClientPausesTheRunner() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant(), tls: context())
        let under = try gateway([runner])
        defer { under.stop() }
        let client = try under.client()
        client.chat(Ask.chat(tokens: 100_000))
        client.readUntil("the head") { client.last != nil }
        client.stopReading()
        loop.run(until: { under.gateway.heldBytes > 0 }, "bytes held")
        loop.run(for: .milliseconds(50))
        let held = under.gateway.heldBytes
        #expect(held < 300_000)
        client.startReading()
        client.readResponses()
        #expect(client.last?.lines.last?.contains(#""done":true"#) == true)
    }
}
