// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import Testing

@testable import Gateway

/// `dmr-gateway key` as a person uses it, with and without a gateway that runs.
@Suite(.serialized) struct KeyCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// What it printed, and its status.
    private func key(_ arguments: String..., environment: [String] = []) throws -> (lines: [String], status: Int32) {
        let command = try Command(
            ["key"] + arguments + ["--state-dir", folder.path("state")], environment: environment)
        let status = command.awaitExit()
        return (command.output.split(separator: "\n").map(String.init), status)
    }

    @Test func aKeyIsMadeListedAndRevoked() throws {
        let first = try key("new", "laptop", environment: ["DMR_ADMIN_KEY=an-admin-key-of-24-letters"])
        #expect(first.status == 0 && first.lines.count == 1)
        let made = try #require(first.lines.first)
        #expect(made.hasPrefix("dmr_") && made.utf8.count == 53)
        let text = try folder.text(of: "state/config.json")
        #expect(!text.contains(made) && text.contains(KeyDigest(sha256: AccessSite.sha256(made)).hex))
        var status = stat()
        #expect(stat(folder.path("state/config.json"), &status) == 0 && status.st_mode & 0o777 == 0o600)
        let second = try key("new", "boss", "--role", "admin", "--scope", "read", "--model", "llama*", "--model", "q")
        #expect(second.status == 0 && second.lines.count == 1 && second.lines != first.lines)
        let list = try key("list").lines
        #expect(list.count == 3 && list[0].hasPrefix("NAME"))
        #expect(list[1].hasPrefix("laptop  user   read,inference") && list[1].contains("  *  "))
        #expect(list[2].hasPrefix("boss    admin  ") && list[2].contains("llama*,q"))
        #expect(!list.joined().contains("dmr_"))
        #expect(try key("revoke", "laptop").status == 0)
        #expect(try key("list").lines.count == 2)
        let again = try key("revoke", "laptop")
        #expect(again.status == 1 && again.lines.first?.hasPrefix("error: There is no key of that name") == true)
    }

    @Test func itSaysWhatTheFirstAndTheLastKeyMean() throws {
        let first = try key("new", "a")
        #expect(first.lines.contains { $0.hasPrefix("note: this is the first key") })
        #expect(first.lines.filter { $0.hasPrefix("dmr_") }.count == 1)
        #expect(try key("revoke", "a").lines.contains { $0.hasPrefix("note: no key is left") })
    }

    @Test func printWritesNothing() throws {
        let made = try key("new", "ci", "--print", "--scope", "read")
        #expect(made.status == 0 && made.lines.count == 2)
        let entry = try JSON(parsing: Array(try #require(made.lines.last).utf8))
        #expect(entry["name"]?.string == "ci" && entry["scopes"] == .array([.string("read")]))
        #expect(entry["sha256"]?.string == KeyDigest(sha256: AccessSite.sha256(made.lines[0])).hex)
        #expect(!folder.exists("state/config.json"))
    }

    @Test(
        arguments: [
            (["new"], 64), (["new", "a", "--role", "boss"], 64), (["new", "a", "--scope", "x"], 64),
            (["new", "a/b"], 64),
            (["revoke", "nobody"], 1), (["new", "a", "--model", ""], 1)
        ] as [([String], Int32)])
    func whatIsWrongIsToldAndWritesNothing(arguments: [String], status: Int32) throws {
        let command = try Command(["key"] + arguments + ["--state-dir", folder.path("state")])
        #expect(command.awaitExit() == status)
        #expect(command.output.lowercased().contains("error: ") && !command.output.contains("dmr_"))
        #expect(!folder.exists("state/config.json"))
    }

    @Test func aBrokenFileIsLeftAlone() throws {
        mkdir(folder.path("state"), 0o700)
        try folder.write("{", to: "state/config.json")
        let made = try key("new", "a")
        #expect(made.status == 78 && !made.lines.joined().contains("dmr_"))
        #expect(try folder.text(of: "state/config.json") == "{")
    }

    /// A gateway that runs takes it over by itself.
    @Test func aRunningGatewayNoticesBoth() throws {
        let gateway = try Command(
            ["serve", "--listen", "127.0.0.1:0", "--state-dir", folder.path("state"), "--runner", "http://127.0.0.1:1"])
        let port = try gateway.awaitPort()
        func status(_ token: String) throws -> String {
            let client = try PlainClient(port: port)
            defer { client.close() }
            client.send("GET /api/tags HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n")
            return String(client.receive().dropFirst("HTTP/1.1 ".count).prefix(3))
        }
        #expect(try status("nobody") == "200")
        let made = try #require(try key("new", "laptop").lines.first { $0.hasPrefix("dmr_") })
        try gateway.awaitLine("access.keys[0].name")
        #expect(try status(made) == "200" && status("nobody") == "401")
        #expect(try key("revoke", "laptop").status == 0)
        try gateway.awaitLine("access.keys: nothing → []")
        #expect(try status(made) == "401" && status("nobody") == "200")
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
        #expect(!gateway.output.contains(made))
    }
}
