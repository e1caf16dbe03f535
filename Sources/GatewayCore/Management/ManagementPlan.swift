// SPDX-License-Identifier: MIT

/// Which runners a management request goes to, and what they are asked.
public struct ManagementPlan: Equatable, Sendable {
    public enum Reach: Equatable, Sendable {
        /// Every one of them.
        case each
        /// One of them: the dispatcher knows which is best.
        case best
    }

    public var runners: RunnerSet
    public var reach: Reach
    public var traits: FanOut.Traits
    /// What runners are asked with.
    public var method: Method
    public var path: String
    var edits: [Edit] = []
    /// The body is ours, not the client's: a model and what is to become of it.
    var isUnloadOfOurs = false

    /// A name in the client's body that runners know without its prefix.
    struct Edit: Equatable, Sendable {
        var range: Range<Int>
        var name: OwnName
    }

    /// What a runner itself calls a model.
    enum OwnName: Equatable, Sendable {
        case of(ResolvedModel)

        func text(on runner: Int) -> String? {
            switch self {
            case .of(let model): model.ownName(on: runner)
            }
        }
    }

    init(_ runners: RunnerSet, _ reach: Reach, _ request: ManagementRequest, _ traits: FanOut.Traits) {
        self.runners = runners
        self.reach = reach
        self.traits = traits
        (method, path) = request.route.upstream
    }

    /// The body for one runner: the client's bytes with the runner's own names in the place of prefixed ones, and
    /// nothing else changed.
    public func body(_ clientBody: [UInt8], for runner: Int) -> [UInt8] {
        if isUnloadOfOurs {
            let name = edits.first?.name.text(on: runner) ?? ""
            return JSON.object([
                .init("model", .string(name)), .init("keep_alive", .integer(0)), .init("stream", .bool(false))
            ]).bytes
        }
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

extension Route {
    /// What a runner is asked: `/api/unload` is Open WebUI's and no runner's.
    fileprivate var upstream: (Method, String) {
        switch operation {
        case .unload: (.post, Operation.generate.entry.pattern)
        case .chat, .generate, .chatCompletions, .embed, .embeddings, .completions, .openAIEmbeddings, .responses,
            .messages, .transcriptions, .tags, .ps, .show, .version, .status, .openAIModels, .openAIModel, .landing,
            .healthz, .readyz, .metrics, .pull, .push, .create, .copy, .delete, .blobs, .me, .signout, .signoutByKey,
            .webSearch, .webFetch, .recommendations, .verify, .config, .configUpdate, .stats, .decisions, .keys, .key,
            .ui:
            (.post, pattern)
        }
    }
}
