// SPDX-License-Identifier: MIT

import GatewayCore

/// A world of keys for the access tests. The hash is a stand-in that keeps different tokens apart; the core never sees
/// how digests are made.
enum AccessFixtures {
    static let admin = key("admin", "dmr_admin", .admin)
    static let user = key("user", "dmr_user")
    static let reader = key("reader", "dmr_reader", .user, [.read])
    static let scraper = key("scraper", "dmr_scraper", .user, [.metrics])
    static let manager = key("manager", "dmr_manager", .user, [.read, .inference, .manage])
    /// `DMR_ADMIN_KEY` may be any 24 characters.
    static let plain = key("environment", "correct-horse-battery-staple", .admin)
    static let all = [admin, user, reader, scraper, manager, plain]

    static func key(_ name: String, _ token: String, _ role: AccessKey.Role = .user, _ scopes: [Scope] = [])
        -> AccessKey
    {
        AccessKey(name: name, digest: hash(Array(token.utf8)), role: role, scopes: scopes)
    }

    /// The time stands still at 1,700,000,000 seconds since 1970.
    static let means = AccessMeans(
        sha256: { hash(Array($0)) },
        hmac: { secret, message in hash(secret + [0] + Array(message)) },
        unixTime: { 1_700_000_000 })

    /// FNV-1a, four times with different starts.
    private static func hash(_ token: [UInt8]) -> KeyDigest {
        let words = (0..<4).map { start in
            token.reduce(14_695_981_039_346_656_037 &+ UInt64(start)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        }
        let bytes = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
        guard let digest = KeyDigest(bytes) else { preconditionFailure("four words are 32 bytes") }
        return digest
    }

    static func headers(_ fields: [(String, String)]) -> HeaderFields {
        var headers = HeaderFields()
        for (name, value) in fields { headers.append(name, value) }
        return headers
    }

    static func bearer(_ token: String) -> [(String, String)] { [("Authorization", "Bearer \(token)")] }
}

extension GatewayCore.Operation? {
    /// Some route that needs it. For `read` it is one that is no list.
    static func needing(_ scope: Scope) -> GatewayCore.Operation? {
        GatewayCore.Operation.allCases.last { $0.entry.scope == scope && $0.entry.routeClass != .merged }
    }
}

extension HeaderFields {
    /// As it is read before access is decided.
    var authority: RequestAuthority? { first(.host).flatMap { withValue($0) { RequestAuthority($0) } } }
}

extension AccessPolicy {
    convenience init(
        anonymous: AnonymousRule = .auto, keys: [AccessKey] = [], origins: OriginList = OriginList(),
        hosts: HostList = HostList()
    ) {
        self.init(anonymous: anonymous, keys: keys, origins: origins, hosts: hosts, means: AccessFixtures.means)
    }

    func decide(
        _ operation: GatewayCore.Operation?, from caller: Caller, headers: HeaderFields, pathKey: [UInt8]? = nil
    ) -> Result<Identity, GatewayError> {
        Result { () throws(GatewayError) in
            try admit(caller, to: operation, host: headers.authority, headers: headers, pathKey: pathKey)
        }
    }

    /// The identity's rights, or the status of the refusal.
    func outcome(
        _ scope: Scope, _ fields: [(String, String)], _ listener: ListenerKind = .other
    ) -> Result<ScopeSet, GatewayError> {
        decide(
            .needing(scope), from: Caller(on: listener),
            headers: AccessFixtures.headers([("Host", "localhost")] + fields)
        ).map(\.rights)
    }

    func status(_ scope: Scope, _ fields: [(String, String)], _ listener: ListenerKind = .other) -> Int {
        switch outcome(scope, fields, listener) {
        case .success: 200
        case .failure(let error): error.status
        }
    }
}
