// SPDX-License-Identifier: MIT

/// The header fields that some rule of ours looks at; every other name is `other` and travels as text.
public enum HeaderName: UInt8, CaseIterable, Sendable {
    case accept, acceptEncoding, accessControlRequestHeaders, accessControlRequestMethod, authorization, connection
    case contentEncoding, contentLength, contentType, cookie, date, expect, forwarded, host, ifMatch, keepAlive, origin
    case proxyAuthenticate, proxyAuthorization, proxyConnection, referer, retryAfter, te, trailer, transferEncoding
    case upgrade, userAgent, via, xAPIKey, xRequestID
    /// Any name that begins with `X-Forwarded-`.
    case xForwarded
    /// Any name that begins with `X-OpenWebUI-User-`.
    case xOpenWebUIUser
    /// Any name that begins with `X-DMR-`.
    case xDMR
    case other

    /// It stands for one name, so that its bytes are known.
    var isSpelledOut: Bool {
        switch self {
        case .xForwarded, .xOpenWebUIUser, .xDMR, .other: false
        case .accept, .acceptEncoding, .accessControlRequestHeaders, .accessControlRequestMethod, .authorization,
            .connection, .contentEncoding, .contentLength, .contentType, .cookie, .date, .expect, .forwarded, .host,
            .ifMatch, .keepAlive, .origin, .proxyAuthenticate, .proxyAuthorization, .proxyConnection, .referer,
            .retryAfter, .te, .trailer, .transferEncoding, .upgrade, .userAgent, .via, .xAPIKey, .xRequestID:
            true
        }
    }

    /// Recognises a name in any letter case (RFC 9110 section 5.1).
    public init(_ name: UnsafeRawBufferPointer) {
        self = HeaderName.exact(name) ?? HeaderName.prefixed(name) ?? .other
    }

    /// Lengths are nearly unique, so a name costs one comparison, at most three.
    private static func exact(_ name: UnsafeRawBufferPointer) -> HeaderName? {
        switch name.count {
        case 2: match(name, ("te", .te))
        case 3: match(name, ("via", .via))
        case 4: match(name, ("host", .host)) ?? match(name, ("date", .date))
        case 6: match(name, ("accept", .accept)) ?? match(name, ("cookie", .cookie)) ?? match6(name)
        case 7:
            match(name, ("trailer", .trailer)) ?? match(name, ("upgrade", .upgrade))
                ?? match(name, ("referer", .referer))
        case 8: match(name, ("if-match", .ifMatch))
        case 9: match(name, ("x-api-key", .xAPIKey)) ?? match(name, ("forwarded", .forwarded))
        case 10:
            match(name, ("connection", .connection)) ?? match(name, ("user-agent", .userAgent))
                ?? match(name, ("keep-alive", .keepAlive))
        case 11: match(name, ("retry-after", .retryAfter))
        case 12: match(name, ("content-type", .contentType)) ?? match(name, ("x-request-id", .xRequestID))
        case 13: match(name, ("authorization", .authorization))
        case 14: match(name, ("content-length", .contentLength))
        case 15: match(name, ("accept-encoding", .acceptEncoding))
        case 16:
            match(name, ("content-encoding", .contentEncoding)) ?? match(name, ("proxy-connection", .proxyConnection))
        case 17: match(name, ("transfer-encoding", .transferEncoding))
        case 18: match(name, ("proxy-authenticate", .proxyAuthenticate))
        case 19: match(name, ("proxy-authorization", .proxyAuthorization))
        case 29: match(name, ("access-control-request-method", .accessControlRequestMethod))
        case 30: match(name, ("access-control-request-headers", .accessControlRequestHeaders))
        default: nil
        }
    }

    private static func match6(_ name: UnsafeRawBufferPointer) -> HeaderName? {
        match(name, ("expect", .expect)) ?? match(name, ("origin", .origin))
    }

    private static func prefixed(_ name: UnsafeRawBufferPointer) -> HeaderName? {
        guard name.count >= 6, name[0] | 0x20 == UInt8(ascii: "x"), name[1] == UInt8(ascii: "-") else { return nil }
        if begins(name, with: "x-dmr-") { return .xDMR }
        if begins(name, with: "x-forwarded-") { return .xForwarded }
        if begins(name, with: "x-openwebui-user-") { return .xOpenWebUIUser }
        return nil
    }

    private static func match(_ name: UnsafeRawBufferPointer, _ known: (StaticString, HeaderName)) -> HeaderName? {
        ASCII.equalsIgnoringCase(name, known.0) ? known.1 : nil
    }

    private static func begins(_ name: UnsafeRawBufferPointer, with prefix: StaticString) -> Bool {
        name.count >= prefix.utf8CodeUnitCount
            && ASCII.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: name[..<prefix.utf8CodeUnitCount]), prefix)
    }
}
