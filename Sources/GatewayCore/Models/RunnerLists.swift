// SPDX-License-Identifier: MIT

/// What one runner last said of itself. An answer that can't be read leaves all of it as it was.
struct RunnerLists: Sendable {
    let settings: CatalogRunner
    /// Its entry's place in the configuration; nil: it is not configured.
    let index: Int?
    /// In lower case, for comparing.
    let prefix: String

    /// Its list was read at some time, maybe before the last restart.
    private(set) var hasList = false
    var firstAttemptEnded = false
    private(set) var models: [ListedModel] = []
    /// Places in `models` that may be seen and used: `model_ids` applied, each name once.
    private(set) var shown: [Int] = []
    /// Every listed model by its comparison key.
    private var places: [String: Int] = [:]
    /// Keys the runner itself denied since its list was read.
    private(set) var forgotten: Set<String> = []

    private(set) var loaded: [LoadedModel] = []
    /// Keys of `loaded`.
    private var psKeys: Set<String> = []
    /// Keys of models that were seen to answer since `loaded` was read.
    private var seenKeys: Set<String> = []
    var version: RunnerVersion?

    /// The last bodies: most probes bring the same bytes again, and comparing is all they then cost.
    private var tagsBody: [UInt8]?
    private var psBody: [UInt8]?

    /// For a number that no runner has: nothing of it is shown or used.
    init() {
        self.init(CatalogRunner(isEnabled: false), index: nil)
    }

    private init(_ settings: CatalogRunner, index: Int?) {
        self.settings = settings
        self.index = index
        prefix = ModelName.folded(settings.prefixID)
    }

    /// `old`: the same runner before a change of its configuration.
    init(_ settings: CatalogRunner, index: Int, keeping old: RunnerLists?) {
        self.init(settings, index: index)
        guard let old else { return }
        (hasList, firstAttemptEnded, models, places) = (old.hasList, old.firstAttemptEnded, old.models, old.places)
        (forgotten, loaded, psKeys, seenKeys) = (old.forgotten, old.loaded, old.psKeys, old.seenKeys)
        (version, tagsBody, psBody) = (old.version, old.tagsBody, old.psBody)
        shown = usable()
    }

    // MARK: Names

    func model(key: String) -> ListedModel? { places[key].map { models[$0] } }

    func visibleName(_ own: String) -> String {
        settings.prefixID.isEmpty ? own : settings.prefixID + "." + own
    }

    func visibleKey(_ ownKey: String) -> String { prefix.isEmpty ? ownKey : prefix + "." + ownKey }

    func holding(at position: Int, on runner: Int) -> Holding {
        let model = models[position]
        return Holding(
            runner: runner, index: index ?? 0, position: position, model: model.model, ownKey: model.key,
            visibleName: visibleName(model.model), prefix: prefix, isStub: model.isStub)
    }

    /// `model_ids` hides a model wherever it would be seen. Open WebUI's router forgets that in `ps`; the interface
    /// says "seen or used", and a list of what runs is told to more people than may use it.
    func mayShow(_ loaded: LoadedModel) -> Bool {
        let allowed = settings.modelIDs
        guard !allowed.isEmpty else { return true }
        guard places[loaded.key] != nil else { return allowed.contains(loaded.model) }
        return models.contains { $0.key == loaded.key && allowed.contains($0.model) }
    }

    // MARK: Events

    /// The answer is the last one again, and nothing was learned in between that it would overturn.
    func isRepeatedTags(_ body: [UInt8]) -> Bool { hasList && forgotten.isEmpty && tagsBody == body }

    /// - Returns: whether the list or what was forgotten of it changed.
    mutating func setModels(_ new: [ListedModel], body: [UInt8]?) -> Bool {
        tagsBody = body
        guard !hasList || !forgotten.isEmpty || models != new else { return false }
        hasList = true
        forgotten = []
        models = new
        places = Dictionary(new.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
        shown = usable()
        return true
    }

    mutating func forget(_ key: String) {
        guard places[key] != nil else { return }
        forgotten.insert(key)
        shown = usable()
    }

    func isRepeatedPs(_ body: [UInt8]) -> Bool { seenKeys.isEmpty && psBody == body }

    /// - Returns: whether the list changed; what was only seen to answer is dropped either way.
    mutating func setLoaded(_ new: [LoadedModel], body: [UInt8]?) -> Bool {
        psBody = body
        seenKeys = []
        guard loaded != new else { return false }
        loaded = new
        psKeys = Set(new.map(\.key))
        return true
    }

    mutating func sawLoaded(_ key: String) { seenKeys.insert(key) }

    func isLoaded(_ key: String) -> Bool { psKeys.contains(key) || seenKeys.contains(key) }

    /// Keys of all that is thought to be in its memory.
    var loadedKeys: Set<String> { psKeys.union(seenKeys) }

    private func usable() -> [Int] {
        let allowed = Set(settings.modelIDs)
        var seen: Set<String> = []
        return models.indices.filter { place in
            let model = models[place]
            guard allowed.isEmpty || allowed.contains(model.model), !forgotten.contains(model.key) else { return false }
            return seen.insert(model.key).inserted
        }
    }
}
