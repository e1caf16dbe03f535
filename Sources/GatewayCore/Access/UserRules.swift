// SPDX-License-Identifier: MIT

/// What the users may do that a key asserts (`access.users`).
public struct UserRules: Sendable {
    /// One rule; it matches a user for whom all its fields do.
    public struct Rule: Sendable {
        /// Nil matches everybody, also a user of whom the field isn't known.
        private let role: Glob?
        private let email: Glob?
        private let id: Glob?
        public var models: ModelRights
        /// What each of the users has of the runners' slots.
        public var allotment = Claimant.Allotment()

        public init(role: String? = nil, email: String? = nil, id: String? = nil, models: ModelRights = .all) {
            self.role = role.map { Glob($0) }
            self.email = email.map { Glob($0.lowercased()) }
            self.id = id.map { Glob($0) }
            self.models = models
        }

        func matches(_ user: AssertedUser) -> Bool {
            [(role, user.role), (email, user.email), (id, user.id)].allSatisfy { glob, value in
                guard let glob else { return true }
                return value.map { glob.matches(Array($0.utf8)) } ?? false
            }
        }
    }

    private let rules: [Rule]
    /// Nil where plain header fields are believed.
    private let tokens: UserTokenReader?

    /// - Parameter secret: what Open WebUI signs `X-OpenWebUI-User-Jwt` with; then plain fields count for nothing.
    public init(_ rules: [Rule], secret: [UInt8]?, means: AccessMeans) {
        self.rules = rules
        tokens = secret.map { UserTokenReader(secret: $0, means: means) }
    }

    /// Whom a request is made for, and by which rule.
    enum Assertion {
        /// There are no rules: the key's own rights hold.
        case unruled
        /// The request says nothing of its user.
        case nobody(setting: String)
        case unmatched
        case matched(AssertedUser, Rule)
    }

    /// - Throws: 400 for what comes twice, 403 for a token that proves nothing.
    func assertion(_ headers: HeaderFields) throws(GatewayError) -> Assertion {
        guard !rules.isEmpty else { return .unruled }
        guard let user = try user(headers) else { return .nobody(setting: "FORWARD_USER_INFO_HEADER_JWT_SECRET") }
        if user.isNobody { return .nobody(setting: "ENABLE_FORWARD_USER_INFO_HEADERS") }
        return rules.first { $0.matches(user) }.map { .matched(user, $0) } ?? .unmatched
    }

    /// Whom a request is made for, be there rules or not; nil where that would have to be signed, and nothing is.
    ///
    /// - Throws: as `assertion`.
    func user(_ headers: HeaderFields) throws(GatewayError) -> AssertedUser? {
        let fields = try UserFields(headers)
        guard let tokens else { return fields.plain }
        guard let field = fields.token else { return nil }
        var outcome = Result<AssertedUser, GatewayError>.failure(.userToken("is missing"))
        headers.withValue(field) { token in
            outcome = Result { () throws(GatewayError) in try tokens.user(token) }
        }
        return try outcome.get()
    }
}
