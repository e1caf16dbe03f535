// SPDX-License-Identifier: MIT

/// A request method. Only those that some route of ours or CORS knows have a case; a known-to-HTTP method we never
/// serve is `unsupported` (405), an unknown one never gets here (501).
public enum Method: UInt8, CaseIterable, Sendable {
    case get, head, post, put, patch, delete, options, connect, trace, unsupported

    public var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .connect: "CONNECT"
        case .trace: "TRACE"
        case .unsupported: "OTHER"
        }
    }
}

/// HTTP/1.0 or HTTP/1.1: the parser lets nothing else through.
public enum HTTPVersion: UInt8, Sendable {
    case http10, http11
}

/// The head of a request as it was parsed, before any rule looked at it.
public struct RequestHead: Sendable {
    public var method: Method
    public var version: HTTPVersion
    /// The request target as it came, e.g. `/api/chat?ts=1`.
    public var target: [UInt8]
    public var headers: HeaderFields

    public init(
        method: Method = .get, version: HTTPVersion = .http11, target: [UInt8] = [], headers: HeaderFields = .init()
    ) {
        self.method = method
        self.version = version
        self.target = target
        self.headers = headers
    }
}

/// The head of a runner's response as it was parsed.
public struct ResponseHead: Sendable {
    public var status: Int
    public var version: HTTPVersion
    public var headers: HeaderFields

    public init(status: Int = 200, version: HTTPVersion = .http11, headers: HeaderFields = .init()) {
        self.status = status
        self.version = version
        self.headers = headers
    }
}

/// How a message's body is delimited (RFC 9112 section 6.3).
public enum BodyFraming: Equatable, Sendable {
    case none
    /// Bytes.
    case counted(Int)
    case chunked
    /// Until the connection closes: responses only.
    case untilClose
}
