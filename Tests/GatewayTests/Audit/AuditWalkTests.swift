// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// The closed table of routes, walked by every kind of caller: what manages, and what is refused, leaves exactly one
/// record that says who, what, where and how it ended; everything else leaves none.
@Suite(.serialized) struct AuditWalkTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// A new one for each step, since what it does may change it.
    private func site() throws -> AuditSite { try AuditSite(loop) }

    private static func steps(_ operation: GatewayCore.Operation) -> [(Surface, GatewayCore.Method)] {
        Surface.allCases.flatMap { surface in
            GatewayCore.Method.allCases.filter { operation.entry.methods(on: surface).takes($0) }.map { (surface, $0) }
        }
    }

    @Test(arguments: GatewayCore.Operation.allCases)
    func whatAnAdminDoes(operation: GatewayCore.Operation) throws {
        for (surface, method) in Self.steps(operation) {
            let site = try site()
            let request = AuditedRequest(operation, method, runnerURL: site.runners[0].url)
            let answer = try site.answer(method.name, surface.path + request.path, request.body)
            site.stop()
            let lines = try site.audit()
            guard let action = operation.auditAction(method) else {
                #expect(lines.isEmpty, "\(method.name) \(operation): \(lines)")
                continue
            }
            #expect(lines.count == 1, "\(lines)")
            let line = try #require(lines.first)
            #expect(line.word == (answer.status < 400 ? "done" : "failed"), "\(line)")
            #expect(line["key"] == "DMR_ADMIN_KEY" && line["client"]?.hasPrefix("127.0.0.1:") == true)
            #expect(line["method"] == method.name && line["route"] == operation.entry.pattern)
            #expect(line["action"] == action.rawValue && line["status"] == String(answer.status))
            #expect(line["id"] != nil && line["reason"] == nil)
            let asked = (line["runners"] ?? "").split(separator: ",").map { $0.split(separator: ":") }
            #expect(asked.allSatisfy { $0.count == 2 && Int($0[1]) != nil }, "\(line)")
            if let expected = request.runners {
                #expect(asked.compactMap { $0.first.flatMap { Int($0) } } == expected, "\(line)")
            } else {
                #expect(asked.count == 1, "\(line)")
            }
        }
    }

    @Test(arguments: GatewayCore.Operation.allCases)
    func whatAStrangerAndWhoMayOnlyReadAreRefused(operation: GatewayCore.Operation) throws {
        let site = try site()
        var expected: [String] = []
        for (surface, method) in Self.steps(operation) {
            let request = AuditedRequest(operation, method, runnerURL: site.runners[0].url)
            let scope = operation.entry.scope
            let stranger = try site.answer(method.name, surface.path + request.path, request.body, key: "")
            if scope != .none { expected.append("refused - no-key 401") }
            #expect((stranger.status == 401) == (scope != .none))
            guard scope != .none, scope != .read else { continue }
            let reader = try site.answer(method.name, surface.path + request.path, request.body, key: AuditSite.reader)
            expected.append("refused reader scope 403")
            #expect(reader.status == 403)
        }
        site.stop()
        let lines = try site.audit()
        #expect(
            lines.map { "\($0.word) \($0["key"] ?? "-") \($0["reason"] ?? "-") \($0["status"] ?? "-")" } == expected)
        #expect(lines.allSatisfy { $0["route"] == operation.entry.pattern && $0["runners"] == nil })
    }

    /// Every reason but the certificate's, which no request comes to.
    @Test func eachRefusalIsOneRecord() throws {
        let (chat, ann) = (Body.chat, "X-OpenWebUI-User-Id: u-7\r\nX-OpenWebUI-User-Email: ann@example.org\r\n")
        let nobody = "X-OpenWebUI-User-Id: u-8\r\nX-OpenWebUI-User-Email: bob@nowhere\r\n"
        let made = KeyText.make(randomness: [UInt8](repeating: 9, count: 32))
        let foreign = "Origin: https://evil.example\r\n"
        let requests: [(AccessRefusal, String?, Int, () throws -> RawClient.Response)]
        let site = try site()
        // Its streams are counted apart.
        let signed = try AuditSite(Loop(), access: #","jwt_secret":"a-secret-that-is-long-enough-to-be-one""#)
        defer { for site in [site, signed] { site.stop() } }
        _ = try site.answer("GET", "/api/tags", key: AuditSite.often)
        requests = [
            (.noKey, nil, 401, { try site.answer("POST", "/api/chat", chat, key: "") }),
            (.unknownKey, nil, 401, { try site.answer("POST", "/api/chat", chat, key: made) }),
            (.mistypedKey, nil, 401, { try site.answer("POST", "/api/chat", chat, key: "dmr_wrong") }),
            (
                .twoKeys, nil, 400,
                { try site.answer("GET", "/api/tags", fields: "x-api-key: \(AuditSite.reader)\r\n") }
            ),
            (
                .keyInPath, "reader", 403,
                { try site.answer("GET", "/key/\(AuditSite.reader)/docker-model-runner/config", key: "") }
            ),
            (.scope, "reader", 403, { try site.answer("POST", "/api/chat", chat, key: AuditSite.reader) }),
            (.rate, "often", 429, { try site.answer("GET", "/api/tags", key: AuditSite.often) }),
            (
                .model, "limited", 404,
                { try site.answer("POST", "/api/show", #"{"model":"embedder"}"#, key: AuditSite.limited) }
            ),
            (.noUser, "webui", 403, { try site.answer("POST", "/api/chat", chat, key: AuditSite.webui) }),
            (
                .userTwice, "webui", 400,
                { try site.answer("POST", "/api/chat", chat, fields: ann + ann, key: AuditSite.webui) }
            ),
            (
                .userRule, "webui", 403,
                { try site.answer("POST", "/api/chat", chat, fields: nobody, key: AuditSite.webui) }
            ),
            (
                .userToken, "webui", 403,
                {
                    try signed.answer(
                        "POST", "/api/chat", chat, fields: "X-OpenWebUI-User-Jwt: a.b.c\r\n", key: AuditSite.webui)
                }
            ),
            (.origin, nil, 403, { try site.answer("POST", "/api/chat", chat, fields: foreign) }),
            (
                .host, nil, 403,
                {
                    let client = try site.site.under.client()
                    client.send("GET /api/tags HTTP/1.1\r\nHost: evil.example\r\n\r\n")
                    client.readResponses()
                    return try #require(client.responses.first)
                }
            )
        ]
        #expect(Set(requests.map(\.0)) == Set(AccessRefusal.allCases).subtracting([.certificate]))
        for (refusal, keyName, status, send) in requests {
            let before = try site.audit().count + signed.audit().count
            #expect(try send().status == status, "\(refusal)")
            let lines = try refusal == .userToken ? signed.audit() : site.audit()
            #expect(try site.audit().count + signed.audit().count == before + 1, "\(refusal)")
            let line = try #require(lines.last)
            #expect(line.word == "refused" && line["reason"] == refusal.rawValue, "\(line)")
            #expect(line["key"] == keyName && line["status"] == String(status), "\(line)")
            #expect(line["client"]?.hasPrefix("127.0.0.1:") == true && line["method"] != nil)
            #expect(line["user"] == (refusal == .userRule ? "u-8" : nil), "\(line)")
        }
    }

    /// The client sees a model that isn't there; the log says that it is one that the key may not use.
    @Test(arguments: ForbiddenModelTests.requests)
    func aForbiddenModelIsARefusal(method: String, target: String, body: String?) throws {
        let site = try site()
        var names: [String] = []
        for name in ["embedder", "nobodies"] {
            let answer = try site.answer(
                method, target.replacing("MODEL", with: name), body?.replacing("MODEL", with: name),
                key: AuditSite.limited)
            #expect(answer.status == 404 || answer.status == 400)
            // A pin that leads nowhere is looked at first.
            if !target.hasSuffix("/9") { names.append(name) }
        }
        site.stop()
        let lines = try site.audit()
        #expect(lines.map { $0["model"] } == names, "\(lines)")
        #expect(lines.allSatisfy { $0.word == "refused" && $0["reason"] == "model" && $0["key"] == "limited" })
    }

    @Test func aModelThatIsNotThereIsNoRefusal() throws {
        let site = try site()
        let body = #"{"model":"nobodies","messages":[]}"#
        #expect(try site.answer("POST", "/api/chat", body).status == 404)
        #expect(
            try site.answer("POST", "/api/chat", body.replacing("nobodies", with: "mine"), key: AuditSite.limited)
                .status == 404)
        #expect(try site.answer("GET", "/nowhere", key: "").status == 404)
        #expect(try site.answer("PUT", "/api/tags", key: "").status == 405)
        site.stop()
        #expect(try site.audit().isEmpty)
    }
}
