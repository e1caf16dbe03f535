// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// What particular records say, and when they are written.
@Suite(.serialized) struct AuditTests {
    private static let prefix = ConfiguredGateway.prefix
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func only(_ site: AuditSite, sourceLocation: SourceLocation = #_sourceLocation) throws -> AuditLine {
        let lines = try site.audit()
        #expect(lines.count == 1, "\(lines)", sourceLocation: sourceLocation)
        return try #require(lines.first, sourceLocation: sourceLocation)
    }

    // MARK: Configuration and keys

    @Test func aChangedConfigurationIsToldByNames() throws {
        let site = try AuditSite(loop)
        let urls = [site.runners[1].url, "http://127.0.0.1:1/secret-base"]
        let body = ConfiguredGateway.body(
            urls, #"{"0":{"key":"secret-key"},"1":{"headers":{"X-T":"secret-header"}}}"#, enable: "false")
        #expect(try site.answer("POST", Self.prefix + "/config/update", body).status == 200)
        site.stop()
        let line = try only(site)
        #expect(line.word == "done" && line["action"] == "update-configuration" && line["status"] == "200")
        #expect(line["added"] == "1:127.0.0.1:1" && line["removed"] == "0:127.0.0.1:\(site.runners[0].port)")
        #expect(line["changed"] == "enable,0:127.0.0.1:\(site.runners[1].port)")
    }

    @Test func keysAreToldByTheirNames() throws {
        let site = try AuditSite(loop)
        #expect(try site.answer("POST", Self.prefix + "/keys", #"{"name":"Ann's laptop"}"#).status == 201)
        #expect(try site.answer("DELETE", Self.prefix + "/keys/laptop").status == 200)
        site.stop()
        let lines = try site.audit()
        #expect(lines.map(\.word) == ["done", "done"])
        #expect(lines.map { $0["action"] } == ["create-key", "revoke-key"])
        #expect(lines[0].text.contains(#" added=["Ann's laptop"] "#))
        #expect(lines[1]["removed"] == "laptop" && lines[1]["added"] == nil)
    }

    /// What was asked for is text of the client's, and may be a key that stands in the wrong place.
    @Test(arguments: [
        ("POST", "/keys", #"{"name":"laptop"}"#, 409), ("POST", "/keys", "{}", 400), ("POST", "/keys", "[", 400),
        ("DELETE", "/keys/dmr_misplaced", nil, 404), ("POST", "/config/update", "{}", 422),
        (
            "POST", "/config/update",
            #"{"DOCKER_MODEL_RUNNER_BASE_URLS":["ftp://x"],"DOCKER_MODEL_RUNNER_API_CONFIGS":{}}"#, 400
        ),
        ("POST", "/verify", #"{"url":"http://169.254.169.254"}"#, 400), ("POST", "/verify", "{}", 422)
    ])
    func whatFailsChangesNothingAndIsToldSo(method: String, path: String, body: String?, status: Int) throws {
        let site = try AuditSite(loop)
        #expect(try site.answer(method, Self.prefix + path, body).status == status)
        site.stop()
        let line = try only(site)
        #expect(line.word == "failed" && line["status"] == String(status) && line["key"] == "DMR_ADMIN_KEY")
        #expect(line["added"] == nil && line["changed"] == nil && line["removed"] == nil)
        #expect(!line.text.contains("misplaced"))
    }

    @Test func aVerifiedURLIsNamedWithoutItsPath() throws {
        let site = try AuditSite(loop)
        let url = "\(site.runners[0].url)/secret-base"
        _ = try site.answer("POST", Self.prefix + "/verify", #"{"url":"\#(url)","key":"secret-key"}"#)
        site.stop()
        #expect(try only(site)["target"] == "127.0.0.1:\(site.runners[0].port)")
    }

    /// The change is made, so it is told.
    @Test func aChangeWhoseClientIsGoneIsToldAllTheSame() throws {
        let site = try AuditSite(loop)
        let client = try site.site.under.client()
        client.post(Self.prefix + "/keys", #"{"name":"fresh"}"#, ConfiguredGateway.admin)
        let gateway = site.gateway
        loop.run(until: { client.isConnected && gateway.clientCount == 1 }, "the connection")
        client.reset()
        loop.run(until: { gateway.clientCount == 0 }, "the end of the connection")
        loop.run(until: { gateway.configuration.access.keys.contains { $0.name == "fresh" } }, "the key")
        site.stop()
        let line = try only(site)
        #expect(line.word == "done" && line["added"] == "fresh" && line["status"] == "499")
    }

    // MARK: Runners

    @Test func aPartSuccessNamesEachRunner() throws {
        let site = try AuditSite(loop)
        site.runners[1].close()
        let answer = try site.answer("DELETE", "/api/delete", #"{"model":"shared:1b"}"#)
        #expect(answer.status == 502)
        site.stop()
        let line = try only(site)
        #expect(line.word == "failed" && line["model"] == "shared:1b" && line["status"] == "502")
        #expect(line["runners"]?.hasPrefix("0:200,1:") == true, "\(line)")
    }

    /// Its head says 200 before the work begins.
    @Test func aStreamThatFailsHasFailed() throws {
        let site = try AuditSite(loop)
        let answer = try site.answer("POST", "/api/create", #"{"model":"mine","from":"nobodies"}"#)
        site.stop()
        let line = try only(site)
        #expect(line["status"] == String(answer.status) && line["from"] == "nobodies")
        #expect((line.word == "failed") == (answer.status >= 400 || answer.body.contains(#""error""#)), "\(line)")
    }

    @Test func whoGoesAwayIsToldToHaveGone() throws {
        let site = try AuditSite(loop, gatesTokens: true)
        let client = try site.site.under.client()
        client.post("/api/pull", #"{"model":"new:1b"}"#, ConfiguredGateway.admin)
        client.readUntil("the head") { client.last != nil }
        client.close()
        let gateway = site.gateway
        loop.run(until: { gateway.clientCount == 0 }, "the end of the connection")
        site.stop()
        let line = try only(site)
        #expect(line.word == "abandoned" && line["status"] == "499" && line["runners"] == "0:unfinished,1:unfinished")
    }

    @Test func aBodyThatNeverComesIsAnAbandonedRequest() throws {
        let site = try AuditSite(loop)
        let client = try site.site.under.client()
        client.send(
            "POST /api/pull HTTP/1.1\r\nHost: localhost\r\n\(ConfiguredGateway.admin)Content-Length: 100\r\n\r\n{")
        let gateway = site.gateway
        loop.run(until: { gateway.bodyMemory.held == 1 }, "the head")
        client.close()
        loop.run(until: { gateway.clientCount == 0 }, "the end of the connection")
        site.stop()
        #expect(try only(site).word == "abandoned")
    }

    @Test func anUnloadIsKnownByItsBody() throws {
        let site = try AuditSite(loop)
        let unload = #"{"model":"shared:1b","keep_alive":0}"#
        #expect(try site.answer("POST", "/api/generate", unload).status == 200)
        #expect(try site.answer("POST", "/api/generate", unload.replacing("shared:1b", with: "nobodies")).status == 404)
        #expect(try site.answer("POST", "/api/generate", unload.replacing(":0", with: ":60")).status == 200)
        #expect(try site.answer("POST", "/api/generate", unload, key: AuditSite.laptop).status == 403)
        site.stop()
        let lines = try site.audit()
        #expect(lines.map(\.word) == ["done", "failed", "refused"])
        #expect(lines.map { $0["action"] } == ["unload", "unload", nil] && lines[2]["reason"] == "scope")
        #expect(lines.map { $0["model"] } == ["shared:1b", "nobodies", nil])
    }

    @Test(arguments: ["", "{", #"{"model":""}"#, #"{"model":"a","name":"b"}"#])
    func aRequestThatCanNotBeReadIsOneToo(body: String) throws {
        let site = try AuditSite(loop)
        #expect(try site.answer("POST", "/api/pull", body).status == 400)
        site.stop()
        let line = try only(site)
        #expect(line.word == "failed" && line["action"] == "pull" && line["status"] == "400" && line["runners"] == nil)
    }

    // MARK: Who

    @Test func aUserIsNamedAndAProxysClient() throws {
        let site = try AuditSite(loop, access: #","trusted_proxies":["127.0.0.0/8"]"#)
        let ann =
            "X-OpenWebUI-User-Id: u-7\r\nX-OpenWebUI-User-Email: Ann@example.org\r\nX-Forwarded-For: 203.0.113.9\r\n"
        let body = #"{"source":"shared:1b","destination":"anns"}"#
        #expect(try site.answer("POST", "/api/copy", body, fields: ann, key: AuditSite.webui).status == 200)
        #expect(try site.answer("GET", "/api/tags", key: "").status == 401)
        site.stop()
        let lines = try site.audit()
        #expect(lines.count == 2)
        #expect(lines[0]["user"] == "u-7" && lines[0]["key"] == "webui" && lines[0]["client"] == "203.0.113.9")
        #expect(lines[0]["model"] == "shared:1b" && lines[0]["to"] == "anns")
        #expect(lines.allSatisfy { $0["proxy"]?.hasPrefix("127.0.0.1:") == true })
        #expect(lines[1]["client"] == "-")
    }

    /// The access log names the key, too, wherever one was recognised.
    @Test func theAccessLogNamesTheKeyOfARefusal() throws {
        let site = try AuditSite(loop)
        for key in ["", AuditSite.reader, AuditSite.often, AuditSite.often] {
            _ = try site.answer("POST", "/api/chat", Body.chat, key: key)
        }
        _ = try site.answer("GET", "/nowhere", key: AuditSite.laptop)
        site.stop()
        let lines = try site.lines().filter { $0.contains(" request ") }
        let expected = [(401, nil), (403, "reader"), (200, "often"), (429, "often"), (404, "laptop")]
        #expect(lines.count == expected.count)
        for (line, (status, key)) in zip(lines, expected) {
            #expect(line.contains(" status=\(status) "), "\(line)")
            #expect(key.map { line.hasSuffix(" key=\($0)") } ?? !line.contains(" key="), "\(line)")
        }
    }

    // MARK: The log

    @Test func noLevelLeavesItOut() throws {
        let site = try AuditSite(loop, level: "error")
        #expect(try site.answer("POST", "/api/chat", Body.chat).status == 200)
        #expect(try site.answer("GET", "/api/tags", key: "").status == 401)
        #expect(try site.answer("POST", "/api/pull", #"{"model":"new:1b"}"#).status == 200)
        site.stop()
        #expect(try site.audit().map(\.word) == ["refused", "done"])
        #expect(try site.lines().count == 2)
    }

    @Test func aFloodIsCutAndCounted() throws {
        let site = try AuditSite(loop, level: "error")
        let client = try site.site.under.client()
        for count in 1...4 {
            for _ in 0..<100 { client.get("/api/tags") }
            client.readResponses(100 * count)
        }
        #expect(client.responses.allSatisfy { $0.status == 401 })
        // Somebody else's are written all the same, and what is done.
        _ = try site.answer("POST", "/api/chat", Body.chat, key: AuditSite.reader)
        _ = try site.answer("POST", "/api/pull", #"{"model":"new:1b"}"#)
        site.stop()
        let lines = try site.audit()
        #expect(lines.map(\.word).filter { $0 == "refused" }.count == AuditLimiter.most + 1)
        #expect(lines.filter { $0["key"] == "reader" }.count == 1)
        #expect(lines.filter { $0.word == "done" }.count == 1)
        let omitted = lines.filter { $0.word == "omitted" }
        #expect(omitted.count == 1 && omitted.first?["count"] == "350" && omitted.first?["reasons"] == "no-key:350")
    }

    /// Also where nothing comes any more.
    @Test func whatWasLeftOutIsToldInTime() throws {
        let folder = try TemporaryFolder()
        var configuration = Configuration.Log()
        configuration.file = folder.path("log")
        let log = try Log(configuration)
        let audit = AuditLog(loop: loop, log: log, AuditLimiter(stretch: .milliseconds(20), most: 2))
        for _ in 0..<5 {
            audit.write(turnedAway: .rate, keyName: "ci") {
                AuditRecord(.refused(.rate), party: .init(client: "x", keyName: "ci"))
            }
        }
        func words() -> [String] {
            log.flush()
            return ((try? folder.lines(of: "log")) ?? []).compactMap { AuditLine($0)?.word }
        }
        #expect(words() == ["refused", "refused"])
        loop.run(until: { words().count == 3 }, "the summary")
        #expect(words().last == "omitted")
        audit.end()
        #expect(words().count == 3)
    }
}
