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
        if let version4 = IPAddress.version4(text) {
            self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(version4))
        } else if let groups = IPAddress.version6(text) {
            self.init(high: IPAddress.joined(groups[..<4]), low: IPAddress.joined(groups[4...]))
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
}

// MARK: Reading

extension IPAddress {
    private static func joined(_ groups: some Sequence<UInt16>) -> UInt64 {
        groups.reduce(0) { $0 << 16 | UInt64($1) }
    }

    private static func version4(_ text: some StringProtocol) -> UInt32? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy(ASCII.isDigit), let first = part.first,
                part.count == 1 || first != UInt8(ascii: "0")
            else { return nil }
            let number = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - UInt8(ascii: "0")) }
            guard number < 256 else { return nil }
            value = value << 8 | number
        }
        return value
    }

    /// RFC 4291 section 2.2: eight groups, or fewer around one `::`, the last two perhaps as an IPv4 address.
    private static func version6(_ text: some StringProtocol) -> [UInt16]? {
        // 45 bytes is the longest form there is; everything longer is some stranger's text.
        guard text.utf8.count <= 45 else { return nil }
        let text = String(text)
        guard let gap = gap(in: text) else {
            guard let groups = groups(text[...], mayEndInVersion4: true), groups.count == 8 else { return nil }
            return groups
        }
        guard let head = groups(text[..<gap.lowerBound], mayEndInVersion4: false),
            let tail = groups(text[gap.upperBound...], mayEndInVersion4: true), head.count + tail.count < 8
        else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    /// Where the first `::` is. A second one leaves an empty group behind, which is refused there.
    private static func gap(in text: String) -> Range<String.Index>? {
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if text[index] == ":", next < text.endIndex, text[next] == ":" { return index..<text.index(after: next) }
            index = next
        }
        return nil
    }

    private static func groups(_ text: Substring, mayEndInVersion4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (position, part) in parts.enumerated() {
            if (1...4).contains(part.utf8.count), part.utf8.allSatisfy(Hexadecimal.isDigit),
                let group = UInt16(part, radix: 16)
            {
                groups.append(group)
            } else if mayEndInVersion4, position == parts.count - 1, let last = version4(part) {
                groups += [UInt16(last >> 16), UInt16(truncatingIfNeeded: last)]
            } else {
                return nil
            }
        }
        return groups
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
