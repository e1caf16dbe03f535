// SPDX-License-Identifier: MIT

extension HostileCase {
    static let fields: [HostileCase] =
        names + lineEnds + [
            get("odd but legal fields", "Host: localhost⏎a!#$%&'*+-.^_`|~9:\t x \t⏎B:⏎⏎", 200, then: .goesOn),
            post(
                "fields travel on without the blanks around their values",
                "X-A: \t a  b \t⏎x-b:c⏎X-Empty:⏎Content-Length: 16", chat, 200, then: .goesOn,
                reaches: [Forwarded(fields: "X-A: a  b⏎x-b: c⏎X-Empty: ⏎")]),
            post(
                "a value of high bytes", "X-A: ü⏎Content-Length: 16", chat, 200, then: .goesOn,
                reaches: [Forwarded(fields: "X-A: ü⏎")]),
            post(
                "fields that say who asks stay here",
                "Cookie: a=b⏎Referer: http://a/⏎Forwarded: for=1.2.3.4⏎X-Forwarded-For: 1.2.3.4⏎X-Forwarded-Host: evil⏎"
                    + "X-DMR-Runner: 7⏎X-OpenWebUI-User-Role: admin⏎Proxy-Authorization: Basic YQ==⏎Content-Length: 16",
                chat, 200, then: .goesOn, reaches: [Forwarded()]),
            get("a NUL in a value", "Host: localhost⏎A: b\0c⏎⏎", 400),
            get("a control character in a value", "Host: localhost⏎A: b\u{1}c⏎⏎", 400),
            get("DEL in a value", "Host: localhost⏎A: b\u{7F}c⏎⏎", 400),
            get("a vertical tab in front of a value", "Host: localhost⏎A: \u{B}b⏎⏎", 400),
            get("a form feed behind a value", "Host: localhost⏎A: b\u{C}⏎⏎", 400),
            get("an escape character in a value", "Host: localhost⏎A: \u{1B}[31m⏎⏎", 400),
            get("two Authorization fields", "Host: localhost⏎Authorization: a⏎Authorization: b⏎⏎", 400, then: .goesOn),
            post(
                "two Content-Types that agree", "Content-Type: text/plain⏎Content-Type: text/plain⏎Content-Length: 16",
                chat,
                200, then: .goesOn, reaches: [Forwarded(fields: "Content-Type: text/plain⏎Content-Type: text/plain⏎")]),
            post(
                "two Content-Types", "Content-Type: application/json⏎Content-Type: text/plain⏎Content-Length: 16", chat,
                400)
        ]

    private static let names: [HostileCase] = [
        get("a space before the colon", "Host: localhost⏎A : b⏎⏎", 400),
        get("a tab before the colon", "Host: localhost⏎A\t: b⏎⏎", 400),
        get("a space in a name", "Host: localhost⏎A B: c⏎⏎", 400),
        get("a field without a name", "Host: localhost⏎: b⏎⏎", 400),
        get("a field without a colon", "Host: localhost⏎nonsense⏎⏎", 400),
        get("a name with a bracket", "Host: localhost⏎a(b: c⏎⏎", 400),
        get("a name with a slash", "Host: localhost⏎a/b: c⏎⏎", 400),
        get("a name with a NUL", "Host: localhost⏎a\0b: c⏎⏎", 400),
        get("a name that is no ASCII", "Host: localhost⏎ä: c⏎⏎", 400),
        get("a quoted name", "Host: localhost⏎\"a\": c⏎⏎", 400),
        get("HTTP/2's pseudo fields", ":authority: localhost⏎:path: /api/tags⏎Host: localhost⏎⏎", 400),
        post("Content_Length", "Content_Length: 3⏎Content-Length: 16", chat, 400),
        post("Transfer_Encoding", "Transfer_Encoding: chunked⏎Content-Length: 16", chat, 400)
    ]

    private static let lineEnds: [HostileCase] = [
        get("a bare LF behind a field", "Host: localhost\nA: b⏎⏎", 400),
        get("bare LFs everywhere", "Host: localhost\n\n", 400),
        get("a bare LF as the empty line", "Host: localhost⏎\n", 400),
        get("a bare CR as the empty line", "Host: localhost⏎\r\rX", 400),
        get("a bare CR in a value", "Host: localhost⏎A: b\rc⏎⏎", 400),
        get("a bare CR behind a field", "Host: localhost\rA: b⏎⏎", 400),
        get("CR CR LF behind a field", "Host: localhost\r\r\n⏎", 400),
        get("LF CR behind a field", "Host: localhost\n\rA: b⏎⏎", 400),
        get("a bare CR that hides a field", "Host: localhost⏎A: b\rTransfer-Encoding: chunked⏎⏎", 400),
        get("a bare LF that hides a field", "Host: localhost⏎A: b\nContent-Length: 5⏎⏎", 400),
        get("a folded field", "Host: localhost⏎A: b⏎ c⏎⏎", 400),
        get("a field folded with a tab", "Host: localhost⏎A: b⏎\tc⏎⏎", 400),
        get("a field folded to nothing", "Host: localhost⏎A: b⏎ ⏎⏎", 400),
        get("a field that begins on its second line", "Host: localhost⏎A:⏎ b⏎⏎", 400),
        get("a first field that begins with a space", " Host: localhost⏎⏎", 400),
        get("a space alone on the first line", " ⏎Host: localhost⏎⏎", 400),
        post("a folded Transfer-Encoding", "Transfer-Encoding:⏎ chunked", "0⏎⏎", 400),
        post("a folded Content-Length", "Content-Length: 1⏎ 6", chat, 400)
    ]
}
