// SPDX-License-Identifier: MIT

/// What a request needs a right for (gateway.md section 4). Every route has exactly one; what a body asks for beyond
/// that (an unload needs `manage`) is asked of the identity once the body is read.
public enum Scope: String, CaseIterable, Sendable {
    /// Answered to everyone, also with a key that lacks every right.
    case none
    /// Lists and descriptions of models.
    case read
    /// Anything that makes a runner compute.
    case inference
    /// Anything that changes what runners hold.
    case manage
    case metrics
    /// The gateway's own configuration, keys and statistics.
    case admin
}

/// Several scopes in one byte: an identity is copied per request.
public struct ScopeSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public init(_ scope: Scope) {
        self =
            switch scope {
            case .none: []
            case .read: .read
            case .inference: .inference
            case .manage: .manage
            case .metrics: .metrics
            case .admin: .admin
            }
    }

    public init(_ scopes: some Sequence<Scope>) {
        self = scopes.reduce(into: []) { $0.formUnion(ScopeSet($1)) }
    }

    public static let read = ScopeSet(rawValue: 1)
    public static let inference = ScopeSet(rawValue: 2)
    public static let manage = ScopeSet(rawValue: 4)
    public static let metrics = ScopeSet(rawValue: 8)
    public static let admin = ScopeSet(rawValue: 16)
    public static let all: ScopeSet = [.read, .inference, .manage, .metrics, .admin]

    /// `Scope.none` is the empty set, which every set holds.
    public func allows(_ scope: Scope) -> Bool { isSuperset(of: ScopeSet(scope)) }
}
