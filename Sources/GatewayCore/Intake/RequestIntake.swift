// SPDX-License-Identifier: MIT

/// What is decided from a request's head alone: which route it is, whether it may be served, and what is done with its
/// body. One place, in one order: target, framing, loop, Origin and Host, path and method, key, what is built, size.
public struct RequestIntake: Sendable {
    /// What the decisions depend on; the same for all requests of a configuration, who share it by reference.
    public final class Rules: Sendable {
        public let router: Router
        public let access: AccessPolicy
        public let loopGuard: LoopGuard
        public let limits: RequestLimits
        /// Bytes of a JSON body.
        public let bodyLimit: Int
        /// Bytes of a blob.
        public let blobLimit: Int
        /// False: API calls are answered 503.
        public let isEnabled: Bool

        public init(
            router: Router, access: AccessPolicy, loopGuard: LoopGuard, limits: RequestLimits, bodyLimit: Int,
            blobLimit: Int = .max, isEnabled: Bool
        ) {
            self.router = router
            self.access = access
            self.loopGuard = loopGuard
            self.limits = limits
            self.bodyLimit = bodyLimit
            self.blobLimit = blobLimit
            self.isEnabled = isEnabled
        }
    }

    public enum Decision: Equatable, Sendable {
        case serve(Route, Identity)
        case answer(OwnResponse)
        case refuse(GatewayError)
    }

    public enum BodyUse: Equatable, Sendable {
        /// Held and scanned: the model is in it. JSON is held whole; a form may be passed on once its model is known.
        case scan
        /// Goes to runners while it arrives, in pieces that nobody keeps.
        case stream
        /// Read and dropped, so that the connection can go on.
        case drop
        /// Not read: the response goes out at once and the connection closes behind it.
        case refuse
    }

    public let decision: Decision
    public let bodyUse: BodyUse
    /// Means something where `bodyUse` is `scan`.
    public let bodyFormat: BodyFormat
    public let framing: BodyFraming
    /// The client waits for 100 before it sends its body.
    public let expectsContinue: Bool
    public let keepsAlive: Bool
    public let surface: Surface
    public let family: ErrorFamily
    /// Nil for a path that has no route, or takes another method.
    public let operation: Operation?
    /// Fields of whatever response follows, a runner's as well: CORS (not where `decision` is the response, which has
    /// its own), and that pages with a key in their address must not pass it on.
    public let responseFields: [OwnResponse.Field]

    /// A body nobody wants is read up to this, bytes; a longer one costs the connection.
    private static let droppedBodyBytes = 65536

    /// - Parameter rates: what keys have asked for lately, this request included afterwards.
    public init(
        _ head: borrowing RequestHead, from caller: borrowing Caller, rules: Rules, rates: inout RequestRates,
        now: Instant
    ) {
        let routing = rules.router.route(head.method, target: head.target)
        let route = routing.result.route
        surface = routing.result.surface
        family = route?.family ?? rules.router.family(ofUnrouted: head.target)
        operation = route?.operation
        let originFields = rules.access.originDecision(head.headers).responseFields
        let hasPathKey = routing.pathKey != nil
        do throws(GatewayError) {
            let checked = try RequestRules.check(head, limits: rules.limits, takesZstd: route?.takesZstd ?? false)
            framing = checked.framing
            do throws(GatewayError) {
                (decision, bodyFormat) = try RequestIntake.decide(head, routing, checked, caller, rules, &rates, now)
            } catch {
                bodyFormat = .json
                decision = .refuse(error)
            }
            // A preflight names the origin itself; named twice, a browser would refuse it.
            if case .answer = decision {
                responseFields = hasPathKey ? [.noReferrer] : []
            } else {
                responseFields = hasPathKey ? originFields + [.noReferrer] : originFields
            }
            bodyUse = RequestIntake.bodyUse(of: decision, head.method, checked)
            expectsContinue = checked.expectsContinue && (bodyUse == .scan || bodyUse == .stream)
            keepsAlive = checked.keepAlive && bodyUse != .refuse
        } catch {
            // Whatever is wrong with a head, its framing can't be relied on.
            decision = .refuse(error)
            responseFields = hasPathKey ? originFields + [.noReferrer] : originFields
            bodyFormat = .json
            (framing, keepsAlive, expectsContinue, bodyUse) = (.none, false, false, .refuse)
        }
    }

    private static func decide(
        _ head: RequestHead, _ routing: Routing, _ checked: CheckedRequest, _ caller: Caller, _ rules: Rules,
        _ rates: inout RequestRates, _ now: Instant
    ) throws(GatewayError) -> (Decision, BodyFormat) {
        try rules.loopGuard.check(head.headers)
        // Where there is no route, that is told to those only who are admitted.
        let found: Result<Route, GatewayError>
        switch routing.result {
        case .malformed(let error): throw error
        case .options(let surface, let target):
            let answer = try rules.access.answerOptions(
                target, on: surface, listener: caller.listener, host: checked.host, headers: head.headers
            ).get()
            return (.answer(answer), .json)
        case .notFound(let surface): found = .failure(.notFound(surface))
        case .methodNotAllowed(let surface, let allow): found = .failure(.methodNotAllowed(surface, allow: allow))
        case .route(let route): found = .success(route)
        }
        let identity = try rules.access.admit(
            caller, to: routing.result.route?.operation, host: checked.host, headers: head.headers,
            pathKey: routing.pathKey)
        do throws(GatewayError) {
            let route = try found.get()
            // Who asks whether we are there has asked for nothing yet: the CLI does it before each of its requests.
            if route.scope != .none { try rates.take(identity, now: now) }
            try check(route, head.method, checked, rules)
            return (.serve(route, identity), try BodyFormat(route, head.headers, checked))
        } catch {
            throw error.with(keyName: identity.keyName)
        }
    }

    /// Whether it can be served here, whoever asks.
    private static func check(
        _ route: Route, _ method: Method, _ checked: CheckedRequest, _ rules: Rules
    ) throws(GatewayError) {
        guard route.isBuilt else { throw .notBuilt(route) }
        guard rules.isEnabled || route.answersWhenDisabled else {
            throw GatewayError(
                503, "The API is switched off here (\"enable\": false in the configuration).", origin: .gateway)
        }
        if route.scansBody || route.takesDocument(method), !route.takesForm,
            case .counted(let count) = checked.framing, count > rules.bodyLimit
        {
            throw .bodyTooLarge(limit: rules.bodyLimit)
        }
        if route.operation == .blobs, case .counted(let count) = checked.framing, count > rules.blobLimit {
            throw .blobTooLarge(limit: rules.blobLimit)
        }
    }

    private static func bodyUse(of decision: Decision, _ method: Method, _ checked: CheckedRequest) -> BodyUse {
        if case .serve(let route, _) = decision, route.operation == .blobs, method == .post { return .stream }
        if case .serve(let route, _) = decision, route.scansBody || route.takesDocument(method) { return .scan }
        if case .refuse(let error) = decision, error.closesConnection { return .refuse }
        if checked.expectsContinue { return .refuse }
        switch checked.framing {
        case .none: return .drop
        case .counted(let count): return count <= droppedBodyBytes ? .drop : .refuse
        case .chunked, .untilClose: return .refuse
        }
    }
}

extension RequestIntake {
    /// For logs: the route's, or `-`.
    public var pattern: String { operation?.entry.pattern ?? "-" }

    /// The key's that the request came with, as far as it was looked at.
    public var keyName: String? {
        switch decision {
        case .serve(_, let identity): identity.keyName
        case .refuse(let error): error.keyName
        case .answer: nil
        }
    }
}

extension OwnResponse.Field {
    static let noReferrer = OwnResponse.Field("Referrer-Policy", "no-referrer")
}

extension RoutingResult {
    var route: Route? {
        if case .route(let route) = self { route } else { nil }
    }

    var surface: Surface {
        switch self {
        case .route(let route): route.surface
        case .options(let surface, _), .notFound(let surface), .methodNotAllowed(let surface, _): surface
        case .malformed: .root
        }
    }
}

extension Route {
    /// Its body names the model: JSON, or a form.
    public var readsModelFromBody: Bool { routeClass == .one && pathArgument == nil }

    /// Its body is looked into: JSON is held whole, a form up to where its model is known.
    public var scansBody: Bool {
        switch routeClass {
        case .one, .target: pathArgument == nil && operation != .signout
        case .any: operation == .webSearch || operation == .webFetch
        case .own, .merged: false
        }
    }

    /// Its body is a JSON document for the gateway itself, held whole.
    public func takesDocument(_ method: Method) -> Bool {
        operation == .configUpdate || operation == .verify || operation == .keys && method == .post
    }

    /// It goes to one runner or several, on connections of its own, without a lease.
    public var isManagement: Bool {
        switch routeClass {
        case .target, .any: true
        case .own, .merged, .one: false
        }
    }

    /// `/`, version, health, metrics and configuration answer even while the API is switched off.
    var answersWhenDisabled: Bool {
        routeClass == .own || operation == .version
    }
}

extension GatewayError {
    public static func bodyTooLarge(limit: Int) -> GatewayError {
        GatewayError(
            413, "The request body is larger than limits.json_body_bytes (\(limit) bytes) allows.",
            closesConnection: true)
    }

    public static func blobTooLarge(limit: Int) -> GatewayError {
        GatewayError(413, "The blob is larger than limits.blob_bytes (\(limit) bytes) allows.", closesConnection: true)
    }

    public static let bodyMemoryExhausted = GatewayError(
        503, "The gateway holds as many request bodies as limits.body_memory allows: try again later.",
        origin: .gateway, retryAfter: 1, closesConnection: true)

    /// Readable because whoever speaks plain text gets it in plain text.
    public static let plainTextOnSecuredPort = GatewayError(
        400, "This port speaks HTTPS, and the request came in plain text: write https:// in front of its address.",
        origin: .client, closesConnection: true)
    public static let headTooSlow = GatewayError(
        408, "The request's head did not arrive within timeouts.client_header.", closesConnection: true)

    public static let bodyTooSlow = GatewayError(
        408, "The request's body stopped arriving for timeouts.client_body.", closesConnection: true)
}
