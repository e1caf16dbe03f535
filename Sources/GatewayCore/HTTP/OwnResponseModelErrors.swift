// SPDX-License-Identifier: MIT

/// Ollama's own words about models, letter for letter (oa sections 5, 6, 7 and 9): the CLI pulls at a 404 of `show` and
/// looks for "not found" in others; scripts compare these texts. Under the prefix the status is 400, as Open WebUI's
/// router answers (ow section 6).
extension GatewayError {
    /// The body names no model, or an empty one.
    public static func modelRequired(_ operation: Operation, on surface: Surface) -> GatewayError {
        switch operation {
        case .generate, .embed, .completions, .openAIEmbeddings, .unload:
            aboutModel(404, "model '' not found", surface)
        case .pull, .create:
            GatewayError(400, "invalid model name")
        case .copy:
            GatewayError(400, "source \"\" is invalid")
        case .chat, .embeddings, .chatCompletions, .responses, .messages, .transcriptions, .systemOne, .show,
            .openAIModel, .push,
            .delete, .tags, .ps, .version, .status, .openAIModels, .landing, .healthz, .readyz, .metrics, .blobs, .me,
            .signout, .signoutByKey, .webSearch, .webFetch, .recommendations, .verify, .config, .configUpdate, .stats,
            .decisions, .keys, .key, .ui:
            GatewayError(400, "model is required")
        }
    }

    /// The name breaks the grammar (oa section 4).
    public static func invalidModelName(_ name: String, _ operation: Operation) -> GatewayError {
        switch operation {
        case .delete: GatewayError(400, "name \"\(name)\" is invalid")
        case .copy: GatewayError(400, "source \"\(name)\" is invalid")
        case .chat, .generate, .chatCompletions, .embed, .embeddings, .completions, .openAIEmbeddings, .responses,
            .messages, .transcriptions, .systemOne, .tags, .ps, .show, .version, .status, .openAIModels, .openAIModel,
            .landing,
            .healthz, .readyz, .metrics, .pull, .push, .create, .blobs, .unload, .me, .signout, .signoutByKey,
            .webSearch, .webFetch, .recommendations, .verify, .config, .configUpdate, .stats, .decisions, .keys, .key,
            .ui:
            GatewayError(400, "invalid model name")
        }
    }

    /// Nobody lists the model, or the key may not use it: the answer is the same.
    ///
    /// - Parameters:
    ///   - name: as the client spelled it.
    ///   - normalized: with its default tag, as Ollama shows it; `show` quotes that.
    public static func modelNotFound(
        _ name: String, normalized: String, _ operation: Operation, on surface: Surface
    ) -> GatewayError {
        switch operation {
        case .embed, .embeddings, .openAIEmbeddings:
            aboutModel(404, "model \"\(name)\" not found, try pulling it first", surface)
        case .show, .openAIModel:
            // `/v1/models/:model` is `show` in other clothes.
            aboutModel(404, "model '\(normalized)' not found", surface)
        case .copy:
            aboutModel(404, "model \"\(name)\" not found", surface)
        case .chat, .generate, .chatCompletions, .completions, .responses, .messages, .transcriptions, .systemOne,
            .tags, .ps,
            .version, .status, .openAIModels, .landing, .healthz, .readyz, .metrics, .pull, .push, .create, .delete,
            .blobs, .unload, .me, .signout, .signoutByKey, .webSearch, .webFetch, .recommendations, .verify, .config,
            .configUpdate, .stats, .decisions, .keys, .key, .ui:
            aboutModel(404, "model '\(name)' not found", surface)
        }
    }

    /// A route that needs a body got none.
    public static func missingBody(_ family: ErrorFamily) -> GatewayError {
        switch family {
        case .native, .plain: GatewayError(400, "missing request body")
        // Go's decoder at the end of an empty body.
        case .openAI, .anthropic: GatewayError(400, "EOF")
        }
    }

    private static func aboutModel(_ status: Int, _ sentence: String, _ surface: Surface) -> GatewayError {
        switch surface {
        case .root: GatewayError(status, sentence)
        case .prefix: GatewayError(400, sentence)
        }
    }
}
