// SPDX-License-Identifier: MIT

import GatewayCore

/// A request to each route, as an audit's walk over the closed table makes it.
struct AuditedRequest {
    var method: GatewayCore.Method
    /// Behind the surface's own path.
    var path: String
    var body: String?
    /// Indices of runners that its record names; nil: one of them, whichever.
    var runners: [Int]? = []

    private static let blob = "some bytes"

    /// What is sent to a route with a method that it takes.
    init(_ operation: GatewayCore.Operation, _ method: GatewayCore.Method, runnerURL: String) {
        self.method = method
        path = operation.entry.pattern
        switch operation {
        case .pull: (body, runners) = (#"{"model":"new:1b","stream":false}"#, [0, 1])
        case .push: (body, runners) = (#"{"model":"embedder","stream":false}"#, [0])
        case .create: (body, runners) = (#"{"model":"mine","from":"shared:1b"}"#, [0, 1])
        case .copy: (body, runners) = (#"{"source":"shared:1b","destination":"mine:2"}"#, [0, 1])
        case .delete: (body, runners) = (#"{"model":"shared:1b"}"#, [0, 1])
        case .unload: (body, runners) = (#"{"model":"shared:1b"}"#, nil)
        case .blobs:
            path = "/api/blobs/" + BlobTests.digest(Array(Self.blob.utf8))
            if method == .post { (body, runners) = (Self.blob, [0, 1]) }
        case .me: runners = [0]
        case .signout: runners = [0, 1]
        case .signoutByKey: (path, runners) = ("/api/user/keys/abc", [0, 1])
        case .verify: body = #"{"url":"\#(runnerURL)"}"#
        case .configUpdate: body = ConfiguredGateway.body(["\(runnerURL)", "http://127.0.0.1:1/base"])
        case .keys: if method == .post { body = #"{"name":"fresh"}"# }
        case .key: path = "/keys/laptop"
        case .openAIModel: path = "/v1/models/shared:1b"
        case .show, .embed, .embeddings, .openAIEmbeddings, .generate, .completions, .systemOne:
            body = #"{"model":"shared:1b","prompt":"x","input":"x","stream":false}"#
        case .chat, .chatCompletions, .responses, .messages:
            body = #"{"model":"shared:1b","messages":[],"input":"x","max_tokens":1,"stream":false}"#
        case .webSearch, .webFetch: body = #"{"query":"x","url":"x"}"#
        case .transcriptions, .tags, .ps, .version, .status, .openAIModels, .landing, .healthz, .readyz, .metrics,
            .recommendations, .config, .stats, .decisions, .ui:
            break
        }
    }
}
