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

        /// One key, known only by its hash.
        public struct Key: Equatable, Sendable {
            /// Unique.
            public var name: String
            /// 32 bytes, unique.
            public var sha256: [UInt8]
            public var role: Role
            /// As configured; empty means the role's own, see `effectiveScopes`.
            public var scopes: Set<Scope>
            /// As configured, for lists; nothing is decided by it.
            public var created: String?

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

        public init() {}
    }
}
