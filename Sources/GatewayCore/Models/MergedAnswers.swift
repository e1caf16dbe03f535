// SPDX-License-Identifier: MIT

/// The answers that lists are asked for, as bytes: made when first asked for after a change.
struct MergedAnswers: Sendable {
    enum Kind: Int, CaseIterable {
        case rootTags, rootPs, prefixTags, prefixPs, openAIModels
    }

    private var made: [[UInt8]?] = Array(repeating: nil, count: Kind.allCases.count)

    mutating func forget() {
        made = Array(repeating: nil, count: Kind.allCases.count)
    }

    mutating func get(_ kind: Kind, of catalog: Catalog) -> [UInt8] {
        if let bytes = made[kind.rawValue] { return bytes }
        let bytes = MergedAnswers.make(kind, catalog).bytes
        made[kind.rawValue] = bytes
        return bytes
    }

    private static func make(_ kind: Kind, _ catalog: Catalog) -> JSON {
        switch kind {
        case .rootTags: models(tags(catalog).sortedByNewest.map { $0.rootEntry })
        case .rootPs: models(loaded(catalog).map { $0.rootEntry })
        case .prefixTags: models(tags(catalog).map { $0.prefixEntry(catalog, expiry: expiries(catalog)) })
        case .prefixPs: models(firstSeen(catalog.visible(\.loaded)).map { $0.prefixEntry(catalog, expiry: [:]) })
        case .openAIModels: openAIList(tags(catalog).sortedByNewest)
        }
    }

    private static func models(_ entries: [JSON]) -> JSON {
        .object([.init("models", .array(entries))])
    }

    // MARK: Merging

    /// One entry per visible model, from the lowest index, with all the runners that have it, in the order first seen.
    private static func firstSeen(_ entries: [VisibleModel]) -> [VisibleModel] {
        var places: [String: Int] = [:]
        var merged: [VisibleModel] = []
        for entry in entries {
            if let place = places[entry.key] {
                merged[place].runners.append(contentsOf: entry.runners)
            } else {
                places[entry.key] = merged.count
                merged.append(entry)
            }
        }
        return merged
    }

    private static func tags(_ catalog: Catalog) -> [VisibleModel] {
        firstSeen(catalog.visible(\.models))
    }

    /// One entry per model, the one that stays longest; longest remaining first, as Ollama sorts.
    private static func loaded(_ catalog: Catalog) -> [VisibleModel] {
        let entries = catalog.visible(\.loaded)
        let longestFirst = entries.enumerated().sorted {
            ($1.element.listed.expiresAt, $0.offset) < ($0.element.listed.expiresAt, $1.offset)
        }
        return firstSeen(longestFirst.map(\.element))
    }

    /// Unix seconds by visible key.
    private static func expiries(_ catalog: Catalog) -> [String: Int64] {
        var latest: [String: Int64] = [:]
        for entry in catalog.visible(\.loaded) where entry.listed.expiresAt != .min {
            latest[entry.key] = max(latest[entry.key] ?? .min, entry.listed.expiresAt / 1_000_000_000)
        }
        return latest
    }

    // MARK: OpenAI's form

    /// Real Ollama sends `"data":null` when it has no model.
    private static func openAIList(_ entries: [VisibleModel]) -> JSON {
        .object([
            .init("object", .string("list")),
            .init(
                "data", entries.isEmpty ? .null : .array(entries.map { openAIModel(id: $0.name, $0.listed) }))
        ])
    }

    static func openAIModel(id: String, _ listed: ListedModel) -> JSON {
        .object([
            .init("id", .string(id)), .init("object", .string("model")),
            .init("created", .integer(listed.modifiedAt == .min ? 0 : listed.modifiedAt / 1_000_000_000)),
            .init("owned_by", .string(ModelName(listed.name)?.namespace ?? "library"))
        ])
    }
}

/// One model of one runner under the name that clients see.
struct VisibleModel {
    /// With its prefix.
    let name: String
    /// Equal for two spellings of one name.
    let key: String
    let listed: ListedModel
    var runners: [Int]

    /// As Ollama's own lists have it.
    var rootEntry: JSON {
        .object([.init("name", .string(name)), .init("model", .string(name))] + listed.fields)
    }

    /// As Open WebUI's router has it: `model` with prefix, `name` without.
    func prefixEntry(_ catalog: Catalog, expiry: [String: Int64]) -> JSON {
        var members: [JSON.Member] = [.init("name", .string(listed.name)), .init("model", .string(name))]
        members += listed.fields
        let first = catalog.runners[runners[0]]
        if let tags = first.tags.array, !tags.isEmpty { members.append(.init("tags", first.tags)) }
        if !first.connectionType.isEmpty { members.append(.init("connection_type", .string(first.connectionType))) }
        members.append(.init("urls", .array(runners.sorted().map { .integer($0) })))
        if let seconds = expiry[key] { members.append(.init("expires_at", .integer(seconds))) }
        return .object(members)
    }
}

extension [VisibleModel] {
    /// Newest `modified_at` first; what has none, last; equal ones stay in their order.
    var sortedByNewest: [VisibleModel] {
        enumerated().map { (offset: $0.offset, time: $0.element.listed.modifiedAt, element: $0.element) }
            .sorted { ($1.time, $0.offset) < ($0.time, $1.offset) }
            .map(\.element)
    }
}

extension Catalog {
    /// All enabled runners' entries by index, then in the runner's order, under the names that clients see. Only models
    /// that may be seen; a loaded one that its runner doesn't list is shown as well, as Open WebUI does.
    func visible(_ list: KeyPath<Known, [ListedModel]>) -> [VisibleModel] {
        var entries: [VisibleModel] = []
        for (runner, configured) in runners.enumerated() where configured.isEnabled {
            let allowed = Set(configured.modelIDs)
            let isTags = list == \Known.models
            let prefix = configured.prefixID.isEmpty ? "" : configured.prefixID + "."
            for listed in known[runner][keyPath: list] {
                if isTags, !allowed.isEmpty, !allowed.contains(listed.name) { continue }
                if isTags, known[runner].missing.contains(listed.key) { continue }
                entries.append(
                    VisibleModel(
                        name: prefix + listed.name, key: prefix + listed.key, listed: listed, runners: [runner]))
            }
        }
        return entries
    }
}
