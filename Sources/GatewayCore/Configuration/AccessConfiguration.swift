// SPDX-License-Identifier: MIT

extension Configuration {
    /// Who may do what (gateway.md section 4).
    public struct Access: Equatable, Sendable {
        /// What a client without a key may do.
        public enum Anonymous: String, CaseIterable, Sendable {
            /// Decided by whether any key is configured and by the listener.
            case auto
            case none, read, inference, all
        }

        public enum Role: String, CaseIterable, Sendable {
            case admin, user
        }

        public enum Scope: String, CaseIterable, Sendable {
            case read, inference, manage, metrics, admin
        }

        public enum Priority: String, CaseIterable, Sendable {
            case interactive, background
        }

        /// What an address may do without a key.
        public enum NetworkRight: String, CaseIterable, Sendable {
            case read, inference, all
        }

        public struct Network: Equatable, Sendable {
            public var range: AddressRange
            public var allow: NetworkRight

            public init(range: AddressRange, allow: NetworkRight) {
                self.range = range
                self.allow = allow
            }
        }

        /// What the users may do that a key asserts. The first rule counts whose fields all match.
        public struct UserRule: Equatable, Sendable {
            /// Globs; nil matches every user.
            public var role: String?
            /// In lower case.
            public var email: String?
            public var id: String?
            /// Globs over visible names; empty is all.
            public var models: [String] = []
            /// `Int.max`: no cap (0 in the file).
            public var maxInflight = Int.max
            public var priority = Priority.interactive
            /// 1...1000.
            public var share = 1

            public init() {}
        }

        /// One key, known only by its hash.
        public struct Key: Equatable, Sendable {
            /// Unique.
            public var name: String
            /// 32 bytes, unique; empty where `clientCertificate` is set.
            public var sha256: [UInt8]
            /// Instead of a hash: the whole subject of a client's certificate, e.g. `CN=alice`.
            public var clientCertificate: String?
            public var role: Role
            /// As configured; empty means the role's own, see `effectiveScopes`.
            public var scopes: Set<Scope>
            /// As configured, for lists; nothing is decided by it.
            public var created: String?
            /// Globs over visible names; empty is all.
            public var models: [String] = []
            /// Requests carry the user they are made for.
            public var assertsUser = false
            /// `Int.max`: no cap (0 in the file).
            public var maxInflight = Int.max
            /// `Int.max`: no limit (0 in the file).
            public var requestsPerMinute = Int.max
            public var priority = Priority.interactive
            /// 1...1000.
            public var share = 1

            public init(
                name: String, sha256: [UInt8], role: Role = .user, scopes: Set<Scope> = [], created: String? = nil
            ) {
                self.name = name
                self.sha256 = sha256
                self.role = role
                self.scopes = scopes
                self.created = created
            }

            /// What the key may do: an admin everything, a user what is listed, else inference and read.
            public var effectiveScopes: Set<Scope> {
                switch role {
                case .admin: Set(Scope.allCases)
                case .user: scopes.isEmpty ? [.inference, .read] : scopes
                }
            }
        }

        public var anonymous = Anonymous.auto
        public var keys: [Key] = []
        /// Host names that pass the Host check, in lower case, without ports.
        public var hosts: [String] = []
        /// Origins allowed in addition to Ollama's, each with at most one `*`.
        public var origins: [String] = []
        public var networks: [Network] = []
        /// Peers whose `X-Forwarded-For` is believed.
        public var trustedProxies: [AddressRange] = []
        public var users: [UserRule] = []
        /// What Open WebUI signs `X-OpenWebUI-User-Jwt` with.
        public var jwtSecret: Secret?

        public init() {}
    }
}
