// SPDX-License-Identifier: MIT

extension HostileCase {
    static let connections: [HostileCase] = pipelines + hopByHop + upgrades

    private static let pipelines: [HostileCase] = [
        get("two requests at once", "Host: localhost⏎⏎\(innerGet)", 200, 200, then: .goesOn),
        post(
            "three chats at once", "Content-Length: 16", "\(chat)\(inner)\(inner)", 200, 200, 200, then: .goesOn,
            reaches: [Forwarded(), Forwarded("/api/generate"), Forwarded("/api/generate")]),
        post(
            "line ends between two requests", "Content-Length: 16", "\(chat)⏎⏎\(inner)", 200, 200, then: .goesOn,
            reaches: [Forwarded(), Forwarded("/api/generate")]),
        post(
            "a bare LF between two requests", "Content-Length: 16", "\(chat)\n\(inner)", 200, 400,
            reaches: [Forwarded()]),
        get("a malformed request behind a good one", "Host: localhost⏎⏎GET /api/version HTTP/1.1⏎A : b⏎⏎", 200, 400),
        get("HTTP/2's preface behind a request", "Host: localhost⏎⏎PRI * HTTP/2.0⏎⏎SM⏎⏎", 200, 505),
        get("a request behind a close", "Host: localhost⏎Connection: close⏎⏎\(inner)", 200),
        get("a request behind a refused one", "Host: localhost⏎Host: localhost⏎⏎\(inner)", 400),
        post(
            "a request behind a chat that closes", "Connection: close⏎Content-Length: 16", "\(chat)\(inner)", 200,
            reaches: [Forwarded()]),
        HostileCase("HTTP/1.0 closes", "GET /api/version HTTP/1.0⏎Host: localhost⏎⏎\(innerGet)", 200),
        HostileCase(
            "HTTP/1.0 goes on if asked to", "GET /api/version HTTP/1.0⏎Host: localhost⏎Connection: keep-alive⏎⏎", 200,
            then: .goesOn),
        HostileCase(
            "HTTP/1.0 with Proxy-Connection closes",
            "GET /api/version HTTP/1.0⏎Host: localhost⏎Proxy-Connection: keep-alive⏎⏎", 200),
        HostileCase(
            "a chat in HTTP/1.0", "POST /api/chat HTTP/1.0⏎Content-Length: 16⏎⏎\(chat)", 200, reaches: [Forwarded()]),
        HostileCase("HEAD", "HEAD /api/version HTTP/1.1⏎Host: localhost⏎⏎", 200, then: .goesOn),
        HostileCase("OPTIONS of the server", "OPTIONS * HTTP/1.1⏎Host: localhost⏎⏎", 204, then: .goesOn)
    ]

    private static let hopByHop: [HostileCase] = [
        get("keep-alive and close together", "Host: localhost⏎Connection: keep-alive, close⏎⏎", 200),
        post(
            "Connection names the framing", "Connection: Content-Length⏎Content-Length: 16", chat, 200, then: .goesOn,
            reaches: [Forwarded()]),
        post(
            "Connection names the coding", "Connection: Transfer-Encoding⏎Transfer-Encoding: chunked",
            "10⏎\(chat)⏎0⏎⏎", 200, then: .goesOn, reaches: [.chunkedChat]),
        post(
            "Connection names Host and Via", "Connection: Host, Via, X-Request-Id⏎Content-Length: 16", chat, 200,
            then: .goesOn, reaches: [Forwarded()]),
        post(
            "Connection names a field", "Connection: X-A, keep-alive⏎X-A: b⏎X-B: c⏎Content-Length: 16", chat, 200,
            then: .goesOn, reaches: [Forwarded(fields: "X-B: c⏎")]),
        post(
            "hop-by-hop fields stay here",
            "Keep-Alive: timeout=5⏎TE: trailers⏎Trailer: X-A⏎Proxy-Connection: keep-alive⏎Content-Length: 16", chat,
            200, then: .goesOn, reaches: [Forwarded()])
    ]

    private static let upgrades: [HostileCase] = [
        get("a web socket", "Host: localhost⏎Connection: Upgrade⏎Upgrade: websocket⏎⏎", 200, then: .goesOn),
        get(
            "HTTP/2 in plain text",
            "Host: localhost⏎Connection: Upgrade, HTTP2-Settings⏎Upgrade: h2c⏎HTTP2-Settings: AAMAAABkAAQAAP__⏎⏎", 200,
            then: .goesOn),
        post(
            "HTTP/2 in plain text with a chat",
            "Connection: Upgrade, HTTP2-Settings⏎Upgrade: h2c⏎HTTP2-Settings: AAMAAABkAAQAAP__⏎Content-Length: 16",
            chat, 200, then: .goesOn, reaches: [Forwarded()]),
        get(
            "a request behind an upgrade is one of its own",
            "Host: localhost⏎Connection: Upgrade⏎Upgrade: h2c⏎⏎\(innerGet)", 200, 200, then: .goesOn),
        HostileCase(
            "a request behind CONNECT is one of its own",
            "CONNECT localhost:443 HTTP/1.1⏎Host: localhost⏎⏎\(innerGet)", 405, 200, then: .goesOn)
    ]

    static let limits: [HostileCase] = [
        post(
            "Expect: 100-continue", "Expect: 100-Continue⏎Content-Length: 16", chat, 200, then: .goesOn,
            reaches: [Forwarded()]),
        post("Expect something else", "Expect: tea⏎Content-Length: 16", chat, 417),
        post("Expect something more", "Expect: 100-continue, tea⏎Content-Length: 16", chat, 417),
        get("Expect something without a body", "Host: localhost⏎Expect: tea⏎⏎", 417),
        HostileCase(
            "Expect in HTTP/1.0 is nothing", "POST /api/chat HTTP/1.0⏎Expect: tea⏎Content-Length: 16⏎⏎\(chat)", 200,
            reaches: [Forwarded()]),
        post("a gzipped body", "Content-Encoding: gzip⏎Content-Length: 16", chat, 415),
        post(
            "a body of no coding", "Content-Encoding: identity⏎Content-Length: 16", chat, 200, then: .goesOn,
            reaches: [Forwarded(fields: "Content-Encoding: identity⏎")]),
        post("two codings", "Content-Encoding: identity⏎Content-Encoding: zstd⏎Content-Length: 16", chat, 415),
        post("a body beyond limits.json_body_bytes", "Content-Length: 33554433", "", 413),
        get("a field beyond limits.header_bytes", "Host: localhost⏎A: \(String(repeating: "b", count: 33000))⏎⏎", 431),
        get("a name beyond limits.header_bytes", "Host: localhost⏎\(String(repeating: "b", count: 33000)): a⏎⏎", 431),
        get("more fields than limits.headers", "Host: localhost⏎\(String(repeating: "A: b⏎", count: 100))⏎", 431),
        target("a target beyond limits.header_bytes", "/\(String(repeating: "a", count: 33000))", 414)
    ]
}
