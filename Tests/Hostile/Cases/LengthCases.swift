// SPDX-License-Identifier: MIT

extension HostileCase {
    static let lengths: [HostileCase] = [
        post("a counted body", "Content-Length: 16", chat, 200, then: .goesOn, reaches: [Forwarded()]),
        post("leading zeros", "Content-Length: 00016", chat, 200, then: .goesOn, reaches: [Forwarded()]),
        post("blanks around the number", "Content-Length:   16  ", chat, 200, then: .goesOn, reaches: [Forwarded()]),
        post("CL.CL: two that differ", "Content-Length: 16⏎Content-Length: 3", chat, 400),
        post("CL.CL: two that agree", "Content-Length: 16⏎Content-Length: 16", chat, 400),
        post("CL.CL: two in different case", "Content-Length: 16⏎cONTENT-lENGTH: 0", chat, 400),
        post("CL.CL: a list", "Content-Length: 16, 16", chat, 400),
        post("CL.CL: a list with an empty element", "Content-Length: ,16", chat, 400),
        post("a signed length", "Content-Length: +16", chat, 400),
        post("a negative length", "Content-Length: -1", "", 400),
        post("a negative zero", "Content-Length: -0", "", 400),
        post("a hexadecimal length", "Content-Length: 0x10", chat, 400),
        post("a length in letters", "Content-Length: ten", chat, 400),
        post("an empty length", "Content-Length:", chat, 400),
        post("a length with a fraction", "Content-Length: 16.0", chat, 400),
        post("a length with an exponent", "Content-Length: 1e1", chat, 400),
        post("a length with a gap", "Content-Length: 1 6", chat, 400),
        post("a length with an underscore", "Content-Length: 1_6", chat, 400),
        post("a length with a semicolon", "Content-Length: 16;", chat, 400),
        post("a quoted length", "Content-Length: \"16\"", chat, 400),
        post("a length in wide digits", "Content-Length: １６", chat, 400),
        post("a length with a vertical tab", "Content-Length: \u{B}16", chat, 400),
        post("a length with a NUL", "Content-Length: 16\0", chat, 400),
        post("a length beyond 64 bits", "Content-Length: 18446744073709551632", chat, 400),
        post("a length of 40 digits", "Content-Length: \(String(repeating: "9", count: 40))", chat, 400),
        post("a length of a terabyte", "Content-Length: 1099511627776", chat, 413),
        post("a space before the length's colon", "Content-Length : 16", chat, 400),
        // The body of a route that takes none is read and dropped; what is in it is never served.
        get("CL.0: a request in a GET's body", "Host: localhost⏎Content-Length: 84⏎⏎\(inner)", 200, then: .goesOn),
        HostileCase(
            "CL.0: a request in the body of an unknown path",
            "POST /nowhere HTTP/1.1⏎Host: localhost⏎Content-Length: 84⏎⏎\(inner)", 404, then: .goesOn),
        HostileCase(
            "CL.0: a request in a body that is no JSON",
            "POST /api/chat HTTP/1.1⏎Host: localhost⏎Content-Length: 84⏎⏎\(inner)", 400, then: .goesOn),
        HostileCase(
            "CL.0: a request in the body of OPTIONS",
            "OPTIONS /api/chat HTTP/1.1⏎Host: localhost⏎Content-Length: 84⏎⏎\(inner)", 204, then: .goesOn),
        HostileCase(
            "CL.0: a request in the body of HEAD",
            "HEAD /api/version HTTP/1.1⏎Host: localhost⏎Content-Length: 84⏎⏎\(inner)", 200, then: .goesOn),
        post("0.CL: bytes behind an empty body", "Content-Length: 0", "\(chat)⏎⏎", 400, 400),
        post(
            "0.CL: a request behind an empty body is one of its own", "Content-Length: 0", inner, 400, 200,
            then: .goesOn, reaches: [Forwarded("/api/generate")]),
        post(
            "no length: bytes behind the head are the next request", "Accept: */*", "\(chat)⏎⏎", 400, 400),
        post(
            "a body that is longer than it says", "Content-Length: 16", "\(chat)}", 200, 400, reaches: [Forwarded()])
    ]

    static let codings: [HostileCase] = [
        post("CL.TE: the length first", "Content-Length: 6⏎Transfer-Encoding: chunked", "0⏎⏎G", 400),
        post("TE.CL: the coding first", "Transfer-Encoding: chunked⏎Content-Length: 3", "0⏎⏎", 400),
        post("CL.TE: a length of 0", "Content-Length: 0⏎Transfer-Encoding: chunked", "10⏎\(chat)⏎0⏎⏎", 400),
        post(
            "CL.TE: with a request behind it", "Content-Length: 4⏎Transfer-Encoding: chunked", "0⏎⏎\(inner)", 400),
        post(
            "TE.CL: with a request in a chunk", "Transfer-Encoding: chunked⏎Content-Length: 4",
            "54⏎\(inner)⏎0⏎⏎", 400),
        post("CL.TE: with an unknown coding", "Content-Length: 16⏎Transfer-Encoding: cow", chat, 400),
        post("CL.TE: with an empty coding", "Content-Length: 16⏎Transfer-Encoding:", chat, 400),
        post("CL.TE: with identity", "Content-Length: 16⏎Transfer-Encoding: identity", chat, 400),
        post("TE.TE: chunked twice", "Transfer-Encoding: chunked, chunked", "0⏎⏎", 400),
        post("TE.TE: two fields", "Transfer-Encoding: chunked⏎Transfer-Encoding: chunked", "0⏎⏎", 400),
        post("TE.TE: two fields that differ", "Transfer-Encoding: chunked⏎Transfer-Encoding: cow", "0⏎⏎", 400),
        post("TE.TE: two fields, chunked last", "Transfer-Encoding: cow⏎Transfer-Encoding: chunked", "0⏎⏎", 400),
        post("an unknown coding", "Transfer-Encoding: gzip", "", 400),
        post("a coding before chunked", "Transfer-Encoding: gzip, chunked", "0⏎⏎", 400),
        post("chunked not last", "Transfer-Encoding: chunked, identity", "0⏎⏎", 400),
        post("a word that ends in chunked", "Transfer-Encoding: xchunked", "0⏎⏎", 400),
        post("a word that begins with chunked", "Transfer-Encoding: chunkedx", "0⏎⏎", 400),
        post("chunked with a parameter", "Transfer-Encoding: chunked;q=1", "0⏎⏎", 400),
        post("chunked in quotes", "Transfer-Encoding: \"chunked\"", "0⏎⏎", 400),
        post("an empty element before chunked", "Transfer-Encoding: , chunked", "0⏎⏎", 400),
        post("an empty element behind chunked", "Transfer-Encoding: chunked,", "0⏎⏎", 400),
        post("an empty coding", "Transfer-Encoding:", "", 400),
        post("identity", "Transfer-Encoding: identity", "", 400),
        post("a space before the coding's colon", "Transfer-Encoding : chunked", "0⏎⏎", 400),
        post("a tab before the coding's colon", "Transfer-Encoding\t: chunked", "0⏎⏎", 400),
        post("a vertical tab before chunked", "Transfer-Encoding: \u{B}chunked", "0⏎⏎", 400),
        post("a NUL behind chunked", "Transfer-Encoding: chunked\0", "0⏎⏎", 400),
        post("a high byte behind chunked", "Transfer-Encoding: chunked\u{80}", "0⏎⏎", 400),
        post("a space in front of the coding's name", "A: b⏎ Transfer-Encoding: chunked", "0⏎⏎", 400),
        post(
            "chunked in capitals and tabs", "tRANSFER-eNCODING:\t CHUNKED", "10⏎\(chat)⏎0⏎⏎", 200, then: .goesOn,
            reaches: [Forwarded(framing: .chunked)]),
        HostileCase(
            "chunked in HTTP/1.0",
            "POST /api/chat HTTP/1.0⏎Host: localhost⏎Transfer-Encoding: chunked⏎⏎10⏎\(chat)⏎0⏎⏎", 400),
        HostileCase(
            "TE.0: a chunked body of OPTIONS",
            "OPTIONS /api/chat HTTP/1.1⏎Host: localhost⏎Transfer-Encoding: chunked⏎⏎54⏎\(inner)⏎0⏎⏎", 204),
        get("TE.0: a chunked body of a GET", "Host: localhost⏎Transfer-Encoding: chunked⏎⏎54⏎\(inner)⏎0⏎⏎", 200)
    ]
}
