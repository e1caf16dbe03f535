// SPDX-License-Identifier: MIT

/// Where the gateway accepts connections.
public enum ListenAddress: Hashable, Sendable {
    /// `host` is an address (canonical, no brackets, perhaps `%zone`), a name in lower case, or empty: all interfaces
    /// of both families, as Go listens on `:11435`. Port 0 lets the system choose.
    case tcp(host: String, port: Int)
    /// The same with TLS in front of HTTP.
    case tls(host: String, port: Int)
    /// An absolute path.
    case unix(path: String)

    /// Reads `HOST:PORT`, `http://HOST:PORT`, `https://HOST:PORT` or `unix:/path`.
    ///
    /// - Parameter isSecured: what `HOST:PORT` means: TLS, where there is a certificate.
    public init(parsing text: String, isSecured: Bool = false) throws(AddressError) {
        let text = text.trimmedOfBlanks
        let scheme = text.prefix { $0 != ":" }.lowercased()
        if scheme == "unix", text.utf8.count > 5 {
            self = try .unix(path: ListenAddress.checkedPath(text.dropFirst(5)))
        } else if text.contains("://") {
            guard scheme == "http" || scheme == "https" else {
                throw AddressError(
                    "\(Echo.quoted(text)) has an unknown scheme; write HOST:PORT, http://HOST:PORT, https://HOST:PORT "
                        + "or unix:/path")
            }
            self = try ListenAddress.tcp(text.dropFirst(scheme.count + 3), whole: text)
            if scheme == "https" { self = secured }
        } else {
            self = try ListenAddress.tcp(text[...], whole: text)
            if isSecured { self = secured }
        }
    }

    /// With TLS, where it can be.
    var secured: ListenAddress {
        switch self {
        case .tcp(let host, let port): .tls(host: host, port: port)
        case .tls, .unix: self
        }
    }

    /// Needs a certificate.
    var isSecured: Bool {
        switch self {
        case .tls: true
        case .tcp, .unix: false
        }
    }

    private static func tcp(_ text: Substring, whole: String) throws(AddressError) -> ListenAddress {
        let (host, port) = HostPort.split(text.hasSuffix("/") ? text.dropLast() : text)
        guard let port else {
            throw AddressError("\(Echo.quoted(whole)) has no port; write HOST:PORT, e.g. 127.0.0.1:11435")
        }
        guard let number = HostPort.port(port) else {
            throw AddressError("\(Echo.quoted(whole)) has no port from 0 to 65535 at its end")
        }
        if host.isEmpty { return .tcp(host: "", port: number) }
        guard let host = HostPort.host(host, mayHaveZone: true) else {
            throw AddressError(
                "\(Echo.quoted(whole)) names no host; write an address or a name, an IPv6 address in brackets, "
                    + "e.g. [::1]:11435")
        }
        return .tcp(host: host, port: number)
    }

    /// `sun_path` holds 108 bytes with the closing NUL (unix(7)).
    static func checkedPath(_ path: Substring) throws(AddressError) -> String {
        guard path.first == "/", path.utf8.count <= 107, !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw AddressError("a Unix socket needs an absolute path of at most 107 bytes, e.g. unix:/run/dmr.sock")
        }
        return String(path)
    }

    /// Only this machine can connect: a Unix socket, or a loopback address.
    public var isLocal: Bool {
        switch self {
        case .unix: true
        case .tcp(let host, _), .tls(let host, _): IPAddress(host)?.isLoopback ?? LoopCheck.isLocalName(host)
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    /// As it is announced: `http://127.0.0.1:11435`, `unix:/run/dmr.sock`. All interfaces are `[::]`, as Ollama says.
    public var description: String {
        switch self {
        case .tcp(let host, let port): "http://\(HostPort.bracketed(host.isEmpty ? "::" : host)):\(port)"
        case .tls(let host, let port): "https://\(HostPort.bracketed(host.isEmpty ? "::" : host)):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension StringProtocol {
    /// Without blanks and line ends on both sides.
    var trimmedOfBlanks: String {
        func isBlank(_ character: Character) -> Bool { character.isASCII && character.isWhitespace }
        let start = self.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(start[...last])
    }
}
