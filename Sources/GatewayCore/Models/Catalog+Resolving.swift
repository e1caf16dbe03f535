// SPDX-License-Identifier: MIT

/// From a client's name for a model to the runners that have it. The order is the interface's: the exact listed name,
/// the prefix and the normalised name, then what the name's ending says about its source.
extension Catalog {
    /// - Parameters:
    ///   - name: as the client sent it.
    ///   - readsSource: false on copy and push, where Ollama takes `:cloud` and `:local` for tags.
    public func resolve(_ name: String, readsSource: Bool = true) -> Resolution {
        if let model = index.model(spelled: name) { return .found(model) }
        let asSent = name
        let name = ModelName.trimmed(name)
        guard !name.isEmpty, name.utf8.count <= RunnerAnswer.maximumNameBytes else {
            return .invalidName("invalid model name")
        }
        if let model = listed(name) { return .found(name == asSent ? model : model.asAlias) }
        guard readsSource else { return notListed(name) }
        do {
            switch try ModelSource(name) {
            case .unspecified: return notListed(name)
            case .local(let base): return listed(base)?.onlyLocal.map { .found($0.asAlias) } ?? notListed(base)
            case .cloud(let base): return cloud(name, base: base)
            }
        } catch {
            return .invalidName(error.sentence)
        }
    }

    /// As `resolve`, for a caller who may not use every model: to them a forbidden one is one that nobody lists.
    public func resolve(_ name: String, readsSource: Bool = true, for rights: ModelRights) -> Resolution {
        let resolution = resolve(name, readsSource: readsSource)
        guard !rights.isUnlimited, case .found(let model) = resolution, !rights.allows(key: model.key) else {
            return resolution
        }
        let name = ModelName.trimmed(name)
        guard readsSource, let source = try? ModelSource(name) else { return notListed(name) }
        switch source {
        case .unspecified: return notListed(name)
        case .local(let base): return notListed(base)
        case .cloud: return firstRoundIsOver ? absent : .firstListsPending
        }
    }

    /// The comparison key under which a name is listed, or would be: rights are about that, however a name is spelled.
    func listedKey(of name: String, readsSource: Bool = true) -> String {
        if case .found(let model) = resolve(name, readsSource: readsSource) { return model.key }
        let name = ModelName.trimmed(name)
        let asked = prefixed(name)
        let ownName = asked?.rest ?? name
        let lead = ModelName.folded(String(name.dropLast(ownName.count)))
        guard readsSource, let source = try? ModelSource(ownName) else { return lead + ModelName.key(of: ownName) }
        switch source {
        case .unspecified: return lead + ModelName.key(of: ownName)
        case .local(let base): return lead + ModelName.key(of: base)
        case .cloud(let base): return lead + ModelName.key(of: ModelSource.stub(ofBase: base))
        }
    }

    /// A name with a runner's prefix in front, whether or not the rest exists: where to pull or create it.
    public struct PrefixedName: Equatable, Sendable {
        /// The runner's own name.
        public var rest: String
        /// Enabled runners with that prefix.
        public var runners: RunnerSet
    }

    /// Nil for a name that begins with no enabled runner's prefix. The longest one counts.
    public func prefixed(_ name: String) -> PrefixedName? {
        let name = ModelName.trimmed(name)
        guard let prefix = prefixes.first(where: { rest(of: name, behind: $0) != nil }),
            let rest = rest(of: name, behind: prefix)
        else { return nil }
        return PrefixedName(rest: rest, runners: enabled { $0.prefix == prefix })
    }

    /// Enabled runners that show their models under their own names.
    public var runnersWithoutPrefix: RunnerSet { enabled { $0.prefix.isEmpty } }

    /// Enabled runners that models are pulled to unless a client says otherwise.
    public var pullRunners: RunnerSet { enabled(\.settings.takesPulls) }

    public var enabledRunners: RunnerSet { enabled { _ in true } }

    /// Those of one entry of the configuration: `url_idx`.
    ///
    /// - Throws: 404 where there is none, or it is disabled.
    public func enabledRunners(at index: Int) throws(GatewayError) -> RunnerSet {
        let runners = enabled { $0.index == index }
        guard !runners.isEmpty else { throw .noSuchRunner(index) }
        return runners
    }

    // MARK: Steps

    /// By comparison keys: behind each prefix that the name begins with, then as a whole.
    private func listed(_ name: String) -> ResolvedModel? {
        for prefix in prefixes {
            guard let rest = rest(of: name, behind: prefix) else { continue }
            if let model = index.model(key: prefix + "." + ModelName.key(of: rest)) { return model }
        }
        return index.model(key: ModelName.key(of: name))
    }

    /// A cloud name: whoever lists its stub; else anyone who may be asked, since a runner takes it to ollama.com
    /// without a stub, too.
    private func cloud(_ name: String, base: String) -> Resolution {
        if let model = listed(ModelSource.stub(ofBase: base)) { return .found(model) }
        // A stub may still turn up, and a runner that has one is known to be signed in.
        guard firstRoundIsOver else { return .firstListsPending }
        let asked = prefixed(name)
        let ownName = asked?.rest ?? name
        guard case .cloud(let base)? = try? ModelSource(ownName), ModelName(base) != nil else {
            return .invalidName("invalid model name")
        }
        let stub = ModelSource.stub(ofBase: base)
        let mayRun = enabled { $0.settings.mayUse(ownName) || $0.settings.mayUse(stub) }
        let candidates = asked.map { RunnerSet($0.runners.numbers.filter { mayRun.contains($0) }) } ?? mayRun
        guard !candidates.isEmpty else { return absent }
        let lead = String(name.dropLast(ownName.count))
        return .found(
            ResolvedModel(
                unlistedCloudKey: ModelName.folded(lead) + ModelName.key(of: stub), visibleName: lead + stub,
                ownName: ownName, runners: candidates, strippedPrefix: asked != nil))
    }

    private func notListed(_ name: String) -> Resolution {
        guard firstRoundIsOver else { return .firstListsPending }
        let isName = ModelName(name) != nil || prefixed(name).flatMap { ModelName($0.rest) } != nil
        guard isName else { return .invalidName("invalid model name") }
        return absent
    }

    private var absent: Resolution {
        runners.contains { $0.settings.isEnabled && $0.hasList } ? .unknown : .noListEverRead
    }

    private func enabled(_ isWanted: (RunnerLists) -> Bool) -> RunnerSet {
        RunnerSet(runners.indices.filter { runners[$0].settings.isEnabled && isWanted(runners[$0]) })
    }

    /// What follows `prefix.`, letter case aside; nil if nothing does.
    private func rest(of name: String, behind prefix: String) -> String? {
        let length = prefix.utf8.count
        let bytes = name.utf8
        guard bytes.count > length + 1, bytes.dropFirst(length).first == UInt8(ascii: "."),
            bytes.prefix(length).elementsEqual(prefix.utf8, by: { ASCII.lowered($0) == $1 })
        else { return nil }
        return String(Substring(bytes.dropFirst(length + 1)))
    }
}

extension CatalogRunner {
    /// `model_ids` is about a runner's own names, exactly.
    fileprivate func mayUse(_ ownName: String) -> Bool { modelIDs.isEmpty || modelIDs.contains(ownName) }
}
