// SPDX-License-Identifier: MIT

/// Who a request comes from and what they may do.
public struct Identity: Equatable, Sendable {
    /// Nil without a key.
    public var keyName: String?
    /// Nil without a key.
    public var role: AccessKey.Role?
    public var rights: ScopeSet
    /// Which models may be used and seen.
    public var models = ModelRights.all
    /// Nil: no limit.
    public var requestsPerMinute: Int?
    /// On whose account its requests wait and run: the user's, else the key's; nil: the address's that they come from.
    public var claimant: Claimant?

    public init(
        keyName: String? = nil, role: AccessKey.Role? = nil, rights: ScopeSet, claimant: Claimant? = nil
    ) {
        self.keyName = keyName
        self.role = role
        self.rights = rights
        self.claimant = claimant
    }

    init(_ key: AccessKey) {
        self.init(keyName: key.name, role: key.role, rights: key.rights, claimant: key.claimant)
        models = key.models
        requestsPerMinute = key.requestsPerMinute
    }

    /// For what only a body tells: `keep_alive: 0` needs `manage` on a route that needs `inference`.
    public func allows(_ scope: Scope) -> Bool { rights.allows(scope) }
}
