// SPDX-License-Identifier: MIT

/// What a name came to.
public enum Resolution: Equatable, Sendable {
    case found(ResolvedModel)
    /// Nobody lists it.
    case unknown
    /// Not found so far, and some runner has not been asked yet.
    case firstListsPending
    /// No list of any runner was ever read.
    case noListEverRead
    /// A sentence of Ollama's.
    case invalidName(String)
}

/// A model and who has it.
public struct ResolvedModel: Equatable, Sendable {
    /// The enabled runners that list it.
    public internal(set) var holders: RunnerSet
    /// Those that have it loaded.
    public internal(set) var loaded: RunnerSet
    /// The client's name has a prefix that the runner doesn't know.
    public let strippedPrefix: Bool
    /// The comparison key of the runner's own name.
    let listedKey: String
    private let ownName: String

    init(ownName: String, listedKey: String, strippedPrefix: Bool) {
        self.ownName = ownName
        self.listedKey = listedKey
        self.strippedPrefix = strippedPrefix
        holders = RunnerSet()
        loaded = RunnerSet()
    }

    /// A cloud model, which runners need not list.
    init(unlisted name: String, holders: RunnerSet) {
        self.init(ownName: name, listedKey: ListedModel.key(of: name), strippedPrefix: false)
        self.holders = holders
    }

    /// What a runner calls it, where a prefix was stripped.
    public func ownName(on runner: Int) -> String { ownName }
}

/// From visible names to models, rebuilt when a list changed: a request costs a look-up, not a search.
struct CatalogIndex: Sendable {
    /// By the name that lists show, letter for letter.
    private var byName: [String: Int] = [:]
    /// By prefix and comparison key.
    private var byKey: [String: Int] = [:]
    private var models: [ResolvedModel] = []
    private var prefixes: [String] = []

    init(runners: [CatalogRunner], known: [Catalog.Known]) {
        for (runner, configured) in runners.enumerated() where configured.isEnabled {
            let prefix = configured.prefixID
            if !prefix.isEmpty, !prefixes.contains(prefix) { prefixes.append(prefix) }
            let allowed = Set(configured.modelIDs)
            let loaded = Set(known[runner].loaded.map(\.key)).union(known[runner].sawLoaded)
            for listed in known[runner].models where !known[runner].missing.contains(listed.key) {
                guard allowed.isEmpty || allowed.contains(listed.name) else { continue }
                add(listed, prefix: prefix, runner: runner, isLoaded: loaded.contains(listed.key))
            }
        }
        // Where one prefix is the beginning of another, the longer one is meant.
        prefixes.sort { $0.utf8.count > $1.utf8.count }
    }

    private mutating func add(_ listed: ListedModel, prefix: String, runner: Int, isLoaded: Bool) {
        let key = prefix.isEmpty ? listed.key : "\(prefix).\(listed.key)"
        let place: Int
        if let existing = byKey[key] {
            place = existing
        } else {
            place = models.count
            models.append(
                ResolvedModel(ownName: listed.name, listedKey: listed.key, strippedPrefix: !prefix.isEmpty))
            byKey[key] = place
        }
        byName[prefix.isEmpty ? listed.name : "\(prefix).\(listed.name)"] = place
        models[place].holders.insert(runner)
        if isLoaded { models[place].loaded.insert(runner) }
    }

    mutating func setLoaded(_ listedKey: String, on runner: Int) {
        for place in models.indices where models[place].listedKey == listedKey && models[place].holders.contains(runner)
        {
            models[place].loaded.insert(runner)
        }
    }

    func exact(_ name: String) -> ResolvedModel? {
        byName[name].map { models[$0] }
    }

    /// A prefix first, where a runner with that prefix has the rest; then the whole name; with its defaults filled in
    /// and letter case folded (the prefix's isn't: it is ours, not Ollama's).
    func normalised(_ name: String) -> ResolvedModel? {
        for prefix in prefixes where name.hasPrefix(prefix + ".") {
            let rest = String(name.dropFirst(prefix.count + 1))
            if let place = byKey["\(prefix).\(ListedModel.key(of: rest))"] { return models[place] }
        }
        return byKey[ListedModel.key(of: name)].map { models[$0] }
    }
}
