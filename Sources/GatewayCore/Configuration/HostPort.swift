// SPDX-License-Identifier: MIT

/// Why an address could not be taken.
public struct AddressError: Error, Equatable, Sendable {
    /// What is wrong and what to write instead; never holds user info, a query or a key.
    public var sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}

/// `HOST:PORT` as it stands in listen addresses and URLs: what both have to agree on, or the loop check could be
/// fooled by spelling.
enum HostPort {
    /// The text cut at its last colon, brackets kept; nil for the port where there is none.
    static func split(_ text: Substring) -> (host: Substring, port: Substring?) {
        guard let colon = text.lastIndex(of: ":") else { return (text, nil) }
        if let bracket = text.lastIndex(of: "]"), bracket > colon { return (text, nil) }
        return (text[..<colon], text[text.index(after: colon)...])
    }

    /// A decimal port and nothing else (no sign, no spaces).
    static func port(_ text: Substring) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy(ASCII.isDigit), let port = Int(text),
            port <= 65535
        else { return nil }
        return port
    }

    /// The host in its one spelling: an address canonical and without brackets, a name in lower case. Nil for what is
    /// neither.
    ///
    /// - Parameter mayHaveZone: `fe80::1%eth0`, which can be listened on but has no place in a URL of ours.
    static func host(_ text: Substring, mayHaveZone: Bool = false) -> String? {
        if text.first == "[" {
            guard text.last == "]", text.contains(":") else { return nil }
            return address6(text.dropFirst().dropLast(), mayHaveZone: mayHaveZone)
        }
        if let address = IPAddress(text), !text.contains(":") { return address.description }
        return name(text)
    }

    /// An IPv6 address without brackets, perhaps with a zone.
    static func address6(_ text: Substring, mayHaveZone: Bool) -> String? {
        guard mayHaveZone, let percent = text.firstIndex(of: "%") else {
            return text.contains(":") ? IPAddress(text)?.description : nil
        }
        let zone = text[text.index(after: percent)...]
        guard let address = IPAddress(text[..<percent]), !address.isVersion4, (1...15).contains(zone.utf8.count),
            zone.utf8.allSatisfy({ isNameByte($0) || $0 == UInt8(ascii: ".") })
        else { return nil }
        return "\(address)%\(zone)"
    }

    /// RFC 1123 names plus `_`, which container networks use. A name whose last label is a number would be read as an
    /// old-style IPv4 address by the resolver (`127.1`, `0x7f000001`), so it is refused, as WHATWG's URLs refuse it.
    static func name(_ text: Substring) -> String? {
        guard (1...253).contains(text.utf8.count) else { return nil }
        var labels = text.split(separator: ".", omittingEmptySubsequences: false)
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        let areLabels = labels.allSatisfy {
            (1...63).contains($0.utf8.count) && $0.utf8.allSatisfy(isNameByte) && $0.first != "-" && $0.last != "-"
        }
        guard areLabels, let last = labels.last, !isNumber(last) else { return nil }
        return text.lowercased()
    }

    /// In brackets where it has to be, for `Host` fields and messages.
    static func bracketed(_ host: String) -> String {
        host.contains(":") ? "[\(host)]" : host
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func isNumber(_ label: Substring) -> Bool {
        label.utf8.allSatisfy(ASCII.isDigit) || label.lowercased().hasPrefix("0x")
    }
}
