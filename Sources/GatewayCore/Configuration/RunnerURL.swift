// SPDX-License-Identifier: MIT

/// A runner's address: an origin and perhaps a path in front of the API's own. Kept in parts and in one spelling, so
/// that two URLs are equal exactly when they lead to the same place.
public struct RunnerURL: Hashable, Sendable {
    /// What the host stands for.
    public enum Place: Hashable, Sendable {
        /// One runner; of a name's addresses the first one is used.
        case host
        /// Each of the name's addresses is a runner of its own, all under one index (`dns:`).
        case members
        /// A socket on this machine; the host is `localhost`, for the `Host` field.
        case unix(path: String)
    }

    /// An address without brackets, or a name in lower case.
    public let host: String
    public let port: Int
    public let isHTTPS: Bool
    /// Empty, or `/base`: begins with a slash and does not end in one.
    public let basePath: String
    public let place: Place

    private init(host: String, port: Int, basePath: String = "", isHTTPS: Bool = false, place: Place = .host) {
        self.host = host
        self.port = port
        self.basePath = basePath
        self.isHTTPS = isHTTPS
        self.place = place
    }

    /// Where Ollama listens by default: the runner when nobody names one.
    public static let ollama = RunnerURL(host: "127.0.0.1", port: 11434)
    /// The service that the fork's Kubernetes manifests create.
    static let kubernetes = RunnerURL(
        host: "docker-model-runner-service.open-webui.svc.cluster.local", port: 11435)

    /// Reads `http://host[:port][/base]` or the same with `https`, `unix:/path` and `dns:` in front of a URL. The port
    /// defaults to 80 or 443, slashes at the end are dropped.
    public init(parsing text: String) throws(AddressError) {
        let text = text.trimmedOfBlanks
        let scheme = text.prefix { $0 != ":" }.lowercased()
        if let other = try RunnerURL.otherScheme(scheme, text) {
            self = other
            return
        }
        guard scheme == "http" || scheme == "https", text.dropFirst(scheme.count).hasPrefix("://") else {
            throw AddressError(
                "\(Echo.quoted(text)) is no runner's URL; write http://HOST:PORT, e.g. http://gpu1:11434")
        }
        let rest = text.dropFirst(scheme.count + 3)
        guard !rest.contains("@") else {
            throw AddressError("a user name or password in a runner's URL is not allowed; put its key into \"key\"")
        }
        guard !rest.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F || "?#\\\"".utf8.contains($0) }) else {
            throw AddressError(
                "a runner's URL has no query, fragment, spaces or special characters; write http://HOST:PORT")
        }
        let authority = rest.prefix { $0 != "/" }
        let (host, port) = HostPort.split(authority)
        guard let host = HostPort.host(host) else {
            throw AddressError(
                "\(Echo.quoted(text)) names no host; write http://HOST:PORT, an IPv6 address in brackets")
        }
        let number = port.map(HostPort.port) ?? (scheme == "https" ? 443 : 80)
        guard let number, number > 0 else {
            throw AddressError("\(Echo.quoted(text)) has no port from 1 to 65535; write http://HOST:PORT")
        }
        self.init(
            host: host, port: number, basePath: try RunnerURL.basePath(rest[authority.endIndex...]),
            isHTTPS: scheme == "https")
    }

    /// `unix:/path` and `dns:http://host:port`; `dns:11434` and the like are hosts without a scheme, and so nil here.
    private static func otherScheme(_ scheme: String, _ text: String) throws(AddressError) -> RunnerURL? {
        let rest = text.dropFirst(scheme.count + 1)
        guard scheme == "unix" || scheme == "dns", rest.first.map({ !$0.isNumber }) ?? false else { return nil }
        guard scheme == "dns" else {
            return RunnerURL(host: "localhost", port: 80, place: .unix(path: try ListenAddress.checkedPath(rest)))
        }
        let url = try RunnerURL(parsing: String(rest))
        guard case .host = url.place else {
            throw AddressError("dns: stands in front of http://HOST:PORT and of nothing else")
        }
        guard IPAddress(url.host) == nil else {
            throw AddressError("dns: needs a name, and \(url.host) is an address; leave dns: out")
        }
        return RunnerURL(
            host: url.host, port: url.port, basePath: url.basePath, isHTTPS: url.isHTTPS, place: .members)
    }

    private static func basePath(_ text: Substring) throws(AddressError) -> String {
        let segments = text.split(separator: "/")
        for segment in segments {
            guard segment != ".", segment != "..", isPathSegment(segment) else {
                throw AddressError("the path of a runner's URL holds a segment that no request may carry; remove it")
            }
            guard !segment.hasPrefix("dmr_") else {
                throw AddressError("a key in a runner's URL would end up in messages; put it into the runner's \"key\"")
            }
        }
        return segments.map { "/\($0)" }.joined()
    }

    /// RFC 3986 `pchar`, percent-encoding only if it is whole, and never of a slash, a dot or a control character:
    /// peers disagree on what those mean.
    private static func isPathSegment(_ segment: Substring) -> Bool {
        let bytes = Array(segment.utf8)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.count, let high = ASCII.hexadecimal(bytes[index + 1]),
                    let low = ASCII.hexadecimal(bytes[index + 2])
                else { return false }
                let byte = high << 4 | low
                guard byte > 0x20, byte != 0x7F, !"/.\\".utf8.contains(byte) else { return false }
                index += 3
            } else {
                guard
                    ASCII.isLetter(bytes[index]) || ASCII.isDigit(bytes[index])
                        || "-._~!$&'()*+,;=:".utf8.contains(bytes[index])
                else { return false }
                index += 1
            }
        }
        return true
    }

    /// For the `Host` field: the port only if it isn't the scheme's own (RFC 9110 section 4.2.3).
    public var authority: String {
        port == (isHTTPS ? 443 : 80) ? HostPort.bracketed(host) : "\(HostPort.bracketed(host)):\(port)"
    }

    /// How messages name it: `gpu1:11434`, `unix:/run/ollama.sock`. Its base path is left out.
    public var label: String {
        switch place {
        case .host, .members: authority
        case .unix: description
        }
    }
}

extension RunnerURL: CustomStringConvertible {
    /// Normalised: `http://gpu1:11434/base`, no slash at its end, no `:80`.
    public var description: String {
        let url = "\(isHTTPS ? "https" : "http")://\(authority)\(basePath)"
        return switch place {
        case .host: url
        case .members: "dns:\(url)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
