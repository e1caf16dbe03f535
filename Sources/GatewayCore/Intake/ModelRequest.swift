// SPDX-License-Identifier: MIT

/// What a scanned body asks for: the model, and whether the answer streams.
public struct ModelRequest: Equatable, Sendable {
    public var model: ScannedBody.Name
    public var streams: Bool
    /// Nothing to generate and `keep_alive: 0`: the model has to go, wherever it is in memory.
    public var isUnload: Bool
    /// Every name in the body, where the caller may not use every model: each has to be allowed.
    public var names: [ScannedBody.Name]

    /// - Throws: `GatewayError` in the route's words: no model, or an unload by someone who may not.
    public init(_ body: ScannedBody, route: Route, identity: Identity) throws(GatewayError) {
        // `name` is read where Ollama reads it; of the routes here that is show.
        let named = route.operation == .show ? body.model?.nonEmpty ?? body.name : body.model
        guard let model = named?.nonEmpty else { throw .modelRequired(route.operation, on: route.surface) }
        self.model = model
        names = identity.models.isUnlimited ? [] : body.names
        streams = ModelRequest.canStream(route) && body.stream ?? route.streamsByDefault
        isUnload = ModelRequest.isUnload(body, route)
        if isUnload, !identity.allows(.manage) {
            let hasKey = identity.keyName != nil
            throw GatewayError(
                hasKey ? 403 : 401, "Unloading a model (keep_alive 0) needs the scope 'manage'.",
                refusal: hasKey ? .scope : .noKey, keyName: identity.keyName)
        }
    }

    /// Nothing to generate and `keep_alive: 0`: Ollama unloads the model.
    private static func isUnload(_ body: ScannedBody, _ route: Route) -> Bool {
        guard body.keepAliveIsZero else { return false }
        return route.operation == .generate && !body.hasPrompt || route.operation == .chat && !body.hasMessages
    }

    /// Embeddings come in one piece whatever the body's `stream` says, and are timed so.
    private static func canStream(_ route: Route) -> Bool {
        route.isInference
            && ![Operation.embed, .embeddings, .openAIEmbeddings, .systemOne].contains(route.operation)
    }
}

extension ScannedBody.Name {
    /// nil for a name of nothing but white space.
    var nonEmpty: ScannedBody.Name? { ModelName.trimmed(text).isEmpty ? nil : self }
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

    /// The name may be in a list that is still on its way.
    public static let listsPending = GatewayError(
        503, "Some runner has not told yet which models it has; try again in a moment.", origin: .gateway,
        retryAfter: 1)

    /// Nobody's list was ever read.
    public static let noListYet = GatewayError(
        503, "No runner has answered since the gateway started, so no model is known: are they running?",
        origin: .gateway, retryAfter: 5)
}
