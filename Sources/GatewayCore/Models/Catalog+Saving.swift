// SPDX-License-Identifier: MIT

/// The content of `catalog.json`: what every runner last listed, so that after a restart a model of a runner that is
/// away is still known (503 instead of the 404 that makes the CLI pull).
extension Catalog {
    /// Every runner's last known list and version by its `identity`; runners without one, or without a list, are left
    /// out.
    public func savedLists() -> [UInt8] {
        var output = Array("{\"schema\":1,\"runners\":[".utf8)
        var saved: Set<String> = []
        for number in order {
            let runner = runners[number]
            guard runner.hasList, !runner.settings.identity.isEmpty else { continue }
            guard saved.insert(runner.settings.identity).inserted else { continue }
            output += (saved.count > 1 ? ",\n{\"identity\":" : "\n{\"identity\":").utf8
            JSON.writeString(runner.settings.identity, to: &output)
            if let version = runner.version { output += ",\"version\":\"\(version.text)\"".utf8 }
            output += ",\"models\":[".utf8
            for (place, model) in runner.models.enumerated() {
                if place > 0 { output.append(UInt8(ascii: ",")) }
                model.entry.write(name: model.name, model: model.model, to: &output)
                output.append(UInt8(ascii: "}"))
            }
            output += "]}".utf8
        }
        output += "\n]}\n".utf8
        return output
    }

    /// Takes saved lists as last known ones. They end no first attempt, and never replace what a runner said since.
    /// Bad or foreign content is ignored, entry by entry: a lost cache costs nothing but the moment until the first
    /// round of probes is over.
    public mutating func restore(_ saved: [UInt8]) {
        // A runner's list stands two levels deeper here than in its answer.
        guard
            let document = try? RunnerAnswer.read(
                saved, of: "a restart", maximumBytes: Catalog.maximumSavedBytes,
                maximumDepth: RunnerAnswer.maximumDepth + 2),
            document["schema"]?.int == 1, let entries = document["runners"]?.array
        else { return }
        var byIdentity: [String: JSON] = [:]
        for entry in entries {
            guard let identity = entry["identity"]?.string, !identity.isEmpty, byIdentity[identity] == nil else {
                continue
            }
            byIdentity[identity] = entry
        }
        for runner in order where !runners[runner].hasList {
            guard let entry = byIdentity[runners[runner].settings.identity],
                let models = entry["models"]?.array, models.count <= RunnerAnswer.maximumModels
            else { continue }
            _ = set(models.compactMap { ListedModel($0) }, on: runner, body: nil)
            if runners[runner].version == nil, let version = entry["version"]?.string.flatMap({ RunnerVersion($0) }) {
                setVersion(version, on: runner)
            }
        }
    }

    /// Fifty runners at half the size a single one may have.
    private static var maximumSavedBytes: Int { 25 * RunnerAnswer.maximumBytes }
}
