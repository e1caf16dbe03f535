// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// What a changed configuration means to clients: limits, keys, origins, the switch, the log.
@Suite(.serialized) struct ReconfiguredTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func apply(_ site: TwoRunners, _ change: (inout Configuration) -> Void) {
        var configuration = site.under.gateway.configuration
        change(&configuration)
        site.under.gateway.apply(configuration)
    }

    @Test func aNewKeyCountsAtOnceOnAnOldConnection() throws {
        let site = try TwoRunners(loop)
        let client = try site.client()
        client.get("/api/tags")
        client.readResponses()
        #expect(client.last?.status == 200)
        apply(site) { $0.adminKey = Secret(Array("0123456789abcdef01234567".utf8)) }
        client.get("/api/tags")
        client.readResponses(2)
        #expect(client.last?.status == 401)
        client.send("GET /api/tags HTTP/1.1\r\nHost: localhost\r\nx-api-key: 0123456789abcdef01234567\r\n\r\n")
        client.readResponses(3)
        #expect(client.last?.status == 200)
        site.stop()
    }

    @Test func theAPICanBeSwitchedOffAndOn() throws {
        let site = try TwoRunners(loop)
        apply(site) { $0.isEnabled = false }
        #expect(try site.answer("POST", "/api/chat", Body.chat).status == 503)
        #expect(try site.answer("GET", "/api/version").status == 200)
        apply(site) { $0.isEnabled = true }
        #expect(try site.answer("POST", "/api/chat", Body.chat).status == 200)
        site.stop()
    }

    @Test func limitsAndTimeoutsHoldForWhatComesNext() throws {
        let site = try TwoRunners(loop)
        let client = try site.client()
        client.get("/api/version")
        client.readResponses()
        apply(site) {
            $0.limits.jsonBodyBytes = 10
            $0.timeouts.clientIdle = .milliseconds(40)
            $0.timeouts.clientHeader = .milliseconds(40)
        }
        #expect(try site.answer("POST", "/api/chat", Body.chat).status == 413)
        client.get("/api/version")
        client.readResponses(2)
        client.readToEnd()
        #expect(client.closeness == .ended)
        site.stop()
    }

    @Test func anAllowedOriginIsAllowedAtOnce() throws {
        let site = try TwoRunners(loop)
        let fields = "Origin: https://chat.example.com\r\n"
        #expect(try site.answer("GET", "/api/tags", fields: fields).status == 403)
        apply(site) { $0.access.origins = ["https://chat.example.com"] }
        #expect(try site.answer("GET", "/api/tags", fields: fields).status == 200)
        site.stop()
    }

    @Test func whatNeedsARestartKeepsItsOldValueAndIsSaidOnce() throws {
        let folder = try TemporaryFolder()
        let site = try TwoRunners(loop) { $0.log.file = folder.path("log") }
        let listen = site.under.gateway.configuration.listen
        for policy in SelectionPolicy.allCases.reversed() + SelectionPolicy.allCases {
            var new = site.under.gateway.configuration
            new.listen = [.tcp(host: "127.0.0.1", port: 1)]
            new.pathPrefix = "/elsewhere"
            new.policy = policy
            site.under.gateway.apply(new)
            #expect(site.under.gateway.configuration.policy == policy)
        }
        #expect(site.under.gateway.configuration.listen == listen)
        #expect(try site.answer("GET", "/docker-model-runner/api/version").status == 200)
        site.stop()
        let warnings = try folder.lines(of: "log").filter { $0.contains("needs a restart") }
        #expect(warnings.count == 2)
        #expect(warnings.first?.contains("listen ") == true)
        #expect(warnings.last?.contains("path_prefix ") == true)
    }

    @Test func theLogChangesItsLevelFormatAndFile() throws {
        let folder = try TemporaryFolder()
        let site = try TwoRunners(loop) {
            $0.log.file = folder.path("one")
            $0.log.level = .error
        }
        _ = try site.answer("GET", "/api/version")
        apply(site) { $0.log.level = .info }
        _ = try site.answer("GET", "/api/version")
        apply(site) {
            $0.log.file = folder.path("two")
            $0.log.format = .json
        }
        _ = try site.answer("GET", "/api/version")
        // A file that can't be opened is no reason to fall silent.
        apply(site) { $0.log.file = folder.path("no/such/folder") }
        _ = try site.answer("GET", "/api/version")
        site.stop()
        #expect(try folder.lines(of: "one").count { $0.contains(" request ") } == 1)
        let two = try folder.lines(of: "two")
        #expect(two.allSatisfy { $0.hasPrefix("{") })
        #expect(two.count { $0.contains(#""message":"request""#) } == 2)
        #expect(two.contains { $0.contains("the log stays where it is: log.file: ") })
    }

    @Test func secretsStayOutOfWhatIsSaidOfAChange() throws {
        let folder = try TemporaryFolder()
        let site = try TwoRunners(loop) { $0.log.file = folder.path("log") }
        apply(site) {
            $0.runners[0].key = Secret(Array("the-runners-own".utf8))
            $0.adminKey = Secret(Array("an-admin-key-of-24-letters".utf8))
            $0.runners[1].weight = 7
        }
        site.stop()
        let log = try folder.text(of: "log")
        for line in ["runners[0].key changed", "admin_key changed", "runners[1].weight: 1 → 7"] {
            #expect(log.contains("configuration: \(line)\n"), "\(line)")
        }
        #expect(!log.contains("the-runners-own") && !log.contains("an-admin-key") && !log.contains("dmr-masked"))
    }

    @Test func anEqualConfigurationDoesNothing() throws {
        let folder = try TemporaryFolder()
        let site = try TwoRunners(loop) { $0.log.file = folder.path("log") }
        apply(site) { _ in }
        site.stop()
        #expect(try !folder.text(of: "log").contains("configuration"))
    }
}
