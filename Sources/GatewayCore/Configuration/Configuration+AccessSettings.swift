// SPDX-License-Identifier: MIT

extension SettingList {
    mutating func add(_ access: Configuration.Access) {
        add("access.anonymous", .string(access.anonymous.rawValue))
        for (index, network) in access.networks.enumerated() {
            add("access.networks[\(index)].cidr", .string(network.range.description))
            add("access.networks[\(index)].allow", .string(network.allow.rawValue))
        }
        if access.networks.isEmpty { add("access.networks", .array([])) }
        add("access.trusted_proxies", access.trustedProxies.map(\.description))
        add("access.hosts", access.hosts)
        add("access.origins", access.origins)
        for (index, key) in access.keys.enumerated() { add(key, at: "access.keys[\(index)]") }
        if access.keys.isEmpty { add("access.keys", .array([])) }
        for (index, rule) in access.users.enumerated() { add(rule, at: "access.users[\(index)]") }
        if access.users.isEmpty { add("access.users", .array([])) }
        add("access.jwt_secret", access.jwtSecret)
    }

    private mutating func add(_ key: Configuration.Access.Key, at path: String) {
        add("\(path).name", .string(key.name))
        // Masked as all secrets are, though a hash can't be used as a key: it tells which key it was made of.
        if let subject = key.clientCertificate {
            add("\(path).client_cert", .string(subject))
        } else {
            add("\(path).sha256", Secret(key.sha256))
        }
        add("\(path).role", .string(key.role.rawValue))
        add("\(path).scopes", Configuration.Access.Scope.allCases.filter(key.scopes.contains).map(\.rawValue))
        add("\(path).created", .string(key.created ?? ""))
        add("\(path).models", key.models)
        add("\(path).asserts_user", .bool(key.assertsUser))
        add("\(path).max_inflight", limit: key.maxInflight)
        add("\(path).requests_per_minute", limit: key.requestsPerMinute)
        add("\(path).priority", .string(key.priority.rawValue))
        add("\(path).share", .integer(key.share))
    }

    private mutating func add(_ rule: Configuration.Access.UserRule, at path: String) {
        for (field, glob) in [("role", rule.role), ("email", rule.email), ("id", rule.id)] {
            if let glob { add("\(path).match.\(field)", .string(glob)) }
        }
        if rule.role == nil, rule.email == nil, rule.id == nil { add("\(path).match", .object([])) }
        add("\(path).models", rule.models)
        add("\(path).max_inflight", limit: rule.maxInflight)
        add("\(path).priority", .string(rule.priority.rawValue))
        add("\(path).share", .integer(rule.share))
    }
}
