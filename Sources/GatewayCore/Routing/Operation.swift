// SPDX-License-Identifier: MIT

/// Everything that can be asked of the gateway: one case per path pattern, whatever the surface it is asked on. What a
/// case needs and does is in `RouteTable.swift`, in a switch without `default`: a case without a row doesn't compile.
public enum Operation: CaseIterable, Hashable, Sendable {
    // Inference. The order is that of the look-up among paths of one length, so the busiest come first.
    case chat, generate, chatCompletions, embed, embeddings, completions, openAIEmbeddings, responses, messages
    case transcriptions
    /// `/v1/systemone`, since Ollama 0.35: questions about a text, answered by a model that scores instead of writing.
    case systemOne
    // Lists and descriptions.
    case tags, ps, show, version, status, openAIModels, openAIModel
    // The gateway's own face.
    case landing, healthz, readyz, metrics
    // What changes runners.
    case pull, push, create, copy, delete, blobs, unload, me, signout
    /// `DELETE /api/user/keys/:encodedKey`, Ollama's deprecated name of `signout`; the key in the path means nothing.
    case signoutByKey
    // Experimental routes of Ollama, which the runner asks ollama.com about.
    case webSearch, webFetch, recommendations
    // The gateway's own, under the prefix only.
    case verify, config, configUpdate, stats, decisions, keys, key, ui
}
