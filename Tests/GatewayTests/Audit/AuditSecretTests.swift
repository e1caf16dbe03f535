// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Secrets sown into every part of every request, allowed and refused: none of them is in any line of the log.
@Suite(.serialized) struct AuditSecretTests {
    private static let prefix = ConfiguredGateway.prefix
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private static let sown = [
        "SECRET-prompt", "SECRET-bearer", "SECRET-cookie", "SECRET-query", "SECRET-path", "SECRET-runner-key",
        "SECRET-header", "SECRET-base", "SECRET-jwt", "SECRET-user-name", "SECRET-file", "SECRET-template"
    ]
    private static let fields =
        "Cookie: SECRET-cookie\r\nX-OpenWebUI-User-Jwt: SECRET-jwt.x.y\r\nX-OpenWebUI-User-Name: SECRET-user-name\r\n"
        + "X-OpenWebUI-User-Email: ann@example.org\r\nX-Other: SECRET-header\r\n"

    /// Into every object: a prompt, and what else bodies hold.
    private static func sow(_ body: String?) -> String? {
        guard let body, body.hasPrefix("{"), body.hasSuffix("}") else { return body }
        let more =
            #""prompt":"SECRET-prompt","system":"SECRET-prompt","template":"SECRET-template","#
            + #""key":"SECRET-runner-key","options":{"x":"SECRET-prompt"}"#
        return String(body.dropLast()) + (body == "{}" ? "" : ",") + more + "}"
    }

    @Test(arguments: GatewayCore.Operation.allCases)
    func noneOfARoutesRequestsLeavesASecret(operation: GatewayCore.Operation) throws {
        let site = try AuditSite(loop, level: "trace", access: #","jwt_secret":"SECRET-jwt-that-is-long-enough""#)
        let keys = [
            nil, "", AuditSite.reader, AuditSite.often, AuditSite.often, AuditSite.limited, AuditSite.webui,
            AuditSite.laptop,
            "dmr_SECRET-bearer", "SECRET-bearer"
        ]
        var secrets = Self.sown + keys.compactMap(\.self).filter { !$0.isEmpty }
        secrets.append("an-admin-key-of-24-letters")
        for surface in Surface.allCases {
            for method in GatewayCore.Method.allCases where operation.entry.methods(on: surface).takes(method) {
                let request = AuditedRequest(operation, method, runnerURL: site.runners[0].url)
                for (position, key) in keys.enumerated() {
                    let body =
                        position.isMultiple(of: 2)
                        ? Self.sow(request.body) : request.body.map { $0.dropLast() + "SECRET-prompt" }
                    let inPath = key.map { $0.isEmpty || position.isMultiple(of: 2) ? "" : "/key/\($0)" } ?? ""
                    let answer = try site.answer(
                        method.name, inPath + surface.path + request.path + "?token=SECRET-query", body,
                        fields: Self.fields, key: key)
                    if let made = answer.json?["key"]?.string { secrets.append(made) }
                }
            }
        }
        _ = try site.answer("GET", "/nowhere/SECRET-path", fields: Self.fields)
        site.stop()
        let log = try site.lines()
        #expect(log.contains { $0.contains(" audit ") } || operation.entry.scope == .none)
        for secret in secrets { #expect(!log.contains { $0.contains(secret) }, "\(secret)") }
    }

    @Test func aChangedConfigurationLeavesNoneEither() throws {
        let site = try AuditSite(loop, level: "trace")
        let configs =
            #"{"0":{"key":"SECRET-runner-key","headers":{"X-T":"SECRET-header"}},"1":{"key":"SECRET-runner-key"}}"#
        let body = ConfiguredGateway.body([site.runners[0].url, "http://127.0.0.1:1/SECRET-base"], configs)
        for key in [nil, "", AuditSite.limited] {
            _ = try site.answer("POST", Self.prefix + "/config/update", body, key: key)
            _ = try site.answer("POST", Self.prefix + "/config/update", body + "SECRET-prompt", key: key)
        }
        let verify = #"{"url":"http://SECRET-user:SECRET-runner-key@127.0.0.1:1","key":"SECRET-runner-key"}"#
        #expect(try site.answer("POST", Self.prefix + "/verify", verify).status == 400)
        site.stop()
        // The address of a runner is no secret: its path has to be in a line of its own to be found wrong.
        let log = try site.lines().filter {
            !$0.contains(" info configuration: ") && !$0.contains("/SECRET-base is new")
        }
        #expect(log.contains { $0.contains("action=update-configuration") })
        for secret in ["SECRET-runner-key", "SECRET-header", "SECRET-prompt", "SECRET-user"] {
            #expect(!log.contains { $0.contains(secret) }, "\(secret)")
        }
        #expect(!log.contains { $0.contains(" audit ") && $0.contains("SECRET") })
    }

    /// A runner's own words may repeat what it was sent.
    @Test func aRunnersWordsStayOut() throws {
        let loop = loop
        let folder = try TemporaryFolder()
        let runner = try ScriptedRunner(
            loop, always: [.waitForRequest, .respond(500, #"{"error":"can't SECRET-prompt"}"#)])
        let under = try GatewayUnderTest(loop, [runner]) { $0.log.file = folder.path("log") }
        let client = try under.client()
        client.post("/api/push", #"{"model":"demo","stream":false}"#)
        client.readResponses()
        #expect(client.last?.body.contains("SECRET-prompt") == true)
        under.stop()
        let log = try folder.text(of: "log")
        #expect(log.contains(" audit failed ") && log.contains(" runners=0:500 ") && !log.contains("SECRET"))
    }

    // MARK: Injection

    static let names = [
        #"a\n2026-01-01T00:00:00.000Z audit done client=- key=boss"#, #"a\r\n2026-01-01T00:00:00Z error x"#,
        #"\u001b[2J\u009b31m\u0085\u2028\u2029\u202e"#, #"x key=boss status=200"#, #"\" key=\"boss"#, #"\\"#,
        String(repeating: "n", count: 10_240), String(repeating: #"\u001b"#, count: 10_240)
    ]

    @Test(arguments: names, Configuration.Log.Format.allCases)
    func noNameForgesALine(name: String, format: Configuration.Log.Format) throws {
        let site = try AuditSite(loop, format: format)
        var sent = 0
        for key in [nil, AuditSite.limited] {
            for (method, target, body) in [
                ("POST", "/api/pull", #"{"model":"NAME"}"#), ("DELETE", "/api/delete", #"{"name":"NAME"}"#),
                ("POST", "/api/copy", #"{"source":"NAME","destination":"NAME"}"#),
                ("POST", "/api/create", #"{"model":"NAME","from":"NAME"}"#),
                ("POST", "/api/push", #"{"model":"NAME"}"#),
                ("POST", Self.prefix + "/keys", #"{"name":"NAME"}"#)
            ] {
                _ = try site.answer(method, target, body.replacing("NAME", with: name), key: key)
                sent += 1
            }
        }
        let user = "X-OpenWebUI-User-Id: u\u{9B}31m\" key=\"boss\r\nX-OpenWebUI-User-Email: x@nowhere\r\n"
        _ = try site.answer("POST", "/api/chat", Body.chat, fields: user, key: AuditSite.webui)
        site.stop()
        let lines = try site.lines()
        let audits = lines.filter { line in
            switch format {
            case .text: AuditLine(line) != nil
            case .json: (try? JSON(parsing: Array(line.utf8)))?["level"]?.string == "audit"
            }
        }
        #expect(audits.count == sent + 1)
        for line in lines {
            let text = line.unicodeScalars
            #expect(line.hasPrefix(format == .text ? "20" : #"{"time":"20"#))
            #expect(!line.hasPrefix("2026-01-01"))
            #expect(
                text.allSatisfy {
                    ![.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
                })
            if format == .json { #expect((try? JSON(parsing: Array(line.utf8))) != nil, "\(line)") }
        }
        #expect(audits.allSatisfy { $0.utf8.count < 4000 })
    }
}
