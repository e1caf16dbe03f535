// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Header names")
struct HeaderNameTests {
    static let known: [(String, HeaderName)] = [
        ("Accept", .accept), ("Accept-Encoding", .acceptEncoding),
        ("Access-Control-Request-Headers", .accessControlRequestHeaders),
        ("Access-Control-Request-Method", .accessControlRequestMethod), ("Authorization", .authorization),
        ("Connection", .connection), ("Content-Encoding", .contentEncoding), ("Content-Length", .contentLength),
        ("Content-Type", .contentType), ("Cookie", .cookie), ("Date", .date), ("Expect", .expect),
        ("Forwarded", .forwarded), ("Host", .host), ("If-Match", .ifMatch), ("Keep-Alive", .keepAlive),
        ("Origin", .origin), ("Proxy-Authenticate", .proxyAuthenticate), ("Proxy-Authorization", .proxyAuthorization),
        ("Proxy-Connection", .proxyConnection), ("Referer", .referer), ("Retry-After", .retryAfter), ("TE", .te),
        ("Trailer", .trailer), ("Transfer-Encoding", .transferEncoding), ("Upgrade", .upgrade),
        ("User-Agent", .userAgent), ("Via", .via), ("X-Api-Key", .xAPIKey), ("X-Request-Id", .xRequestID),
        ("X-Forwarded-For", .xForwarded), ("X-Forwarded-", .xForwarded), ("X-OpenWebUI-User-Email", .xOpenWebUIUser),
        ("X-OpenWebUI-User-", .xOpenWebUIUser), ("X-DMR-Runner", .xDMR), ("X-DMR-", .xDMR)
    ]

    private func name(_ text: String) -> HeaderName {
        Array(text.utf8).withUnsafeBytes { HeaderName($0) }
    }

    @Test("the table of this test knows them all")
    func complete() {
        let named = Set(Self.known.map(\.1)).union([.other])
        #expect(Set(HeaderName.allCases).subtracting(named) == [])
    }

    @Test("are known in any case", arguments: known)
    func anyCase(text: String, expected: HeaderName) {
        let mixed = String(
            text.enumerated().map { index, letter in
                Character(index % 2 == 0 ? letter.lowercased() : letter.uppercased())
            })
        for spelling in [text, text.lowercased(), text.uppercased(), mixed] { #expect(name(spelling) == expected) }
    }

    @Test("and not when anything is missing, changed or added", arguments: known)
    func nearMisses(text: String, expected: HeaderName) {
        let isPrefix = text.hasSuffix("-") || [.xForwarded, .xOpenWebUIUser, .xDMR].contains(expected)
        if !isPrefix {
            #expect(name(text + "s") == .other)
            #expect(name(String(text.dropLast())) == .other)
        }
        #expect(name("x" + text) == .other)
        #expect(name(String(text.dropFirst())) != expected)
        #expect(name(text.replacing("-", with: "_")) == (text.contains("-") ? .other : expected))
        // Bit 5 makes a letter's case; it must not make two other bytes equal: `-` is 0x2D, carriage return 0x0D.
        let bytes = text.utf8.map { $0 == UInt8(ascii: "-") ? 0x0D : $0 }
        if text.contains("-") { #expect(bytes.withUnsafeBytes { HeaderName($0) } == .other) }
    }

    @Test(
        "are other where they are nothing we know",
        arguments: ["", "x", "X-", "X-DMR", "X-Forwarded", "Ho", "Höst", "X-Foo"])
    func other(text: String) {
        #expect(name(text) == .other)
    }
}
