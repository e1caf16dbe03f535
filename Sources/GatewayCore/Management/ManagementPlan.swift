// SPDX-License-Identifier: MIT

/// Which runners a management request goes to, and what they are asked.
public struct ManagementPlan: Equatable, Sendable {
    public enum Reach: Equatable, Sendable {
        /// Every one of them.
        case each
        /// One of them: the dispatcher knows which is best.
        case best
        /// One of those with the highest version that can be used: an older one may lack the route.
        case newest
        /// The one with the lowest index that can be used.
        case lowest
        /// Every one of them, even if none can be reached: the client named it.
        case pinned
    }

    /// Where the body for a runner comes from.
    enum Content: Equatable, Sendable {
        /// The client's bytes, with names replaced where a prefix was stripped.
        case clients
        /// Ours: a model that is to be unloaded.
        case unload
        /// There is none, whatever the client sent.
        case empty
    }

    public var runners: RunnerSet
    public var reach: Reach
    public var traits: FanOut.Traits
    /// What runners are asked with.
    public var method: Method
    public var path: String
    /// The runners are known by their lists to have a model; if they are away, it is unavailable.
    public var isAboutHolders = true
    /// Digests that a runner has to have to be asked.
    public var blobs: [String] = []
    var content = Content.clients
    var edits: [Edit] = []

    /// A name in the client's body that runners know without its prefix.
    struct Edit: Equatable, Sendable {
        var range: Range<Int>
        var name: OwnName
    }

    /// What a runner itself calls a model.
    enum OwnName: Equatable, Sendable {
        case of(ResolvedModel)
        /// The same on all.
        case text(String)

        func text(on runner: Int) -> String? {
            switch self {
            case .of(let model): model.ownName(on: runner)
            case .text(let text): text
            }
        }
    }

    init(_ runners: RunnerSet, _ reach: Reach, _ request: ManagementRequest, _ traits: FanOut.Traits) {
        self.runners = runners
        self.reach = reach
        self.traits = traits
        (method, path) = request.upstream
    }

    /// The body for one runner: the client's bytes with the runner's own names in the place of prefixed ones, and
    /// nothing else changed.
    public func body(_ clientBody: [UInt8], for runner: Int) -> [UInt8] {
        switch content {
        case .empty: []
        case .unload:
            JSON.object([
                .init("model", .string(edits.first?.name.text(on: runner) ?? "")), .init("keep_alive", .integer(0)),
                .init("stream", .bool(false))
            ]).bytes
        case .clients: edited(clientBody, for: runner)
        }
    }

    private func edited(_ clientBody: [UInt8], for runner: Int) -> [UInt8] {
        guard !edits.isEmpty else { return clientBody }
        var body: [UInt8] = []
        var copied = 0
        for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            guard let name = edit.name.text(on: runner) else { continue }
            body += clientBody[copied..<edit.range.lowerBound]
            JSON.writeString(name, to: &body)
            copied = edit.range.upperBound
        }
        return body + clientBody[copied...]
    }
}

extension ManagementRequest {
    /// What a runner is asked: under the prefix there are names and methods that are Open WebUI's and no runner's.
    fileprivate var upstream: (Method, String) {
        let pattern = route.pattern
        switch route.operation {
        case .unload: return (.post, Operation.generate.entry.pattern)
        case .push: return (.post, pattern)
        case .signoutByKey: return (.post, Operation.signout.entry.pattern)
        case .blobs: return (method, "/api/blobs/" + (route.pathArgument ?? ""))
        // HEAD works on every GET route of ours, and on few of Ollama's.
        case .status, .recommendations: return (.get, pattern)
        case .chat, .generate, .chatCompletions, .embed, .embeddings, .completions, .openAIEmbeddings, .responses,
            .messages, .transcriptions, .systemOne, .tags, .ps, .show, .version, .openAIModels, .openAIModel, .landing,
            .healthz, .readyz, .metrics, .pull, .create, .copy, .delete, .me, .signout, .webSearch, .webFetch,
            .verify, .config, .configUpdate, .stats, .decisions, .keys, .key, .ui:
            return (method, pattern)
        }
    }
}
