// SPDX-License-Identifier: MIT

/// Whether a request may do what its route needs (gateway.md section 4): the one place that decides. Built once per
/// configuration, and shared by reference: copying it cost every request a thousand instructions.
public final class AccessPolicy: Sendable {
    /// What the tokens of a request come to.
    enum PresentedKey: Equatable {
        /// None, or only such as OpenAI clients must make up.
        case none
        /// Index into `keys`.
        case known(Int)
        /// It looks like one of ours and isn't. `wasMade`: by some gateway, at some time.
        case unknown(wasMade: Bool)
        /// Two different ones of ours.
        case conflicting
    }

    public let anonymous: AnonymousRule
    let keys: [AccessKey]
    /// What each key's requests are by themselves, without a user.
    private let identities: [Identity]
    let networks: NetworkRules
    let users: UserRules
    private let origins: OriginList
    private let hosts: HostList
    private let means: AccessMeans

    /// - Parameter keys: of the file and, as an admin's, the one from the environment.
    public init(
        anonymous: AnonymousRule = .auto, keys: [AccessKey] = [], networks: NetworkRules = NetworkRules(),
        users: UserRules? = nil, origins: OriginList = OriginList(), hosts: HostList = HostList(), means: AccessMeans
    ) {
        self.anonymous = anonymous
        self.keys = keys
        identities = keys.map { Identity($0) }
        self.networks = networks
        self.users = users ?? UserRules([], secret: nil, means: means)
        self.origins = origins
        self.hosts = hosts
        self.means = means
    }

    public func originDecision(_ headers: HeaderFields) -> OriginDecision { origins.decision(headers) }

    /// Keys whose requests are counted.
    public var limitedKeys: [String] { keys.lazy.filter { $0.requestsPerMinute != nil }.map(\.name) }

    /// Decides one request, in this order: Origin, Host, key, user, scope.
    ///
    /// - Parameters:
    ///   - operation: nil for a path that has no route, or takes another method: a foreign page and a wrong key are told
    ///     there, too.
    ///   - host: what `Host` names; nil where none was sent.
    ///   - pathKey: the token that stands in front of the path.
    /// - Throws: 400, 401 or 403.
    public func admit(
        _ caller: Caller, to operation: Operation?, host: RequestAuthority?, headers: HeaderFields,
        pathKey: [UInt8]? = nil
    ) throws(GatewayError) -> Identity {
        if origins.decision(headers) == .foreign { throw .foreignOrigin }
        let presented = try presentedKey(headers, pathKey)
        if case .known(let index) = presented {
            if pathKey != nil { try checkPathKey(keys[index], for: operation) }
            return try identity(of: index, operation, headers)
        }
        // A key in the request says more than a certificate.
        if presented == .none, let subject = caller.certificate,
            let index = keys.firstIndex(where: { $0.certificateSubject == subject })
        {
            return try identity(of: index, operation, headers)
        }
        if hostDecision(host, headers, caller.listener) == .foreign { throw .foreignHost }
        switch presented {
        case .conflicting: throw .twoKeys
        case .unknown(let wasMade): throw wasMade ? .unknownKey : .mistypedKey
        case .none, .known: return try stranger(operation, caller, headers)
        }
    }

    // MARK: Without a key

    private func stranger(
        _ operation: Operation?, _ caller: Caller, _ headers: HeaderFields
    ) throws(GatewayError) -> Identity {
        let everybodys = anonymous.rights(caller.listener, anyKey: !keys.isEmpty)
        var identity = Identity(rights: everybodys.union(networks.rights(of: caller.address, headers)))
        guard identity.allows(operation.scope) else { throw .noKey }
        // The clients of a proxy wait on their own accounts, not on the proxy's.
        if let client = networks.forwardedAddress(caller.address, headers) {
            identity.claimant = Claimant(id: Claimant.ID(address: client))
        }
        return identity
    }

    // MARK: With one

    private func identity(
        of index: Int, _ operation: Operation?, _ headers: HeaderFields
    ) throws(GatewayError) -> Identity {
        let identity = identities[index]
        guard identity.allows(operation.scope) else { throw .missing(operation.scope, key: keys[index].name) }
        guard keys[index].assertsUser else { return identity }
        do throws(GatewayError) {
            return try userIdentity(keys[index], operation, headers)
        } catch {
            throw error.with(keyName: keys[index].name)
        }
    }

    /// What these rules make of a request that was admitted by earlier ones; nil where they know nothing of it.
    ///
    /// - Parameter keyName: of its key.
    public func identity(keyName: String, headers: HeaderFields) -> Identity? {
        guard let index = keys.firstIndex(where: { $0.name == keyName }) else { return nil }
        return try? identity(of: index, nil, headers)
    }

    private func userIdentity(
        _ key: AccessKey, _ operation: Operation?, _ headers: HeaderFields
    ) throws(GatewayError) -> Identity {
        var identity = Identity(key)
        switch try users.assertion(headers) {
        case .unruled: break
        case .nobody(let setting):
            guard operation.scope == .none || operation.isList else { throw .noUser(key: key.name, setting: setting) }
        case .unmatched:
            guard operation.scope == .none else { throw .unmatchedUser }
            identity.rights = []
        case .matched(let user, let rule):
            identity.models = identity.models.cut(with: rule.models)
            if let name = user.identifier {
                identity.claimant = Claimant(user: name.utf8, of: key.claimant, rule.allotment)
            }
        }
        return identity
    }

    /// What stands in a path gets into the logs of proxies, into histories and into `Referer` fields.
    private func checkPathKey(_ key: AccessKey, for operation: Operation?) throws(GatewayError) {
        if key.role == .admin { throw .adminKeyInPath.with(keyName: key.name) }
        if operation.scope == .admin { throw .adminRouteByPathKey.with(keyName: key.name) }
    }

    // MARK: Host

    /// Only loopback listeners and requests of pages are choosy about their Host.
    func hostDecision(_ host: RequestAuthority?, _ headers: HeaderFields, _ listener: ListenerKind) -> HostDecision {
        let decision = hosts.decision(host, listener)
        guard listener == .loopback || headers.contains(.origin) else {
            return decision == .acceptableAddress ? .acceptableAddress : .acceptableName
        }
        return decision
    }

    // MARK: Tokens

    private func presentedKey(_ headers: HeaderFields, _ pathKey: [UInt8]?) throws(GatewayError) -> PresentedKey {
        var result = PresentedKey.none
        if let pathKey {
            // Nobody has to make something up there, so whatever isn't ours is wrong.
            result = pathKey.withUnsafeBytes { token in
                known(token).map { .known($0) } ?? .unknown(wasMade: KeyText.isWellFormed(token))
            }
        }
        try Credentials.forEachToken(in: headers) { token in
            switch (known(token), result) {
            case (let index?, .none): result = .known(index)
            case (let index?, .known(let other)): if index != other { result = .conflicting }
            case (nil, _):
                if Credentials.looksLikeOurs(token) { result = .unknown(wasMade: KeyText.isWellFormed(token)) }
            case (_?, .unknown), (_?, .conflicting): break
            }
        }
        return result
    }

    /// Every key is compared, always: the time it takes says neither whether one matched nor which.
    private func known(_ token: UnsafeRawBufferPointer) -> Int? {
        guard !keys.isEmpty, token.count <= Credentials.longestToken else { return nil }
        let digest = means.sha256(token)
        var found = -1
        for index in keys.indices where keys[index].digest == digest { found = index }
        return found < 0 ? nil : found
    }
}

extension Operation? {
    /// A path without a route needs no right.
    fileprivate var scope: Scope { map(\.entry.scope) ?? .none }
    fileprivate var isList: Bool { map(\.isList) ?? false }
}
