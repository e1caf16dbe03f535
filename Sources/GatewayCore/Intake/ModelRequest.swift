// SPDX-License-Identifier: MIT

/// What a scanned body asks for: the model, and whether the answer streams.
public struct ModelRequest: Equatable, Sendable {
    public var model: ScannedBody.Name
    public var streams: Bool

    /// - Throws: `GatewayError` in the route's words: no model, or an unload by someone who may not.
    public init(_ body: ScannedBody, route: Route, identity: Identity) throws(GatewayError) {
        // `name` is read where Ollama reads it; of the routes here that is show.
        let named = route.operation == .show ? body.model.nonEmpty ?? body.name : body.model
        guard let model = named.nonEmpty else { throw .modelRequired(route.operation, on: route.surface) }
        self.model = model
        streams = body.stream ?? route.streamsByDefault
        if ModelRequest.isUnload(body, route), !identity.allows(.manage) {
            throw GatewayError(
                identity.keyName == nil ? 401 : 403, "Unloading a model (keep_alive 0) needs the scope 'manage'.")
        }
    }

    /// Nothing to generate and `keep_alive: 0`: Ollama unloads the model.
    private static func isUnload(_ body: ScannedBody, _ route: Route) -> Bool {
        guard body.keepAliveIsZero else { return false }
        switch route.operation {
        case .generate: return !body.hasPrompt
        case .chat: return !body.hasMessages
        default: return false
        }
    }
}

extension ScannedBody.Name? {
    /// nil for a name of nothing but white space.
    fileprivate var nonEmpty: ScannedBody.Name? {
        guard let self, self.text.utf8.contains(where: { $0 > 0x20 }) else { return nil }
        return self
    }
}

extension GatewayError {
    /// A body that is no JSON object of the kind the route needs.
    public init(_ error: ScanError, family: ErrorFamily) {
        if error.message == ScanError.missingBody {
            self = .missingBody(family)
        } else {
            self.init(400, error.message)
        }
    }

    /// Nobody's list was ever read.
    public static let noListYet = GatewayError(
        503, "No runner has answered since the gateway started, so no model is known: are they running?",
        origin: .gateway, retryAfter: 5)
}
