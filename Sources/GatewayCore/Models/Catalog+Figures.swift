// SPDX-License-Identifier: MIT

/// What `stats`, `top`, `doctor` and `readyz` show of the catalog. Read by people, now and then; nothing is kept.
extension Catalog {
    /// Number of models that can be seen or used on that runner.
    public func modelCount(on runner: Int) -> Int {
        knows(runner) ? runners[runner].shown.count : 0
    }

    /// How often runners' lists were put together for clients: as often as they changed, not as often as they are asked
    /// for.
    public var merges: Int { lists.merges }

    /// Whether its list was ever read.
    public func hasList(of runner: Int) -> Bool { knows(runner) && runners[runner].hasList }

    /// Its last known version, as `N.N.N`.
    public func version(of runner: Int) -> String? {
        knows(runner) ? runners[runner].version?.text : nil
    }

    /// Visible names of the models in its memory, as its `/api/ps` has them.
    public func loadedNames(on runner: Int) -> [String] {
        guard knows(runner) else { return [] }
        let lists = runners[runner]
        return lists.loaded.map { lists.visibleName(lists.model(key: $0.key)?.model ?? $0.model) }
    }

    /// Visible names of the models whose digest on that runner is another one than on the lowest index that has them:
    /// two runners answer differently under one name.
    public func drift(on runner: Int) -> [String] {
        guard knows(runner) else { return [] }
        return index.models.compactMap { model -> String? in
            guard let own = model.holding(on: runner), let lowest = model.firstHolding else { return nil }
            let digest = runners[runner].models[own.position].digest
            return digest == runners[lowest.runner].models[lowest.position].digest ? nil : own.visibleName
        }.sorted()
    }
}
