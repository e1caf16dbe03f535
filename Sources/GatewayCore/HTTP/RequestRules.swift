// SPDX-License-Identifier: MIT

/// Bounds of a request's head; zero means no limit, as in the configuration.
public struct RequestLimits: Equatable, Sendable {
    /// Bytes of all names and values, and of the target.
    public var headerBytes: Int
    /// Header fields.
    public var headers: Int

    public init(headerBytes: Int = 32768, headers: Int = 100) {
        self.headerBytes = headerBytes
        self.headers = headers
    }
}

/// What the rules made of a head: all that later code may ask about framing and persistence. The raw fields are not
/// asked again, so nothing can be understood in two ways.
public struct CheckedRequest: Equatable, Sendable {
    public var framing: BodyFraming
    /// The client waits for `100 Continue` before it sends the body.
    public var expectsContinue: Bool
    /// The client would go on with this connection (RFC 9112 section 9.3).
    public var keepAlive: Bool
    /// The body is compressed with zstd.
    public var isZstd: Bool
    /// Nil where HTTP/1.0 sent no Host.
    public var host: RequestAuthority?
}

/// What the parser lets through and RFC 9110, RFC 9112 or gateway.md section 5 forbid. llhttp with all lenient flags
/// off refuses bare CR and LF, folded fields and bad names already; it does pass `gzip, chunked`, chunked bodies in
/// HTTP/1.0, and any Host.
public enum RequestRules {
    /// - Parameter takesZstd: the route's body may be compressed with it.
    /// - Throws: 400, 414, 415, 417 or 431, with a sentence for the client; `closesConnection` where the framing is in
    ///   doubt.
    public static func check(
        _ head: RequestHead, limits: RequestLimits, takesZstd: Bool = false
    ) throws(GatewayError) -> CheckedRequest {
        try checkSize(head, limits)
        try RequestFieldRules.check(head.headers)
        let framing = try RequestFraming.framing(of: head)
        let host = try RequestHost.host(of: head)
        let expectsContinue = try RequestFieldRules.expectsContinue(head, framing)
        let isZstd = framing.isEmpty ? false : try RequestFieldRules.isZstd(head.headers, allowed: takesZstd)
        return CheckedRequest(
            framing: framing, expectsContinue: expectsContinue, keepAlive: RequestFieldRules.keepAlive(head),
            isZstd: isZstd, host: host)
    }

    private static func checkSize(_ head: RequestHead, _ limits: RequestLimits) throws(GatewayError) {
        if limits.headerBytes > 0, head.target.count > limits.headerBytes {
            throw GatewayError(
                414, "The request target is longer than \(limits.headerBytes) bytes; shorten it.",
                closesConnection: true)
        }
        if limits.headerBytes > 0, head.headers.byteCount > limits.headerBytes {
            throw GatewayError(
                431, "The header fields take more than \(limits.headerBytes) bytes; send fewer or shorter ones.",
                closesConnection: true)
        }
        if limits.headers > 0, head.headers.count > limits.headers {
            throw GatewayError(
                431, "The request has more than \(limits.headers) header fields; send fewer.", closesConnection: true)
        }
    }
}

extension BodyFraming {
    /// Nothing follows the head.
    var isEmpty: Bool {
        switch self {
        case .none, .counted(0): true
        case .counted, .chunked, .untilClose: false
        }
    }
}
