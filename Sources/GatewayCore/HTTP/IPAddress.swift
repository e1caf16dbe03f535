// SPDX-License-Identifier: MIT

/// An IPv4 or IPv6 address. Both live in 128 bits, IPv4 as its v4-mapped form, so that `::ffff:127.0.0.1` and
/// `127.0.0.1` are one address, as they are to a dual-stack socket.
public struct IPAddress: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An address as text, without brackets and zone. IPv4 needs four decimal parts without leading zeros: shorter and
    /// octal forms mean different things to different resolvers.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        let address = text.withUTF8 { IPAddress(withoutZone: UnsafeRawBufferPointer($0)) }
        guard let address else { return nil }
        self = address
    }

    /// As `init(_:)`; an IPv6 zone (`%eth0`) is dropped.
    init?(bytes: UnsafeRawBufferPointer) {
        guard let percent = bytes.firstIndex(of: UInt8(ascii: "%")), percent + 1 < bytes.count else {
            self.init(withoutZone: bytes)
            return
        }
        let address = UnsafeRawBufferPointer(rebasing: bytes[..<percent])
        guard address.contains(UInt8(ascii: ":")) else { return nil }
        self.init(withoutZone: address)
    }

    private init?(withoutZone bytes: UnsafeRawBufferPointer) {
        if let value = IPAddress.v4Value(bytes) {
            self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(value))
        } else if let (high, low) = IPAddress.v6Value(bytes) {
            self.init(high: high, low: low)
        } else {
            return nil
        }
    }

    public static let loopback4 = IPAddress(high: 0, low: 0xFFFF_7F00_0001)
    public static let loopback6 = IPAddress(high: 0, low: 1)

    public var isVersion4: Bool { high == 0 && low >> 32 == 0xFFFF }
    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { (isVersion4 && low >> 24 & 0xFF == 127) || self == .loopback6 }
    /// 0.0.0.0 or ::, which as a destination mean this machine.
    public var isUnspecified: Bool { high == 0 && (low == 0 || low == 0xFFFF_0000_0000) }

    /// RFC 1918 and RFC 4193; link-local addresses are not private, as in Go.
    public var isPrivate: Bool {
        guard isVersion4 else { return high >> 57 == 0x7E }
        let value = low & 0xFFFF_FFFF
        return value >> 24 == 10 || value >> 20 == 0xAC1 || value >> 16 == 0xC0A8
    }
}

// MARK: Reading

extension IPAddress {
    /// Every request's Host is looked at, so this neither splits nor allocates.
    private static func v4Value(_ bytes: UnsafeRawBufferPointer) -> UInt32? {
        guard (7...15).contains(bytes.count) else { return nil }
        var value: UInt32 = 0
        var parts: UInt32 = 0
        var part: UInt32 = 0
        var digits = 0
        for byte in bytes {
            if byte == UInt8(ascii: ".") {
                guard digits > 0 else { return nil }
                value = value << 8 | part
                parts += 1
                (part, digits) = (0, 0)
                continue
            }
            guard ASCII.isDigit(byte), digits == 0 || part > 0 else { return nil }
            part = part * 10 + UInt32(byte - UInt8(ascii: "0"))
            digits += 1
            guard part < 256 else { return nil }
        }
        return parts == 3 && digits > 0 ? value << 8 | part : nil
    }

    /// RFC 4291 section 2.2: eight groups, one run of zero groups as `::`, perhaps a v4 address in the last two.
    private static func v6Value(_ bytes: UnsafeRawBufferPointer) -> (high: UInt64, low: UInt64)? {
        let colon = UInt8(ascii: ":")
        guard (2...45).contains(bytes.count), bytes.contains(colon) else { return nil }
        // `a::b` splits into a, "", b: the gap is where two colons meet.
        guard let gap = (0..<(bytes.count - 1)).first(where: { bytes[$0] == colon && bytes[$0 + 1] == colon }) else {
            guard let groups = groups(bytes[...]), groups.count == 8 else { return nil }
            return halves(groups)
        }
        guard let left = groups(bytes[..<gap]), let right = groups(bytes[(gap + 2)...]), left.count + right.count < 8
        else { return nil }
        // A v4 tail is the end of the address, not of its left part.
        guard !bytes[..<gap].contains(UInt8(ascii: ".")) else { return nil }
        return halves(left + Array(repeating: 0, count: 8 - left.count - right.count) + right)
    }

    private static func groups(_ bytes: Slice<UnsafeRawBufferPointer>) -> [UInt64]? {
        guard !bytes.isEmpty else { return [] }
        var result: [UInt64] = []
        for part in bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
            if part.endIndex == bytes.endIndex, let tail = v4Value(UnsafeRawBufferPointer(rebasing: part)) {
                result += [UInt64(tail >> 16), UInt64(tail & 0xFFFF)]
                continue
            }
            guard (1...4).contains(part.count) else { return nil }
            var value: UInt64 = 0
            for byte in part {
                guard let digit = ASCII.hexadecimal(byte) else { return nil }
                value = value << 4 | UInt64(digit)
            }
            result.append(value)
        }
        return result
    }

    private static func halves(_ groups: [UInt64]) -> (high: UInt64, low: UInt64) {
        (groups[..<4].reduce(0) { $0 << 16 | $1 }, groups[4...].reduce(0) { $0 << 16 | $1 })
    }
}

// MARK: Writing

extension IPAddress: CustomStringConvertible {
    /// Canonical (RFC 5952): lower case, the longest run of zero groups as `::`; v4-mapped as IPv4.
    public var description: String {
        if isVersion4 {
            return (0..<4).map { String(low >> (24 - 8 * UInt64($0)) & 0xFF) }.joined(separator: ".")
        }
        let groups = [high, low].flatMap { half in (0..<4).map { UInt16(truncatingIfNeeded: half >> (48 - 16 * $0)) } }
        let zeros = IPAddress.longestRunOfZeros(groups)
        func text(_ part: some Sequence<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard zeros.count > 1 else { return text(groups) }
        return text(groups[..<zeros.lowerBound]) + "::" + text(groups[zeros.upperBound...])
    }

    private static func longestRunOfZeros(_ groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index + 1 - start > longest.count {
                longest = start..<index + 1
            }
        }
        return longest
    }
}
