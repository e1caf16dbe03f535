// SPDX-License-Identifier: MIT

import GatewayCore

extension FuzzTarget {
    static let lists = FuzzTarget(name: "lists", violation: ListsTarget.violation) {
        let entry = #""modified_at":"2026-01-02T03:04:05.678+02:00","size":7,"digest":"d","details":{"family":"f"}"#
        return [
            #"{"models":[{"name":"a:b","model":"a:b",\#(entry)},{"name":"A:b"},{"model":"c"}]}"#,
            #"{"models":[{"name":"x","expires_at":"2026-01-02T03:04:05Z","size_vram":1}]}"#, #"{"models":null}"#,
            #"{"version":"0.11.0-rc1"}"#, #"{"models":[{"name":"é\u0000\n","urls":[9],"id":"i","model":7}]}"#,
            #"{"schema":1,"runners":[{"identity":"i","version":"1.2.3","models":[{"name":"a","model":"a"}]}]}"#,
            "[]", "{}", #"{"models":[{}]}"#, #"{"models":[{"name":"a:cloud","remote_host":"h"},{"name":"a:cloud"}]}"#
        ].map { Array($0.utf8) }
    }
}

/// What runners say of themselves, and a saved catalog: whatever it is, clients get valid lists, and nothing in them that
/// can't be asked for.
enum ListsTarget {
    @Sendable static func violation(_ bytes: [UInt8]) -> String? {
        var catalog = Catalog(runners: [
            CatalogRunner(identity: "i"), CatalogRunner(identity: "j", prefixID: "pre", tags: .array([.string("t")])),
            CatalogRunner(identity: "k", modelIDs: ["a:b"])
        ])
        catalog.restore(bytes)
        if let problem = answered(&catalog, "restored") { return problem }
        for runner in 0...2 {
            _ = try? catalog.tagsRead(runner, bytes)
            _ = try? catalog.psRead(runner, bytes)
            try? catalog.versionRead(runner, bytes)
        }
        if let problem = answered(&catalog, "read") { return problem }
        return saved(catalog)
    }

    private static let ours = ["name", "model", "id", "urls", "tags", "connection_type"]

    private static func answered(_ catalog: inout Catalog, _ how: String) -> String? {
        for list in CatalogList.allCases {
            let answer = catalog.answer(list)
            guard let document = try? JSON(parsing: answer), let value = document["models"] ?? document["data"],
                // Ollama's `/v1/models` says null for none.
                let entries = value == .null && list == .openAIModels ? [] : value.array
            else { return "\(how), \(list) is no list" }
            guard catalog.answer(list) == answer else { return "\(how), \(list) changes by itself" }
            for entry in entries {
                // A key of the runner's own may be there twice, as it came; none that says what we say.
                let keys = (entry.members ?? []).map(\.key).filter { ours.contains($0) }
                guard Set(keys).count == keys.count else { return "\(how), an entry of \(list) has a key twice" }
                guard let name = (entry["model"] ?? entry["id"])?.string, !name.isEmpty else {
                    return "\(how), an entry of \(list) has no name"
                }
                // What is loaded may be no more than that.
                guard list != .ps, list != .prefixPs else { continue }
                guard case .found = catalog.resolve(name) else { return "\(how), \(name) is listed and not found" }
            }
        }
        let version = catalog.version(usable: RunnerSet([0, 1, 2])).split(
            separator: ".", omittingEmptySubsequences: false)
        return version.count == 3 && version.allSatisfy { UInt($0) != nil } ? nil : "\(how), the version is \(version)"
    }

    /// Saved and restored it is the same.
    private static func saved(_ catalog: Catalog) -> String? {
        let saved = catalog.savedLists()
        guard (try? JSON(parsing: saved)) != nil else { return "what is saved is no JSON" }
        var other = Catalog(runners: [
            CatalogRunner(identity: "i"), CatalogRunner(identity: "j", prefixID: "pre", tags: .array([.string("t")])),
            CatalogRunner(identity: "k", modelIDs: ["a:b"])
        ])
        other.restore(saved)
        var first = catalog
        for list in [CatalogList.tags, .openAIModels] where first.answer(list) != other.answer(list) {
            return "restored, \(list) is another list"
        }
        return other.savedLists() == saved ? nil : "saved twice it is another file"
    }
}
