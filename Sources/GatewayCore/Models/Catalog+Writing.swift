// SPDX-License-Identifier: MIT

/// The JSON of merged lists. A runner's fields are copied; what is added stands behind them.
extension Catalog {
    func render(_ list: CatalogList, _ entries: [MergedEntry]) -> [UInt8] {
        var output = Array((list == .openAIModels ? "{\"object\":\"list\",\"data\":" : "{\"models\":").utf8)
        guard !entries.isEmpty else {
            // Ollama's OpenAI list was never made when there is nothing to put into it.
            output += (list == .openAIModels ? "null}" : "[]}").utf8
            return output
        }
        let expiries = list == .prefixTags ? expiries() : [:]
        for (place, entry) in entries.enumerated() {
            output.append(place == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
            switch list {
            case .tags:
                write(runners[entry.runner].models[entry.position].entry, under: entry.visibleName, to: &output)
            case .ps:
                write(runners[entry.runner].loaded[entry.position].entry, under: entry.visibleName, to: &output)
            case .openAIModels:
                writeOpenAI(runners[entry.runner].models[entry.position], id: entry.visibleName, to: &output)
            case .prefixTags:
                let expiry = expiries[entry.key]?.first { entry.runners.contains($0.runner) }
                writePrefixTag(entry, expiry: expiry, to: &output)
            case .prefixPs:
                writePrefixPs(entry, to: &output)
            }
        }
        output += "]}".utf8
        return output
    }

    /// `{"id","object","created","owned_by"}`; the owner is the namespace of the runner's own name.
    func writeOpenAI(_ model: ListedModel, id: String, to output: inout [UInt8]) {
        output += "{\"id\":".utf8
        JSON.writeString(id, to: &output)
        output += ",\"object\":\"model\",\"created\":\(model.modifiedAt?.seconds ?? 0),\"owned_by\":".utf8
        JSON.writeString(ModelName(model.model)?.namespace ?? ModelName.defaultNamespace, to: &output)
        output.append(UInt8(ascii: "}"))
    }

    private func write(_ entry: ListEntry, under visibleName: String, to output: inout [UInt8]) {
        entry.write(name: visibleName, model: visibleName, to: &output)
        output.append(UInt8(ascii: "}"))
    }

    private func writePrefixTag(_ entry: MergedEntry, expiry: Expiry?, to output: inout [UInt8]) {
        let runner = runners[entry.runner]
        let model = runner.models[entry.position]
        model.entry.write(name: model.name, model: entry.visibleName, to: &output)
        writeURLs(entry, to: &output)
        if let tags = runner.settings.tags.array, !tags.isEmpty {
            output += ",\"tags\":".utf8
            runner.settings.tags.write(to: &output)
        }
        if !runner.settings.connectionType.isEmpty {
            output += ",\"connection_type\":".utf8
            JSON.writeString(runner.settings.connectionType, to: &output)
        }
        if let expiry { output += ",\"expires_at\":\(expiry.seconds)".utf8 }
        output.append(UInt8(ascii: "}"))
    }

    /// `expires_at` stays a date here: Open WebUI parses it as ISO 8601 and makes the number of it itself.
    private func writePrefixPs(_ entry: MergedEntry, to output: inout [UInt8]) {
        let runner = runners[entry.runner]
        let model = runner.loaded[entry.position]
        let name = runner.model(key: model.key)?.name ?? model.name
        model.entry.write(name: name, model: entry.visibleName, to: &output)
        writeURLs(entry, to: &output)
        output.append(UInt8(ascii: "}"))
    }

    private func writeURLs(_ entry: MergedEntry, to output: inout [UInt8]) {
        output += ",\"urls\":[".utf8
        output += indices(of: entry.runners).map(String.init).joined(separator: ",").utf8
        output.append(UInt8(ascii: "]"))
    }

    /// Ascending; an index that several of them share stands once.
    private func indices(of runners: RunnerSet) -> [Int] {
        var indices = runners.numbers.compactMap { self.runners[$0].index }
        // As long as no runner was ever moved, they are in order already.
        if zip(indices, indices.dropFirst()).contains(where: { $0 >= $1 }) { indices = Set(indices).sorted() }
        return indices
    }

    /// When a runner drops a model from memory.
    private struct Expiry {
        var runner: Int
        /// Unix seconds.
        var seconds: Int64
    }

    /// By comparison key of the visible name, ascending by index: the first one counts, as in Open WebUI.
    private func expiries() -> [String: [Expiry]] {
        var found: [String: [Expiry]] = [:]
        for runner in order where runners[runner].settings.isEnabled {
            let lists = runners[runner]
            for model in lists.loaded {
                guard let time = model.expiresAt else { continue }
                found[lists.visibleKey(model.key), default: []].append(Expiry(runner: runner, seconds: time.seconds))
            }
        }
        return found
    }
}
