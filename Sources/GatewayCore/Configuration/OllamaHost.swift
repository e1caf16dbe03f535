// SPDX-License-Identifier: MIT

/// `OLLAMA_HOST` as a server reads it: by Ollama's rules, which are laxer than ours, with 11435 for 11434.
///
/// People set this variable for clients, too (with a path, perhaps with a key in it), so nothing of its path may be
/// repeated anywhere.
struct OllamaHost: Equatable {
    var address: ListenAddress
    /// Sentences about what was ignored.
    var warnings: [String] = []

    /// - Parameters:
    ///   - text: already without blanks and quotes.
    ///   - isSecured: what an address without a scheme means: TLS, where there is a certificate.
    init(parsing text: String, isSecured: Bool = false) throws(AddressError) {
        let (scheme, rest) = OllamaHost.cutScheme(text)
        // Ollama turns its own site's bare name into https.
        let isHTTPS = scheme?.lowercased() == "https" || text == "ollama.com"
        // Any other scheme keeps the default port: Ollama's rule.
        let defaultPort = scheme == "http" ? 80 : isHTTPS ? 443 : 11435
        let authority = rest.prefix { $0 != "/" }
        if rest.dropFirst(authority.count).contains(where: { $0 != "/" }) {
            warnings.append("its path is for clients and is ignored here; path_prefix sets the prefix we serve under")
        }
        var port = defaultPort
        var host = OllamaHost.hostWithoutPort(authority)
        if let split = OllamaHost.splitAsGo(authority) {
            host = split.host.isEmpty ? "" : OllamaHost.hostWithoutPort(split.host)
            if let number = Int(split.port), (0...65535).contains(number) {
                port = number
            } else {
                warnings.append("its port is not a number from 0 to 65535; using \(defaultPort)")
            }
        }
        guard let host else {
            throw AddressError(
                "\(Echo.quoted(authority)) names no host to listen on; write HOST:PORT, e.g. 0.0.0.0:11435")
        }
        address = .tcp(host: host, port: port)
        if isHTTPS || scheme == nil && isSecured { address = address.secured }
    }

    private static func cutScheme(_ text: String) -> (scheme: Substring?, rest: Substring) {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].hasPrefix("://") { return (text[..<index], text[index...].dropFirst(3)) }
            index = text.index(after: index)
        }
        return (nil, text[...])
    }

    /// What Go's `net.SplitHostPort` accepts; nil where it reports an error, upon which Ollama takes the whole as a
    /// host. The host comes without brackets and may be empty, the port may be anything.
    private static func splitAsGo(_ text: Substring) -> (host: Substring, port: Substring)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let port = text[text.index(after: colon)...]
        let host = text[..<colon]
        if host.first == "[" {
            guard host.last == "]", host.filter({ "[]".contains($0) }).count == 2 else { return nil }
            return (host.dropFirst().dropLast(), port)
        }
        guard !host.contains(where: { ":[]".contains($0) }), !port.contains(where: { "[]".contains($0) }) else {
            return nil
        }
        return (host, port)
    }

    /// Empty means the loopback address here; nil is no host at all.
    private static func hostWithoutPort(_ text: Substring) -> String? {
        if text.isEmpty { return "127.0.0.1" }
        var bare = text
        while let first = bare.first, "[]".contains(first) { bare.removeFirst() }
        while let last = bare.last, "[]".contains(last) { bare.removeLast() }
        return HostPort.address6(bare, mayHaveZone: true) ?? HostPort.host(bare)
    }
}
