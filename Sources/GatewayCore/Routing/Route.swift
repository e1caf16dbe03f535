// SPDX-License-Identifier: MIT

/// What one request asks for. Everything but the client's own parts is read from the closed table, so nothing can say
/// "this route, but with that scope".
public struct Route: Equatable, Sendable {
    public let operation: Operation
    public let surface: Surface
    /// Index of the runner named in the path; whether there is such a runner is for the caller to see (404 if not).
    public let pin: Int?
    /// The client's part of the path, decoded once: a model, a digest, a key's name. Never log it as it is.
    public let pathArgument: String?

    public init(_ operation: Operation, on surface: Surface = .root, pin: Int? = nil, pathArgument: String? = nil) {
        self.operation = operation
        self.surface = surface
        self.pin = pin
        self.pathArgument = pathArgument
    }

    public var scope: Scope { operation.entry.scope }
    public var routeClass: RouteClass { operation.entry.routeClass }
    public var family: ErrorFamily { operation.entry.family }
    /// For logs and metrics: the same on both surfaces and for every pin, and without a byte of the client's.
    public var pattern: String { operation.entry.pattern }
    public var streamsByDefault: Bool { operation.entry.traits.contains(.streams) }
    /// Takes a lease, and waits in the queue if there is none.
    public var isInference: Bool { operation.entry.traits.contains(.inference) }
    /// False: known, but not served by this version; answer `GatewayError.notBuilt`.
    public var isBuilt: Bool { operation.entry.traits.contains(.built) }
}

/// What an OPTIONS request is about; how it is answered depends on Origin and Host (oa section 3).
public enum OptionsTarget: Equatable, Sendable {
    /// `OPTIONS *`: the server itself.
    case server
    case path(allow: String)
    case unknownPath
}

public enum RoutingResult: Equatable, Sendable {
    case route(Route)
    case options(Surface, OptionsTarget)
    case notFound(Surface)
    case methodNotAllowed(Surface, allow: String)
    case malformed(GatewayError)
}

extension GatewayError {
    /// Ollama's own words at the root; under the prefix, where no Ollama answers, a sentence.
    public static func notFound(_ surface: Surface) -> GatewayError {
        switch surface {
        case .root: GatewayError(404, "404 page not found", isPlainText: true)
        case .prefix: GatewayError(404, "There is nothing at this path; check its spelling.", isPlainText: true)
        }
    }

    public static func methodNotAllowed(_ surface: Surface, allow: String) -> GatewayError {
        switch surface {
        case .root: GatewayError(405, "405 method not allowed", allow: allow, isPlainText: true)
        case .prefix:
            GatewayError(405, "This path doesn't take that method; it takes \(allow).", allow: allow, isPlainText: true)
        }
    }

    /// A pin that names no runner, or one that is disabled.
    public static func noSuchRunner(_ index: Int) -> GatewayError {
        GatewayError(404, "There is no runner \(index), or it is disabled; the list of runners says which there are.")
    }

    /// A route that this version knows and doesn't serve.
    public static func notBuilt(_ route: Route) -> GatewayError {
        GatewayError(
            501, "This version of dmr-gateway doesn't serve \(route.pattern) yet; ask a runner directly.",
            origin: .gateway)
    }
}
