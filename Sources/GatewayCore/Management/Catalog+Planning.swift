// SPDX-License-Identifier: MIT

/// Which runners a management request concerns (gateway.md section 3, "Management over N runners").
extension Catalog {
    /// Nil while some runner's first list is on its way and may have the model.
    ///
    /// - Throws: `GatewayError` in the route's words: nobody lists the model, or it can't be a name.
    public func plan(_ request: ManagementRequest) throws(GatewayError) -> ManagementPlan? {
        guard var plan = try planUnpinned(request) else { return nil }
        try checkNames(
            request.names, of: request.route, readsSource: request.route.operation.readsSource, for: request.rights)
        guard let pin = request.route.pin else { return plan }
        plan.runners = try pinned(pin, among: plan.runners, request)
        plan.reach = .pinned
        return plan
    }

    private func planUnpinned(_ request: ManagementRequest) throws(GatewayError) -> ManagementPlan? {
        switch request.route.operation {
        case .chat, .generate, .unload: try planUnload(request)
        case .delete: try planDelete(request)
        case .copy: try planCopy(request)
        case .push: try planPush(request)
        case .pull: try planPull(request)
        case .create: try planCreate(request)
        case .blobs: planBlobs(request)
        case .signout, .signoutByKey:
            planAnywhere(request, .each, .init(vacuousStatus: 401, isVacuousWithoutRoute: true))
        case .me: planAnywhere(request, .lowest)
        case .status, .recommendations, .webSearch, .webFetch: planAnywhere(request, .newest)
        case .chatCompletions, .embed, .embeddings, .completions, .openAIEmbeddings, .responses, .messages,
            .transcriptions, .systemOne, .tags, .ps, .show, .version, .openAIModels, .openAIModel, .landing, .healthz,
            .readyz,
            .metrics, .verify, .config, .configUpdate, .stats, .decisions, .keys, .key, .ui:
            throw .notBuilt(request.route)
        }
    }

    /// - Throws: 404 where there is no such runner, and in the route's words where it is none of those concerned.
    private func pinned(
        _ index: Int, among runners: RunnerSet, _ request: ManagementRequest
    ) throws(GatewayError) -> RunnerSet {
        var pinned = try enabledRunners(at: index)
        pinned.formIntersection(runners)
        guard pinned.isEmpty else { return pinned }
        // A model is created where its `from` is.
        throw modelNotFound(request.from?.text ?? request.subject ?? "", request.route, for: request.rights)
    }

    // MARK: Holders of a model

    /// Wherever it is in memory. Where it is nowhere one runner says so, as an Ollama that has not loaded it does.
    private func planUnload(_ request: ManagementRequest) throws(GatewayError) -> ManagementPlan? {
        guard let model = try holders(of: request.model, request) else { return nil }
        // Measured with Ollama 0.5.4: /api/ps shows it for some tens of milliseconds more. One that is in use stays.
        let traits = FanOut.Traits(changes: [.ps], patience: [20, 40, 80, 160, 320].map { .milliseconds($0) })
        let isLoaded = !model.loaded.isEmpty && request.route.pin == nil
        var plan =
            isLoaded
            ? ManagementPlan(model.loaded, .each, request, traits)
            : ManagementPlan(model.holders, .best, request, traits)
        if request.route.operation == .unload {
            plan.content = .unload
            plan.edits = [.init(range: 0..<0, name: .of(model))]
        } else {
            plan.edits = edits(request.modelRanges, model)
        }
        return plan
    }

    private func planDelete(_ request: ManagementRequest) throws(GatewayError) -> ManagementPlan? {
        guard let model = try holders(of: request.model, request) else { return nil }
        var plan = ManagementPlan(model.holders, .each, request, .init(vacuousStatus: 404, changes: [.tags]))
        plan.edits = edits(request.modelRanges, model)
        return plan
    }

    /// Never on two: both would upload the same layers.
    private func planPush(_ request: ManagementRequest) throws(GatewayError) -> ManagementPlan? {
        guard let model = try holders(of: request.model, request, readsSource: false) else { return nil }
        var plan = ManagementPlan(model.holders, .best, request, .init(streams: request.streams))
        plan.edits = edits(request.modelRanges, model)
        return plan
    }

    /// Within each runner that has the source: a name is copied, not a model.
    private func planCopy(_ request: ManagementRequest) throws(GatewayError) -> ManagementPlan? {
        guard let source = request.source, let destination = request.destination,
            let model = try holders(of: source, request, readsSource: false)
        else { return nil }
        var runners = model.holders
        var plan = ManagementPlan(runners, .each, request, .init(changes: [.tags]))
        plan.edits = edits([source.range], model)
        if let target = prefixed(destination.text) {
            runners.formIntersection(target.runners)
            guard !runners.isEmpty else {
                throw GatewayError(
                    400,
                    "The prefix of destination \"\(destination.text)\" belongs to other runners than those that have "
                        + "the source; a copy stays on its runner.")
            }
            plan.runners = runners
            plan.edits.append(.init(range: destination.range, name: .text(target.rest)))
        }
        return plan
    }

    // MARK: Runners that shall hold one

    /// Each does only what it lacks: Ollama compares with the registry, whose digest nobody else knows.
    private func planPull(_ request: ManagementRequest) throws(GatewayError) -> ManagementPlan? {
        let target = try target(of: request)
        var plan = ManagementPlan(
            target.runners, .each, request,
            .init(skipsUnreachable: true, streams: request.streams, changes: [.tags]))
        plan.isAboutHolders = false
        if let rest = target.rest { plan.edits = request.modelRanges.map { .init(range: $0, name: .text(rest)) } }
        return plan
    }

    /// Where its `from` is; without one, or with one that has to be pulled first, where models are pulled to. The
    /// caller leaves out those that lack a blob.
    private func planCreate(_ request: ManagementRequest) throws(GatewayError) -> ManagementPlan? {
        let asked = prefixed(request.model?.text ?? "")
        var runners: RunnerSet?
        var fromName: ManagementPlan.OwnName?
        if let from = request.from {
            switch resolve(from.text, for: request.rights) {
            case .found(let model):
                runners = model.holders
                if model.strippedPrefix { fromName = .of(model) }
            case .firstListsPending: return nil
            case .unknown, .noListEverRead:
                guard let behind = prefixed(from.text) else { break }
                runners = behind.runners
                fromName = .text(behind.rest)
            case .invalidName(let sentence): throw GatewayError(400, sentence)
            }
        }
        // A bare name doesn't say where it shall be: `from` does.
        if let asked { runners?.formIntersection(asked.runners) }
        let wanted: RunnerSet
        if let runners { wanted = runners } else { wanted = try target(of: request).runners }
        guard !wanted.isEmpty else {
            throw GatewayError(400, "The prefix of model belongs to other runners than those that have from.")
        }
        var plan = ManagementPlan(
            wanted, .each, request, .init(skipsUnreachable: true, streams: request.streams, changes: [.tags]))
        plan.isAboutHolders = false
        plan.blobs = request.blobs
        if let rest = asked?.rest { plan.edits = request.modelRanges.map { .init(range: $0, name: .text(rest)) } }
        if let fromName, let from = request.from { plan.edits.append(.init(range: from.range, name: fromName)) }
        return plan
    }

    /// By the name of a model that need not exist: behind a prefix those who have it, else those who have none.
    private func target(of request: ManagementRequest) throws(GatewayError) -> (runners: RunnerSet, rest: String?) {
        let name = request.model?.text ?? ""
        let asked = prefixed(name)
        var runners = asked?.runners ?? runnersWithoutPrefix
        if let chosen = request.chosen ?? request.route.pin.map({ [$0] }) {
            var set = RunnerSet()
            for index in chosen { for runner in try enabledRunners(at: index).numbers { set.insert(runner) } }
            // A bare name goes wherever the client says; a prefix says it already.
            if asked == nil { runners = set } else { runners.formIntersection(set) }
        } else {
            runners.formIntersection(pullRunners)
        }
        guard runners.isEmpty else { return (runners, asked?.rest) }
        throw GatewayError(
            400,
            asked == nil
                ? "No runner takes models without a prefix in front of their name; choose one with ?runners=."
                : "None of the runners with this prefix takes models (\"pull\": false), or was chosen.")
    }

    private func planBlobs(_ request: ManagementRequest) -> ManagementPlan {
        let runners = request.route.pin == nil ? pullRunners : enabledRunners
        var plan = ManagementPlan(runners, .each, request, .init(skipsUnreachable: true))
        plan.isAboutHolders = false
        return plan
    }

    // MARK: Any runner

    private func planAnywhere(
        _ request: ManagementRequest, _ reach: ManagementPlan.Reach, _ traits: FanOut.Traits = .init()
    ) -> ManagementPlan {
        var plan = ManagementPlan(enabledRunners, reach, request, traits)
        plan.isAboutHolders = false
        if !request.route.scansBody { plan.content = .empty }
        return plan
    }

    // MARK: Names

    private func edits(_ ranges: [Range<Int>], _ model: ResolvedModel) -> [ManagementPlan.Edit] {
        model.strippedPrefix ? ranges.map { .init(range: $0, name: .of(model)) } : []
    }

    /// Who lists a name; nil while that is not known yet.
    private func holders(
        of name: ScannedBody.Name?, _ request: ManagementRequest, readsSource: Bool = true
    ) throws(GatewayError) -> ResolvedModel? {
        let operation = request.route.operation
        guard let text = name?.text else { throw .modelRequired(operation, on: request.route.surface) }
        switch resolve(text, readsSource: readsSource, for: request.rights) {
        case .found(let model): return model
        case .firstListsPending: return nil
        case .unknown: throw modelNotFound(text, readsSource: readsSource, request.route, for: request.rights)
        case .noListEverRead: throw .noListYet
        case .invalidName(let sentence):
            let isPlain = sentence == "invalid model name"
            throw isPlain ? .invalidModelName(text, operation) : GatewayError(400, sentence)
        }
    }
}

// MARK: Names that a caller may use

extension Catalog {
    /// Every name that a request's body holds, for a caller who may use only some models.
    ///
    /// - Throws: what an unknown model gets, for the first one that they may not.
    public func checkNames(
        _ names: [ScannedBody.Name], of route: Route, readsSource: Bool = true, for rights: ModelRights
    ) throws(GatewayError) {
        guard !rights.isUnlimited else { return }
        for name in names where !rights.allows(key: listedKey(of: name.text, readsSource: readsSource)) {
            throw modelNotFound(name.text, readsSource: readsSource, route, for: rights)
        }
    }

    /// The answer to a model that isn't there, for this caller. Whether they may use it is said beside it, for the audit
    /// log, and by its name alone: that takes no longer where there is such a model.
    public func modelNotFound(
        _ name: String, readsSource: Bool = true, _ route: Route, for rights: ModelRights
    ) -> GatewayError {
        var error = GatewayError.modelNotFound(
            name, normalized: ModelName.displayed(name), route.operation, on: route.surface)
        if !rights.isUnlimited, !rights.allows(key: listedKey(of: name, readsSource: readsSource)) {
            error.refusal = .model
        }
        return error
    }
}

extension Operation {
    /// False where Ollama takes `:cloud` and `:local` for tags.
    fileprivate var readsSource: Bool { self != .copy && self != .push }
}
