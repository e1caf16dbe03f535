// SPDX-License-Identifier: MIT

/// The table of every route the gateway knows: gateway.md section 3, oa section 1, ow section 1. It is closed: what has
/// no row here is 404, what has one has a scope. One switch, longer than a screen because it is read as a table.
extension Operation {
    public var entry: RouteEntry {
        switch self {
        case .chat: .inference("/api/chat", .native, [.streams, .built])
        case .generate: .inference("/api/generate", .native, [.streams, .built])
        case .embed: .inference("/api/embed", .native, .built)
        case .embeddings: .inference("/api/embeddings", .native, .built)
        case .chatCompletions: .inference("/v1/chat/completions", .openAI, .built)
        case .completions: .inference("/v1/completions", .openAI, .built)
        case .openAIEmbeddings: .inference("/v1/embeddings", .openAI, .built)
        case .responses: .inference("/v1/responses", .openAI, .built)
        case .messages: .inference("/v1/messages", .anthropic, .built)
        case .transcriptions: .inference("/v1/audio/transcriptions", .openAI, .built)
        case .systemOne: .inference("/v1/systemone", .openAI, .built)

        case .tags: .init("/api/tags", .get, .read, .merged, .native, [.pinnable, .built])
        case .ps: .init("/api/ps", .get, .read, .merged, .native, [.pinnable, .built])
        case .show: .init("/api/show", .post, .read, .one, .native, [.pinnable, .built])
        case .version: .init("/api/version", .get, .none, .merged, .native, [.pinnable, .built])
        case .status: .init("/api/status", .get, .read, .any, .native, [.pinnable, .built])
        case .openAIModels: .init("/v1/models", .get, .read, .merged, .openAI, [.pinnable, .built])
        case .openAIModel: .init("/v1/models/:model", .get, .read, .one, .openAI, .built)

        case .landing: .init("/", .get, .none, .own, .plain, .built)
        case .healthz: .init("/healthz", .get, .none, .own, .plain, .built)
        case .readyz: .init("/readyz", .get, .none, .own, .plain, .built)
        case .metrics: .init("/metrics", .get, prefix: [], .metrics, .own, .plain)

        case .pull: .manage("/api/pull", .post, .target, [.pinnable, .streams, .built])
        case .push:
            .init(
                "/api/push", .post, prefix: [.post, .delete], .manage, .target, .native, [.pinnable, .streams, .built])
        case .create: .manage("/api/create", .post, .target, [.pinnable, .streams, .built])
        case .copy: .manage("/api/copy", .post, .target, [.pinnable, .built])
        case .delete: .manage("/api/delete", .delete, .target, [.pinnable, .built])
        case .blobs: .manage("/api/blobs/:digest", [.head, .post], .target, [.pinnable, .built])
        case .unload: .init("/api/unload", [], prefix: .post, .manage, .target, .native, [.pinnable, .built])
        case .me: .manage("/api/me", .post, .any, [.pinnable, .built])
        case .signout: .manage("/api/signout", .post, .target, [.pinnable, .built])
        case .signoutByKey: .manage("/api/user/keys/:encodedKey", .delete, .target, .built)

        case .webSearch:
            .init("/api/experimental/web_search", .post, .inference, .any, .native, [.pinnable, .built])
        case .webFetch:
            .init("/api/experimental/web_fetch", .post, .inference, .any, .native, [.pinnable, .built])
        case .recommendations:
            .init("/api/experimental/model-recommendations", .get, .inference, .any, .native, [.pinnable, .built])

        case .verify: .own("/verify", .post, .admin, .built)
        case .config: .own("/config", .get, .admin, .built)
        case .configUpdate: .own("/config/update", .post, .admin, .built)
        case .stats: .own("/stats", .get, .admin)
        case .decisions: .own("/decisions", .get, .admin)
        case .keys: .own("/keys", [.get, .post], .admin, .built)
        case .key: .own("/keys/:name", .delete, .admin, .built)
        // Only the empty shell of the page; the data it shows comes from the admin routes above.
        case .ui: .own("/ui", .get, .none)
        }
    }
}

extension RouteEntry {
    fileprivate static func inference(_ pattern: String, _ family: ErrorFamily, _ traits: Traits = []) -> RouteEntry {
        .init(pattern, .post, .inference, .one, family, traits.union([.pinnable, .inference]))
    }

    fileprivate static func manage(
        _ pattern: String, _ methods: MethodSet, _ routeClass: RouteClass, _ traits: Traits = []
    ) -> RouteEntry {
        .init(pattern, methods, .manage, routeClass, .native, traits)
    }

    /// The gateway's own routes, which exist under the prefix only: at the root we look like one Ollama.
    fileprivate static func own(
        _ pattern: String, _ methods: MethodSet, _ scope: Scope, _ traits: Traits = []
    ) -> RouteEntry {
        .init(pattern, [], prefix: methods, scope, .own, .native, traits)
    }
}
