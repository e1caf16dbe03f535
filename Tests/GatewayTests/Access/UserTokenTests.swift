// SPDX-License-Identifier: MIT

import Testing
import Transport

@testable import Gateway
@testable import GatewayCore

/// `X-OpenWebUI-User-Jwt` with OpenSSL's HMAC, against tokens that another implementation made.
@Suite struct UserTokenTests {
    static let reader = UserTokenReader(secret: UserTokens.secret, means: at(1_700_000_000))

    static func at(_ time: Int64) -> AccessMeans {
        var means = AccessMeans.ofThisProcess
        means.unixTime = { time }
        return means
    }

    private func user(_ token: String, _ reader: UserTokenReader = reader) throws -> AssertedUser {
        var result: Result<AssertedUser, GatewayError>?
        Array(token.utf8).withUnsafeBytes { bytes in
            result = Result { () throws(GatewayError) in try reader.user(bytes) }
        }
        return try #require(result).get()
    }

    @Test func goodTokensTellTheirUser() throws {
        let users = try UserTokens.good.map { try user($0.text) }
        let ann = AssertedUser(role: "user", email: "ann@example.org", id: "u-1")
        #expect(
            users == [ann, ann, ann, AssertedUser(role: "admin", email: "root@example.org", id: "u-2"), AssertedUser()])
    }

    @Test(arguments: UserTokens.bad)
    func badTokensProveNothing(token: UserTokens.Token) {
        let error = #expect(throws: GatewayError.self) { try user(token.text) }
        #expect(error?.status == 403 && error?.sentence.hasPrefix("X-OpenWebUI-User-Jwt ") == true)
    }

    /// Whatever bit of a good one is changed.
    @Test func noTokenSurvivesAChange() throws {
        let text = Array(try #require(UserTokens.good.first).text.utf8)
        for index in text.indices {
            for bit in 0..<8 {
                var changed = text
                changed[index] ^= 1 << bit
                #expect(throws: GatewayError.self) { try user(String(decoding: changed, as: UTF8.self)) }
            }
        }
    }

    @Test func noTokenSurvivesACutOrAnAddition() throws {
        let text = try #require(UserTokens.good.first).text
        for end in 0..<text.utf8.count {
            #expect(throws: GatewayError.self) { try user(String(text.prefix(end))) }
        }
        for addition in ["=", ".", "A", " ", ".A", "\0"] {
            #expect(throws: GatewayError.self) { try user(text + addition) }
            #expect(throws: GatewayError.self) { try user(addition + text) }
        }
        #expect(throws: GatewayError.self) { try user(String(repeating: "A", count: 5000)) }
    }

    @Test func tokensExpire() throws {
        let token = try #require(UserTokens.good.first).text
        for (time, isGood) in [(1_699_000_000, true), (1_700_000_289, true), (1_700_000_290, false), (.max, false)] {
            let reader = UserTokenReader(secret: UserTokens.secret, means: Self.at(Int64(time)))
            #expect(((try? user(token, reader)) != nil) == isGood)
        }
    }

    @Test func itIsHMAC() {
        // RFC 4231, test cases 1, 2 and 6.
        let cases: [([UInt8], String, String)] = [
            (
                .init(repeating: 0x0B, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                .init(repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            )
        ]
        for (secret, message, expected) in cases {
            let code = Array(message.utf8).withUnsafeBytes { AccessMeans.ofThisProcess.hmac(secret, $0) }
            #expect(code == KeyDigest(hex: expected))
        }
    }
}
