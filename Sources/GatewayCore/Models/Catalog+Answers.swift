// SPDX-License-Identifier: MIT

/// The lists and versions clients see.
extension Catalog {
    /// A whole JSON answer. For callers that may see every model it is kept until a list changes; for others entries are
    /// left out of the same order.
    public mutating func answer(_ list: CatalogList, for rights: ModelRights = .all) -> [UInt8] {
        guard rights.isUnlimited else { return render(list, ordered(list).filter { rights.allows(key: $0.key) }) }
        if let answer = lists.answers[list] { return answer }
        let answer = render(list, ordered(list))
        lists.keep(answer, for: list)
        return answer
    }

    /// One runner's list, in the gateway's names: its own entries, `urls` with nothing but its index.
    public func answer(_ list: CatalogList, runner: Int, for rights: ModelRights = .all) -> [UInt8] {
        render(list, merge(list, only: runner).filter { rights.allows(key: $0.key) })
    }

    /// `GET /v1/models/:model`: one object whose `id` is the name as asked. Nil for a model nobody lists.
    public func model(named name: String, for rights: ModelRights = .all) -> [UInt8]? {
        guard case .found(let model) = resolve(name, for: rights), let holding = model.firstHolding else { return nil }
        var output: [UInt8] = []
        writeOpenAI(runners[holding.runner].models[holding.position], id: name, to: &output)
        return output
    }

    /// The lowest version among `usable` runners, else the lowest last known of any enabled one, else `0.0.0`:
    /// clients fail without a number.
    public func version(usable: RunnerSet) -> String {
        let enabled = runners.indices.filter { runners[$0].settings.isEnabled }
        let now = enabled.filter { usable.contains($0) }.compactMap { runners[$0].version }.min()
        return (now ?? enabled.compactMap { runners[$0].version }.min() ?? RunnerVersion(0, 0, 0)).text
    }

    /// Those of them with the highest version; where none is known, all.
    public func newest(of numbers: RunnerSet) -> RunnerSet {
        let newest = numbers.numbers.compactMap { runners[$0].version }.max()
        return RunnerSet(numbers.numbers.filter { runners[$0].version == newest })
    }

    /// `GET /api/version`.
    public func versionAnswer(usable: RunnerSet) -> [UInt8] {
        Array("{\"version\":\"\(version(usable: usable))\"}".utf8)
    }

    /// One runner's list or version, for a path with its index behind it.
    ///
    /// - Throws: 404 where there is no such runner, or it is disabled.
    public func answer(
        _ operation: Operation, pinnedTo index: Int, for rights: ModelRights = .all
    ) throws(GatewayError) -> [UInt8] {
        let numbers = try enabledRunners(at: index)
        guard let runner = numbers.numbers.first else { throw .noSuchRunner(index) }
        switch operation {
        case .tags: return answer(.prefixTags, runner: runner, for: rights)
        case .ps: return answer(.prefixPs, runner: runner, for: rights)
        case .openAIModels: return answer(.openAIModels, runner: runner, for: rights)
        case .version:
            let version = (numbers.numbers.compactMap { runners[$0].version }.min() ?? RunnerVersion(0, 0, 0)).text
            return Array("{\"version\":\"\(version)\"}".utf8)
        case .chat, .generate, .chatCompletions, .embed, .embeddings, .completions, .openAIEmbeddings, .responses,
            .messages, .transcriptions, .systemOne, .show, .status, .openAIModel, .landing, .healthz, .readyz, .metrics,
            .pull,
            .push, .create, .copy, .delete, .blobs, .unload, .me, .signout, .signoutByKey, .webSearch, .webFetch,
            .recommendations, .verify, .config, .configUpdate, .stats, .decisions, .keys, .key, .ui:
            throw .noSuchRunner(index)
        }
    }

    // MARK: Merging

    private mutating func ordered(_ list: CatalogList) -> [MergedEntry] {
        // The same models in the same order, in another form.
        let list = list == .openAIModels ? .tags : list
        if let entries = lists.order[list] { return entries }
        let entries = merge(list, only: nil)
        lists.keep(entries, for: list)
        return entries
    }

    private func merge(_ list: CatalogList, only runner: Int?) -> [MergedEntry] {
        switch list {
        case .tags, .openAIModels: listed(only: runner).latestFirst()
        case .prefixTags: listed(only: runner).firstSeenFirst()
        case .ps: loaded(only: runner, keepsLatest: true).latestFirst()
        case .prefixPs: loaded(only: runner, keepsLatest: false)
        }
    }

    /// Each model once, from the lowest index that has it. The index has merged them already.
    private func listed(only wanted: Int?) -> [MergedEntry] {
        index.models.compactMap { model in
            guard let holding = wanted.map({ model.holding(on: $0) }) ?? model.firstHolding else { return nil }
            return MergedEntry(
                key: model.key, visibleName: holding.visibleName, runner: holding.runner, index: holding.index,
                position: holding.position, runners: wanted.map { RunnerSet([$0]) } ?? model.holders,
                time: runners[holding.runner].models[holding.position].modifiedAt)
        }
    }

    /// Each loaded model once, in the order first seen: the entry that stays longest, or the first one.
    private func loaded(only wanted: Int?, keepsLatest: Bool) -> [MergedEntry] {
        var entries: [MergedEntry] = []
        var places: [String: Int] = [:]
        for runner in order where runners[runner].settings.isEnabled && runner == wanted ?? runner {
            let lists = runners[runner]
            for (position, model) in lists.loaded.enumerated() {
                guard lists.mayShow(model) else { continue }
                let key = lists.visibleKey(model.key)
                // Another runner's longer prefix has this name: what is loaded here is a different model.
                if let owner = index.model(key: key), owner.prefix != lists.prefix { continue }
                let entry = MergedEntry(
                    key: key, visibleName: lists.visibleName(lists.model(key: model.key)?.model ?? model.model),
                    runner: runner, index: lists.index ?? 0, position: position, runners: RunnerSet([runner]),
                    time: model.expiresAt)
                guard let place = places[key] else {
                    places[key] = entries.count
                    entries.append(entry)
                    continue
                }
                var runners = entries[place].runners
                runners.insert(runner)
                let staysLonger = entry.time.map { time in entries[place].time.map { $0 < time } ?? true } ?? false
                if keepsLatest, staysLonger { entries[place] = entry }
                entries[place].runners = runners
            }
        }
        return entries
    }
}
