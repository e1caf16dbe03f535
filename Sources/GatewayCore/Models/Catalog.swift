// SPDX-License-Identifier: MIT

/// Which models there are and who has them: what every runner last listed, merged. It knows nothing of who can be
/// reached now; a runner that is away keeps its last known list, so that its models are "unavailable", never "unknown".
///
/// Events go in (`tagsRead`, `psRead` …); `resolve` answers requests without merging anything, and the lists for
/// clients are put together when they are first asked for after a change.
public struct Catalog: Sendable {
    /// By number; empty ones where no runner has the number now.
    private(set) var runners: [RunnerLists] = []
    /// The numbers of all that are configured, the lowest index first.
    private(set) var order: [Int] = []
    private(set) var index = ModelIndex()
    /// Prefixes of enabled runners in lower case, the longest first.
    private(set) var prefixes: [String] = []
    var lists = MergedLists()

    /// Numbers are indices until `replaceRunners` says otherwise.
    public init(runners: [CatalogRunner]) {
        replaceRunners(runners, places: runners.indices.map { RunnerPlace(number: $0, index: $0) })
    }

    /// A changed configuration. A runner that keeps its number, and has the same `identity`, keeps all that is known of
    /// it; without an identity it is always new.
    ///
    /// - Parameters:
    ///   - entries: the configuration's runners, by index.
    ///   - places: from `RunnerNumbering`.
    public mutating func replaceRunners(_ entries: [CatalogRunner], places: [RunnerPlace]) {
        let old = runners
        order = places.map(\.number)
        runners = (0..<max(old.count, (order.max() ?? -1) + 1)).map { _ in RunnerLists() }
        for place in places {
            let entry = entries[place.index]
            let before = place.number < old.count ? old[place.number] : RunnerLists()
            let stays = before.index != nil && !entry.identity.isEmpty && before.settings.identity == entry.identity
            runners[place.number] = RunnerLists(entry, index: place.index, keeping: stays ? before : nil)
        }
        let inUse = runners.lazy.filter { $0.settings.isEnabled && !$0.prefix.isEmpty }.map(\.prefix)
        prefixes = Set(inUse).sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
        index = ModelIndex()
        for runner in order { publish(runner) }
        lists.tagsChanged()
        lists.psChanged()
    }

    /// A runner answered `/api/tags`. Ends its first attempt, however the answer looks.
    ///
    /// - Returns: whether its list changed; the same bytes as last time are only compared.
    /// - Throws: `CatalogError` for an answer that is no list; the last known one stays.
    @discardableResult
    public mutating func tagsRead(_ runner: Int, _ body: [UInt8]) throws(CatalogError) -> Bool {
        guard knows(runner) else { return false }
        runners[runner].firstAttemptEnded = true
        guard !runners[runner].isRepeatedTags(body) else { return false }
        return set(try RunnerAnswer.tags(body), on: runner, body: body)
    }

    /// A runner answered `/api/ps`.
    ///
    /// - Returns: whether its list changed. What `sawLoaded` said of it ends here.
    /// - Throws: `CatalogError` for an answer that is no list; the last known one stays.
    @discardableResult
    public mutating func psRead(_ runner: Int, _ body: [UInt8]) throws(CatalogError) -> Bool {
        guard knows(runner), !runners[runner].isRepeatedPs(body) else { return false }
        return setLoaded(try RunnerAnswer.ps(body), on: runner, body: body)
    }

    /// A runner answered `/api/version`. A version that is no number (`dev`) leaves it without one.
    ///
    /// - Throws: `CatalogError` for an answer that has none; the last known one stays.
    public mutating func versionRead(_ runner: Int, _ body: [UInt8]) throws(CatalogError) {
        guard knows(runner) else { return }
        runners[runner].version = try RunnerAnswer.version(body)
    }

    /// The first try to read a runner's list ended, well or badly. May be said again.
    public mutating func firstAttemptEnded(_ runner: Int) {
        guard knows(runner) else { return }
        runners[runner].firstAttemptEnded = true
    }

    /// An inference answer came: the model is in that runner's memory until its next ps says otherwise. A cloud model
    /// never is.
    ///
    /// - Returns: whether that is news.
    @discardableResult
    public mutating func sawLoaded(_ runner: Int, _ model: ResolvedModel) -> Bool {
        // Asked at the end of every answer, and of the index: a look into the runner's lists copies them.
        guard knows(runner), !index.isLoaded(key: model.key, on: runner) else { return false }
        guard let holding = model.holding(on: runner), !holding.isStub else { return false }
        let key = holding.ownKey
        runners[runner].sawLoaded(key)
        index.setLoaded(true, runner: runner, key: runners[runner].visibleKey(key))
        return true
    }

    /// The runner itself said that it has no such model: it holds it no more, until its list is read again.
    ///
    /// - Returns: false if nothing follows from that, as it was asked by an alias or never listed the model.
    @discardableResult
    public mutating func forget(_ model: ResolvedModel, on runner: Int) -> Bool {
        guard !model.isAlias, let holding = model.holding(on: runner), knows(runner) else { return false }
        let key = holding.ownKey
        runners[runner].forget(key)
        index.remove(runner: runner, key: runners[runner].visibleKey(key))
        lists.tagsChanged()
        lists.psChanged()  // a prefix may have lost its claim to a name
        return true
    }

    /// The runner can't be reached: what it had in memory is not known any more. Its list stays.
    public mutating func lostTouch(_ runner: Int) {
        guard knows(runner) else { return }
        _ = setLoaded([], on: runner, body: nil)
    }

    /// Every enabled runner's first attempt to read its list has ended.
    public var firstRoundIsOver: Bool {
        runners.allSatisfy { !$0.settings.isEnabled || $0.firstAttemptEnded }
    }

    /// False for a number that nobody has, or nobody has any more.
    func knows(_ runner: Int) -> Bool { runners.indices.contains(runner) && runners[runner].index != nil }

    // MARK: Keeping the index

    mutating func set(_ models: [ListedModel], on runner: Int, body: [UInt8]?) -> Bool {
        let before = runners[runner]
        guard runners[runner].setModels(models, body: body) else { return false }
        for place in before.shown {
            index.remove(runner: runner, key: before.visibleKey(before.models[place].key))
        }
        publish(runner)
        lists.tagsChanged()
        lists.psChanged()  // its entries are shown under the names of the list
        return true
    }

    private mutating func setLoaded(_ loaded: [LoadedModel], on runner: Int, body: [UInt8]?) -> Bool {
        let before = runners[runner].loadedKeys
        let changed = runners[runner].setLoaded(loaded, body: body)
        let after = runners[runner].loadedKeys
        for key in before.symmetricDifference(after) {
            index.setLoaded(after.contains(key), runner: runner, key: runners[runner].visibleKey(key))
        }
        if changed { lists.psChanged() }
        return changed
    }

    mutating func setVersion(_ version: RunnerVersion, on runner: Int) { runners[runner].version = version }

    private mutating func publish(_ runner: Int) {
        let lists = runners[runner]
        guard lists.settings.isEnabled else { return }
        for place in lists.shown {
            let key = lists.models[place].key
            index.insert(
                lists.holding(at: place, on: runner), key: lists.visibleKey(key), isLoaded: lists.isLoaded(key))
        }
    }
}
