// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("The head that goes to the client")
struct ClientHeadTests {
    private func render(
        _ runner: [String] = [], status: Int = 200, framing: BodyFraming = .chunked, version: HTTPVersion = .http11,
        keepsAlive: Bool = true, originFields: [OwnResponse.Field] = []
    ) -> String {
        let head = ClientHead(runnerFraming: framing, clientVersion: version, clientKeepsAlive: keepsAlive)
        var output = OutputBuffer()
        head.render(
            ResponseHead(status: status, headers: headerFields(runner)), clientVersion: version, runner: 2,
            requestID: Array("id-7".utf8), fields: originFields, date: Array("NOW".utf8), into: &output)
        return String(decoding: output.bytes, as: UTF8.self)
    }

    private static let ours = "X-DMR-Runner: 2\r\nX-Request-Id: id-7\r\n"

    struct Case: Sendable, CustomTestStringConvertible {
        let runner: BodyFraming
        let version: HTTPVersion
        let keepsAlive: Bool
        let lines: String
        let framing: BodyFraming
        let stays: Bool

        init(
            _ runner: BodyFraming, _ version: HTTPVersion, _ keepsAlive: Bool, _ lines: String, _ framing: BodyFraming,
            _ stays: Bool
        ) {
            self.runner = runner
            self.version = version
            self.keepsAlive = keepsAlive
            self.lines = lines
            self.framing = framing
            self.stays = stays
        }

        var testDescription: String { "\(runner) to \(version), keep-alive \(keepsAlive)" }
    }

    private static let length = "Content-Length: 5\r\n"
    private static let chunked = "Transfer-Encoding: chunked\r\n"
    private static let close = "Connection: close\r\n"
    private static let stay = "Connection: keep-alive\r\n"

    static let cases = [
        Case(.none, .http11, true, "", .none, true), Case(.none, .http11, false, close, .none, false),
        Case(.none, .http10, true, stay, .none, true), Case(.none, .http10, false, close, .none, false),
        Case(.counted(5), .http11, true, length, .counted(5), true),
        Case(.counted(5), .http11, false, length + close, .counted(5), false),
        Case(.counted(5), .http10, true, length + stay, .counted(5), true),
        Case(.counted(5), .http10, false, length + close, .counted(5), false),
        Case(.chunked, .http11, true, chunked, .chunked, true),
        Case(.chunked, .http11, false, chunked + close, .chunked, false),
        Case(.chunked, .http10, true, close, .untilClose, false),
        Case(.chunked, .http10, false, close, .untilClose, false),
        Case(.untilClose, .http11, true, chunked, .chunked, true),
        Case(.untilClose, .http11, false, chunked + close, .chunked, false),
        Case(.untilClose, .http10, true, close, .untilClose, false),
        Case(.untilClose, .http10, false, close, .untilClose, false)
    ]

    @Test("byte for byte, for every framing, version and wish to keep the connection", arguments: cases)
    func framing(test: Case) {
        let head = ClientHead(
            runnerFraming: test.runner, clientVersion: test.version, clientKeepsAlive: test.keepsAlive)
        #expect(head.framing == test.framing)
        #expect(head.keepsAlive == test.stays)
        #expect(
            render(framing: test.runner, version: test.version, keepsAlive: test.keepsAlive)
                == "\(test.version == .http10 ? "HTTP/1.0" : "HTTP/1.1") 200 OK\r\nDate: NOW\r\n" + Self.ours
                + test.lines + "\r\n")
    }

    @Test("the runner's own date stands, once")
    func date() {
        #expect(
            render(["Date: THEN", "Content-Type: text/plain"])
                == "HTTP/1.1 200 OK\r\nDate: THEN\r\nContent-Type: text/plain\r\n" + Self.ours + Self.chunked + "\r\n")
        #expect(render(["Connection: date", "Date: THEN"]).contains("Date: NOW\r\n"))
    }

    static let dropped = [
        "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "Proxy-Authenticate", "Content-Length", "X-DMR-Runner", "X-DMR-Anything", "X-Request-Id"
    ]

    @Test("drops what belongs to the runner's hop and what we say ourselves", arguments: dropped)
    func isDropped(name: String) {
        for spelling in [name, name.lowercased(), name.uppercased()] {
            #expect(!render(["\(spelling): runner-value"]).contains("runner-value"))
        }
    }

    @Test(
        "forwards every other field as it was spelled",
        arguments: [
            "Content-Type", "Content-Encoding", "Cache-Control", "Server", "Set-Cookie", "ETag", "Retry-After",
            "WWW-Authenticate", "Location", "Via", "X-Foo", "x-ratelimit-remaining", "Vary", "Host", "Accept"
        ])
    func isForwarded(name: String) {
        #expect(render(["\(name): runner-value"]).contains("\r\n\(name): runner-value\r\n"))
    }

    @Test("drops the fields that the runner's Connection names")
    func namedInConnection() {
        let head = render(["X-Hop: 1", "X-End: 2", "Connection: x-HOP, close"])
        #expect(!head.contains("X-Hop"))
        #expect(head.contains("X-End: 2\r\n"))
        #expect(!head.contains("Connection:"), "its close is not the client's")
    }

    @Test("repeated fields stay repeated, in their order")
    func repeated() {
        let head = render(["Set-Cookie: a=1", "X-Foo: 1", "Set-Cookie: b=2"])
        #expect(head.contains("Set-Cookie: a=1\r\nX-Foo: 1\r\nSet-Cookie: b=2\r\n"))
    }

    @Test("what CORS asks of us stands among our fields")
    func originFields() {
        #expect(
            render(originFields: [.init("Access-Control-Allow-Origin", "http://a")]).contains(
                Self.ours + "Access-Control-Allow-Origin: http://a\r\n"))
    }

    @Test(
        "any status has a status line that a client can parse",
        arguments: [(200, "OK"), (404, "Not Found"), (503, "Service Unavailable"), (299, ""), (599, "")])
    func statusLine(status: Int, phrase: String) {
        let line = lines(Array(render(status: status).utf8)).first
        #expect(line?.hasPrefix("HTTP/1.1 \(status) \(phrase)") == true)
    }
}
