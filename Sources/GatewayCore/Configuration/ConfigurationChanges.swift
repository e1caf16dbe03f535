// SPDX-License-Identifier: MIT

/// What a new configuration changes, for the log and for what can't change while the process runs.
public struct ConfigurationChanges: Equatable, Sendable {
    /// One line each, beginning with the key; secrets never, not even masked.
    public private(set) var lines: [String] = []

    public init(from old: Configuration, to new: Configuration, mask: @escaping ([UInt8]) -> String) {
        compareRunners(old, new, mask)
        let before = ConfigurationChanges.settings(old, mask)
        let after = ConfigurationChanges.settings(new, mask)
        compare(before, after)
    }

    /// Everything but the runners, which are told apart by their URLs, not by their places.
    private static func settings(_ configuration: Configuration, _ mask: @escaping ([UInt8]) -> String) -> [Setting] {
        var configuration = configuration
        configuration.runners = []
        return configuration.settings(mask: mask).filter { $0.key != "runners" }
    }

    private mutating func compare(_ before: [Setting], _ after: [Setting]) {
        var old = Dictionary(before.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for setting in after {
            let was = old.removeValue(forKey: setting.key)
            guard was?.value != setting.value else { continue }
            lines.append(ConfigurationChanges.line(setting.key, was, setting))
        }
        for setting in before where old[setting.key] != nil {
            lines.append(ConfigurationChanges.line(setting.key, setting, nil))
        }
    }

    private static func line(_ key: String, _ before: Setting?, _ after: Setting?) -> String {
        if before?.isSecret ?? false || after?.isSecret ?? false { return "\(key) changed" }
        let words = [before, after].map { setting in
            setting.map { String(decoding: $0.value.bytes, as: UTF8.self) } ?? "nothing"
        }
        return "\(key): \(words.joined(separator: " → "))"
    }

    private mutating func compareRunners(
        _ old: Configuration, _ new: Configuration, _ mask: @escaping ([UInt8]) -> String
    ) {
        guard old.runners != new.runners else { return }
        var places: [RunnerURL: [Int]] = [:]
        for (index, runner) in old.runners.enumerated().reversed() { places[runner.url, default: []].append(index) }
        for (index, runner) in new.runners.enumerated() {
            guard let was = places[runner.url]?.popLast() else {
                lines.append("runners[\(index)]: \(runner.url) is new")
                continue
            }
            if was != index { lines.append("runners[\(index)]: \(runner.url) was runners[\(was)]") }
            guard old.runners[was] != runner else { continue }
            var (before, after) = (SettingList(mask: mask), SettingList(mask: mask))
            before.add(old.runners[was], at: "runners[\(index)]")
            after.add(runner, at: "runners[\(index)]")
            compare(before.settings, after.settings)
        }
        for (index, runner) in old.runners.enumerated() where places[runner.url]?.contains(index) ?? false {
            lines.append("runners: \(runner.url) is removed, it was runners[\(index)]")
        }
    }
}

extension Configuration {
    /// What a running gateway can take over of `new`: all but what its sockets and folders were made with.
    ///
    /// - Returns: the configuration to run with, and the keys that keep their old value.
    public func takingOver(_ new: Configuration) -> (configuration: Configuration, needRestart: [String]) {
        var taken = new
        var keys: [String] = []
        if new.listen != listen { keys.append("listen") }
        if new.pathPrefix != pathPrefix { keys.append("path_prefix") }
        if new.loops != loops { keys.append("loops") }
        if new.stateDirectory != stateDirectory { keys.append("state_dir") }
        taken.listen = listen
        taken.pathPrefix = pathPrefix
        taken.loops = loops
        taken.stateDirectory = stateDirectory
        return (taken, keys)
    }
}
