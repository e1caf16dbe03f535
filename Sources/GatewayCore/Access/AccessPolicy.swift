// SPDX-License-Identifier: MIT

/// What a caller without a key may do (`access.anonymous`).
public enum AnonymousRule: String, CaseIterable, Sendable {
    case none, read, inference, all
    /// Everything on loopback and Unix listeners and inference elsewhere, until the first key is configured; then
    /// nothing.
    case auto

    func rights(_ listener: ListenerKind, anyKey: Bool) -> ScopeSet {
        switch self {
        case .none: return []
        case .read: return .read
        case .inference: return [.read, .inference]
        // Never `admin`: that always takes a key, or the control socket.
        case .all: return [.read, .inference, .manage, .metrics]
        case .auto:
            if anyKey { return [] }
            switch listener {
            case .loopback, .unix: return AnonymousRule.all.rights(listener, anyKey: false)
            case .other: return AnonymousRule.inference.rights(listener, anyKey: false)
            }
        }
    }
}

/// Whether a request may do what its route needs (gateway.md section 4). A value, built once per configuration.
public struct AccessPolicy: Sendable {
    /// What the tokens of a request come to.
    enum PresentedKey: Equatable {
        /// None, or only such as OpenAI clients must make up.
        case none
        /// Index into `keys`.
        case known(Int)
        /// It looks like one of ours and isn't.
        case unknown
        /// Two different ones of ours.
        case conflicting
    }

    public let anonymous: AnonymousRule
    private let keys: [AccessKey]
    private let origins: OriginList
    private let hosts: HostList

    /// - Parameter keys: of the file and, as an admin's, the one from the environment.
    public init(
        anonymous: AnonymousRule = .auto, keys: [AccessKey] = [], origins: OriginList = OriginList(),
        hosts: HostList = HostList()
    ) {
        self.anonymous = anonymous
        self.keys = keys
        self.origins = origins
        self.hosts = hosts
    }

    public func originDecision(_ headers: HeaderFields) -> OriginDecision { origins.decision(headers) }

    /// Decides one request, in this order: Origin, Host, key, scope. For a path that has no route ask with `.none`: a
    /// foreign page gets its 403 there, too.
    ///
    /// - Parameters:
    ///   - certificate: the subject of the client's certificate, which somebody we trust has issued. A key in the
    ///     request says more than it.
    ///   - hash: SHA-256 of a token; called at most twice, and not at all where no key is configured.
    /// - Returns: 400, 401 or 403 as the failure.
    public func decide(
        scope: Scope, listener: ListenerKind, headers: HeaderFields, certificate: String? = nil,
        hash: (UnsafeRawBufferPointer) -> KeyDigest
    ) -> Result<Identity, GatewayError> {
        if origins.decision(headers) == .foreign { return .failure(.foreignOrigin) }
        let presented: PresentedKey
        do throws(GatewayError) {
            presented = try presentedKey(headers, hash)
        } catch {
            return .failure(error)
        }
        if case .known(let index) = presented { return decide(scope, keys[index]) }
        if presented == .none, let certificate, let key = keys.first(where: { $0.certificateSubject == certificate }) {
            return decide(scope, key)
        }
        if hostDecision(headers, listener) == .foreign { return .failure(.foreignHost) }
        switch presented {
        case .conflicting: return .failure(.twoKeys)
        case .unknown: return .failure(.unknownKey)
        case .none, .known:
            let identity = Identity(rights: anonymous.rights(listener, anyKey: !keys.isEmpty))
            return identity.allows(scope) ? .success(identity) : .failure(.noKey)
        }
    }

    private func decide(_ scope: Scope, _ key: AccessKey) -> Result<Identity, GatewayError> {
        let identity = Identity(
            keyName: key.name, role: key.role, rights: key.rights, claimant: key.claimant)
        return identity.allows(scope) ? .success(identity) : .failure(.missing(scope, key: key.name))
    }

    /// Only loopback listeners and requests of pages are choosy about their Host.
    func hostDecision(_ headers: HeaderFields, _ listener: ListenerKind) -> HostDecision {
        let decision = hosts.decision(headers, listener)
        guard listener == .loopback || headers.first(.origin) != nil else {
            return decision == .acceptableAddress ? .acceptableAddress : .acceptableName
        }
        return decision
    }

    private func presentedKey(
        _ headers: HeaderFields, _ hash: (UnsafeRawBufferPointer) -> KeyDigest
    ) throws(GatewayError) -> PresentedKey {
        var result = PresentedKey.none
        try Credentials.forEachToken(in: headers) { token in
            switch (known(token, hash), result) {
            case (let index?, .none): result = .known(index)
            case (let index?, .known(let other)): if index != other { result = .conflicting }
            case (nil, _): if Credentials.looksLikeOurs(token) { result = .unknown }
            case (_?, .unknown), (_?, .conflicting): break
            }
        }
        return result
    }

    /// Every key is compared, always: the time it takes says neither whether one matched nor which.
    private func known(_ token: UnsafeRawBufferPointer, _ hash: (UnsafeRawBufferPointer) -> KeyDigest) -> Int? {
        guard !keys.isEmpty, token.count <= Credentials.longestToken else { return nil }
        let digest = hash(token)
        var found = -1
        for index in keys.indices where keys[index].digest == digest { found = index }
        return found < 0 ? nil : found
    }
}
