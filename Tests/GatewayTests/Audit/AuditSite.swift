// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// A gateway with a file, callers of every kind, and a log that is read back. `shared:1b` is on both its runners,
/// `embedder` on the first only.
final class AuditSite {
    static let reader = "dmr_the-readers-key"
    static let often = "dmr_key-of-one-who-comes-often"
    static let limited = "dmr_key-for-some-models"
    static let webui = "dmr_key-of-open-webui"
    static let laptop = "dmr_key-of-a-laptop"

    let runners: [SimulatedRunner]
    let site: ConfiguredGateway
    let loop: Loop
    private let folder: TemporaryFolder
    var gateway: Gateway { site.under.gateway }

    /// - Parameter access: more of that section.
    init(
        _ loop: Loop, level: String = "info", access: String = "", gatesTokens: Bool = false,
        format: Configuration.Log.Format = .text
    ) throws {
        self.loop = loop
        folder = try TemporaryFolder()
        runners = try [["shared:1b", "embedder"], ["shared:1b"]].map { names in
            var options = SimulatedRunnerOptions.instant(
                models: names.map { SimulatedModel($0, modifiedAt: 1_755_000_000) })
            options.gatesTokens = gatesTokens
            options.keepsRecords = true
            return try SimulatedRunner(loop: loop, options: options)
        }
        func entry(_ name: String, _ key: String, _ more: String) -> String {
            #"{"name":"\#(name)","sha256":"\#(KeyDigest(sha256: AccessSite.sha256(key)).hex)"\#(more)}"#
        }
        let keys = [
            entry("reader", Self.reader, #","scopes":["read"]"#),
            entry("often", Self.often, #","requests_per_minute":1"#),
            entry("limited", Self.limited, #","scopes":["read","inference","manage"],"models":["shared:*","mine*"]"#),
            entry("webui", Self.webui, #","asserts_user":true,"scopes":["read","inference","manage"]"#),
            entry("laptop", Self.laptop, "")
        ]
        let users = #"[{"match":{"email":"*@example.org"}}]"#
        let log = folder.path("log")
        site = try ConfiguredGateway(
            loop,
            #"{"runners":[{"url":"URL0"},{"url":"URL1"}],"log":{"level":"\#(level)","format":"\#(format.rawValue)"},"#
                + #""access":{"keys":[\#(keys.joined(separator: ","))],"users":\#(users)\#(access)}}"#,
            runners
        ) { $0.logFile = log }
        let gateway = site.under.gateway
        loop.run(until: { gateway.catalog.version(usable: gateway.dispatcher.usableRunners) != "0.0.0" }, "a version")
    }

    /// - Parameter key: nil: the admin's; empty: none.
    func answer(
        _ method: String, _ target: String, _ body: String? = nil, fields: String = "", key: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RawClient.Response {
        let fields = (key.map { $0.isEmpty ? "" : AccessSite.bearer($0) } ?? "") + fields
        return try site.answer(
            method, target, body, fields: fields, isAdmin: key == nil, sourceLocation: sourceLocation)
    }

    /// Every line of the log.
    func lines() throws -> [String] {
        gateway.log.flush()
        return try folder.lines(of: "log")
    }

    /// The audit log's, without their time.
    func audit() throws -> [AuditLine] { try lines().compactMap { AuditLine($0) } }

    func stop(sourceLocation: SourceLocation = #_sourceLocation) {
        site.stop(sourceLocation: sourceLocation)
    }
}

/// A line of the audit log in the text format, read back.
struct AuditLine: CustomStringConvertible {
    let text: String
    let word: String
    private let fields: [String: String]

    /// Nil for a line of any other kind.
    init?(_ line: String) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 2, parts[1] == "audit" else { return nil }
        text = line
        word = parts[2]
        fields = Dictionary(
            parts.dropFirst(3).compactMap { part in
                part.firstIndex(of: "=").map { (String(part[..<$0]), String(part[part.index(after: $0)...])) }
            }, uniquingKeysWith: { first, _ in first })
    }

    var description: String { text }
    /// Of a value without blanks.
    subscript(name: String) -> String? { fields[name] }
}
