// SPDX-License-Identifier: MIT

extension HostileCase {
    static let chunks: [HostileCase] = sizes + extensions + trailers

    private static let sizes: [HostileCase] = [
        chunked("one chunk", "10⏎\(chat)⏎0⏎⏎", 200, then: .goesOn, reaches: [.chunkedChat]),
        chunked(
            "several chunks", "1⏎{⏎00e⏎\"model\":\"demo\"⏎1⏎}⏎000⏎⏎", 200, then: .goesOn, reaches: [.chunkedChat]),
        chunked(
            "a size with zeros in front", "00000000000000000000010⏎\(chat)⏎0⏎⏎", 200, then: .goesOn,
            reaches: [.chunkedChat]),
        chunked(
            "a request behind the last chunk is one of its own", "10⏎\(chat)⏎0⏎⏎\(inner)", 200, 200, then: .goesOn,
            reaches: [.chunkedChat, Forwarded("/api/generate")]),
        chunked("a request in a chunk", "54⏎\(inner)⏎0⏎⏎", 400, then: .goesOn),
        chunked("bytes behind the last chunk", "10⏎\(chat)⏎0⏎⏎}", 200, 400, reaches: [.chunkedChat]),
        chunked("a size that is no number", "g⏎\(chat)⏎0⏎⏎", 400),
        chunked("a size with a letter too many", "10g⏎\(chat)⏎0⏎⏎", 400),
        chunked("a negative size", "-1⏎\(chat)⏎0⏎⏎", 400),
        chunked("a signed size", "+10⏎\(chat)⏎0⏎⏎", 400),
        chunked("a size with 0x", "0x10⏎\(chat)⏎0⏎⏎", 400),
        chunked("a size beyond 64 bits", "10000000000000010⏎\(chat)⏎0⏎⏎", 400),
        chunked("an empty size", "⏎\(chat)⏎0⏎⏎", 400),
        chunked("a size with a gap", "1 0⏎\(chat)⏎0⏎⏎", 400),
        chunked("a space in front of the size", " 10⏎\(chat)⏎0⏎⏎", 400),
        chunked("a space behind the size", "10 ⏎\(chat)⏎0⏎⏎", 400),
        chunked("a tab behind the size", "10\t⏎\(chat)⏎0⏎⏎", 400),
        chunked("a size ended by a bare LF", "10\n\(chat)⏎0⏎⏎", 400),
        chunked("a size ended by a bare CR", "10\r\(chat)⏎0⏎⏎", 400),
        chunked("a size too small", "f⏎\(chat)⏎0⏎⏎", 400),
        chunked("a size too large", "11⏎\(chat)⏎0⏎⏎", 400),
        chunked("a chunk ended by a bare LF", "10⏎\(chat)\n0⏎⏎", 400),
        chunked("a chunk ended by a bare CR", "10⏎\(chat)\r0⏎⏎", 400),
        chunked("a chunk ended by nothing", "10⏎\(chat)0⏎⏎", 400),
        chunked("a last chunk ended by a bare LF", "10⏎\(chat)⏎0\n⏎", 400),
        chunked("a body ended by a bare LF", "10⏎\(chat)⏎0⏎\n", 400),
        chunked("a body ended by a bare CR", "10⏎\(chat)⏎0⏎\r\(inner)", 400)
    ]

    private static let extensions: [HostileCase] = [
        chunked(
            "extensions", "10;a;b=c;d=\"e;\\\"f\"⏎\(chat)⏎0;g⏎⏎", 200, then: .goesOn, reaches: [.chunkedChat]),
        chunked("an extension without a name", "10;⏎\(chat)⏎0⏎⏎", 400),
        chunked("a value without a name", "10;=a⏎\(chat)⏎0⏎⏎", 400),
        chunked("an extension with an empty value", "10;a=⏎\(chat)⏎0⏎⏎", 400),
        chunked("two semicolons", "10;a;;b⏎\(chat)⏎0⏎⏎", 400),
        chunked("a space before an extension", "10 ;a⏎\(chat)⏎0⏎⏎", 400),
        chunked("a space in an extension", "10; a⏎\(chat)⏎0⏎⏎", 400),
        chunked("an extension with a bare CR", "10;a\rb⏎\(chat)⏎0⏎⏎", 400),
        chunked("an extension with a bare LF", "10;a\nb⏎\(chat)⏎0⏎⏎", 400),
        chunked("an extension ended by a bare LF", "10;a\n\(chat)⏎0⏎⏎", 400),
        chunked("a last chunk's extension ended by a bare LF", "10⏎\(chat)⏎0;a\n⏎", 400),
        chunked("a quoted extension with a line end", "10;a=\"⏎\"⏎\(chat)⏎0⏎⏎", 400),
        chunked("a quoted extension without an end", "10;a=\"b⏎\(chat)⏎0⏎⏎", 400),
        chunked("a quoted extension and more", "10;a=\"b\"c⏎\(chat)⏎0⏎⏎", 400),
        chunked("an extension with a NUL", "10;a\0⏎\(chat)⏎0⏎⏎", 400),
        chunked("an extension that is no ASCII", "10;ä⏎\(chat)⏎0⏎⏎", 400),
        chunked("an extension of 40,000 bytes", "10;\(String(repeating: "a", count: 40000))⏎\(chat)⏎0⏎⏎", 431)
    ]

    private static let trailers: [HostileCase] = [
        chunked("a trailer is dropped", "10⏎\(chat)⏎0⏎X-A: b⏎⏎", 200, then: .goesOn, reaches: [.chunkedChat]),
        chunked(
            "a trailer that names another user", "10⏎\(chat)⏎0⏎Authorization: Bearer x⏎X-Forwarded-For: 1.2.3.4⏎⏎", 200,
            then: .goesOn, reaches: [.chunkedChat]),
        chunked(
            "a trailer that names another host", "10⏎\(chat)⏎0⏎Host: other⏎⏎", 200, then: .goesOn,
            reaches: [.chunkedChat]),
        chunked("Content-Length in a trailer", "10⏎\(chat)⏎0⏎Content-Length: 84⏎⏎\(inner)", 400),
        chunked("Transfer-Encoding in a trailer", "10⏎\(chat)⏎0⏎Transfer-Encoding: chunked⏎⏎0⏎⏎", 400),
        chunked("a trailer with a space in its name", "10⏎\(chat)⏎0⏎a b: c⏎⏎", 400),
        chunked("a trailer without a colon", "10⏎\(chat)⏎0⏎GET / HTTP/1.1⏎⏎", 400),
        chunked("a folded trailer", "10⏎\(chat)⏎0⏎a: b⏎ c⏎⏎", 400),
        chunked("a trailer with a bare LF", "10⏎\(chat)⏎0⏎a: b\nc: d⏎⏎", 400),
        chunked("a trailer with a NUL", "10⏎\(chat)⏎0⏎a: \0⏎⏎", 400),
        chunked("a trailer of 40,000 bytes", "10⏎\(chat)⏎0⏎a: \(String(repeating: "b", count: 40000))⏎⏎", 431)
    ]
}

extension Forwarded {
    static let chunkedChat = Forwarded(framing: .chunked)
}
