// SPDX-License-Identifier: MIT

/// Which kind of address a request came in on.
public enum ListenerKind: CaseIterable, Hashable, Sendable {
    case loopback, unix, other
}

/// What a connection tells of its client before a byte of a request is read.
public struct Caller: Sendable {
    public var listener: ListenerKind
    /// The peer's; nil on Unix sockets.
    public var address: IPAddress?
    /// The whole subject of the client's certificate, which somebody we trust has issued.
    public var certificate: String?

    public init(on listener: ListenerKind, address: IPAddress? = nil, certificate: String? = nil) {
        self.listener = listener
        self.address = address
        self.certificate = certificate
    }
}

/// What decisions about access need of the world, since the core can neither hash nor tell the time.
public struct AccessMeans: Sendable {
    public var sha256: @Sendable (UnsafeRawBufferPointer) -> KeyDigest
    /// HMAC-SHA-256 (RFC 2104); nil where it can't be made with that secret, and then nothing is signed with it.
    public var hmac: @Sendable (_ secret: [UInt8], _ message: UnsafeRawBufferPointer) -> KeyDigest?
    /// Seconds since 1970.
    public var unixTime: @Sendable () -> Int64

    public init(
        sha256: @escaping @Sendable (UnsafeRawBufferPointer) -> KeyDigest,
        hmac: @escaping @Sendable (_ secret: [UInt8], _ message: UnsafeRawBufferPointer) -> KeyDigest?,
        unixTime: @escaping @Sendable () -> Int64
    ) {
        self.sha256 = sha256
        self.hmac = hmac
        self.unixTime = unixTime
    }
}
