// SPDX-License-Identifier: MIT

/// What somebody wants changed: runners, what they hold, the configuration, the keys. Each such request leaves a record
/// in the audit log, whatever becomes of it.
public enum AuditAction: String, CaseIterable, Sendable {
    case pull, push, create, copy, delete, upload, unload
    /// Asks a runner whose account on ollama.com it uses: no change, but more than a list.
    case me
    case signout, verify
    case updateConfiguration = "update-configuration"
    case createKey = "create-key"
    case revokeKey = "revoke-key"
}

extension Operation {
    /// Nil for what only looks or computes. An unload by `keep_alive: 0` is known by its body only.
    public func auditAction(_ method: Method) -> AuditAction? {
        switch self {
        case .pull: .pull
        case .push: .push
        case .create: .create
        case .copy: .copy
        case .delete: .delete
        case .blobs: method == .post ? .upload : nil
        case .unload: .unload
        case .me: .me
        case .signout, .signoutByKey: .signout
        case .verify: .verify
        case .configUpdate: .updateConfiguration
        case .keys: method == .post ? .createKey : nil
        case .key: .revokeKey
        case .chat, .generate, .embed, .embeddings, .chatCompletions, .completions, .openAIEmbeddings, .responses,
            .messages, .transcriptions, .systemOne, .tags, .ps, .show, .version, .status, .openAIModels, .openAIModel,
            .landing, .healthz, .readyz, .metrics, .webSearch, .webFetch, .recommendations, .config, .stats,
            .decisions, .ui:
            nil
        }
    }
}
