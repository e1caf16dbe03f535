// SPDX-License-Identifier: MIT

/// Raw bytes as a client may send them, and what they come to: the answers, what becomes of the connection, and what
/// reaches a runner, to the byte.
public struct HostileCase: CustomStringConvertible, Sendable {
    public enum Then: Sendable {
        /// The connection ends behind the last answer.
        case closes
        /// It serves the next request.
        case goesOn
    }

    /// Says what is odd; no two cases have the same.
    public let name: String
    public let bytes: [UInt8]
    /// Of the answers, in order; a 100 is none.
    public let statuses: [Int]
    public let then: Then
    /// The requests that a runner gets, in order.
    public let reaches: [Forwarded]

    /// In `text`, `⏎` is CR LF; all else stands for itself.
    public init(
        _ name: String, _ text: String, _ statuses: Int..., then: Then = .closes, reaches: [Forwarded] = []
    ) {
        self.init(name, wire(text), statuses, then: then, reaches: reaches)
    }

    public init(_ name: String, _ bytes: [UInt8], _ statuses: [Int], then: Then = .closes, reaches: [Forwarded] = []) {
        (self.name, self.bytes, self.statuses, self.then, self.reaches) = (name, bytes, statuses, then, reaches)
    }

    public var description: String { name }

    /// A chat's body that names a model which the runner has.
    public static let chat = #"{"model":"demo"}"#
}

/// What a runner gets of one request, beside what every request to it has.
public struct Forwarded: Sendable {
    public enum Framing: Sendable {
        case counted, chunked
    }

    public let path: String
    /// The client's fields that travel on, each with its `⏎`.
    public let fields: String
    public let framing: Framing
    public let body: [UInt8]

    public init(
        _ path: String = "/api/chat", fields: String = "", framing: Framing = .counted,
        body: String = HostileCase.chat
    ) {
        self.init(path, fields: fields, framing: framing, bytes: Array(body.utf8))
    }

    public init(_ path: String, fields: String, framing: Framing, bytes: [UInt8]) {
        (self.path, self.fields, self.framing, self.body) = (path, fields, framing, bytes)
    }

    /// - Parameters:
    ///   - host: of the runner, with its port.
    ///   - via: our name in `Via`.
    ///   - id: the request's.
    public func bytes(host: String, via: String, id: String) -> [UInt8] {
        let count = String(body.count, radix: framing == .chunked ? 16 : 10)
        let length = framing == .chunked ? "Transfer-Encoding: chunked" : "Content-Length: \(count)"
        let head = wire(
            "POST \(path) HTTP/1.1⏎Host: \(host)⏎Accept-Encoding: identity⏎Via: 1.1 \(via)⏎X-Request-Id: \(id)⏎"
                + "\(fields)\(length)⏎⏎")
        guard framing == .chunked else { return head + body }
        return head + Array("\(count)\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8)
    }
}

/// Cases of one section of RFC 9112 or of gateway.md section 5.
public struct HostileGroup: Sendable {
    public let title: String
    public let cases: [HostileCase]

    public static let all: [HostileGroup] = [
        HostileGroup(title: "Request line (RFC 9112 section 3)", cases: HostileCase.requestLines),
        HostileGroup(title: "Request target (RFC 9112 section 3.2)", cases: HostileCase.targets),
        HostileGroup(title: "Host (RFC 9112 section 3.2, RFC 9110 section 7.2)", cases: HostileCase.hosts),
        HostileGroup(title: "Field lines (RFC 9112 section 5)", cases: HostileCase.fields),
        HostileGroup(title: "Content-Length (RFC 9112 section 6.2): CL.CL, CL.0, 0.CL", cases: HostileCase.lengths),
        HostileGroup(
            title: "Transfer-Encoding (RFC 9112 section 6.1): CL.TE, TE.CL, TE.TE, TE.0", cases: HostileCase.codings),
        HostileGroup(title: "Chunks, extensions, trailers (RFC 9112 section 7.1)", cases: HostileCase.chunks),
        HostileGroup(title: "Connections (RFC 9112 section 9) and upgrades", cases: HostileCase.connections),
        HostileGroup(title: "Expectations, codings, limits (RFC 9110)", cases: HostileCase.limits),
        HostileGroup(title: "JSON bodies (RFC 8259)", cases: HostileCase.documents)
    ]
}

/// `⏎` is CR LF.
public func wire(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for character in text {
        if character == "⏎" { bytes += [0x0D, 0x0A] } else { bytes += character.utf8 }
    }
    return bytes
}

extension HostileCase {
    /// A POST to `/api/chat` with these fields beside Host, and these bytes behind the empty line.
    static func post(
        _ name: String, _ fields: String, _ rest: String, _ statuses: Int..., then: Then = .closes,
        reaches: [Forwarded] = []
    ) -> HostileCase {
        HostileCase(
            name, wire("POST /api/chat HTTP/1.1⏎Host: localhost⏎\(fields)⏎⏎\(rest)"), statuses,
            then: then, reaches: reaches)
    }

    /// A chat with this body, chunked as the text has it.
    static func chunked(
        _ name: String, _ rest: String, _ statuses: Int..., then: Then = .closes, reaches: [Forwarded] = []
    ) -> HostileCase {
        HostileCase(
            name,
            wire("POST /api/chat HTTP/1.1⏎Host: localhost⏎Transfer-Encoding: chunked⏎⏎\(rest)"),
            statuses, then: then, reaches: reaches)
    }

    /// A GET that we answer ourselves, with this behind its request line, empty line included.
    static func get(_ name: String, _ head: String, _ statuses: Int..., then: Then = .closes) -> HostileCase {
        HostileCase(name, wire("GET /api/version HTTP/1.1⏎\(head)"), statuses, then: then)
    }

    /// This request line, with a Host behind it.
    static func line(_ line: String, _ statuses: Int..., then: Then = .closes, named name: String) -> HostileCase {
        HostileCase(name, wire("\(line)⏎Host: localhost⏎⏎"), statuses, then: then)
    }

    /// A GET of this target.
    static func target(_ name: String, _ target: String, _ statuses: Int..., then: Then = .closes) -> HostileCase {
        HostileCase(name, wire("GET \(target) HTTP/1.1⏎Host: localhost⏎⏎"), statuses, then: then)
    }

    /// A counted chat.
    static func json(
        _ name: String, _ body: String, _ status: Int = 400, then: Then = .goesOn, reaches: Bool = false
    ) -> HostileCase {
        json(name, Array(body.utf8), status, then: then, reaches: reaches)
    }

    static func json(
        _ name: String, _ body: [UInt8], _ status: Int = 400, then: Then = .goesOn, reaches: Bool = false
    ) -> HostileCase {
        HostileCase(
            name,
            wire("POST /api/chat HTTP/1.1⏎Host: localhost⏎Content-Length: \(body.count)⏎⏎") + body,
            [status], then: then,
            reaches: reaches ? [Forwarded("/api/chat", fields: "", framing: .counted, bytes: body)] : [])
    }

    /// A whole request that nobody may serve where it is a part of another one's body.
    static let inner = "POST /api/generate HTTP/1.1⏎Host: localhost⏎Content-Length: 16⏎⏎\(chat)"
    static let innerBytes = 84
    /// Another one that we would answer ourselves.
    static let innerGet = "GET /api/version HTTP/1.1⏎Host: localhost⏎⏎"
}
