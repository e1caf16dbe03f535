// SPDX-License-Identifier: MIT

/// What of a runner's configuration its lists depend on.
public struct CatalogRunner: Equatable, Sendable {
    /// A disabled runner keeps its index and is not asked.
    public var isEnabled: Bool
    /// Clients see `prefixID.model`; empty is no prefix.
    public var prefixID: String
    /// The runner's own names of the models that may be seen; empty is all.
    public var modelIDs: [String]
    /// A list, shown as it came.
    public var tags: JSON
    public var connectionType: String
    /// What its lists are saved under: its URL.
    public var identity: String

    public init(
        isEnabled: Bool = true, prefixID: String = "", modelIDs: [String] = [], tags: JSON = .array([]),
        connectionType: String = "", identity: String = ""
    ) {
        self.isEnabled = isEnabled
        self.prefixID = prefixID
        self.modelIDs = modelIDs
        self.tags = tags
        self.connectionType = connectionType
        self.identity = identity
    }
}

/// What the runners list, merged. Events come in with what was read; answers are made once per change and kept.
public struct Catalog: Sendable {
    /// What is known of one runner.
    struct Known: Sendable {
        var models: [ListedModel] = []
        var loaded: [ListedModel] = []
        /// Keys of models that an answer came from since the last `ps`.
        var sawLoaded: Set<String> = []
        /// Keys of models that it listed and said it doesn't have, until its next list.
        var missing: Set<String> = []
        var version: RunnerVersion?
        /// The bytes that were read last: an unchanged list costs a comparison.
        var tagsBytes: [UInt8] = []
        var psBytes: [UInt8] = []
        /// A list is known, read now or kept from before a restart.
        var hasList = false
        var firstAttemptHasEnded = false
    }

    let runners: [CatalogRunner]
    private(set) var known: [Known]
    private var index: CatalogIndex
    private var answers = MergedAnswers()

    public init(runners: [CatalogRunner]) {
        self.runners = runners
        known = Array(repeating: Known(), count: runners.count)
        index = CatalogIndex(runners: runners, known: known)
    }

    // MARK: Events

    /// A runner's `/api/tags`. Says whether its list changed.
    ///
    /// - Throws: `CatalogError`; the last known list stays.
    public mutating func tagsRead(_ runner: Int, _ body: [UInt8]) throws(CatalogError) -> Bool {
        let wasMissing = !known[runner].missing.isEmpty
        guard body != known[runner].tagsBytes || wasMissing || !known[runner].hasList else { return false }
        let models = try ListedModel.list(body)
        known[runner].tagsBytes = body
        known[runner].missing = []
        let hasChanged = !known[runner].hasList || models != known[runner].models
        known[runner].models = models
        known[runner].hasList = true
        if hasChanged || wasMissing { changed() }
        return hasChanged || wasMissing
    }

    /// A runner's `/api/ps`. Says whether what is loaded changed.
    ///
    /// - Throws: `CatalogError`; what was known stays.
    public mutating func psRead(_ runner: Int, _ body: [UInt8]) throws(CatalogError) -> Bool {
        guard body != known[runner].psBytes || !known[runner].sawLoaded.isEmpty else { return false }
        known[runner].loaded = try ListedModel.list(body)
        known[runner].psBytes = body
        known[runner].sawLoaded = []
        changed()
        return true
    }

    /// A runner's `/api/version`.
    ///
    /// - Throws: `CatalogError`; what was known stays.
    public mutating func versionRead(_ runner: Int, _ body: [UInt8]) throws(CatalogError) {
        let document: JSON
        do throws(JSONError) {
            document = try JSON(parsing: body)
        } catch {
            throw CatalogError("the version is no JSON: \(error.message)")
        }
        guard let text = document["version"]?.string, let version = RunnerVersion(text) else {
            throw CatalogError("the version is not of the form N.N.N")
        }
        known[runner].version = version
    }

    /// The first attempt to read a runner's list is over, well or not. Idempotent.
    public mutating func firstAttemptEnded(_ runner: Int) {
        known[runner].firstAttemptHasEnded = true
    }

    /// An answer came from there: the model is loaded until the next `ps` says otherwise.
    public mutating func sawLoaded(_ runner: Int, _ model: ResolvedModel) {
        guard !model.loaded.contains(runner), known[runner].sawLoaded.insert(model.listedKey).inserted else { return }
        index.setLoaded(model.listedKey, on: runner)
    }

    /// The runner says that it doesn't have the model it listed.
    public mutating func forget(_ model: ResolvedModel, on runner: Int) {
        guard known[runner].missing.insert(model.listedKey).inserted else { return }
        changed()
    }

    private mutating func changed() {
        index = CatalogIndex(runners: runners, known: known)
        answers.forget()
    }

    // MARK: Questions

    /// Every enabled runner has been asked once.
    public var firstRoundIsOver: Bool {
        zip(runners, known).allSatisfy { !$0.isEnabled || $1.firstAttemptHasEnded }
    }

    /// Who has the model of this name. Asked for every request: one look-up for a name as lists show it.
    public func resolve(_ name: String) -> Resolution {
        let name = name.trimmedASCII
        if let model = index.exact(name) ?? index.normalised(name) { return .found(model) }
        switch ModelSource(name) {
        case .contradictory: return .invalidName("use either :local or :cloud, not both: \"\(name)\"")
        case .local(let base): if let model = index.exact(base) ?? index.normalised(base) { return .found(model) }
        case .cloud(let base, _):
            guard ModelName(base) != nil else { return .invalidName("invalid model name") }
            // ollama.com has it, whatever lists say: any instance can ask there.
            let enabled = RunnerSet(runners.indices.filter { runners[$0].isEnabled })
            return enabled.isEmpty ? .unknown : .found(ResolvedModel(unlisted: name, holders: enabled))
        case .any: guard ModelName(name) != nil else { return .invalidName("invalid model name") }
        }
        if !firstRoundIsOver { return .firstListsPending }
        return known.contains { $0.hasList } ? .unknown : .noListEverRead
    }

    /// The lowest version among these runners, else among all that ever said one, else `0.0.0`.
    public func version(among usable: RunnerSet) -> String {
        let usableVersions = known.indices.filter { usable.contains($0) }.compactMap { known[$0].version }
        return (usableVersions.min() ?? known.compactMap(\.version).min())?.text ?? "0.0.0"
    }

    /// Bytes of `{"models":[…]}` as one Ollama with all the models would answer.
    public mutating func rootTags() -> [UInt8] { answers.get(.rootTags, of: self) }
    public mutating func rootPs() -> [UInt8] { answers.get(.rootPs, of: self) }
    /// As Open WebUI's router answers.
    public mutating func prefixTags() -> [UInt8] { answers.get(.prefixTags, of: self) }
    public mutating func prefixPs() -> [UInt8] { answers.get(.prefixPs, of: self) }
    /// OpenAI's list.
    public mutating func openAIModels() -> [UInt8] { answers.get(.openAIModels, of: self) }

    /// OpenAI's object for one model, its `id` as it was asked for; nil if nobody lists it.
    public func openAIModel(_ name: String) -> JSON? {
        guard case .found(let model) = resolve(name), let runner = model.holders.indices.first,
            let listed = known[runner].models.first(where: { $0.key == model.listedKey })
        else { return nil }
        return MergedAnswers.openAIModel(id: name, listed)
    }

    // MARK: Over a restart

    /// The last known lists by their runners' identities, as JSON.
    public func savedLists() -> [UInt8] {
        let lists = runners.indices.filter { known[$0].hasList && !runners[$0].identity.isEmpty }.map { runner in
            JSON.Member(
                runners[runner].identity,
                .array(known[runner].models.map { .object([.init("model", .string($0.name))] + $0.fields) }))
        }
        return JSON.object([.init("schema", .integer(1)), .init("lists", .object(lists))]).bytes
    }

    /// Takes up what `savedLists` wrote. What it doesn't understand, and lists of runners that are not configured any
    /// more, is left out.
    public mutating func restore(_ saved: [UInt8]) {
        guard let document = try? JSON(parsing: saved), document["schema"]?.int == 1, let lists = document["lists"]
        else {
            return
        }
        for (runner, configured) in runners.enumerated() where !known[runner].hasList {
            guard let entries = lists[configured.identity]?.array else { continue }
            known[runner].models = entries.compactMap(ListedModel.init)
            known[runner].hasList = true
        }
        changed()
    }
}

extension String {
    /// Without white space on both sides, as Ollama trims names.
    var trimmedASCII: String {
        guard let first = utf8.first, let last = utf8.last, first <= 0x20 || last <= 0x20 else { return self }
        let start = utf8.firstIndex { $0 > 0x20 } ?? endIndex
        let end = utf8.lastIndex { $0 > 0x20 }.map { utf8.index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
