// SPDX-License-Identifier: MIT

/// What a change of the configuration over the API was about, by names alone: `0:gpu1:11434` for a runner, its index in
/// front, a key by its name, and `enable`.
public struct AuditChanges: Equatable, Sendable {
    public private(set) var added: [String] = []
    public private(set) var changed: [String] = []
    public private(set) var removed: [String] = []

    public init() {}

    public init(from old: Configuration, to new: Configuration) {
        if old.isEnabled != new.isEnabled { changed.append("enable") }
        compareRunners(old.runners, new.runners)
        compareKeys(old.access.keys, new.access.keys)
    }

    /// By their URLs, as a change is made. Another index is a change: pins name it.
    private mutating func compareRunners(_ old: [RunnerConfiguration], _ new: [RunnerConfiguration]) {
        var places: [RunnerURL: [Int]] = [:]
        for (index, runner) in old.enumerated().reversed() { places[runner.url, default: []].append(index) }
        for (index, runner) in new.enumerated() {
            let name = AuditChanges.name(runner, at: index)
            guard let was = places[runner.url]?.popLast() else {
                added.append(name)
                continue
            }
            if was != index || old[was] != runner { changed.append(name) }
        }
        for (index, runner) in old.enumerated() where places[runner.url]?.contains(index) ?? false {
            removed.append(AuditChanges.name(runner, at: index))
        }
    }

    private mutating func compareKeys(_ old: [Configuration.Access.Key], _ new: [Configuration.Access.Key]) {
        var before = Dictionary(old.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for key in new {
            guard let was = before.removeValue(forKey: key.name) else {
                added.append(key.name)
                continue
            }
            if was != key { changed.append(key.name) }
        }
        removed += old.map(\.name).filter { before[$0] != nil }
    }

    private static func name(_ runner: RunnerConfiguration, at index: Int) -> String { "\(index):\(runner.url.label)" }
}
