// SPDX-License-Identifier: MIT

/// Finds runners that are the gateway itself. Names are not resolved here; what only DNS could tell is found later by
/// the `Via` field of the first probe.
struct LoopCheck {
    var listen: [ListenAddress]
    /// This machine's name and addresses, as far as the caller knows them.
    var ownHosts: Set<String>

    /// The listener that `url` leads to, whatever its path is.
    func listener(reachedBy url: RunnerURL) -> ListenAddress? {
        listen.first { listener in
            switch (listener, url.place) {
            case (.unix(let path), .unix(let other)): path == other
            case (.unix, .host), (.unix, .members), (.tcp, .unix), (.tls, .unix): false
            case (.tcp(let host, let port), .host), (.tcp(let host, let port), .members),
                (.tls(let host, let port), .host), (.tls(let host, let port), .members):
                port == url.port && covers(host, LoopCheck.bare(url.host))
            }
        }
    }

    private func covers(_ listening: String, _ runner: String) -> Bool {
        let listening = LoopCheck.bare(listening)
        if listening == runner { return true }
        let destinations = LoopCheck.destinations(of: runner)
        // All wildcards count as both families: Go listens so on 0.0.0.0, and a false alarm here needs another
        // process on the same port of the other family.
        if listening.isEmpty || IPAddress(listening)?.isUnspecified == true {
            return destinations.contains(where: \.isLoopback) || ownHosts.contains(runner)
        }
        return !destinations.isDisjoint(with: LoopCheck.destinations(of: listening))
    }

    /// Where a connection to `host` ends, as far as that is known without a resolver.
    private static func destinations(of host: String) -> Set<IPAddress> {
        if isLocalName(host) { return [.loopback4, .loopback6] }
        guard let address = IPAddress(host) else { return [] }
        // Connecting to an unspecified address reaches this machine's loopback (Linux).
        guard address.isUnspecified else { return [address] }
        return [address.isVersion4 ? .loopback4 : .loopback6]
    }

    /// RFC 6761 section 6.3.
    static func isLocalName(_ host: String) -> Bool {
        let host = bare(host)
        return host == "localhost" || host.hasSuffix(".localhost")
    }

    /// Without the dot that makes a name absolute.
    private static func bare(_ host: String) -> String {
        host.hasSuffix(".") ? String(host.dropLast()) : host
    }
}
