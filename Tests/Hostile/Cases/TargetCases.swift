// SPDX-License-Identifier: MIT

extension HostileCase {
    /// A target never travels on: a runner gets the route's own path. So only what decides the route matters.
    static let targets: [HostileCase] =
        paths + [
            HostileCase(
                "absolute form", "GET http://localhost/api/version HTTP/1.1⏎Host: localhost⏎⏎", 200, then: .goesOn),
            HostileCase(
                "absolute form of a chat",
                "POST HTTP://LOCALHOST:80/api/chat HTTP/1.1⏎Host: localhost⏎"
                    + "Content-Length: 16⏎⏎\(chat)", 200, then: .goesOn, reaches: [Forwarded()]),
            HostileCase(
                "absolute form of another host", "GET http://other/api/version HTTP/1.1⏎Host: localhost⏎⏎", 400),
            HostileCase("absolute form of another port", "GET http://a:1/api/version HTTP/1.1⏎Host: a:2⏎⏎", 400),
            HostileCase("absolute form with a user", "GET http://u@localhost/ HTTP/1.1⏎Host: localhost⏎⏎", 400),
            HostileCase("absolute form without Host", "GET http://localhost/api/version HTTP/1.1⏎⏎", 400),
            HostileCase("absolute form without a host", "GET http:///api/version HTTP/1.1⏎Host: localhost⏎⏎", 400),
            HostileCase("absolute form with one slash", "GET http:/api/version HTTP/1.1⏎Host: localhost⏎⏎", 400),
            HostileCase("absolute form of another scheme", "GET ftp://localhost/ HTTP/1.1⏎Host: localhost⏎⏎", 400),
            HostileCase("authority form", "GET localhost:11435 HTTP/1.1⏎Host: localhost⏎⏎", 400),
            HostileCase("CONNECT to a path", "CONNECT /api/version HTTP/1.1⏎Host: localhost⏎⏎", 405, then: .goesOn),
            target("an asterisk", "*", 400, then: .goesOn),
            target("an asterisk and more", "*/api/version", 400),
            target("no slash in front", "api/version", 400),
            target("a question mark in front", "?a=b", 400),
            target("a fragment", "/api/version#a", 400),
            target("a control character", "/api/\u{1}version", 400),
            target("DEL in the target", "/api/version\u{7F}", 400),
            target("a NUL in the target", "/api/version\u{0}", 400)
        ]

    private static let paths: [HostileCase] = [
        target("dot segments", "/api/../api/version", 400, then: .goesOn),
        target("a single dot", "/./api/version", 400, then: .goesOn),
        target("dot segments at the end", "/api/version/..", 400, then: .goesOn),
        target("dot segments beyond the root", "/../../etc/passwd", 400, then: .goesOn),
        target("encoded dot segments", "/api/%2e%2e/version", 400, then: .goesOn),
        target("half encoded dot segments", "/api/.%2E/version", 400, then: .goesOn),
        target("dots encoded twice", "/api/%252e%252e/version", 404, then: .goesOn),
        target("dots as overlong UTF-8", "/api/%c0%ae%c0%ae/version", 404, then: .goesOn),
        target("an encoded slash", "/api%2Fversion", 400, then: .goesOn),
        target("an encoded slash in lower case", "/api%2fversion", 400, then: .goesOn),
        target("a backslash", "/api\\version", 404, then: .goesOn),
        target("an encoded NUL", "/api/version%00", 400, then: .goesOn),
        target("an encoded line end", "/api/version%0d%0aHost:%20x", 400, then: .goesOn),
        target("an encoded space", "/api/version%20", 404, then: .goesOn),
        target("a percent sign alone", "/api/version%", 400, then: .goesOn),
        target("half an escape", "/api/version%2", 400, then: .goesOn),
        target("an escape that is none", "/api/%zz", 400, then: .goesOn),
        target("encoded bytes that are no UTF-8", "/v1/models/%ff", 400, then: .goesOn),
        target("a path parameter", "/api/version;a=b", 404, then: .goesOn),
        target("repeated slashes", "//api///version/", 200, then: .goesOn),
        target("encoded letters", "/%61pi/version", 200, then: .goesOn),
        target("another host's path", "//evil.example/api/version", 404, then: .goesOn),
        target("raw UTF-8", "/v1/models/caf\u{E9}", 400)
    ]

    static let hosts: [HostileCase] = [
        get("no Host", "⏎", 400),
        get("two Hosts", "Host: localhost⏎Host: localhost⏎⏎", 400),
        get("two Hosts that differ", "Host: localhost⏎Host: other⏎⏎", 400),
        get("two Hosts, one of them empty", "Host: localhost⏎Host:⏎⏎", 400),
        get("two Hosts in different case", "Host: localhost⏎hOST: localhost⏎⏎", 400),
        get("a Host with a space", "Host: local host⏎⏎", 400),
        get("a Host with a tab", "Host: local\thost⏎⏎", 400),
        get("a Host with a user", "Host: me@localhost⏎⏎", 400),
        get("a Host with a path", "Host: localhost/api⏎⏎", 400),
        get("a Host with a query", "Host: localhost?a⏎⏎", 400),
        get("a Host with a scheme", "Host: http://localhost⏎⏎", 400),
        get("two names in a Host", "Host: localhost, other⏎⏎", 400),
        get("a Host with an escape", "Host: local%68ost⏎⏎", 400),
        get("a Host with a quote", "Host: \"localhost\"⏎⏎", 400),
        get("a Host that is no ASCII", "Host: löcalhost⏎⏎", 400),
        get("a Host with port 99999", "Host: localhost:99999⏎⏎", 400),
        get("a Host with a signed port", "Host: localhost:+80⏎⏎", 400),
        get("a Host with two ports", "Host: localhost:80:80⏎⏎", 400),
        get("a Host with half a bracket", "Host: [::1⏎⏎", 400),
        get("a Host with a bracket too many", "Host: [::1]]⏎⏎", 400),
        get("a Host with an address that is none", "Host: [::g]⏎⏎", 400),
        get("a Host of another site", "Host: rebound.example.com⏎⏎", 403, then: .goesOn),
        get("a folded Host", "Host: local⏎ host⏎⏎", 400),
        get("a space behind Host", "Host : localhost⏎⏎", 400),
        // What Ollama's own client sends with OLLAMA_HOST=:11435.
        get("an empty Host", "Host:⏎⏎", 200, then: .goesOn),
        get("a Host with an empty port", "Host: localhost:⏎⏎", 200, then: .goesOn),
        HostileCase("no Host in HTTP/1.0", "GET /api/version HTTP/1.0⏎⏎", 200),
        HostileCase("two Hosts in HTTP/1.0", "GET /api/version HTTP/1.0⏎Host: a⏎Host: b⏎⏎", 400)
    ]
}
