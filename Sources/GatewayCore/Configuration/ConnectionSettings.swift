// SPDX-License-Identifier: MIT

/// The runners as Open WebUI's admin page knows connections (ow section 2): a list of URLs, and beside it an object of
/// settings by index. Secrets are shown as masks.
public enum ConnectionSettings {
    static let enable = "ENABLE_DOCKER_MODEL_RUNNER_API"
    static let urls = "DOCKER_MODEL_RUNNER_BASE_URLS"
    static let configs = "DOCKER_MODEL_RUNNER_API_CONFIGS"

    /// What `GET /config` shows.
    ///
    /// - Parameter mask: what stands for a secret, beginning with `SecretMask.prefix`.
    public static func json(_ configuration: Configuration, mask: (_ secret: [UInt8]) -> String) -> JSON {
        let configs = configuration.runners.enumerated().map { index, runner in
            let fields = runner.fields { .string(mask($0.bytes)) } + runner.otherFields.filter { !isSecret($0) }
            return JSON.Member(String(index), .object(fields))
        }
        return .object([
            .init(enable, .bool(configuration.isEnabled)),
            .init(urls, .array(configuration.runners.map { .string($0.url.description) })),
            .init(ConnectionSettings.configs, .object(configs))
        ])
    }

    /// A field that nobody here knows and that may be a secret stays in the file, unseen.
    private static func isSecret(_ member: JSON.Member) -> Bool {
        let name = member.key.lowercased()
        if RunnerConfiguration.ignoredFields.contains(name) { return false }
        let words = ["key", "secret", "token", "pass", "credential", "auth", "cookie", "header"]
        return words.contains(where: name.contains) || holdsSecret(member.value)
    }

    private static func holdsSecret(_ value: JSON) -> Bool {
        value.members?.contains(where: isSecret) ?? value.array?.contains(where: holdsSecret) ?? false
    }
}

/// What stands for a secret where people read: it says whether two are equal, and leads back to neither.
public enum SecretMask {
    /// 8 hexadecimal digits of the secret's SHA-256 follow.
    public static let prefix = "dmr-masked:"
}

extension RunnerConfiguration {
    /// The settings that this version knows, but for the URL, in the file's form and order.
    func fields(secret: (Secret) -> JSON) -> [JSON.Member] {
        [
            .init("enable", .bool(isEnabled)), .init("key", key.map(secret) ?? .string("")),
            .init("prefix_id", .string(prefixID)), .init("tags", .array(tags)),
            .init("model_ids", .array(modelIDs.map { .string($0) })),
            .init("connection_type", .string(connectionType)),
            .init("headers", .object(headers.map { .init($0.name, secret($0.value)) })),
            .init("max_inflight", maxInflight.map { .integer($0) } ?? (learnsCap ? .string("auto") : .integer(0))),
            .init("weight", .integer(weight)), .init("pull", .bool(pulls)),
            .init("tls_verify", .bool(verifiesTLS)), .init("tls_ca", .string(tlsCA))
        ]
    }
}
