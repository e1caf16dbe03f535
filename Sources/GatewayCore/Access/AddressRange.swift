// SPDX-License-Identifier: MIT

/// A range of addresses as CIDR writes it (RFC 4632, RFC 4291): `10.0.0.0/8`, `fd00::/8`, or one address alone.
public struct AddressRange: Hashable, Sendable {
    /// The first address of the range.
    public let first: IPAddress
    /// Leading bits that count, of 128: IPv4 ranges lie in the v4-mapped block, so that `::ffff:10.0.0.1` is in
    /// `10.0.0.0/8`.
    private let bits: Int

    /// Nil for what is no range, and for one with bits set behind its length: `10.1.2.3/8` may mean the network or the
    /// machine, and which one decides who gets in.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress($0) }), parts.count <= 2 else { return nil }
        // Written in IPv6's form, a v4-mapped range has IPv6's length.
        let isVersion4 = address.isVersion4 && !(parts.first?.contains(":") ?? false)
        let most = isVersion4 ? 32 : 128
        var length = most
        if parts.count == 2 {
            guard let number = HostPort.port(Substring(parts[1])), number <= most else { return nil }
            length = number
        }
        bits = length + (isVersion4 ? 96 : 0)
        let mask = AddressRange.mask(bits)
        first = IPAddress(high: address.high & mask.high, low: address.low & mask.low)
        guard first == address else { return nil }
    }

    public func contains(_ address: IPAddress) -> Bool {
        let mask = AddressRange.mask(bits)
        return address.high & mask.high == first.high && address.low & mask.low == first.low
    }

    private static func mask(_ bits: Int) -> (high: UInt64, low: UInt64) {
        // Swift's shifts by 64 give 0, so a length of 0 or 128 needs no case of its own.
        (UInt64.max << UInt64(max(0, 64 - bits)), UInt64.max << UInt64(min(64, 128 - bits)))
    }
}

extension AddressRange: CustomStringConvertible {
    public var description: String {
        first.isVersion4 && bits >= 96 ? "\(first)/\(bits - 96)" : "\(first)/\(bits)"
    }
}
