// SPDX-License-Identifier: MIT

import Testing

/// A row of raw bytes and what they come to.
struct RawRequest: CustomTestStringConvertible, Sendable {
    enum Then: Sendable {
        case closes, goesOn
    }

    var name: String
    var bytes: [UInt8]
    var status: Int
    var then: Then

    /// In `text`, `⏎` is CR LF; the rest are the bytes themselves.
    init(_ name: String, _ text: String, _ status: Int, _ then: Then = .closes) {
        self.init(name, Array(text.replacing("⏎", with: "\r\n").utf8), status, then)
    }

    init(_ name: String, _ bytes: [UInt8], _ status: Int, _ then: Then = .closes) {
        (self.name, self.bytes, self.status, self.then) = (name, bytes, status, then)
    }

    /// A POST to `/api/chat` with these fields beside Host, and these bytes behind the empty line.
    static func post(
        _ name: String, _ fields: String, _ rest: String, _ status: Int, _ then: Then = .closes
    ) -> RawRequest {
        RawRequest(name, "POST /api/chat HTTP/1.1⏎Host: localhost⏎\(fields)⏎⏎\(rest)", status, then)
    }

    /// A GET of `/api/tags` with this head behind its request line, empty line included.
    static func get(_ name: String, _ head: String, _ status: Int, _ then: Then = .closes) -> RawRequest {
        RawRequest(name, "GET /api/tags HTTP/1.1⏎\(head)", status, then)
    }

    /// A GET of this target.
    static func target(_ name: String, _ target: String, _ status: Int, _ then: Then = .closes) -> RawRequest {
        RawRequest(name, "GET \(target) HTTP/1.1⏎Host: localhost⏎⏎", status, then)
    }

    /// This request line, with a Host behind it.
    static func line(_ name: String, _ line: String, _ status: Int, _ then: Then = .closes) -> RawRequest {
        RawRequest(name, "\(line)⏎Host: localhost⏎⏎", status, then)
    }

    var testDescription: String { name }

    static let rows = framing + chunks + hosts + fields + targets + lines + others
}

extension RawRequest {
    private static let framing: [RawRequest] = [
        post("both lengths", "Content-Length: 5⏎Transfer-Encoding: chunked", "0⏎⏎", 400),
        post("both lengths, the other way round", "Transfer-Encoding: chunked⏎Content-Length: 0", "0⏎⏎", 400),
        post("two Content-Lengths that differ", "Content-Length: 2⏎Content-Length: 3", "{} ", 400),
        post("two Content-Lengths that agree", "Content-Length: 2⏎Content-Length: 2", "{}", 400),
        post("a list as Content-Length", "Content-Length: 2, 2", "{}", 400),
        post("Content-Length with a sign", "Content-Length: +2", "{}", 400),
        post("negative Content-Length", "Content-Length: -1", "", 400),
        post("hexadecimal Content-Length", "Content-Length: 0x2", "{}", 400),
        post("empty Content-Length", "Content-Length:", "{}", 400),
        post("Content-Length with a fraction", "Content-Length: 2.0", "{}", 400),
        post("Content-Length with a gap", "Content-Length: 1 2", "{}", 400),
        post("Content-Length beyond 64 bits", "Content-Length: 18446744073709551618", "{}", 400),
        post("Content-Length far too large", "Content-Length: 999999999999999999", "{}", 413),
        post("unknown transfer coding", "Transfer-Encoding: gzip", "", 400),
        post("coding before chunked", "Transfer-Encoding: gzip, chunked", "0⏎⏎", 400),
        post("chunked twice", "Transfer-Encoding: chunked, chunked", "0⏎⏎", 400),
        post("chunked not last", "Transfer-Encoding: chunked, identity", "0⏎⏎", 400),
        post("chunked in two fields", "Transfer-Encoding: chunked⏎Transfer-Encoding: chunked", "0⏎⏎", 400),
        post("a word that contains chunked", "Transfer-Encoding: xchunked", "0⏎⏎", 400),
        post("chunked with a parameter", "Transfer-Encoding: chunked;q=1", "0⏎⏎", 400),
        post("empty transfer coding", "Transfer-Encoding:", "", 400),
        post("identity", "Transfer-Encoding: identity", "", 400),
        post("a space before the colon", "Transfer-Encoding : chunked", "0⏎⏎", 400),
        RawRequest(
            "chunked in HTTP/1.0", "POST /api/chat HTTP/1.0⏎Host: localhost⏎Transfer-Encoding: chunked⏎⏎0⏎⏎", 400)
    ]

    private static let chunks: [RawRequest] = [
        post("chunk size that is no number", "Transfer-Encoding: chunked", "g⏎{}⏎0⏎⏎", 400),
        post("negative chunk size", "Transfer-Encoding: chunked", "-1⏎{}⏎0⏎⏎", 400),
        post("chunk size with 0x", "Transfer-Encoding: chunked", "0x2⏎{}⏎0⏎⏎", 400),
        post("chunk size beyond 64 bits", "Transfer-Encoding: chunked", "10000000000000002⏎{}⏎0⏎⏎", 400),
        post("empty chunk size", "Transfer-Encoding: chunked", "⏎{}⏎0⏎⏎", 400),
        post("bytes behind a chunk", "Transfer-Encoding: chunked", "2⏎{}x⏎0⏎⏎", 400),
        post("chunk size ended by a bare LF", "Transfer-Encoding: chunked", "2\n{}⏎0⏎⏎", 400),
        post("chunk ended by a bare LF", "Transfer-Encoding: chunked", "2⏎{}\n0⏎⏎", 400),
        post("chunk extension with a bare CR", "Transfer-Encoding: chunked", "2;a\rb⏎{}⏎0⏎⏎", 400),
        post("malformed trailer", "Transfer-Encoding: chunked", "2⏎{}⏎0⏎a b: c⏎⏎", 400)
    ]

    private static let hosts: [RawRequest] = [
        get("no Host", "⏎", 400),
        get("two Hosts", "Host: localhost⏎Host: localhost⏎⏎", 400),
        get("Host with a space", "Host: local host⏎⏎", 400),
        get("Host with a user", "Host: me@localhost⏎⏎", 400),
        get("Host with a path", "Host: localhost/api⏎⏎", 400),
        get("two names in a Host", "Host: localhost, other⏎⏎", 400),
        get("Host with a bad port", "Host: localhost:99999⏎⏎", 400),
        get("Host with half a bracket", "Host: [::1⏎⏎", 400),
        get("foreign Host", "Host: rebound.example.com⏎⏎", 403, .goesOn),
        get("empty Host", "Host:⏎⏎", 200, .goesOn),
        RawRequest("absolute target of another host", "GET http://other/api/tags HTTP/1.1⏎Host: localhost⏎⏎", 400),
        RawRequest("absolute target of another port", "GET http://a:1/api/tags HTTP/1.1⏎Host: a:2⏎⏎", 400),
        RawRequest("absolute target with a user", "GET http://u@localhost/ HTTP/1.1⏎Host: localhost⏎⏎", 400),
        RawRequest("absolute target without Host", "GET http://localhost/api/tags HTTP/1.1⏎⏎", 400)
    ]

    private static let fields: [RawRequest] = [
        get("bare LF behind a field", "Host: localhost\nA: b⏎⏎", 400),
        get("bare LF as the empty line", "Host: localhost⏎\n", 400),
        get("bare CR in a value", "Host: localhost⏎A: b\rc⏎⏎", 400),
        get("NUL in a value", "Host: localhost⏎A: b\0c⏎⏎", 400),
        get("control character in a value", "Host: localhost⏎A: b\u{1}c⏎⏎", 400),
        get("DEL in a value", "Host: localhost⏎A: b\u{7F}c⏎⏎", 400),
        get("folded field", "Host: localhost⏎A: b⏎ c⏎⏎", 400),
        get("space before the colon", "Host : localhost⏎⏎", 400),
        get("tab before the colon", "Host: localhost⏎A\t: b⏎⏎", 400),
        get("field without a name", "Host: localhost⏎: b⏎⏎", 400),
        get("field without a colon", "Host: localhost⏎nonsense⏎⏎", 400),
        get("field name with a bracket", "Host: localhost⏎a(b: c⏎⏎", 400),
        get("first field begins with a space", " Host: localhost⏎⏎", 400),
        get("two Authorization fields", "Host: localhost⏎Authorization: a⏎Authorization: b⏎⏎", 400, .goesOn),
        get("unknown expectation", "Host: localhost⏎Expect: tea⏎⏎", 417, .closes),
        post("compressed body", "Content-Encoding: gzip⏎Content-Length: 2", "{}", 415, .closes)
    ]

    private static let targets: [RawRequest] = [
        target("an asterisk", "*", 400, .goesOn),
        target("no slash in front", "api/tags", 400),
        target("another scheme", "ftp://localhost/", 400),
        target("a fragment", "/api/tags#a", 400),
        target("dot segments", "/api/../api/tags", 400, .goesOn),
        target("a single dot", "/./api/tags", 400, .goesOn),
        target("encoded dot segments", "/api/%2e%2e/tags", 400, .goesOn),
        target("encoded slash", "/api%2Ftags", 400, .goesOn),
        target("encoded NUL", "/api/tags%00", 400, .goesOn),
        target("encoded line end", "/api/tags%0d%0a", 400, .goesOn),
        target("a percent sign alone", "/api/tags%", 400, .goesOn),
        target("a broken escape", "/api/%zz", 400, .goesOn),
        target("encoded bytes that are no UTF-8", "/v1/models/%ff", 400, .goesOn),
        target("a control character", "/api/\u{1}tags", 400)
    ]

    private static let lines: [RawRequest] = [
        line("CONNECT", "CONNECT localhost:443 HTTP/1.1", 405, .goesOn),
        line("TRACE", "TRACE / HTTP/1.1", 405, .goesOn),
        line("PUT", "PUT /api/tags HTTP/1.1", 405, .goesOn),
        line("unknown method", "BREW / HTTP/1.1", 501),
        line("lower-case method", "get / HTTP/1.1", 501),
        // RFC 9112 section 3 lets a server take any run of spaces here; a runner gets one.
        line("two spaces behind the method", "GET  / HTTP/1.1", 200, .goesOn),
        line("a tab behind the method", "GET\t/ HTTP/1.1", 400),
        line("a space in front", " GET / HTTP/1.1", 400),
        line("something behind the version", "GET / HTTP/1.1 x", 400),
        line("lower-case protocol", "GET / http/1.1", 400),
        line("another protocol", "GET / ICY/1.1", 400),
        line("HTTP/2.0", "GET / HTTP/2.0", 505),
        line("HTTP/1.2", "GET / HTTP/1.2", 505),
        line("HTTP/3.0", "GET / HTTP/3.0", 505),
        line("HTTP/0.9 with fields", "GET /", 505),
        RawRequest("bare LF behind the request line", "GET / HTTP/1.1\nHost: localhost⏎⏎", 400),
        RawRequest("HTTP/0.9", "GET /⏎⏎", 505),
        RawRequest("HTTP/2 preface", "PRI * HTTP/2.0⏎⏎SM⏎⏎", 505),
        RawRequest("only a target", "/api/tags⏎⏎", 400)
    ]

    private static let others: [RawRequest] = [
        RawRequest("TLS hello", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + [UInt8](0...60), 400),
        RawRequest("SOCKS greeting", [0x05, 0x01, 0x00], 400),
        RawRequest("NUL bytes", [UInt8](repeating: 0, count: 20), 400),
        RawRequest("high bytes", [UInt8](repeating: 0xFF, count: 20), 400),
        RawRequest("JSON without HTTP", #"{"model":"shared:1b"}⏎"#, 400),
        RawRequest("leading line ends", "⏎⏎⏎GET /api/tags HTTP/1.1⏎Host: localhost⏎⏎", 200, .goesOn),
        RawRequest("absolute target", "GET http://localhost/api/tags HTTP/1.1⏎Host: localhost⏎⏎", 200, .goesOn),
        get("Upgrade", "Host: localhost⏎Connection: Upgrade⏎Upgrade: websocket⏎⏎", 200, .goesOn),
        get("h2c upgrade", "Host: localhost⏎Connection: Upgrade, HTTP2-Settings⏎Upgrade: h2c⏎⏎", 200, .goesOn),
        get("a body on a GET", "Host: localhost⏎Content-Length: 5⏎⏎hello", 200, .goesOn),
        get("odd but legal fields", "Host: localhost⏎a!#$%&'*+-.^_`|~9:\t x \t⏎B:⏎⏎", 200, .goesOn),
        RawRequest("OPTIONS of the server", "OPTIONS * HTTP/1.1⏎Host: localhost⏎⏎", 204, .goesOn)
    ]
}
