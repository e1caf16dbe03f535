// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc

extension FuzzTarget {
    static let address = FuzzTarget(name: "address", violation: AddressTarget.violation) {
        [
            "127.0.0.1\n10.0.0.0/8", "::ffff:1.2.3.4\n::/0", "2001:db8::1\n2001:db8::/32", "1.2.3.4\n1.2.3.4/33",
            "::1\n::1/129", "fe80::1%eth0\nfe80::/10", "0.0.0.0\n0.0.0.0/0", "1:2:3:4:5:6:7:8\n::ffff:10.0.0.0/104",
            "10.0.0.1:80, [2001:db8::1]:443, 192.168.1.1\n192.168.0.0/16", "01.2.3.4\n10.1.2.3/8", "1::2::3\na/b",
            "a, 10.0.0.1 , \t10.0.0.2\n10.0.0.0/8", "[::1]:\n::1", "localhost:11434\n[::1]:1", "\n/"
        ].map { Array($0.utf8) }
    }
}

/// Addresses, ranges and who is believed to be the client. The first line of the input is an address, or what a proxy
/// put into `X-Forwarded-For`; the second one a range of trusted proxies.
enum AddressTarget {
    @Sendable static func violation(_ input: [UInt8]) -> String? {
        let lines = input.split(separator: 0x0A, omittingEmptySubsequences: false)
        let text = String(decoding: lines[0], as: UTF8.self)
        let range = lines.count > 1 ? String(decoding: lines[1], as: UTF8.self) : ""
        return read(text) ?? contained(text, range) ?? forwarded(text, range) ?? named(text)
    }

    /// The C library reads the same.
    private static func read(_ text: String) -> String? {
        let address = IPAddress(text)
        guard address == systems(text) else {
            return "the system reads it as \(systems(text)?.description ?? "nothing")"
        }
        guard let address else { return nil }
        guard IPAddress(address.description) == address else { return "\(address) is another address" }
        return nil
    }

    private static func systems(_ text: String) -> IPAddress? {
        guard !text.utf8.contains(0) else { return nil }
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            return IPAddress(high: 0, low: 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: four.s_addr)))
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        return withUnsafeBytes(of: six) { bytes in
            IPAddress(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }

    private static func bits(_ address: IPAddress) -> [Bool] {
        [address.high, address.low].flatMap { half in (0..<64).map { half >> (63 - UInt64($0)) & 1 == 1 } }
    }

    /// A range is its first bits.
    private static func contained(_ text: String, _ rangeText: String) -> String? {
        guard let range = AddressRange(rangeText) else { return nil }
        guard AddressRange(range.description) == range else { return "\(range) is another range" }
        let parts = rangeText.split(separator: "/", omittingEmptySubsequences: false)
        let isFour = range.first.isVersion4 && !parts[0].contains(":")
        let length = (parts.count > 1 ? Int(parts[1]) ?? -1 : isFour ? 32 : 128) + (isFour ? 96 : 0)
        guard (0...128).contains(length) else { return "its length is \(length)" }
        for address in [IPAddress(text), range.first, .loopback4, .loopback6].compactMap({ $0 }) {
            let isInside = bits(address).prefix(length) == bits(range.first).prefix(length)
            guard range.contains(address) == isInside else { return "\(address) is in \(range): \(!isInside)" }
        }
        return nil
    }

    /// From the right, the first that is no trusted proxy; what is no address is nobody.
    private static func forwarded(_ list: String, _ rangeText: String) -> String? {
        guard let trusted = AddressRange(rangeText), let everything = AddressRange("::/0") else { return nil }
        let peer = trusted.first
        var headers = HeaderFields()
        headers.append("X-Forwarded-For", list)
        let hops = list.split(separator: ",", omittingEmptySubsequences: false).map { hop(String($0)) }
        let client =
            hops.contains { $0.map { !trusted.contains($0) } ?? true }
            ? hops.last { $0.map { !trusted.contains($0) } ?? true } ?? nil : hops.first ?? nil
        // Each of these rules gives something to one address; all others get nothing.
        for candidate in (hops + [peer, client]).compactMap({ $0 }) {
            guard let one = AddressRange("\(candidate)") else { return "\(candidate) is no range" }
            let rules = NetworkRules([.init(one, .read)], trustedProxies: [trusted])
            let isBelieved = rules.rights(of: peer, headers).allows(.read)
            guard isBelieved == (candidate == client) else { return "\(candidate) is believed: \(isBelieved)" }
        }
        let anybody = NetworkRules([.init(everything, .read)], trustedProxies: [trusted])
        guard anybody.rights(of: peer, headers).allows(.read) == (client != nil) else { return "somebody is believed" }
        return nil
    }

    /// An address, perhaps in brackets, perhaps with a port of one to five digits.
    private static func hop(_ text: String) -> IPAddress? {
        var text = Substring(text)
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        if let address = systems(String(text)) { return address }
        guard let colon = text.lastIndex(of: ":"), text.hasPrefix("[") || text.firstIndex(of: ":") == colon else {
            return nil
        }
        let digits = text[text.index(after: colon)...].utf8
        let hasPort = (1...5).contains(digits.count) && digits.allSatisfy { (0x30...0x39).contains($0) }
        let host = hasPort ? text[..<colon] : text
        guard host.hasPrefix("[") else { return hasPort ? systems(String(host)) : nil }
        guard host.hasSuffix("]"), host.contains(":") else { return nil }
        return systems(String(host.dropFirst().dropLast()))
    }

    /// Hosts, listening addresses and runners' URLs: what is taken can be written and taken again.
    private static func named(_ text: String) -> String? {
        if let authority = RequestAuthority(text), case .name(let name) = authority.host {
            let written = authority.port.map { "\(name):\($0)" } ?? name
            guard RequestAuthority(written) == authority else { return "the host \(written) is another" }
        }
        if let url = try? RunnerURL(parsing: text) {
            guard (try? RunnerURL(parsing: url.description)) == url else { return "the URL \(url) is another" }
        }
        if let listen = try? ListenAddress(parsing: text) {
            guard (try? ListenAddress(parsing: listen.description)) == listen || "\(listen)".contains("[::]") else {
                return "the listener \(listen) is another"
            }
        }
        return nil
    }
}
