// SPDX-License-Identifier: MIT

// What the room `Access` reads of the configuration, in its own terms.

extension AccessPolicy {
    /// `machineName` and `machineAddresses`: what this machine is called, for the Host check.
    public convenience init(
        _ configuration: Configuration, machineName: String, machineAddresses: Set<IPAddress>, means: AccessMeans
    ) {
        let access = configuration.access
        var keys = access.keys.compactMap { AccessKey($0) }
        if let adminKey = configuration.adminKey {
            let digest = adminKey.bytes.withUnsafeBytes { means.sha256($0) }
            keys.append(AccessKey(name: "DMR_ADMIN_KEY", digest: digest, role: .admin))
        }
        self.init(
            anonymous: AnonymousRule(rawValue: access.anonymous.rawValue) ?? .none, keys: keys,
            networks: NetworkRules(
                access.networks.map { .init($0.range, AnonymousRule(rawValue: $0.allow.rawValue) ?? .none) },
                trustedProxies: access.trustedProxies),
            users: UserRules(access.users.map { .init($0) }, secret: access.jwtSecret?.bytes, means: means),
            origins: OriginList(adding: access.origins),
            hosts: HostList(adding: access.hosts, machineName: machineName, machineAddresses: machineAddresses),
            means: means)
    }
}

extension AccessKey {
    /// Nil for what has neither hash nor certificate.
    init?(_ key: Configuration.Access.Key) {
        let role: Role = key.role == .admin ? .admin : .user
        let scopes = key.scopes.compactMap { Scope(rawValue: $0.rawValue) }
        if let subject = key.clientCertificate {
            self.init(name: key.name, certificateSubject: subject, role: role, scopes: scopes)
        } else if let digest = KeyDigest(key.sha256) {
            self.init(name: key.name, digest: digest, role: role, scopes: scopes)
        } else {
            return nil
        }
        models = ModelRights(key.models)
        assertsUser = key.assertsUser
        requestsPerMinute = key.requestsPerMinute == .max ? nil : key.requestsPerMinute
        allotment = Claimant.Allotment(share: key.share, maxInflight: key.maxInflight, priority: .init(key.priority))
    }
}

extension UserRules.Rule {
    init(_ rule: Configuration.Access.UserRule) {
        self.init(role: rule.role, email: rule.email, id: rule.id, models: ModelRights(rule.models))
        allotment = Claimant.Allotment(share: rule.share, maxInflight: rule.maxInflight, priority: .init(rule.priority))
    }
}

extension Claimant.Priority {
    init(_ priority: Configuration.Access.Priority) {
        self =
            switch priority {
            case .interactive: .interactive
            case .background: .background
            }
    }
}
