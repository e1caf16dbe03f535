// SPDX-License-Identifier: MIT

/// Where a route is served: at the root as one Ollama, or under `path_prefix` as Open WebUI's router.
public enum Surface: CaseIterable, Hashable, Sendable {
    case root, prefix
}

/// Whose error shape a route's clients read (oa sections 2 and 7).
public enum ErrorFamily: CaseIterable, Hashable, Sendable {
    case native, openAI, anthropic, plain
}

/// Which runners an operation concerns; the classes of oa, in its words SELF, MERGE, ONE, ANY and TARGET.
public enum RouteClass: CaseIterable, Hashable, Sendable {
    /// Answered by the gateway alone.
    case own
    /// Answered from the merged lists.
    case merged
    /// One runner that lists the model.
    case one
    /// Any usable runner; there is no model.
    case any
    /// One chosen runner or several at once, because it changes what they hold.
    case target
}

/// One row of the table of routes. There is no initializer without a scope: a route nobody thought about can't exist.
public struct RouteEntry: Sendable {
    struct Traits: OptionSet {
        let rawValue: UInt8

        /// Takes `/{i}` behind it under the prefix.
        static let pinnable = Traits(rawValue: 1)
        /// Answers with a stream unless the body says `"stream": false`.
        static let streams = Traits(rawValue: 2)
        /// Occupies a slot of a runner.
        static let inference = Traits(rawValue: 4)
        /// Served by this version; the others are known, and answered 501.
        static let built = Traits(rawValue: 8)
    }

    /// Path relative to the surface, with `:name` for a part the client fills in: for logs and metrics.
    public let pattern: String
    public let scope: Scope
    public let routeClass: RouteClass
    public let family: ErrorFamily
    let root: MethodSet
    let prefix: MethodSet
    let traits: Traits

    /// `prefix` is what the prefix takes where it differs from the root; an empty set means that there is no such path.
    init(
        _ pattern: String, _ root: MethodSet, prefix: MethodSet? = nil, _ scope: Scope, _ routeClass: RouteClass,
        _ family: ErrorFamily, _ traits: Traits = []
    ) {
        self.pattern = pattern
        self.scope = scope
        self.routeClass = routeClass
        self.family = family
        self.root = root
        self.prefix = prefix ?? root
        self.traits = traits
    }

    /// Empty where the surface doesn't have the path.
    public func methods(on surface: Surface) -> MethodSet {
        switch surface {
        case .root: root
        case .prefix: prefix
        }
    }

    public var isPinnable: Bool { traits.contains(.pinnable) }
}

extension Operation {
    /// Answers with models from the merged lists, and with nothing else.
    var isList: Bool { entry.routeClass == .merged && entry.scope == .read }
}
