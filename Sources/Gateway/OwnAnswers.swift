// SPDX-License-Identifier: MIT

import GatewayCore

/// The routes that the gateway answers by itself: its face, its health, and the merged lists. Always from memory,
/// whatever runners do.
extension Gateway {
    /// - Throws: `GatewayError` in the route's words.
    func ownAnswer(
        to route: Route, target: [UInt8], for rights: ModelRights
    ) throws(GatewayError) -> OwnResponse {
        if let pin = route.pin {
            return OwnResponse(list: try catalog.answer(route.operation, pinnedTo: pin, for: rights))
        }
        return switch (route.operation, route.surface) {
        case (.landing, .root): OwnResponse(text: "Ollama is running")
        case (.landing, .prefix): OwnResponse(json: .object([.init("status", .bool(true))]))
        case (.healthz, _): OwnResponse(json: .object([.init("status", .string("ok"))]))
        case (.readyz, _): readiness(wantsUsableRunner: QueryParameters.value(of: "runners", in: target) == "1")
        case (.version, _):
            OwnResponse(list: catalog.versionAnswer(usable: dispatcher.usableRunners))
        case (.tags, .root): OwnResponse(list: catalog.answer(.tags, for: rights))
        case (.tags, .prefix): OwnResponse(list: catalog.answer(.prefixTags, for: rights))
        case (.ps, .root): OwnResponse(list: catalog.answer(.ps, for: rights))
        case (.ps, .prefix): OwnResponse(list: catalog.answer(.prefixPs, for: rights))
        case (.openAIModels, _): OwnResponse(list: catalog.answer(.openAIModels, for: rights))
        case (.openAIModel, _): try openAIModel(route, rights)
        case (.config, _): connections(configuration)
        case (.keys, _): keys(configuration)
        case (.chat, _), (.generate, _), (.embed, _), (.embeddings, _), (.chatCompletions, _), (.completions, _),
            (.openAIEmbeddings, _), (.responses, _), (.messages, _), (.transcriptions, _), (.systemOne, _), (.show, _),
            (.status, _),
            (.metrics, _), (.pull, _), (.push, _), (.create, _), (.copy, _), (.delete, _), (.blobs, _), (.unload, _),
            (.me, _), (.signout, _), (.signoutByKey, _), (.webSearch, _), (.webFetch, _), (.recommendations, _),
            (.verify, _), (.configUpdate, _), (.stats, _), (.decisions, _), (.key, _),
            (.ui, _):
            // Served by a runner, or not by this version.
            throw .notBuilt(route)
        }
    }

    private func openAIModel(_ route: Route, _ rights: ModelRights) throws(GatewayError) -> OwnResponse {
        let name = route.pathArgument ?? ""
        guard let model = catalog.model(named: name, for: rights) else {
            switch catalog.resolve(name, for: rights) {
            case .firstListsPending: throw .listsPending
            case .noListEverRead: throw .noListYet
            case .found, .unknown, .invalidName: throw catalog.modelNotFound(name, route, for: rights)
            }
        }
        return OwnResponse(list: model)
    }

    /// Ready for traffic: listening, every runner asked once, not draining; on demand with a runner that can be used.
    private func readiness(wantsUsableRunner: Bool) -> OwnResponse {
        let usable = dispatcher.usableRunners.count
        let isReady =
            (firstRoundWasOver || catalog.firstRoundIsOver) && !isDraining && (!wantsUsableRunner || usable > 0)
        return OwnResponse(
            isReady ? 200 : 503,
            json: .object([
                .init("ready", .bool(isReady)), .init("draining", .bool(isDraining)),
                .init(
                    "runners",
                    .object([
                        .init("configured", .integer(configuration.runners.count)), .init("usable", .integer(usable))
                    ]))
            ]))
    }
}

extension OwnResponse {
    /// JSON that the catalog made.
    fileprivate init(list: [UInt8]) {
        self.init(200, contentType: OwnResponse.json, body: list)
    }
}
