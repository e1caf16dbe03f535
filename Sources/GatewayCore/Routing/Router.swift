// SPDX-License-Identifier: MIT

/// Method and target to route. Pure and stateless: built once per configuration.
public struct Router: Sendable {
    private let prefix: [UInt8]
    private let root = SurfaceIndex(.root)
    private let prefixed = SurfaceIndex(.prefix)

    /// - Parameter pathPrefix: one for which `problem(withPrefix:)` is nil. With any other one nothing is served under
    ///   a prefix, because guessing which paths an operator meant could open admin routes at the root.
    public init(pathPrefix: String) {
        let prefix = Router.problem(withPrefix: pathPrefix) == nil ? Array(pathPrefix.utf8) : []
        self.prefix = prefix.last == UInt8(ascii: "/") ? Array(prefix.dropLast()) : prefix
    }

    /// Why a prefix can't be served, as the end of a sentence that begins with its configuration path; nil if it can.
    public static func problem(withPrefix prefix: String) -> String? {
        var segments = prefix.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if segments.last?.isEmpty == true { segments = segments.dropLast() }
        guard prefix.utf8.first == UInt8(ascii: "/"), let first = segments.first else {
            return "must begin with '/' and have a name behind it, such as /docker-model-runner"
        }
        guard segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.allSatisfy(isPlain) }) else {
            return "may hold letters, digits and - . _ ~ between single slashes"
        }
        if ["api", "v1", "key", "healthz", "readyz", "metrics"].contains(first) {
            return "would hide /\(first), which is served at the root; choose another first part"
        }
        return nil
    }

    /// Unreserved characters (RFC 3986 section 2.3): they have one spelling on the wire.
    private static func isPlain(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || "-._~".utf8.contains(byte)
    }

    /// - Parameter target: as it came; whether its host is ours is for `RequestRules` to say.
    public func route(_ method: Method, target: [UInt8]) -> Routing {
        target.withUnsafeBytes { raw in
            // Nearly every request spells its path as the table does, without a query.
            if raw.count > 1, let operation = root.plain.operation(at: raw) {
                return Routing(answer(method, Route(operation)))
            }
            // CONNECT names a host, not a path; we are no tunnel for any.
            if method == .connect { return Routing(.methodNotAllowed(.root, allow: MethodSet.any.allow)) }
            do throws(GatewayError) {
                return route(method, try RequestTarget(raw), of: raw)
            } catch {
                return Routing(.malformed(error), pathKey: PathKey.unreadable(raw))
            }
        }
    }

    /// Whose error shape is read where a path or a method leads nowhere: by its beginning below the surface.
    public func family(ofUnrouted target: [UInt8]) -> ErrorFamily {
        target.withUnsafeBytes { raw in
            guard let path = (try? RequestTarget(raw))?.path else { return .native }
            return withUnsafeTemporaryAllocation(byteCount: max(1, path.count), alignment: 1) { scratch in
                let bytes = UnsafeRawBufferPointer(rebasing: raw[path])
                guard let count = try? NormalizedPath.write(bytes, to: scratch) else { return .native }
                let normalized = UnsafeRawBufferPointer(rebasing: scratch[..<count])
                let path = PathKey.split(normalized)?.rest ?? normalized
                let below = path.dropFirst(hasPrefix(path) ? prefix.count : 0)
                if below.starts(with: "/v1/messages".utf8) { return .anthropic }
                return below.starts(with: "/v1/".utf8) ? .openAI : .native
            }
        }
    }

    private func route(_ method: Method, _ target: RequestTarget, of raw: UnsafeRawBufferPointer) -> Routing {
        switch target.form {
        case .asterisk:
            return Routing(
                method == .options
                    ? .options(.root, .server)
                    : .malformed(.path("The request target '*' is for OPTIONS only; name a path.")))
        case .absolute where method == .options && target.path.isEmpty && target.query.isEmpty:
            // RFC 9112 section 3.2.4: this is how `OPTIONS *` looks on its way through a proxy.
            return Routing(.options(.root, .server))
        case .origin, .absolute:
            break
        }
        let path = UnsafeRawBufferPointer(rebasing: raw[target.path])
        return withUnsafeTemporaryAllocation(byteCount: max(1, path.count), alignment: 1) { scratch in
            do throws(GatewayError) {
                let count = try NormalizedPath.write(path, to: scratch)
                let normalized = UnsafeRawBufferPointer(rebasing: scratch[..<count])
                guard let (key, rest) = PathKey.split(normalized) else {
                    return Routing(route(method, normalized: normalized))
                }
                return Routing(route(method, normalized: rest), pathKey: Array(key))
            } catch {
                return Routing(.malformed(error), pathKey: PathKey.unreadable(path))
            }
        }
    }

    private func route(_ method: Method, normalized path: UnsafeRawBufferPointer) -> RoutingResult {
        let isPrefixed = hasPrefix(path)
        let surface = isPrefixed ? Surface.prefix : .root
        let rest = isPrefixed ? UnsafeRawBufferPointer(rebasing: path[prefix.count...]) : path
        if let match = match(rest, on: surface) {
            guard let argument = match.argument else {
                return answer(method, Route(match.operation, on: surface, pin: match.pin))
            }
            guard let text = String(validating: argument, as: UTF8.self) else {
                return .malformed(.path("The path is not UTF-8 once it is decoded."))
            }
            return answer(method, Route(match.operation, on: surface, pin: match.pin, pathArgument: text))
        }
        switch method {
        case .options: return .options(surface, .unknownPath)
        case .trace: return .methodNotAllowed(surface, allow: MethodSet.any.allow)
        case .get, .head, .post, .put, .patch, .delete, .connect, .unsupported: return .notFound(surface)
        }
    }

    private func answer(_ method: Method, _ route: Route) -> RoutingResult {
        let methods = route.operation.entry.methods(on: route.surface)
        if methods.takes(method) { return .route(route) }
        if method == .options { return .options(route.surface, .path(allow: methods.allow)) }
        return .methodNotAllowed(route.surface, allow: methods.allow)
    }

    private func hasPrefix(_ path: UnsafeRawBufferPointer) -> Bool {
        guard !prefix.isEmpty, path.count >= prefix.count else { return false }
        guard path.count == prefix.count || path[prefix.count] == UInt8(ascii: "/") else { return false }
        return prefix.withUnsafeBytes { path.starts(with: $0) }
    }
}

extension Router {
    private struct Match {
        var operation: Operation
        var pin: Int?
        var argument: UnsafeRawBufferPointer?
    }

    /// A path as it stands, one with a pin behind it, one that ends in a part of the client's, or one with both.
    private func match(_ path: UnsafeRawBufferPointer, on surface: Surface) -> Match? {
        let index = surface == .root ? root : prefixed
        if let operation = index.plain.operation(at: path) { return Match(operation: operation) }
        guard let (head, last) = split(path) else { return nil }
        let isNumber = last.allSatisfy(ASCII.isDigit)
        if surface == .prefix, isNumber, let operation = index.plain.operation(at: head), operation.entry.isPinnable {
            // A number too long to be an index is no model either: `/v1/models/{i}` is a pin if it is all digits.
            return ASCII.decimal(last).map { Match(operation: operation, pin: $0) }
        }
        if let operation = index.withArgument.operation(at: head) { return Match(operation: operation, argument: last) }
        guard surface == .prefix, let pin = ASCII.decimal(last), let (base, argument) = split(head),
            let operation = index.withArgument.operation(at: base), operation.entry.isPinnable
        else { return nil }
        return Match(operation: operation, pin: pin, argument: argument)
    }

    /// Before and behind the last slash.
    private func split(
        _ path: UnsafeRawBufferPointer
    ) -> (head: UnsafeRawBufferPointer, last: UnsafeRawBufferPointer)? {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return (
            UnsafeRawBufferPointer(rebasing: path[..<slash]), UnsafeRawBufferPointer(rebasing: path[(slash + 1)...])
        )
    }
}
