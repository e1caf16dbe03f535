// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Callers told apart by their address, by the user that a key asserts, and by how often they come.
@Suite(.serialized) struct CallerTests {
    static let webui = "dmr_webui"
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func range(_ text: String) throws -> AddressRange { try #require(AddressRange(text)) }

    // MARK: Addresses

    @Test func aNetworkAddsToWhatEverybodyMay() throws {
        let site = try TwoRunners(loop) {
            $0.access.anonymous = .none
            $0.access.networks = [.init(range: try range("127.0.0.0/8"), allow: .inference)]
        }
        defer { site.stop() }
        #expect(try site.answer("POST", "/api/chat", Body.chat).status == 200)
        #expect(try site.answer("POST", "/api/pull", "{}").status == 401)
        // Nobody believes a peer that is no trusted proxy, in either direction.
        #expect(try site.answer("GET", "/api/tags", fields: "X-Forwarded-For: 192.0.2.1\r\n").status == 200)
    }

    @Test(arguments: [
        ("10.0.0.7", 200), ("192.0.2.1", 401), ("10.0.0.7, 192.0.2.1", 401), ("192.0.2.1, 10.0.0.7", 200),
        ("10.0.0.7, 127.0.0.2", 200), ("10.0.0.7, what", 401), ("::ffff:10.0.0.7", 200), (nil, 401)
    ])
    func behindATrustedProxyTheClientsAddressCounts(forwarded: String?, status: Int) throws {
        let site = try TwoRunners(loop) {
            $0.access.anonymous = .none
            $0.access.networks = [.init(range: try range("10.0.0.0/8"), allow: .read)]
            $0.access.trustedProxies = [try range("127.0.0.0/8")]
        }
        defer { site.stop() }
        let fields = forwarded.map { "X-Forwarded-For: \($0)\r\n" } ?? ""
        #expect(try site.answer("GET", "/api/tags", fields: fields).status == status)
        let answer = try site.answer("POST", "/api/chat", Body.chat, fields: fields)
        #expect(answer.status == 401 && answer.header("www-authenticate") == "Bearer")
    }

    // MARK: Users

    private func siteWithUsers(secret: [UInt8]? = nil) throws -> TwoRunners {
        try TwoRunners(loop) {
            var key = AccessSite.key("webui", Self.webui)
            key.assertsUser = true
            $0.access.keys = [key, AccessSite.key("other", "dmr_other")]
            var staff = Configuration.Access.UserRule()
            staff.email = "*@example.org"
            staff.models = ["shared:*"]
            var admins = Configuration.Access.UserRule()
            admins.role = "admin"
            $0.access.users = [admins, staff]
            $0.access.jwtSecret = secret.map { Secret($0) }
        }
    }

    @Test func aUsersRuleSaysWhichModelsThereAre() throws {
        let site = try siteWithUsers()
        defer { site.stop() }
        func answer(_ model: String, _ user: String, key: String = Self.webui) throws -> Int {
            let body = Body.chat.replacing("shared:1b", with: model)
            return try site.answer("POST", "/api/chat", body, fields: AccessSite.bearer(key) + user).status
        }
        let admin = "X-OpenWebUI-User-Role: admin\r\nX-OpenWebUI-User-Email: a@x.org\r\n"
        let ann = "x-openwebui-user-role: user\r\nx-openwebui-user-email: Ann@Example.org\r\n"
        let eve = "X-OpenWebUI-User-Role: user\r\nX-OpenWebUI-User-Email: eve@x.org\r\n"
        for (user, models) in [(admin, [200, 200]), (ann, [200, 404]), (eve, [403, 403]), ("", [403, 403])] {
            #expect(try [answer("shared:1b", user), answer("embedder", user)] == models)
        }
        #expect(try answer("embedder", ann + ann) == 400)
        // From another key they mean nothing.
        for user in [admin, ann, eve, "", ann + ann] { #expect(try answer("embedder", user, key: "dmr_other") == 200) }
        let list = try site.answer("GET", "/api/tags", fields: AccessSite.bearer(Self.webui) + ann)
        #expect(list.listedModels == ["shared:1b"])
        #expect(try site.answer("GET", "/api/tags", fields: AccessSite.bearer(Self.webui)).listedModels.count == 3)
        #expect(try site.answer("GET", "/api/tags", fields: AccessSite.bearer(Self.webui) + eve).status == 403)
        let nobody = try site.answer("POST", "/v1/chat/completions", Body.chat, fields: AccessSite.bearer(Self.webui))
        let words = nobody.json?["error"]?["message"]?.string ?? ""
        #expect(nobody.status == 403 && words.contains("ENABLE_FORWARD_USER_INFO_HEADERS"))
        // No runner is told of it.
        let sent = site.runners.flatMap(\.records).map { String(decoding: $0.headBytes, as: UTF8.self).lowercased() }
        #expect(sent.allSatisfy { !$0.contains("openwebui") })
    }

    /// Made now, since the gateway's clock can't be set: the signature is OpenSSL's own. `UserTokenTests` has others'.
    @Test func aSignedUserIsBelieved() throws {
        let secret = UserTokens.secret
        let site = try siteWithUsers(secret: secret)
        defer { site.stop() }
        func token(_ claims: String, _ secret: [UInt8]) throws -> String {
            let signed = [#"{"alg":"HS256","typ":"JWT"}"#, claims].map(Self.base64URL).joined(separator: ".")
            let code = Array(signed.utf8).withUnsafeBytes { Cryptography.hmacSHA256(secret, $0) }
            return "X-OpenWebUI-User-Jwt: \(signed).\(Self.base64URL(try #require(code)))\r\n"
        }
        let later = AccessMeans.ofThisProcess.unixTime() + 300
        let claims = #"{"sub":"1","email":"ann@example.org","role":"user","iss":"open-webui","exp":\#(later)}"#
        func status(_ fields: String, _ body: String = Body.chat) throws -> Int {
            try site.answer("POST", "/api/chat", body, fields: AccessSite.bearer(Self.webui) + fields).status
        }
        #expect(try status(token(claims, secret)) == 200)
        let plain = "X-OpenWebUI-User-Role: admin\r\n"
        let embedder = Body.chat.replacing("shared:1b", with: "embedder")
        #expect(try status(token(claims, secret) + plain, embedder) == 404)
        #expect(try status(plain) == 403)
        #expect(try status(token(claims, Array("guessed".utf8))) == 403)
        #expect(try status(token(claims.replacing("\(later)", with: "\(later - 301)"), secret)) == 403)
        #expect(try status(token(claims, secret) + token(claims, secret)) == 400)
    }

    private static func base64URL(_ text: String) -> String { base64URL(Array(text.utf8)) }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        return stride(from: 0, to: bytes.count, by: 3).reduce(into: "") { text, start in
            let part = bytes[start..<min(start + 3, bytes.count)]
            let bits = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - part.count))
            for place in 0...part.count { text.append(alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)]) }
        }
    }

    // MARK: Rates

    @Test func whoAsksTooOftenIsToldWhenToComeBack() throws {
        let site = try TwoRunners(loop) {
            var key = AccessSite.key("often", "dmr_often")
            key.requestsPerMinute = 2
            $0.access.keys = [key, AccessSite.key("other", "dmr_other")]
        }
        defer { site.stop() }
        let often = AccessSite.bearer("dmr_often")
        for _ in 0..<2 { #expect(try site.answer("GET", "/api/tags", fields: often).status == 200) }
        let native = try site.answer("POST", "/api/chat", Body.chat, fields: often)
        #expect(native.status == 429 && native.json?["error"]?.string?.contains("2 requests a minute") == true)
        #expect((1...30).contains(Int(native.header("retry-after") ?? "") ?? 0))
        let openAI = try site.answer("POST", "/v1/chat/completions", Body.chat, fields: often)
        #expect(openAI.status == 429 && openAI.json?["error"]?["message"]?.string != nil)
        let anthropic = try site.answer("POST", "/v1/messages", "{}", fields: often)
        #expect(anthropic.status == 429 && anthropic.json?["error"]?["type"]?.string == "rate_limit_error")
        let prefixed = try site.answer("GET", "/docker-model-runner/api/tags", fields: often)
        #expect(prefixed.json?["detail"]?.string != nil && prefixed.json?["error"]?.string != nil)
        #expect(site.proxied.isEmpty)
        // Whether we are there may be asked all the same, and others are none the worse.
        #expect(try site.answer("GET", "/api/version", fields: often).status == 200)
        #expect(try site.answer("GET", "/api/tags", fields: AccessSite.bearer("dmr_other")).status == 200)
    }
}
