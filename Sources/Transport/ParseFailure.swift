// SPDX-License-Identifier: MIT

public import GatewayCore

/// Why a message could not be parsed.
public enum ParseFailure: Error, Equatable, Sendable {
    case malformed(String)
    case unknownMethod
    case unsupportedVersion
    case headTooLarge
    case targetTooLarge
    case tooManyFields

    /// llhttp stops at the first byte that fits no method it knows. If a method may hold that byte, it is one that is not
    /// implemented (501), else the bytes are no HTTP (400). Nothing behind it is looked at, which may not be here yet.
    init(invalidMethodIn bytes: UnsafeRawBufferPointer, at position: Int) {
        guard position < bytes.count else {
            self = .unknownMethod
            return
        }
        switch bytes[position] {
        case 0x16:
            self = .malformed("this looks like TLS, and this port speaks plain HTTP: use http:// in the URL")
        case let byte where ASCII.isTokenByte(byte): self = .unknownMethod
        default: self = .malformed("the request does not begin with a method")
        }
    }

    /// What a client is told; the connection's framing is in doubt, so it closes.
    public var asClientError: GatewayError {
        switch self {
        case .malformed(let words):
            GatewayError(400, "The request is not valid HTTP/1.1: \(words).", closesConnection: true)
        case .unknownMethod: GatewayError(501, "The request method is not known here.", closesConnection: true)
        case .unsupportedVersion:
            GatewayError(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.", closesConnection: true)
        case .headTooLarge:
            GatewayError(
                431, "The request's header fields are larger than limits.header_bytes allows.", closesConnection: true)
        case .targetTooLarge:
            GatewayError(414, "The request target is larger than limits.header_bytes allows.", closesConnection: true)
        case .tooManyFields:
            GatewayError(431, "The request has more header fields than limits.headers allows.", closesConnection: true)
        }
    }
}
