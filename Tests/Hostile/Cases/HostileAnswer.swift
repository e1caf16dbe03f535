// SPDX-License-Identifier: MIT

/// Raw bytes as a runner may send them in answer to a chat, and what they come to.
public struct HostileAnswer: CustomStringConvertible, Sendable {
    /// What the runner does behind its bytes.
    public enum End: Sendable {
        case staysOpen, closes, resets
    }

    public enum Outcome: Equatable, Sendable {
        /// The client gets this status and body, whole.
        case passes(Int, String)
        /// Not a byte reaches the client: another runner is asked, and without one it is 502.
        case refused
        /// The client got this much of a body; then its connection is cut, without the end that its framing wants.
        case cut(after: String)
    }

    /// Says what is odd; no two cases have the same.
    public let name: String
    public let bytes: [UInt8]
    public let end: End
    public let outcome: Outcome
    /// It counts as a failure of the runner.
    public let isFailure: Bool
    /// The runner's connection carries the next exchange, too.
    public let isReused: Bool

    public var description: String { name }

    init(_ name: String, _ bytes: [UInt8], _ outcome: Outcome, end: End, isFailure: Bool, isReused: Bool) {
        (self.name, self.bytes, self.outcome) = (name, bytes, outcome)
        (self.end, self.isFailure, self.isReused) = (end, isFailure, isReused)
    }

    public static let all = heads + framings + bodies + ends + harmless

    // MARK: The rows. In texts, `⏎` is CR LF.

    /// A head, or what is in its place, that is no answer.
    private static func bad(_ name: String, _ text: String, end: End = .staysOpen) -> HostileAnswer {
        HostileAnswer(name, wire(text), .refused, end: end, isFailure: true, isReused: false)
    }

    /// The fields of an answer with status 200 that can't be believed.
    private static func fields(_ name: String, _ fields: String, _ rest: String = "{}") -> HostileAnswer {
        bad(name, "HTTP/1.1 200 OK⏎\(fields)⏎⏎\(rest)")
    }

    /// A chunked body that breaks off or goes wrong behind `{}`.
    private static func chunked(_ name: String, _ rest: String, end: End = .staysOpen) -> HostileAnswer {
        HostileAnswer(
            name, wire("HTTP/1.1 200 OK⏎Transfer-Encoding: chunked⏎⏎2⏎{}⏎\(rest)"), .cut(after: "{}"), end: end,
            isFailure: true, isReused: false)
    }

    /// A whole answer, and more.
    private static func followed(
        _ name: String, _ text: String, _ body: String, status: Int = 200
    ) -> HostileAnswer {
        HostileAnswer(
            name, wire(text), .passes(status, body), end: .staysOpen, isFailure: true, isReused: false)
    }

    private static func fine(
        _ name: String, _ text: String, _ status: Int = 200, _ body: String = "{}", end: End = .staysOpen,
        isReused: Bool = true
    ) -> HostileAnswer {
        HostileAnswer(name, wire(text), .passes(status, body), end: end, isFailure: false, isReused: isReused)
    }
}

extension HostileAnswer {
    private static let heads: [HostileAnswer] = [
        bad("no HTTP", "220 smtp.example.org ESMTP⏎"),
        bad("a close without a byte", "", end: .closes),
        bad("half a head and a close", "HTTP/1.1 200 OK⏎Content-Le", end: .closes),
        bad("half a head and a reset", "HTTP/1.1 200 OK⏎Content-Le", end: .resets),
        bad("HTTP/2.0", "HTTP/2.0 200 OK⏎Content-Length: 2⏎⏎{}"),
        bad("HTTP/0.9", "HTTP/0.9 200 OK⏎⏎{}"),
        bad("HTTP/1.2", "HTTP/1.2 200 OK⏎Content-Length: 2⏎⏎{}"),
        bad("lower-case protocol", "http/1.1 200 OK⏎Content-Length: 2⏎⏎{}"),
        bad("ICY", "ICY 200 OK⏎Content-Length: 2⏎⏎{}"),
        bad("RTSP", "RTSP/1.0 200 OK⏎Content-Length: 2⏎⏎{}"),
        bad("a request", "GET / HTTP/1.1⏎Host: localhost⏎⏎"),
        bad("status 099", "HTTP/1.1 099 X⏎Content-Length: 2⏎⏎{}"),
        bad("status 600", "HTTP/1.1 600 X⏎Content-Length: 2⏎⏎{}"),
        bad("status 999", "HTTP/1.1 999 X⏎Content-Length: 2⏎⏎{}"),
        bad("a status of two digits", "HTTP/1.1 20 OK⏎Content-Length: 2⏎⏎{}"),
        bad("a status of four digits", "HTTP/1.1 2000 OK⏎Content-Length: 2⏎⏎{}"),
        bad("a signed status", "HTTP/1.1 +200 OK⏎Content-Length: 2⏎⏎{}"),
        bad("a reason that touches the status", "HTTP/1.1 200OK⏎Content-Length: 2⏎⏎{}"),
        bad("two spaces before the status", "HTTP/1.1  200 OK⏎Content-Length: 2⏎⏎{}"),
        bad("a space in front", " HTTP/1.1 200 OK⏎Content-Length: 2⏎⏎{}"),
        bad("a line end in front", "⏎HTTP/1.1 200 OK⏎Content-Length: 2⏎⏎{}"),
        bad("a bare LF in front", "\nHTTP/1.1 200 OK⏎Content-Length: 2⏎⏎{}"),
        bad("a bare LF behind the status line", "HTTP/1.1 200 OK\nContent-Length: 2⏎⏎{}"),
        bad("a bare CR in the reason", "HTTP/1.1 200 O\rK⏎Content-Length: 2⏎⏎{}"),
        bad("a CR in the place of the status line's LF", "HTTP/1.1 200 OK\r\rContent-Length: 2⏎⏎{}"),
        bad("such a CR behind a status without a reason", "HTTP/1.1 200\r\rContent-Length: 2⏎⏎{}"),
        bad("101", "HTTP/1.1 101 Switching Protocols⏎Connection: Upgrade⏎Upgrade: websocket⏎⏎"),
        bad("101 that nobody could want", "HTTP/1.1 101 X⏎⏎\(good)"),
        bad("a flood of 100s", String(repeating: "HTTP/1.1 100 Continue⏎⏎", count: 17) + good),
        bad("100s without end", String(repeating: "HTTP/1.1 102 Processing⏎⏎", count: 5000)),
        bad("a 1xx and a close", "HTTP/1.1 103 Early Hints⏎⏎", end: .closes),
        bad("a body behind a 103", "HTTP/1.1 103 Early Hints⏎Content-Length: 2⏎⏎{}\(good)"),
        bad("a body behind a 150", "HTTP/1.1 150 X⏎Content-Length: 2⏎⏎{}\(good)"),
        bad("a field of 70,000 bytes", "HTTP/1.1 200 OK⏎A: \(String(repeating: "b", count: 70000))⏎⏎"),
        bad("a name of 70,000 bytes", "HTTP/1.1 200 OK⏎\(String(repeating: "b", count: 70000)): a⏎⏎"),
        bad("a reason of 70,000 bytes", "HTTP/1.1 200 \(String(repeating: "b", count: 70000))⏎⏎"),
        bad("300 fields", "HTTP/1.1 200 OK⏎\(String(repeating: "A: b⏎", count: 300))⏎")
    ]

    private static let good = "HTTP/1.1 200 OK⏎Content-Length: 2⏎⏎{}"

    private static let framings: [HostileAnswer] = [
        fields("two lengths that differ", "Content-Length: 2⏎Content-Length: 3"),
        fields("two lengths that agree", "Content-Length: 2⏎Content-Length: 2"),
        fields("a list of lengths", "Content-Length: 2, 2"),
        fields("a length and a coding", "Content-Length: 2⏎Transfer-Encoding: chunked", "2⏎{}⏎0⏎⏎"),
        fields("a coding and a length", "Transfer-Encoding: chunked⏎Content-Length: 2", "2⏎{}⏎0⏎⏎"),
        fields("a signed length", "Content-Length: +2"),
        fields("a negative length", "Content-Length: -2"),
        fields("a hexadecimal length", "Content-Length: 0x2"),
        fields("an empty length", "Content-Length:"),
        fields("a length with a gap", "Content-Length: 2 2"),
        fields("a length beyond 64 bits", "Content-Length: 18446744073709551618"),
        fields("an unknown coding", "Transfer-Encoding: gzip"),
        fields("a coding before chunked", "Transfer-Encoding: gzip, chunked", "2⏎{}⏎0⏎⏎"),
        fields("chunked twice", "Transfer-Encoding: chunked, chunked", "2⏎{}⏎0⏎⏎"),
        fields("two codings", "Transfer-Encoding: chunked⏎Transfer-Encoding: chunked", "2⏎{}⏎0⏎⏎"),
        fields("chunked not last", "Transfer-Encoding: chunked, identity", "2⏎{}⏎0⏎⏎"),
        fields("identity", "Transfer-Encoding: identity"),
        fields("a word that ends in chunked", "Transfer-Encoding: xchunked", "2⏎{}⏎0⏎⏎"),
        bad("chunked in HTTP/1.0", "HTTP/1.0 200 OK⏎Transfer-Encoding: chunked⏎⏎2⏎{}⏎0⏎⏎"),
        fields("a space before a colon", "A : b⏎Content-Length: 2"),
        fields("a folded field", "A: b⏎ c⏎Content-Length: 2"),
        fields("a folded length", "Content-Length:⏎ 2"),
        fields("a bare LF behind a field", "A: b\nContent-Length: 2"),
        fields("a bare CR in a value", "A: b\rX-Injected: c⏎Content-Length: 2"),
        fields("a bare LF that hides a field", "A: b\nX-Injected: c⏎Content-Length: 2"),
        fields("a NUL in a value", "A: b\0c⏎Content-Length: 2"),
        fields("a control character in a value", "A: b\u{1}c⏎Content-Length: 2"),
        fields("a field without a name", ": b⏎Content-Length: 2"),
        fields("a field without a colon", "nonsense⏎Content-Length: 2"),
        fields("a name with a bracket", "a(b: c⏎Content-Length: 2"),
        fields("a name that is no ASCII", "ä: c⏎Content-Length: 2")
    ]

    private static let bodies: [HostileAnswer] = [
        chunked("a chunk size that is no number", "g⏎{}⏎0⏎⏎"),
        chunked("a negative chunk size", "-2⏎{}⏎0⏎⏎"),
        chunked("a chunk size with 0x", "0x2⏎{}⏎0⏎⏎"),
        chunked("a chunk size beyond 64 bits", "10000000000000002⏎{}⏎0⏎⏎"),
        chunked("an empty chunk size", "⏎{}⏎0⏎⏎"),
        chunked("a space behind a chunk size", "2 ⏎{}⏎0⏎⏎"),
        chunked("a chunk size ended by a bare LF", "2\n{}⏎0⏎⏎"),
        chunked("an extension without a name", "2;⏎{}⏎0⏎⏎"),
        chunked("an extension with a bare CR", "2;a\rb⏎{}⏎0⏎⏎"),
        chunked("extensions without end", "2;\(String(repeating: "a", count: 70000))⏎{}⏎0⏎⏎"),
        chunked("a malformed trailer", "0⏎a b: c⏎⏎"),
        chunked("a length in a trailer", "0⏎Content-Length: 2⏎⏎"),
        chunked("trailers without end", "0⏎\(String(repeating: "A: b⏎", count: 40000))⏎"),
        chunked("a body ended by a bare LF", "0⏎\n"),
        chunked("a close between two chunks", "", end: .closes),
        chunked("a reset between two chunks", "", end: .resets),
        chunked("a close in a chunk size", "1", end: .closes),
        chunked("a close behind the last chunk's size", "0⏎", end: .closes),
        HostileAnswer(
            "a chunk longer than its size", wire("HTTP/1.1 200 OK⏎Transfer-Encoding: chunked⏎⏎2⏎{}}⏎0⏎⏎"),
            .cut(after: "{}"), end: .staysOpen, isFailure: true, isReused: false),
        HostileAnswer(
            "a close in a chunk", wire("HTTP/1.1 200 OK⏎Transfer-Encoding: chunked⏎⏎5⏎{}"), .cut(after: "{}"),
            end: .closes, isFailure: true, isReused: false),
        HostileAnswer(
            "a close in a counted body", wire("HTTP/1.1 200 OK⏎Content-Length: 5⏎⏎{}"), .cut(after: "{}"),
            end: .closes, isFailure: true, isReused: false),
        HostileAnswer(
            "a reset in a counted body", wire("HTTP/1.1 200 OK⏎Content-Length: 5⏎⏎{}"), .cut(after: "{}"),
            end: .resets, isFailure: true, isReused: false),
        HostileAnswer(
            "a reset in a body until the close", wire("HTTP/1.1 200 OK⏎⏎{}"), .cut(after: "{}"), end: .resets,
            isFailure: true, isReused: false)
    ]

    /// What stands behind an answer is never anybody's, least of all the next client's.
    private static let ends: [HostileAnswer] = [
        followed("a byte behind a counted body", "\(good)x", "{}"),
        followed("a line end behind a counted body", "\(good)⏎", "{}"),
        followed("a second answer behind the first", "\(good)HTTP/1.1 200 OK⏎Content-Length: 6⏎⏎poison", "{}"),
        followed("a 100 behind an answer", "\(good)HTTP/1.1 100 Continue⏎⏎", "{}"),
        followed("bytes behind a chunked body", "HTTP/1.1 200 OK⏎Transfer-Encoding: chunked⏎⏎2⏎{}⏎0⏎⏎x", "{}"),
        followed(
            "a second answer behind a chunked body",
            "HTTP/1.1 200 OK⏎Transfer-Encoding: chunked⏎⏎2⏎{}⏎0⏎⏎HTTP/1.1 200 OK⏎Content-Length: 6⏎⏎poison", "{}"),
        followed("a body behind a 204", "HTTP/1.1 204 No Content⏎Content-Length: 6⏎⏎poison", "", status: 204),
        followed("chunks behind a 204", "HTTP/1.1 204 X⏎Transfer-Encoding: chunked⏎⏎6⏎poison⏎0⏎⏎", "", status: 204),
        followed("a body behind a 304", "HTTP/1.1 304 Not Modified⏎Content-Length: 6⏎⏎poison", "", status: 304),
        followed("a body behind no length", "HTTP/1.1 200 OK⏎Content-Length: 0⏎⏎poison", ""),
        followed(
            "bytes behind a body that closes", "HTTP/1.1 200 OK⏎Connection: close⏎Content-Length: 2⏎⏎{}poison", "{}")
    ]

    private static let harmless: [HostileAnswer] = [
        fine("a counted body", good),
        fine("a chunked body", "HTTP/1.1 200 OK⏎Transfer-Encoding: chunked⏎⏎2⏎{}⏎0⏎⏎"),
        fine("a body until the close", "HTTP/1.1 200 OK⏎⏎{}", end: .closes, isReused: false),
        fine("a body until the close in HTTP/1.0", "HTTP/1.0 200 OK⏎⏎{}", end: .closes, isReused: false),
        fine("a counted body in HTTP/1.0", "HTTP/1.0 200 OK⏎Content-Length: 2⏎⏎{}", isReused: false),
        fine("an answer that closes", "HTTP/1.1 200 OK⏎Connection: close⏎Content-Length: 2⏎⏎{}", isReused: false),
        fine(
            "keep-alive and close together", "HTTP/1.1 200 OK⏎Connection: keep-alive, close⏎Content-Length: 2⏎⏎{}",
            isReused: false),
        fine("a few 1xx in front", "HTTP/1.1 100 Continue⏎⏎HTTP/1.1 103 X⏎Link: X-Injected⏎⏎\(good)"),
        fine("no reason", "HTTP/1.1 200⏎Content-Length: 2⏎⏎{}"),
        // It is never passed on.
        fine("a reason of control characters", "HTTP/1.1 200 X-Injected\u{1}\0\u{1B}[31m⏎Content-Length: 2⏎⏎{}"),
        fine("leading zeros in a length", "HTTP/1.1 200 OK⏎Content-Length: 002⏎⏎{}"),
        fine("extensions are dropped", "HTTP/1.1 200 OK⏎Transfer-Encoding: chunked⏎⏎2;a=X-Injected⏎{}⏎0;b⏎⏎"),
        fine("trailers are dropped", "HTTP/1.1 200 OK⏎Transfer-Encoding: chunked⏎⏎2⏎{}⏎0⏎X-Injected: a⏎⏎"),
        fine(
            "hop-by-hop fields are dropped",
            "HTTP/1.1 200 OK⏎Connection: X-Injected⏎X-Injected: a⏎Trailer: X-Injected⏎Upgrade: h2c⏎"
                + "Proxy-Authenticate: X-Injected⏎Content-Length: 2⏎⏎{}"),
        fine(
            "fields of our own are dropped",
            "HTTP/1.1 200 OK⏎X-DMR-Runner: X-Injected⏎X-Request-Id: X-Injected⏎Content-Length: 2⏎⏎{}"),
        fine(
            "Connection names the framing",
            "HTTP/1.1 200 OK⏎Connection: Content-Length, Transfer-Encoding⏎Content-Length: 2⏎⏎{}"),
        fine("an error", "HTTP/1.1 400 Bad⏎Content-Length: 2⏎⏎{}", 400),
        fine("204", "HTTP/1.1 204 No Content⏎⏎", 204, ""),
        fine("304 with a length", "HTTP/1.1 304 Not Modified⏎Content-Length: 2⏎⏎", 304, "")
    ]
}
