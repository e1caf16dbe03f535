// SPDX-License-Identifier: MIT

/// Rights that a client has by its address, in addition to what `anonymous` gives everybody (`access.networks`).
public struct NetworkRules: Sendable {
    public struct Rule: Equatable, Sendable {
        public var range: AddressRange
        public var rights: ScopeSet

        public init(_ range: AddressRange, _ allow: AnonymousRule) {
            self.range = range
            // A rule that asks for the listener means nothing here, and gives nothing.
            rights = allow == .auto ? [] : allow.rights(.other, anyKey: true)
        }
    }

    private let rules: [Rule]
    private let trustedProxies: [AddressRange]

    /// - Parameter trustedProxies: peers whose `X-Forwarded-For` is believed.
    public init(_ rules: [Rule] = [], trustedProxies: [AddressRange] = []) {
        self.rules = rules
        self.trustedProxies = trustedProxies
    }

    /// What all ranges that hold the client's address allow together. Nothing for a client whose address isn't known.
    public func rights(of peer: IPAddress?, _ headers: HeaderFields) -> ScopeSet {
        guard !rules.isEmpty, let client = clientAddress(peer, headers) else { return [] }
        return rules.reduce(into: []) { rights, rule in
            if rule.range.contains(client) { rights.formUnion(rule.rights) }
        }
    }

    /// Of a client that a trusted proxy tells of; nil for one that comes to us itself, or isn't known.
    func forwardedAddress(_ peer: IPAddress?, _ headers: HeaderFields) -> IPAddress? {
        guard isTrustedProxy(peer) else { return nil }
        return clientAddress(peer, headers)
    }

    func isTrustedProxy(_ peer: IPAddress?) -> Bool {
        guard !trustedProxies.isEmpty, let peer else { return false }
        return isTrusted(peer)
    }

    /// The peer's own address, or, from a proxy that we trust, the last one in `X-Forwarded-For` that is no such proxy;
    /// where all are, the first. Nil where a trusted proxy names nobody, or something that is no address stands where
    /// the client should: whoever may be behind it has no rights by its address.
    func clientAddress(_ peer: IPAddress?, _ headers: HeaderFields) -> IPAddress? {
        guard let peer, isTrusted(peer) else { return peer }
        var nearest: IPAddress?
        for field in headers.fields.reversed() where field.name == .xForwarded && isForwardedFor(field, headers) {
            switch headers.withValue(field, { lastUntrusted($0) }) {
            case .client(let address): return address
            case .allTrusted(let first): nearest = first
            }
        }
        return nearest
    }

    private enum Hops {
        /// Nil: it is no address.
        case client(IPAddress?)
        case allTrusted(first: IPAddress)
    }

    /// From the right: what stands further left may have been sent by the client itself.
    private func lastUntrusted(_ list: UnsafeRawBufferPointer) -> Hops {
        var end = list.count
        while true {
            let start = list[..<end].lastIndex(of: UInt8(ascii: ",")).map { $0 + 1 } ?? 0
            let entry = ASCII.trimmed(UnsafeRawBufferPointer(rebasing: list[start..<end]))
            guard let address = ForwardedAddress.parse(entry), isTrusted(address) else {
                return .client(ForwardedAddress.parse(entry))
            }
            if start == 0 { return .allTrusted(first: address) }
            end = start - 1
        }
    }

    private func isTrusted(_ address: IPAddress) -> Bool { trustedProxies.contains { $0.contains(address) } }

    private func isForwardedFor(_ field: HeaderFields.Field, _ headers: HeaderFields) -> Bool {
        headers.withName(field) { ASCII.equalsIgnoringCase($0, "x-forwarded-for") }
    }
}

/// One entry of `X-Forwarded-For`: nobody has standardised it, and some proxies add the client's port.
enum ForwardedAddress {
    /// `10.0.0.1`, `10.0.0.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`; nil for anything else.
    static func parse(_ entry: UnsafeRawBufferPointer) -> IPAddress? {
        let text = String(decoding: entry, as: UTF8.self)
        if let address = IPAddress(text) { return address }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), isPort(text[text.index(after: end)...]) else { return nil }
            let inside = text[text.index(after: text.startIndex)..<end]
            return inside.contains(":") ? IPAddress(inside) : nil
        }
        guard let colon = text.firstIndex(of: ":"), isPort(text[colon...]) else { return nil }
        return IPAddress(text[..<colon])
    }

    /// Nothing, or a colon and a port.
    private static func isPort(_ text: Substring) -> Bool {
        guard let first = text.first else { return true }
        let digits = text.dropFirst()
        return first == ":" && (1...5).contains(digits.utf8.count) && digits.utf8.allSatisfy(ASCII.isDigit)
    }
}
