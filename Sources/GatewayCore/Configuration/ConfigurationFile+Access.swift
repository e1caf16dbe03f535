// SPDX-License-Identifier: MIT

extension ConfigurationFile {
    func readAccess(_ value: JSON, _ access: inout Configuration.Access) {
        guard var section = ObjectReader(value, path: "access", findings) else { return }
        section.choice("anonymous", &access.anonymous)
        if let entries = section.array("networks") { access.networks = readNetworks(entries) }
        if let texts = section.strings("trusted_proxies") {
            access.trustedProxies = texts.enumerated().compactMap { index, text in
                section.range("trusted_proxies[\(index)]", text)
            }
        }
        if let hosts = section.strings("hosts") { access.hosts = readHosts(hosts, section) }
        if let origins = section.strings("origins") {
            for (index, origin) in origins.enumerated() where !ConfigurationFile.isOrigin(origin) {
                section.fault(
                    "origins[\(index)]",
                    "must be \"*\" or SCHEME://HOST[:PORT] with at most one *, e.g. https://chat.example.com")
            }
            access.origins = origins
        }
        if let keys = section.array("keys") { access.keys = readKeys(keys) }
        if let entries = section.array("users") { access.users = readUsers(entries) }
        if let secret = section.string("jwt_secret"), !secret.isEmpty { access.jwtSecret = Secret(Array(secret.utf8)) }
        section.finish()
    }

    private func readHosts(_ hosts: [String], _ section: ObjectReader) -> [String] {
        hosts.enumerated().compactMap { index, text in
            let host = HostPort.host(text[...]) ?? HostPort.address6(text[...], mayHaveZone: false)
            if host == nil {
                section.fault("hosts[\(index)]", "must be a host's name or address, without scheme and port")
            }
            return host
        }
    }

    /// Ollama's form of an origin: one wildcard, anywhere.
    private static func isOrigin(_ text: String) -> Bool {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), text.count(where: { $0 == "*" }) <= 1 else {
            return false
        }
        return text == "*" || (text.contains("://") && !text.hasPrefix("://") && !text.hasSuffix("://"))
    }

    // MARK: Keys

    private func readKeys(_ entries: [JSON]) -> [Configuration.Access.Key] {
        var keys: [Configuration.Access.Key] = []
        for (index, entry) in entries.enumerated() {
            let path = "access.keys[\(index)]"
            guard let key = readKey(entry, path: path) else { continue }
            if keys.contains(where: { $0.name == key.name }) {
                findings.error("\(path).name", "is another key's name, too; names tell keys apart in lists and metrics")
            }
            if let subject = key.clientCertificate {
                if keys.contains(where: { $0.clientCertificate == subject }) {
                    findings.error("\(path).client_cert", "is another key's, too; keep one of the two entries")
                }
            } else if keys.contains(where: { $0.sha256 == key.sha256 }) {
                findings.error("\(path).sha256", "is another key's hash, too; keep one of the two entries")
            }
            keys.append(key)
        }
        return keys
    }

    private func readKey(_ value: JSON, path: String) -> Configuration.Access.Key? {
        guard var entry = ObjectReader(value, path: path, findings) else { return nil }
        let name = readName(&entry)
        let subject = readSubject(&entry)
        let hash = subject == nil ? readHash(&entry) : []
        var key = Configuration.Access.Key(name: name ?? "", sha256: hash ?? [])
        key.clientCertificate = subject
        entry.choice("role", &key.role)
        key.scopes = readScopes(&entry)
        key.created = entry.string("created")
        key.models = entry.globs("models")
        if let flag = entry.bool("asserts_user") { key.assertsUser = flag }
        entry.limit("max_inflight", &key.maxInflight)
        entry.limit("requests_per_minute", &key.requestsPerMinute)
        entry.choice("priority", &key.priority)
        if let share = entry.integer("share", in: 1...1000) { key.share = share }
        entry.finish()
        return name == nil || hash == nil ? nil : key
    }

    private func readName(_ entry: inout ObjectReader) -> String? {
        guard let name = entry.string("name") else {
            if findings.isSound(entry.place(of: "name")) { entry.fault("name", "is missing; give the key a name") }
            return nil
        }
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            entry.fault("name", "must be 1 to 64 bytes without control characters")
            return nil
        }
        return name
    }

    private func readSubject(_ entry: inout ObjectReader) -> String? {
        guard let subject = entry.string("client_cert") else { return nil }
        if !subject.contains("=") || subject.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            entry.fault("client_cert", "must be a certificate's whole subject, e.g. \"CN=alice,O=Example\"")
        }
        if entry.take("sha256") != nil {
            entry.fault("client_cert", "stands instead of sha256; make two entries of this one")
        }
        return subject
    }

    /// The hash is not repeated in messages: whoever put the key itself here would find it in a log.
    private func readHash(_ entry: inout ObjectReader) -> [UInt8]? {
        guard let text = entry.string("sha256") else {
            if findings.isSound(entry.place(of: "sha256")) {
                entry.fault("sha256", "is missing; it is the key's hash in hex")
            }
            return nil
        }
        guard let hash = ASCII.hexadecimal(text), hash.count == 32 else {
            entry.fault("sha256", "must be 64 hexadecimal digits: the SHA-256 of the key, not the key")
            return nil
        }
        return hash
    }

    private func readScopes(_ entry: inout ObjectReader) -> Set<Configuration.Access.Scope> {
        var scopes: Set<Configuration.Access.Scope> = []
        for (index, text) in (entry.strings("scopes") ?? []).enumerated() {
            if let scope = Configuration.Access.Scope(rawValue: text) {
                scopes.insert(scope)
            } else {
                entry.fault("scopes[\(index)]", "must be \(Configuration.Access.Scope.alternatives)")
            }
        }
        return scopes
    }
}
