// SPDX-License-Identifier: MIT

/// An IP address, for the rules about who may name us how. A v4-mapped v6 address is the v4 one.
public enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    /// The upper and the lower half.
    case v6(UInt64, UInt64)

    /// Reads the canonical text forms, without brackets; a v6 zone (`%eth0`) is checked and dropped. Octal and
    /// shortened v4 forms (`127.1`, `010.0.0.1`) are not addresses here: browsers rewrite them, Go refuses them.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        let address = text.withUTF8 { IPAddress(bytes: UnsafeRawBufferPointer($0)) }
        guard let address else { return nil }
        self = address
    }

    init?(bytes: UnsafeRawBufferPointer) {
        if let value = IPAddress.v4Value(bytes) {
            self = .v4(value)
        } else if let (high, low) = IPAddress.v6Value(IPAddress.withoutZone(bytes)) {
            self = high == 0 && low >> 32 == 0xFFFF ? .v4(UInt32(truncatingIfNeeded: low)) : .v6(high, low)
        } else {
            return nil
        }
    }

    public var isLoopback: Bool {
        switch self {
        case .v4(let value): value >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    public var isUnspecified: Bool {
        switch self {
        case .v4(let value): value == 0
        case .v6(let high, let low): high == 0 && low == 0
        }
    }

    /// RFC 1918 and RFC 4193; link-local addresses are not private, as in Go.
    public var isPrivate: Bool {
        switch self {
        case .v4(let value): value >> 24 == 10 || value >> 20 == 0xAC1 || value >> 16 == 0xC0A8
        case .v6(let high, _): high >> 57 == 0x7E
        }
    }
}

extension IPAddress {
    private static func v4Value(_ bytes: UnsafeRawBufferPointer) -> UInt32? {
        guard bytes.count <= 15 else { return nil }
        var value: UInt32 = 0
        var parts = 0
        for part in bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard parts < 4, (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0"),
                let number = ASCII.decimal(UnsafeRawBufferPointer(rebasing: part)), number < 256
            else { return nil }
            value = value << 8 | UInt32(number)
            parts += 1
        }
        return parts == 4 ? value : nil
    }

    private static func withoutZone(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let percent = bytes.firstIndex(of: UInt8(ascii: "%")), percent + 1 < bytes.count else { return bytes }
        return UnsafeRawBufferPointer(rebasing: bytes[..<percent])
    }

    /// RFC 4291 section 2.2: eight groups, one run of zero groups as `::`, perhaps a v4 address in the last two.
    private static func v6Value(_ bytes: UnsafeRawBufferPointer) -> (high: UInt64, low: UInt64)? {
        guard (2...45).contains(bytes.count) else { return nil }
        let colon = UInt8(ascii: ":")
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
                guard let digit = NormalizedPath.digit(byte) else { return nil }
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
