// SPDX-License-Identifier: MIT

/// What a scanned body asks of the runners that hold a model, or shall hold it.
public struct ManagementRequest: Equatable, Sendable {
    public let route: Route
    /// The model: `model`, or else `name`, as Ollama reads them.
    public let model: ScannedBody.Name?
    /// Every place of the body where the model's name stands: a stripped prefix has to go from all of them.
    let modelRanges: [Range<Int>]

    /// - Throws: `GatewayError` in the route's words: no model where one is needed, or two different ones.
    public init(_ body: ScannedBody, route: Route, identity: Identity) throws(GatewayError) {
        self.route = route
        let names = [body.model, route.operation.readsName ? body.name : nil].compactMap { $0?.nonEmpty }
        if let first = names.first, let other = names.last, !first.means(other) {
            throw GatewayError(400, "model and name differ: send one of them, or the same in both")
        }
        model = names.first
        modelRanges = names.map(\.range)
        // The one place where a key's globs are asked; a forbidden model answers as an unknown one.
        for name in names where !identity.mayUse(name.text) {
            throw .modelNotFound(
                name.text, normalized: ModelName.displayed(name.text), route.operation, on: route.surface)
        }
        if route.operation.needsModel, model == nil { throw .modelRequired(route.operation, on: route.surface) }
    }
}

extension ScannedBody.Name {
    fileprivate func means(_ other: ScannedBody.Name) -> Bool {
        ModelName.trimmed(text) == ModelName.trimmed(other.text)
    }
}

extension Operation {
    /// Whether `name` stands in for `model`: on these routes Ollama still reads what its older clients sent.
    var readsName: Bool {
        switch self {
        case .show, .pull, .push, .create, .delete, .unload: true
        case .chat, .generate, .chatCompletions, .embed, .embeddings, .completions, .openAIEmbeddings, .responses,
            .messages, .transcriptions, .tags, .ps, .version, .status, .openAIModels, .openAIModel, .landing, .healthz,
            .readyz, .metrics, .copy, .blobs, .me, .signout, .signoutByKey, .webSearch, .webFetch, .recommendations,
            .verify, .config, .configUpdate, .stats, .decisions, .keys, .key, .ui:
            false
        }
    }

    /// Whether a request without a model's name is refused before any runner is asked.
    var needsModel: Bool { readsName || self == .chat || self == .generate }
}
