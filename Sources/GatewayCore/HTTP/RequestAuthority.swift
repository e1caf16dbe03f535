// SPDX-License-Identifier: MIT

/// What a `Host` header or the authority of an absolute target names: `host[:port]` (RFC 9110 section 7.2).
///
/// Narrower than the RFC's grammar on purpose: no user, no percent escapes, none of the sub-delimiters. Nothing that
/// resolves needs them, and two readers of `a,b` or `a%2eb` may disagree.
public struct RequestAuthority: Equatable, Sendable {
    public enum Host: Hashable, Sendable {
        /// `Host:` or `Host: :11435`: what Ollama's own client sends with `OLLAMA_HOST=:11435` (oa section 10).
        case empty
        /// In lower case.
        case name(String)
        case address(IPAddress)
    }

    public var host: Host
    /// Nil where none was written.
    public var port: Int?

    /// Longest name DNS can hold, and longest v6 address with a zone.
    private static let longest = 255

    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= RequestAuthority.longest + 6 else { return nil }
        guard let end = RequestAuthority.endOfHost(bytes) else { return nil }
        if end < bytes.count {
            guard let port = RequestAuthority.port(UnsafeRawBufferPointer(rebasing: bytes[(end + 1)...])) else {
                return nil
            }
            self.port = port.number
        }
        guard let host = RequestAuthority.host(UnsafeRawBufferPointer(rebasing: bytes[..<end])) else { return nil }
        self.host = host
    }

    /// For configuration and tests.
    public init?(_ text: String) {
        var text = text
        let authority = text.withUTF8 { RequestAuthority(UnsafeRawBufferPointer($0)) }
        guard let authority else { return nil }
        self = authority
    }

    /// Whether both name the same place for a client of `http` (or `https`).
    func isSame(as other: RequestAuthority, defaultPort: Int) -> Bool {
        host == other.host && (port ?? defaultPort) == (other.port ?? defaultPort)
    }

    /// Position of the colon before the port, or the count; nil if what is behind a bracket isn't a port.
    private static func endOfHost(_ bytes: UnsafeRawBufferPointer) -> Int? {
        let colon = UInt8(ascii: ":")
        guard bytes.first == UInt8(ascii: "[") else { return bytes.firstIndex(of: colon) ?? bytes.count }
        guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
        return bracket + 1 == bytes.count || bytes[bracket + 1] == colon ? bracket + 1 : nil
    }

    /// The grammar allows an empty port (RFC 3986 section 3.2.3).
    private static func port(_ bytes: UnsafeRawBufferPointer) -> (number: Int?, Void)? {
        if bytes.isEmpty { return (nil, ()) }
        guard bytes.count <= 5, let number = ASCII.decimal(bytes), number <= 65535 else { return nil }
        return (number, ())
    }

    private static func host(_ bytes: UnsafeRawBufferPointer) -> Host? {
        guard let first = bytes.first else { return .empty }
        if first == UInt8(ascii: "[") {
            let inner = UnsafeRawBufferPointer(rebasing: bytes[1..<(bytes.count - 1)])
            guard inner.contains(UInt8(ascii: ":")), inner.allSatisfy(isAddressByte),
                let address = IPAddress(bytes: inner)
            else { return nil }
            return .address(address)
        }
        if let address = IPAddress(bytes: bytes) { return .address(address) }
        guard bytes.allSatisfy(isNameByte) else { return nil }
        return .name(String(decoding: bytes.lazy.map(ASCII.lowered), as: UTF8.self))
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "~")
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        isNameByte(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%")
    }
}
