// SPDX-License-Identifier: MIT

/// A response the gateway writes itself: lists, health, every error. A runner's response never becomes one.
public struct OwnResponse: Equatable, Sendable {
    public struct Field: Equatable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public static let json = "application/json; charset=utf-8"
    public static let text = "text/plain; charset=utf-8"
    /// As Ollama's 404 and 405 have it, which come from its router and not from its handlers.
    public static let bareText = "text/plain"
    /// The interim response that lets a client with `Expect: 100-continue` send its body.
    public static let goOn = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    public var status: Int
    /// Nil for an empty body.
    public var contentType: String?
    public var body: [UInt8]
    /// Beside those `render` writes itself.
    public var fields: [Field]
    /// The connection ends with this response, whatever the client would like.
    public var closesConnection: Bool

    public init(
        _ status: Int, contentType: String? = nil, body: [UInt8] = [], fields: [Field] = [],
        closesConnection: Bool = false
    ) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.fields = fields
        self.closesConnection = closesConnection
    }

    public init(_ status: Int = 200, json: JSON) {
        self.init(status, contentType: OwnResponse.json, body: json.bytes)
    }

    public init(_ status: Int = 200, text: String) {
        self.init(status, contentType: OwnResponse.text, body: Array(text.utf8))
    }

    /// Whether the connection goes on, given that the client and the server would like it to.
    public func keepsAlive(_ wanted: Bool) -> Bool { wanted && !closesConnection }

    /// Appends the whole response to `output`.
    ///
    /// - Parameters:
    ///   - isHead: the request was a HEAD: same head, no body.
    ///   - version: the request's. The answer names the same one, as Go's server does.
    ///   - keepAlive: the client would go on and the server is not shutting down.
    ///   - date: an IMF-fixdate (`HTTPDate`), which the loop keeps for a second.
    public func render(
        into output: inout [UInt8], isHead: Bool, version: HTTPVersion, keepAlive: Bool, date: [UInt8],
        requestID: String? = nil
    ) {
        output.reserveCapacity(output.count + 320 + body.count)
        renderStatusLine(into: &output, version)
        if let contentType { OwnResponse.append("Content-Type", contentType, to: &output) }
        for field in fields { OwnResponse.append(field.name, field.value, to: &output) }
        if let requestID { OwnResponse.append("X-Request-Id", requestID, to: &output) }
        output += "Date: ".utf8
        output += date
        output += "\r\n".utf8
        // RFC 9110 section 8.6: a 204 has no length; a 304 would have the length it doesn't send.
        if status != 204 { OwnResponse.append("Content-Length", String(body.count), to: &output) }
        if !keepsAlive(keepAlive) {
            OwnResponse.append("Connection", "close", to: &output)
        } else if version == .http10 {
            OwnResponse.append("Connection", "keep-alive", to: &output)
        }
        output += "\r\n".utf8
        if !isHead, status != 204, status != 304 { output += body }
    }

    private func renderStatusLine(into output: inout [UInt8], _ version: HTTPVersion) {
        output += (version == .http10 ? "HTTP/1.0 " : "HTTP/1.1 ").utf8
        output += String(status).utf8
        output.append(0x20)
        output += ReasonPhrase.of(status).utf8
        output += "\r\n".utf8
    }

    /// Control characters are left out: a value may hold something of the client's (its origin, its request id), and
    /// nothing of the client's may begin a new line here.
    private static func append(_ name: String, _ value: String, to output: inout [UInt8]) {
        output += name.utf8
        output += ": ".utf8
        for byte in value.utf8 where byte >= 0x20 && byte != 0x7F { output.append(byte) }
        output += "\r\n".utf8
    }
}
