// SPDX-License-Identifier: MIT

/// Where a client reads something else than what a runner wrote: under the prefix, which is Open WebUI's router.
extension ManagementRequest {
    /// Nil: the runner's answer goes out as it came.
    public func answer(standingFor status: Int, _ body: [UInt8]) -> OwnResponse? {
        guard route.surface == .prefix else { return nil }
        guard status >= 400 else { return successAnswer }
        var shown = status
        var words = "A runner answered \(status)."
        if status == 404, route.operation != .blobs {
            // What is no Ollama's error has no words that its client could show.
            words = .missingRoute("The runner")
            if case .answered(_, .some) = CallOutcome(status: status, body: body) { shown = 400 }
        }
        return RunnerError.response(shown, body, orElse: words, family: .native)
    }

    /// `/api/unload` knows one way to fail.
    public func inItsStatuses(_ response: OwnResponse) -> OwnResponse {
        guard route.operation == .unload, response.status >= 400 else { return response }
        var response = response
        response.status = 500
        return response
    }

    private var successAnswer: OwnResponse? {
        switch route.operation {
        case .unload: OwnResponse(json: .object([.init("status", .bool(true))]))
        case .copy, .delete: OwnResponse(json: .bool(true))
        case .chat, .generate, .chatCompletions, .embed, .embeddings, .completions, .openAIEmbeddings, .responses,
            .messages, .transcriptions, .systemOne, .tags, .ps, .show, .version, .status, .openAIModels, .openAIModel,
            .landing,
            .healthz, .readyz, .metrics, .pull, .push, .create, .blobs, .me, .signout, .signoutByKey, .webSearch,
            .webFetch, .recommendations, .verify, .config, .configUpdate, .stats, .decisions, .keys, .key, .ui:
            nil
        }
    }
}
