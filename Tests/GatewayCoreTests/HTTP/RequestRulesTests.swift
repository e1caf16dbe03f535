// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Heads that llhttp lets through, or could one day, and the rules must not.
@Suite struct RequestRulesTests {
    /// One bad head; `closes` says whether the connection may go on.
    struct Bad: CustomTestStringConvertible, Sendable {
        var status = 400
        var version = HTTPVersion.http11
        var method = Method.post
        var target = "/api/chat"
        var headers: [(String, String)]
        var closes = true

        init(
            _ headers: [(String, String)], _ status: Int = 400, _ version: HTTPVersion = .http11,
            method: Method = .post, target: String = "/api/chat", closes: Bool = true
        ) {
            (self.headers, self.status, self.version, self.method) = (headers, status, version, method)
            (self.target, self.closes) = (target, closes)
        }

        var head: RequestHead { RequestHead.make(method, target, headers, version) }
        var testDescription: String { "\(method.name) \(target) \(headers)" }
    }

    static let host = ("Host", "localhost:11435")

    /// Framing: everything a smuggler would try.
    static let framing: [Bad] = [
        [("Content-Length", "1"), ("Transfer-Encoding", "chunked")],
        [("Transfer-Encoding", "chunked"), ("Content-Length", "0")],
        [("Content-Length", "1"), ("Transfer-Encoding", "")],
        [("Content-Length", "1"), ("Content-Length", "1")], [("Content-Length", "1"), ("content-length", "2")],
        [("Content-Length", "1, 1")], [("Content-Length", "")], [("Content-Length", "+1")],
        [("Content-Length", "-1")], [("Content-Length", "1.0")], [("Content-Length", "0x10")],
        [("Content-Length", "1e3")], [("Content-Length", "1 1")], [("Content-Length", "１")],
        [("Content-Length", "1234567890123456789")], [("Content-Length", "99999999999999999999999")],
        [("Content-Length", "1;q=1")], [("Content-Length", "\u{B}1")],
        [("Transfer-Encoding", "gzip")], [("Transfer-Encoding", "gzip, chunked")],
        [("Transfer-Encoding", "chunked, gzip")], [("Transfer-Encoding", "chunked, chunked")],
        [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
        [("Transfer-Encoding", "identity")], [("Transfer-Encoding", "")], [("Transfer-Encoding", ", chunked")],
        [("Transfer-Encoding", "chunked,")], [("Transfer-Encoding", "chunked;x=1")],
        [("Transfer-Encoding", "xchunked")], [("Transfer-Encoding", "chunked\u{B}")],
        [("Transfer-Encoding", "\"chunked\"")], [("Transfer-Encoding", "chunked identity")]
    ].map { Bad([host] + $0) }

    static let oldFraming: [Bad] = [
        Bad([("Transfer-Encoding", "chunked")], 400, .http10), Bad([host, ("Transfer-Encoding", "gzip")], 400, .http10),
        Bad([("Content-Length", "1"), ("Content-Length", "1")], 400, .http10),
        Bad([("Content-Length", "1"), ("Transfer-Encoding", "chunked")], 400, .http10)
    ]

    static let hosts: [Bad] =
        [
            Bad([]), Bad([host, host]), Bad([host, ("host", "other")]), Bad([host, host], 400, .http10),
            Bad([("Host", "a"), ("Host", "")])
        ]
        + [
            "a b", "a,b", "user@a", "user:pass@a", "a/b", "a?b", "a#b", "http://a", "a\\b", "a:b", "a:-1", "a:+1",
            "a:65536", "a:123456", "a:1:2", "::1", "[::1", "::1]", "[::1]x", "[::1]:x", "[]", "[a]", "[1.2.3.4]",
            "[::1%]:1]", "[:::1]", "[1:2:3:4:5:6:7:8:9]", "[12345::]", "a%2eb", "%00", "é", "a;b", "a'b", "<a>", "a\"",
            "a=b", "*", "*.example.com", "a\u{0}b", "a\tb", "a\u{7F}", String(repeating: "a", count: 300)
        ].map { Bad([("Host", $0)]) }

    static let bytes: [Bad] =
        ["a\u{0}b", "a\u{1}", "\u{1F}a", "a\u{7F}", "a\rb", "a\nb", "a\r\nEvil: 1", "\u{8}", "a\u{1B}[31m"].map {
            Bad([host, ("X-A", $0)])
        }
        + ["X A", "X\tA", "X:A", "", "X\u{0}", "X\r\n", "é", "X(A)", "X,A", "X/A", "\"X\"", "X[0]", "{X}", "X@A"].map {
            Bad([host, ($0, "1")])
        }

    static let targets: [Bad] = [
        Bad([host], target: "http://other:11435/api/chat"), Bad([host], target: "http://localhost/api/chat"),
        Bad([host], target: "https://localhost/"), Bad([host], target: "http://localhost.:11435/"),
        Bad([host], target: "http://u@localhost:11435/"), Bad([host], target: "http:///api/chat"),
        Bad([host], target: "http://:11435/"), Bad([host], target: "ftp://localhost:11435/"),
        Bad([host], target: "http://[::1/"), Bad([host], target: "localhost:11435"), Bad([host], target: ""),
        Bad([("Host", "")], target: "http://a/"), Bad([("Host", "a:80")], target: "https://a/"),
        Bad([], 400, .http10, target: "http://a b/"), Bad([], target: "http://a/"),
        Bad([host], target: "http://localhost:11435@evil/")
    ]

    static let others: [Bad] = [
        Bad([host, ("Expect", "100-continue-please"), ("Content-Length", "1")], 417),
        Bad([host, ("Expect", "200-ok")], 417, closes: false),
        Bad([host, ("Expect", "100-continue, x"), ("Transfer-Encoding", "chunked")], 417),
        Bad([host, ("Expect", "100-continue"), ("Expect", "x"), ("Content-Length", "0")], 417, closes: false),
        Bad([host, ("Content-Encoding", "gzip"), ("Content-Length", "1")], 415, closes: false),
        Bad([host, ("Content-Encoding", "zstd"), ("Transfer-Encoding", "chunked")], 415, closes: false),
        Bad([host, ("Content-Encoding", "identity, br"), ("Content-Length", "1")], 415, closes: false),
        Bad(
            [host, ("Content-Encoding", "identity"), ("Content-Encoding", "x"), ("Content-Length", "1")], 415,
            closes: false),
        Bad([host] + (0..<100).map { ("X-\($0)", "1") }, 431),
        Bad([host, ("X-A", String(repeating: "a", count: 32768))], 431),
        Bad([host], 414, target: "/" + String(repeating: "a", count: 32768))
    ]

    @Test(arguments: framing + oldFraming + hosts + bytes + targets + others)
    func badHeadsAreRefusedWithASentence(bad: Bad) {
        let error = #expect(throws: GatewayError.self) { try RequestRules.check(bad.head, limits: RequestLimits()) }
        #expect(error?.status == bad.status && error?.closesConnection == bad.closes && error?.origin == .client)
        #expect(error?.sentence.hasSuffix(".") == true)
        // Words of the gateway's only: a name of a field at most, no control character, no value.
        #expect(error?.sentence.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } == true)
    }

    @Test func thereAreManyOfThem() {
        let count = (Self.framing + Self.oldFraming + Self.hosts + Self.bytes + Self.targets + Self.others).count
        #expect(count >= 120)
    }

    @Test func bytesThatAreNotUTF8MayStandInAValueButNotInAName() throws {
        var headers = HeaderFields()
        headers.append("Host", "a")
        [UInt8]("X-A".utf8).withUnsafeBytes { headers.appendName($0) }
        [0xFF, 0xC3].withUnsafeBytes { headers.appendValue(UnsafeRawBufferPointer(rebasing: $0[..<1])) }
        headers.endField()
        _ = try RequestRules.check(
            RequestHead(method: .get, target: Array("/".utf8), headers: headers), limits: RequestLimits())
    }

    @Test func limitsOfZeroAreNone() throws {
        let headers = [Self.host] + (0..<500).map { ("X-\($0)", String(repeating: "a", count: 100)) }
        let head = RequestHead.make(.get, "/" + String(repeating: "a", count: 40000), headers)
        _ = try RequestRules.check(head, limits: RequestLimits(headerBytes: 0, headers: 0))
    }
}

extension RequestHead {
    static func make(
        _ method: Method, _ target: String, _ headers: [(String, String)], _ version: HTTPVersion = .http11
    ) -> RequestHead {
        var fields = HeaderFields()
        for (name, value) in headers { fields.append(name, value) }
        return RequestHead(method: method, version: version, target: Array(target.utf8), headers: fields)
    }

    @Test("a control character is found wherever it stands in a value, and nothing else is taken for one")
    func controlCharacters() {
        for length in [1, 7, 8, 9, 16, 21] {
            for place in 0..<length {
                for byte in UInt8.min ... .max {
                    var value = [UInt8](repeating: UInt8(ascii: "v"), count: length)
                    value[place] = byte
                    var headers = HeaderFields()
                    Array("X".utf8).withUnsafeBytes { headers.appendName($0) }
                    value.withUnsafeBytes { headers.appendValue($0) }
                    headers.endField()
                    let isControl = byte < 0x20 && byte != 0x09 || byte == 0x7F
                    // Blanks at the end are none of the value.
                    #expect((try? RequestFieldRules.check(headers)) == nil ? isControl : !isControl)
                }
            }
        }
    }
}
