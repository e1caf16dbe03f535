// SPDX-License-Identifier: MIT

import GatewayCore

/// What a method and a path mean to Ollama.
enum SimulatedRoute: Equatable {
    case root, version, tags, loaded, show, models
    case model(String)
    case inference(InferenceRequest.Kind)
    case management(SimulatedConnection.Management)
    /// Allowed methods.
    case wrongMethod(String)
    case unknown
    /// A known path with a slash too many: Ollama sends the client there.
    case moved(String)

    init(_ method: Method, target: [UInt8]) {
        // The query string counts for nothing.
        let path = String(decoding: target.prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
        guard let (route, methods) = SimulatedRoute.find(path) else {
            let shorter = String(path.dropLast())
            self = path.last == "/" && SimulatedRoute.find(shorter) != nil ? .moved(shorter) : .unknown
            return
        }
        self = methods.contains(method) ? route : .wrongMethod(methods.map(\.name).joined(separator: ", "))
    }

    private static func find(_ path: String) -> (SimulatedRoute, [Method])? {
        switch path {
        case "/": return (.root, [.get, .head])
        case "/api/version": return (.version, [.get, .head])
        case "/api/tags": return (.tags, [.get, .head])
        case "/api/ps": return (.loaded, [.get])
        case "/api/show": return (.show, [.post])
        case "/api/generate": return (.inference(.generate), [.post])
        case "/api/chat": return (.inference(.chat), [.post])
        case "/api/embed": return (.inference(.embed), [.post])
        case "/api/embeddings": return (.inference(.embeddings), [.post])
        case "/v1/models": return (.models, [.get])
        case "/v1/chat/completions": return (.inference(.openAIChat), [.post])
        case "/v1/completions": return (.inference(.openAICompletion), [.post])
        case "/v1/embeddings": return (.inference(.openAIEmbeddings), [.post])
        case "/v1/responses": return (.inference(.responses), [.post])
        case "/v1/messages": return (.inference(.messages), [.post])
        case "/v1/audio/transcriptions": return (.inference(.transcription), [.post])
        case "/v1/systemone": return (.inference(.systemOne), [.post])
        case "/api/pull": return (.management(.pull), [.post])
        case "/api/push": return (.management(.push), [.post])
        case "/api/create": return (.management(.create), [.post])
        case "/api/copy": return (.management(.copy), [.post])
        case "/api/delete": return (.management(.delete), [.delete])
        case "/api/me": return (.management(.me), [.post])
        case "/api/signout": return (.management(.signout), [.post])
        case "/api/status": return (.management(.status), [.get])
        case "/api/experimental/web_search", "/api/experimental/web_fetch": return (.management(.web), [.post])
        case "/api/experimental/model-recommendations": return (.management(.recommendations), [.get])
        default: break
        }
        if path.hasPrefix("/api/blobs/") {
            return (.management(.blob(String(path.dropFirst("/api/blobs/".count)))), [.head, .post])
        }
        let prefix = "/v1/models/"
        let name = path.dropFirst(prefix.count)
        // One path segment only, as in Ollama's router.
        guard path.hasPrefix(prefix), !name.isEmpty, !name.contains("/") else { return nil }
        return (.model(String(name)), [.get])
    }
}
