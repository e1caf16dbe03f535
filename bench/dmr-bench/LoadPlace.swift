// SPDX-License-Identifier: MIT

import Transport

/// Where a load goes: `127.0.0.1:11435`, `[::1]:11435`, `https://127.0.0.1:8443`.
struct LoadPlace {
    var address: SocketAddress
    /// As it was written, without brackets.
    var host: String
    var isSecured: Bool

    /// Nil for what is no literal address with a port.
    init?(_ text: String) {
        isSecured = text.hasPrefix("https://")
        var rest = text[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]),
            (1...65535).contains(port)
        else { return nil }
        host = String(rest[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard let address = SocketAddress(literal: host, port: port) else { return nil }
        self.address = address
    }
}
