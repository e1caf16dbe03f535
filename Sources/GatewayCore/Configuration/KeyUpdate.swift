// SPDX-License-Identifier: MIT

/// Keys made and revoked: changes of `access.keys` in the configuration file (gateway.md sections 1 and 4).
public enum KeyUpdate {
    /// What a new key is to be, as it was sent; its values are checked when the file with it is read.
    ///
    /// - Parameters:
    ///   - fields: an entry's, without what only we can know.
    ///   - created: when, in ISO 8601.
    /// - Returns: the entry for the file.
    /// - Throws: 400 for what is no object, has no name, or brings a hash.
    public static func entry(_ fields: JSON, digest: KeyDigest, created: String) throws(GatewayError) -> JSON {
        guard let members = fields.members else {
            throw GatewayError(400, "A new key is an object with its name and what it may do, not \(fields.kind).")
        }
        var seen: Set<String> = []
        for member in members where !seen.insert(member.key).inserted {
            throw GatewayError(400, "The new key has one of its fields twice; send each once.")
        }
        for key in ["sha256", "client_cert"] where seen.contains(key) {
            throw GatewayError(400, "A new key has no \(key): the key is made here; entries with one go into the file.")
        }
        guard let name = fields["name"]?.string else { throw GatewayError(400, "A new key needs a name, a string.") }
        guard !name.contains("/"), ![".", ".."].contains(name) else {
            throw GatewayError(
                400, "A key's name is part of the path that revokes it, and can't be '.', '..' or hold '/'.")
        }
        var entry: [JSON.Member] = [.init("name", .string(name)), .init("sha256", .string(digest.hex))]
        entry += members.filter { $0.key != "name" && $0.key != "created" }
        entry.append(.init("created", .string(created)))
        return .object(entry)
    }

    /// - Throws: 409 where the name is taken.
    public static func add(
        _ entry: JSON, to document: inout ConfigurationDocument, current: ResolvedConfiguration
    ) throws(GatewayError) {
        let name = entry["name"]?.string ?? ""
        guard !current.configuration.access.keys.contains(where: { $0.name == name }) else {
            throw GatewayError(409, "There is a key of that name already: choose another, or revoke the old one first.")
        }
        document.set("access", "keys", to: .array((document["access", "keys"]?.array ?? []) + [entry]))
    }

    /// - Throws: 404 where there is no such key.
    public static func revoke(_ name: String, in document: inout ConfigurationDocument) throws(GatewayError) {
        let entries = document["access", "keys"]?.array ?? []
        let rest = entries.filter { $0["name"]?.string != name }
        guard rest.count < entries.count else {
            throw GatewayError(404, "There is no key of that name in the configuration file.")
        }
        document.set("access", "keys", to: .array(rest))
    }

    /// What callers without a key notice of the change; nil: nothing.
    public static func consequence(of keys: [Configuration.Access.Key], in configuration: Configuration) -> String? {
        guard configuration.access.anonymous == .auto, configuration.adminKey == nil else { return nil }
        switch (configuration.access.keys.count, keys.isEmpty) {
        case (0, false):
            return "no key is left, so access.anonymous \"auto\" lets callers without one in again"
        case (1..., true):
            return "this is the first key, so access.anonymous \"auto\" refuses callers without one from now on"
        default: return nil
        }
    }
}

extension Configuration.Access.Key {
    /// The entry as it is shown: every field, the hash left out.
    public var shown: JSON {
        var members: [JSON.Member] = [.init("name", .string(name))]
        if let clientCertificate { members.append(.init("client_cert", .string(clientCertificate))) }
        let scopes = Configuration.Access.Scope.allCases.filter(effectiveScopes.contains)
        members += [
            .init("role", .string(role.rawValue)), .init("scopes", .array(scopes.map { .string($0.rawValue) })),
            .init("models", .array(models.map { .string($0) })), .init("asserts_user", .bool(assertsUser)),
            .init("max_inflight", .integer(maxInflight == .max ? 0 : maxInflight)),
            .init("requests_per_minute", .integer(requestsPerMinute == .max ? 0 : requestsPerMinute)),
            .init("priority", .string(priority.rawValue)), .init("share", .integer(share)),
            .init("created", created.map { .string($0) } ?? .null)
        ]
        return .object(members)
    }
}
