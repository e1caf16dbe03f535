// SPDX-License-Identifier: MIT

/// A runner's address: an origin and perhaps a path in front of the API's own. Kept in parts and in one spelling, so
/// that two URLs are equal exactly when they lead to the same place.
public struct RunnerURL: Hashable, Sendable {
    /// An address without brackets, or a name in lower case.
    public let host: String
    public let port: Int
    /// Always false until TLS towards runners is built.
    public let isHTTPS: Bool
    /// Empty, or `/base`: begins with a slash and does not end in one.
    public let basePath: String

    private init(host: String, port: Int, basePath: String) {
        self.host = host
        self.port = port
        self.isHTTPS = false
        self.basePath = basePath
    }

    /// Where Ollama listens by default: the runner when nobody names one.
    public static let ollama = RunnerURL(host: "127.0.0.1", port: 11434, basePath: "")
    /// The service that the fork's Kubernetes manifests create.
    static let kubernetes = RunnerURL(
        host: "docker-model-runner-service.open-webui.svc.cluster.local", port: 11435, basePath: "")

    /// Reads `http://host[:port][/base]`; the port defaults to 80, slashes at the end are dropped.
    public init(parsing text: String) throws(AddressError) {
        let text = text.trimmedOfBlanks
        let scheme = text.prefix { $0 != ":" }.lowercased()
        try RunnerURL.checkOtherSchemes(scheme, text)
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
        self.init(host: host, port: number, basePath: try RunnerURL.basePath(rest[authority.endIndex...]))
        if scheme == "https" { throw RunnerURL.unbuilt(scheme) }
    }

    /// `unix:/path` and `dns:http://host:port`; `dns:11434` and the like are hosts without a scheme.
    private static func checkOtherSchemes(_ scheme: String, _ text: String) throws(AddressError) {
        let rest = text.dropFirst(scheme.count + 1)
        guard scheme == "unix" || scheme == "dns", rest.first.map({ !$0.isNumber }) ?? false else { return }
        if scheme == "unix" {
            _ = try ListenAddress.checkedPath(rest)
        } else {
            guard !rest.lowercased().hasPrefix("dns:"), !rest.lowercased().hasPrefix("unix:") else {
                throw AddressError("dns: stands in front of http://HOST:PORT and of nothing else")
            }
            _ = try RunnerURL(parsing: String(rest))
        }
        throw unbuilt(scheme)
    }

    private static func unbuilt(_ scheme: String) -> AddressError {
        AddressError(
            "a runner's URL with \(scheme): is not supported in this version; use http://HOST:PORT",
            isUnsupported: true)
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
                guard index + 2 < bytes.count, let high = Hexadecimal.value(bytes[index + 1]),
                    let low = Hexadecimal.value(bytes[index + 2])
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

    /// For the `Host` field: the port only if it isn't 80 (RFC 9110 section 4.2.3).
    public var authority: String {
        port == 80 ? HostPort.bracketed(host) : "\(HostPort.bracketed(host)):\(port)"
    }
}

extension RunnerURL: CustomStringConvertible {
    /// Normalised: `http://gpu1:11434/base`, no slash at its end, no `:80`.
    public var description: String { "http://\(authority)\(basePath)" }
}
