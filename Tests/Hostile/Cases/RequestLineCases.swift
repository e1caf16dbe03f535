// SPDX-License-Identifier: MIT

extension HostileCase {
    static let requestLines: [HostileCase] =
        methods + versions + noHTTP + [
            // RFC 9112 section 3 lets a server take any run of spaces here; a runner gets one.
            line("GET  /api/version HTTP/1.1", 200, then: .goesOn, named: "two spaces behind the method"),
            line("GET /api/version  HTTP/1.1", 200, then: .goesOn, named: "two spaces behind the target"),
            line("GET\t/api/version HTTP/1.1", 400, named: "a tab behind the method"),
            line("GET /api/version\tHTTP/1.1", 400, named: "a tab behind the target"),
            line("GET\u{B}/api/version HTTP/1.1", 400, named: "a vertical tab behind the method"),
            line(" GET /api/version HTTP/1.1", 400, named: "a space in front of the method"),
            line("GET /api/version HTTP/1.1 ", 400, named: "a space behind the version"),
            line("GET /api/version HTTP/1.1 x", 400, named: "a word behind the version"),
            line("GET /api/version x HTTP/1.1", 400, named: "a space in the target"),
            line("GET", 400, named: "a method alone"),
            line("GET  HTTP/1.1", 400, named: "an empty target"),
            HostileCase("a bare LF behind the request line", "GET /api/version HTTP/1.1\nHost: localhost⏎⏎", 400),
            HostileCase("a bare CR behind the request line", "GET /api/version HTTP/1.1\rHost: localhost⏎⏎", 400),
            HostileCase("CR CR LF behind the request line", "GET /api/version HTTP/1.1\r\r\nHost: localhost⏎⏎", 400),
            HostileCase("line ends in front", "⏎⏎⏎GET /api/version HTTP/1.1⏎Host: localhost⏎⏎", 200, then: .goesOn),
            HostileCase("a bare LF in front", "\nGET /api/version HTTP/1.1⏎Host: localhost⏎⏎", 400),
            HostileCase("a bare CR in front", "\rGET /api/version HTTP/1.1⏎Host: localhost⏎⏎", 400),
            HostileCase("a bare LF behind a line end in front", "⏎\nGET /api/version HTTP/1.1⏎Host: localhost⏎⏎", 400),
            HostileCase("two CRs in front", "\r\r\nGET /api/version HTTP/1.1⏎Host: localhost⏎⏎", 400),
            HostileCase("a raw line end in the target", "GET /api⏎GET /version HTTP/1.1⏎Host: localhost⏎⏎", 400),
            HostileCase(
                "a request line split by a bare LF", "POST /api/chat\nPOST /api/generate HTTP/1.1⏎Host: localhost⏎⏎",
                400)
        ]

    private static let methods: [HostileCase] = [
        line("BREW /api/version HTTP/1.1", 501, named: "an unknown method"),
        line("get /api/version HTTP/1.1", 501, named: "a lower-case method"),
        line("GETX /api/version HTTP/1.1", 501, named: "a method that only begins as one"),
        line("A!#$%&'*+-.^_`|~1 /api/version HTTP/1.1", 501, named: "a method of odd but legal characters"),
        line("\(String(repeating: "A", count: 4000)) / HTTP/1.1", 501, named: "a method of 4,000 letters"),
        line("(GET /api/version HTTP/1.1", 400, named: "a method that begins with a bracket"),
        line("GET(T /api/version HTTP/1.1", 400, named: "a method with a bracket in it"),
        line("GET\u{0} /api/version HTTP/1.1", 400, named: "a method with a NUL"),
        line("PUT /api/version HTTP/1.1", 405, then: .goesOn, named: "a method of another route"),
        line("TRACE /api/version HTTP/1.1", 405, then: .goesOn, named: "TRACE"),
        line("CONNECT localhost:443 HTTP/1.1", 405, then: .goesOn, named: "CONNECT"),
        line("M-SEARCH * HTTP/1.1", 400, then: .goesOn, named: "M-SEARCH, as UPnP has it")
    ]

    private static let versions: [HostileCase] = [
        line("GET /api/version HTTP/2.0", 505, named: "HTTP/2.0"),
        line("GET /api/version HTTP/1.2", 505, named: "HTTP/1.2"),
        line("GET /api/version HTTP/3.0", 505, named: "HTTP/3.0"),
        line("GET /api/version HTTP/0.9", 505, named: "HTTP/0.9 with a version"),
        line("GET /api/version", 505, named: "HTTP/0.9 with fields"),
        HostileCase("HTTP/0.9", "GET /api/version⏎⏎", 505),
        line("GET /api/version HTTP/1", 400, named: "a version without a minor number"),
        line("GET /api/version HTTP/1.10", 400, named: "a version with two minor digits"),
        line("GET /api/version HTTP/01.1", 400, named: "a version with two major digits"),
        line("GET /api/version HTTP/1,1", 400, named: "a version with a comma"),
        line("GET /api/version HTTP/1.1.1", 400, named: "a version with two dots"),
        line("GET /api/version HTTP/x.y", 400, named: "a version of letters"),
        line("GET /api/version HTTP /1.1", 400, named: "a space in the protocol's name"),
        line("GET /api/version http/1.1", 400, named: "a lower-case protocol"),
        line("GET /api/version ICY/1.1", 400, named: "another protocol"),
        line("GET /api/version RTSP/1.0", 400, named: "RTSP in place of HTTP"),
        HostileCase(
            "RTSP in place of HTTP, with a body",
            "POST /api/chat RTSP/1.0⏎Host: localhost⏎Content-Length: 16⏎⏎\(chat)", 400),
        line("SOURCE /api/version ICE/1.0", 400, named: "Icecast's protocol"),
        HostileCase("HTTP/2's preface", "PRI * HTTP/2.0⏎⏎SM⏎⏎", 505),
        line("PRI * HTTP/1.1", 400, named: "HTTP/2's method in HTTP/1.1")
    ]

    private static let noHTTP: [HostileCase] = [
        HostileCase(
            "TLS on a plain port", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + [UInt8](0...60), [400]),
        HostileCase("a SOCKS greeting", [0x05, 0x01, 0x00], [400]),
        HostileCase("NUL bytes", [UInt8](repeating: 0, count: 20), [400]),
        HostileCase("high bytes", [UInt8](repeating: 0xFF, count: 20), [400]),
        HostileCase("JSON without HTTP", "\(chat)⏎", 400),
        HostileCase("a target without a method", "/api/version⏎⏎", 400),
        HostileCase("a mail client", "EHLO localhost⏎", 501),
        HostileCase("a response in place of a request", "HTTP/1.1 200 OK⏎Content-Length: 0⏎⏎", 501)
    ]
}
