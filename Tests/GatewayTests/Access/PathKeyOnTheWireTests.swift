// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// `/key/KEY/…` on real connections: served, streamed and refused, and never passed on.
@Suite(.serialized) struct PathKeyOnTheWireTests {
    static let admin = "an-admin-key-of-24-letters"
    static let user = "dmr_users-key"
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func site(_ change: (inout Configuration) throws -> Void = { _ in }) throws -> TwoRunners {
        try TwoRunners(loop) {
            $0.adminKey = Secret(Array(Self.admin.utf8))
            $0.access.keys = [.init(name: "user", sha256: AccessSite.sha256(Self.user))]
            try change(&$0)
        }
    }

    static let requests: [(String, String, String?, Int)] = [
        ("HEAD", "/key/\(user)/", nil, 200), ("GET", "/key/\(user)", nil, 200),
        ("GET", "/key/\(user)/api/tags", nil, 200),
        ("HEAD", "/key/\(user)/api/tags", nil, 200), ("GET", "/key/\(user)/v1/models", nil, 200),
        ("POST", "/key/\(user)/api/chat", Body.chat, 200), ("POST", "/key/\(user)/api/chat", Body.streamedChat, 200),
        ("POST", "/key/\(user)/docker-model-runner/api/chat/0", Body.chat, 200),
        ("GET", "/key/\(user)/docker-model-runner/api/tags/1", nil, 200),
        ("POST", "/key/\(user)/v1/chat/completions", Body.chat, 200), ("POST", "/key/\(user)/api/show", Body.chat, 200),
        ("POST", "/key/\(user)/api/pull", "{}", 403), ("POST", "/key/\(user)/api/chat", "{", 400),
        ("POST", "/key/\(user)/api/chat", #"{"model":"nobody"}"#, 404), ("GET", "/key/dmr_wrong/api/tags", nil, 401),
        ("GET", "/key/\(admin)/api/tags", nil, 403), ("GET", "/key/\(user)/docker-model-runner/config", nil, 403),
        ("GET", "/key/\(user)/nowhere", nil, 404), ("PUT", "/key/\(user)/api/tags", nil, 405),
        ("OPTIONS", "/key/\(user)/api/chat", nil, 204)
    ]

    @Test(arguments: requests)
    func everyReplyKeepsTheAddressToItself(method: String, target: String, body: String?, status: Int) throws {
        let site = try site()
        defer { site.stop() }
        let answer = try site.answer(method, target, body)
        #expect(answer.status == status)
        #expect(answer.header("referrer-policy") == "no-referrer")
        #expect(!answer.body.contains(Self.user) && !answer.body.contains(Self.admin))
        let sent = site.runners.flatMap(\.records).map { String(decoding: $0.headBytes, as: UTF8.self) }
        #expect(sent.allSatisfy { !$0.contains("dmr_users") && !$0.contains("/key") })
    }

    @Test func aHeadThatIsTooLargeAsWell() throws {
        let site = try site()
        defer { site.stop() }
        let answer = try site.answer(
            "GET", "/key/\(Self.user)/api/tags", fields: "X: \(String(repeating: "a", count: 40_000))\r\n")
        #expect(answer.status == 431)
        #expect(answer.header("referrer-policy") == "no-referrer")
    }

    @Test func otherRepliesSayNothingOfIt() throws {
        let site = try site()
        defer { site.stop() }
        let answer = try site.answer("GET", "/api/tags", fields: "x-api-key: \(Self.user)\r\n")
        #expect(answer.status == 200 && answer.header("referrer-policy") == nil)
    }

    @Test func twoKeysAre400() throws {
        let site = try site()
        defer { site.stop() }
        let other = "Authorization: Bearer \(Self.admin)\r\n"
        #expect(try site.answer("GET", "/key/\(Self.user)/api/tags", fields: other).status == 400)
        let same = "Authorization: Bearer \(Self.user)\r\n"
        #expect(try site.answer("GET", "/key/\(Self.user)/api/tags", fields: same).status == 200)
    }

    @Test func noLogHoldsIt() throws {
        let folder = try TemporaryFolder()
        let log = folder.path + "/log"
        let site = try site {
            $0.log.file = log
            $0.log.level = .trace
        }
        for (method, target, body, _) in Self.requests { _ = try site.answer(method, target, body) }
        site.stop()
        loop.turn(wait: false)
        site.under.gateway.log.flush()
        let text = try folder.text(of: "log")
        #expect(text.contains("/api/chat"))
        #expect(!text.contains(Self.user) && !text.contains(Self.admin) && !text.contains("dmr_wrong"))
    }
}
