// SPDX-License-Identifier: MIT

/// What a client's name for a model came to.
public enum Resolution: Equatable, Sendable {
    case found(ResolvedModel)
    /// Nobody lists it: 404 at the root, 400 under the prefix.
    case unknown
    /// Nobody that answered lists it, but some runner's first list is still on its way: wait and ask again.
    case firstListsPending
    /// No enabled runner ever gave a list: 503, since a 404 would make the CLI pull.
    case noListEverRead
    /// Can't be a name; the text says why, in Ollama's words where it has some.
    case invalidName(String)
}

/// A model that some runners have. A snapshot: it stays as it is when lists change, so those who hold it share it.
public final class ResolvedModel: Sendable {
    /// Comparison key of the visible name: one for all its spellings, for queues and metrics.
    public let key: String
    /// The name as lists show it, with the prefix; access rules are about this one.
    public let visibleName: String
    /// Enabled runners that list it, `model_ids` applied; runners that can't be reached now are among them.
    public let holders: RunnerSet
    /// Those of them that have it in memory, by `/api/ps` and by what was seen since.
    public let loaded: RunnerSet
    /// The client's name carried a runner's prefix: the runner's own name has to go into the body.
    public let strippedPrefix: Bool
    /// False for a cloud name that no runner lists; then `holders` are those that may be asked for it.
    public let isListed: Bool
    /// The runner gets a spelling that not every Ollama knows (`x:local`, white space around it): one that denies it may
    /// have the model all the same.
    public let isAlias: Bool
    let names: Names

    private init(
        key: String, visibleName: String, holders: RunnerSet, loaded: RunnerSet, strippedPrefix: Bool, isListed: Bool,
        isAlias: Bool = false, names: Names
    ) {
        self.key = key
        self.visibleName = visibleName
        self.holders = holders
        self.loaded = loaded
        self.strippedPrefix = strippedPrefix
        self.isListed = isListed
        self.isAlias = isAlias
        self.names = names
    }

    /// What the runners themselves call it.
    enum Names: Equatable, Sendable {
        /// Ascending by index.
        case listed([Holding])
        case asAsked(String)
    }

    /// The runner's own spelling; needed only where a prefix was stripped. Nil for a runner that isn't a holder.
    public func ownName(on runner: Int) -> String? {
        switch names {
        case .listed: holding(on: runner)?.model
        case .asAsked(let name): holders.contains(runner) ? name : nil
        }
    }

    /// The holder with the lowest index; nil where nobody lists it.
    var firstHolding: Holding? {
        guard case .listed(let holdings) = names else { return nil }
        return holdings.first
    }

    /// The same model with nobody else to turn to; nil where none of these runners lists it.
    public func only(on runners: RunnerSet) -> ResolvedModel? {
        var holders = self.holders
        holders.formIntersection(runners)
        return holders.isEmpty ? nil : with(holders: holders, loaded: loaded)
    }

    /// The same model, in other runners' memory. Those that don't list it count for nothing.
    func with(loaded: RunnerSet) -> ResolvedModel { with(holders: holders, loaded: loaded) }

    private func with(holders: RunnerSet, loaded: RunnerSet) -> ResolvedModel {
        var loaded = loaded
        loaded.formIntersection(holders)
        return ResolvedModel(
            key: key, visibleName: visibleName, holders: holders, loaded: loaded, strippedPrefix: strippedPrefix,
            isListed: isListed, isAlias: isAlias, names: names)
    }

    /// The same model, asked for by an alias. Where a prefix is stripped the runner gets its own name for it anyway.
    var asAlias: ResolvedModel {
        guard !strippedPrefix else { return self }
        return ResolvedModel(
            key: key, visibleName: visibleName, holders: holders, loaded: loaded, strippedPrefix: false,
            isListed: isListed, isAlias: true, names: names)
    }

    /// Nil for a runner that doesn't list it.
    func holding(on runner: Int) -> Holding? {
        guard case .listed(let holdings) = names else { return nil }
        return holdings.first { $0.runner == runner }
    }
}

/// That a runner has a model.
struct Holding: Equatable, Sendable {
    let runner: Int
    /// The runner's place in the configuration.
    let index: Int
    /// Place in that runner's list.
    let position: Int
    /// The runner's own name for it.
    let model: String
    /// Comparison key of `model`: asked for at the end of every answer.
    let ownKey: String
    /// With the prefix, as lists show it.
    let visibleName: String
    /// In lower case; empty for none.
    let prefix: String
    let isStub: Bool
}

extension ResolvedModel {
    /// - Parameter holdings: at least one, ascending by index, all with one prefix.
    convenience init?(key: String, holdings: [Holding], loaded: RunnerSet) {
        guard let first = holdings.first else { return nil }
        self.init(
            key: key, visibleName: first.visibleName, holders: RunnerSet(holdings.lazy.map(\.runner)),
            loaded: RunnerSet(holdings.lazy.map(\.runner).filter { loaded.contains($0) }),
            strippedPrefix: !first.prefix.isEmpty, isListed: true, names: .listed(holdings))
    }

    /// A cloud name that no runner lists.
    convenience init(
        unlistedCloudKey key: String, visibleName: String, ownName: String, runners: RunnerSet, strippedPrefix: Bool
    ) {
        self.init(
            key: key, visibleName: visibleName, holders: runners, loaded: RunnerSet(), strippedPrefix: strippedPrefix,
            isListed: false, names: .asAsked(ownName))
    }

    /// In lower case; empty for none.
    var prefix: String {
        firstHolding?.prefix ?? ""
    }

    /// Without the runners that only list a cloud stub: `:local` asks for a copy on the disk. Nil if none is left.
    var onlyLocal: ResolvedModel? {
        guard case .listed(let holdings) = names else { return nil }
        guard holdings.contains(where: \.isStub) else { return self }
        return ResolvedModel(key: key, holdings: holdings.filter { !$0.isStub }, loaded: loaded)
    }
}

extension ResolvedModel: Equatable {
    public static func == (left: ResolvedModel, right: ResolvedModel) -> Bool {
        left === right
            || (left.key, left.visibleName, left.strippedPrefix, left.isListed)
                == (right.key, right.visibleName, right.strippedPrefix, right.isListed)
                && left.isAlias == right.isAlias
                && left.holders == right.holders && left.loaded == right.loaded && left.names == right.names
    }
}
