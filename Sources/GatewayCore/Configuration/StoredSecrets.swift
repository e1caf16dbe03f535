// SPDX-License-Identifier: MIT

/// The secrets of configured runners, for masks that come back: each stands only for a secret of its own origin, so
/// that nobody has a key sent elsewhere by moving its mask to another URL.
struct StoredSecrets {
    let runners: [RunnerConfiguration]
    let mask: ([UInt8]) -> String

    /// The field with its secrets in the place of their masks; anything else as it is.
    ///
    /// - Throws: 400 for a mask that stands for no secret of that origin.
    func unmasked(_ field: JSON.Member, of url: RunnerURL) throws(GatewayError) -> JSON {
        switch (field.key, field.value) {
        case ("key", .string(let text)): return .string(try key(text, of: url))
        case ("headers", .object(let headers)):
            var members: [JSON.Member] = []
            for header in headers {
                guard let text = header.value.string else {
                    members.append(header)
                    continue
                }
                let own = neighbours(of: url).flatMap(\.headers).filter {
                    $0.name.lowercased() == header.key.lowercased()
                }
                members.append(.init(header.key, .string(try unmasked(text, own.map(\.value), "headers", url))))
            }
            return .object(members)
        default: return field.value
        }
    }

    /// - Throws: 400 for a mask that stands for no key of that origin.
    func key(_ text: String, of url: RunnerURL) throws(GatewayError) -> String {
        try unmasked(text, neighbours(of: url).compactMap(\.key), "key", url)
    }

    private func neighbours(of url: RunnerURL) -> [RunnerConfiguration] {
        runners.filter { $0.url.origin == url.origin }
    }

    private func unmasked(
        _ text: String, _ secrets: [Secret], _ name: String, _ url: RunnerURL
    ) throws(GatewayError) -> String {
        guard text.hasPrefix(SecretMask.prefix) else { return text }
        guard let secret = secrets.first(where: { mask($0.bytes) == text }) else {
            throw GatewayError(
                400,
                "The mask in \"\(name)\" for \(url.label) stands for no secret that is stored for that scheme, host and "
                    + "port; write the secret itself.")
        }
        return String(decoding: secret.bytes, as: UTF8.self)
    }
}

extension RunnerURL {
    /// Scheme, host and port, or a socket: whom a secret is for (RFC 6454).
    struct Origin: Hashable {
        var isHTTPS: Bool
        var host: String
        var port: Int
        var socket: String?
    }

    var origin: Origin {
        switch place {
        case .host, .members: Origin(isHTTPS: isHTTPS, host: host, port: port)
        case .unix(let path): Origin(isHTTPS: false, host: "", port: 0, socket: path)
        }
    }
}
