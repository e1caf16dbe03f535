// SPDX-License-Identifier: MIT

/// One configured key (gateway.md section 4).
public struct AccessKey: Equatable, Sendable {
    public enum Role: String, CaseIterable, Sendable {
        case user, admin
    }

    /// For people and logs; never the key.
    public var name: String
    /// nil: it is known by a certificate.
    public var digest: KeyDigest?
    /// The whole subject of a client's certificate, `CN=alice,O=Example`; nil: it is known by its digest.
    public var certificateSubject: String?
    public var role: Role
    /// As configured; `rights` is what counts.
    public var scopes: [Scope]
    public var models = ModelRights.all
    /// Its requests say which user they are made for.
    public var assertsUser = false
    /// Nil: no limit.
    public var requestsPerMinute: Int?
    /// What it has of the runners' slots.
    public var allotment = Claimant.Allotment()

    public init(name: String, certificateSubject: String, role: Role = .user, scopes: [Scope] = []) {
        self.name = name
        self.certificateSubject = certificateSubject
        self.role = role
        self.scopes = scopes
    }

    public init(name: String, digest: KeyDigest, role: Role = .user, scopes: [Scope] = []) {
        self.name = name
        self.digest = digest
        self.role = role
        self.scopes = scopes
    }

    /// An admin may do everything; a user what its scopes say, or list and infer if it has none.
    public var rights: ScopeSet {
        switch role {
        case .admin: .all
        case .user: scopes.isEmpty ? [.read, .inference] : ScopeSet(scopes)
        }
    }

    /// On whose account its requests wait and run.
    var claimant: Claimant {
        let id = digest.map(Claimant.ID.init) ?? Claimant.ID(certificateSubject: certificateSubject ?? name)
        return Claimant(id: id, allotment)
    }
}
