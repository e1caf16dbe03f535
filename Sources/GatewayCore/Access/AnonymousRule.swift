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
