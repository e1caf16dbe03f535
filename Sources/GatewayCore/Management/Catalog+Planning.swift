// SPDX-License-Identifier: MIT

/// Which runners a management request concerns (gateway.md section 3, "Management over N runners").
extension Catalog {
    /// Nil while some runner's first list is on its way and may have the model.
    ///
    /// - Throws: `GatewayError` in the route's words: nobody lists the model, or it can't be a name.
    public func plan(_ request: ManagementRequest) throws(GatewayError) -> ManagementPlan? {
        switch request.route.operation {
        case .chat, .generate, .unload: return try planUnload(request)
        case .chatCompletions, .embed, .embeddings, .completions, .openAIEmbeddings, .responses, .messages,
            .transcriptions, .tags, .ps, .show, .version, .status, .openAIModels, .openAIModel, .landing, .healthz,
            .readyz, .metrics, .pull, .push, .create, .copy, .delete, .blobs, .me, .signout, .signoutByKey, .webSearch,
            .webFetch, .recommendations, .verify, .config, .configUpdate, .stats, .decisions, .keys, .key, .ui:
            throw .notBuilt(request.route)
        }
    }

    /// Wherever it is in memory. Where it is nowhere one runner says so, as an Ollama that has not loaded it does.
    private func planUnload(_ request: ManagementRequest) throws(GatewayError) -> ManagementPlan? {
        guard let model = try holders(of: request.model, request) else { return nil }
        let traits = FanOut.Traits(changes: [.ps])
        var plan =
            model.loaded.isEmpty
            ? ManagementPlan(model.holders, .best, request, traits)
            : ManagementPlan(model.loaded, .each, request, traits)
        if request.route.operation == .unload {
            plan.isUnloadOfOurs = true
            plan.edits = [.init(range: 0..<0, name: .of(model))]
        } else if model.strippedPrefix {
            plan.edits = request.modelRanges.map { .init(range: $0, name: .of(model)) }
        }
        return plan
    }

    // MARK: Names

    /// Who lists a name; nil while that is not known yet.
    private func holders(
        of name: ScannedBody.Name?, _ request: ManagementRequest, readsSource: Bool = true
    ) throws(GatewayError) -> ResolvedModel? {
        let operation = request.route.operation
        let surface = request.route.surface
        guard let text = name?.text else { throw .modelRequired(operation, on: surface) }
        switch resolve(text, readsSource: readsSource) {
        case .found(let model): return model
        case .firstListsPending: return nil
        case .unknown:
            throw .modelNotFound(text, normalized: ModelName.displayed(text), operation, on: surface)
        case .noListEverRead: throw .noListYet
        case .invalidName(let sentence): throw GatewayError(400, sentence)
        }
    }
}
