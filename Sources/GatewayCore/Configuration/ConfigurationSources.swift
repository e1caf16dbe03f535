// SPDX-License-Identifier: MIT

/// All a configuration is made of, as the caller found it: `Configuration.resolve` decides, and touches nothing.
public struct ConfigurationSources: Sendable {
    /// `serve`'s flags; nil and empty are "not given".
    public struct Flags: Equatable, Sendable {
        public var listen: [String] = []
        public var runners: [String] = []
        public var policy: Configuration.Policy?
        public var configFile: String?
        public var stateDirectory: String?
        public var loops: Int?
        public var logLevel: Configuration.Log.Level?
        public var logFormat: Configuration.Log.Format?
        public var logFile: String?
        public var isDemo = false
        public var isTakeover = false

        public init() {}
    }

    public var flags = Flags()
    /// The configuration file, if there is one; the path is for messages.
    public var file: (path: String, bytes: [UInt8])?
    public var environment = ConfigurationEnvironment()
    /// This machine's host name and addresses: they make the loop check see more, and may be empty.
    public var ownHosts: Set<String> = []

    public init() {}
}

/// Where a value came from; a value without an origin is a default.
public enum ConfigurationOrigin: String, Sendable {
    case flag, file, environment
}

/// Everything that is wrong with a configuration, found in one go.
public struct ConfigurationErrors: Error, Equatable, Sendable {
    /// One line each, beginning with its place: `runners[1].url: …`, `--listen: …`, `DMR_LOOPS: …`. Never empty,
    /// never with a key in it.
    public var errors: [String]
    /// All of them are flags whose value doesn't parse: wrong usage rather than a bad configuration.
    public var areUsageOnly: Bool

    init(errors: [String], areUsageOnly: Bool) {
        self.errors = errors
        self.areUsageOnly = areUsageOnly
    }

    /// Errors of the caller's own, as it would be written here; nil if there are none.
    public init?(_ errors: [String]) {
        guard !errors.isEmpty else { return nil }
        self.init(errors: errors, areUsageOnly: false)
    }

    /// An error of the caller's own, e.g. of a file it could not read: one line that begins with its place.
    public init(_ error: String) {
        self.init(errors: [error], areUsageOnly: false)
    }
}

/// A configuration and what its operator should know about it.
public struct ResolvedConfiguration: Sendable {
    public var configuration: Configuration
    /// One line each, for standard error and the log.
    public var warnings: [String]
    /// By the file's own path, e.g. `timeouts.queue` or `runners[1].weight`; what isn't here is a default.
    public var origins: [String: ConfigurationOrigin]
}

extension ResolvedConfiguration {
    /// A value and where it comes from; nil is the default.
    public struct SettingWithOrigin: Equatable, Sendable {
        public var setting: Setting
        public var origin: ConfigurationOrigin?

        /// `timeouts.queue = 60 (default)`
        public var line: String {
            let value = String(decoding: setting.value.bytes, as: UTF8.self)
            return "\(setting.key) = \(value) (\(origin?.rawValue ?? "default"))"
        }
    }

    public func settings(mask: @escaping (_ secret: [UInt8]) -> String) -> [SettingWithOrigin] {
        configuration.settings(mask: mask).map { SettingWithOrigin(setting: $0, origin: origin(of: $0.key)) }
    }

    /// An entry of a list that came from elsewhere has nothing of the file's entry at that place.
    public func origin(of key: String) -> ConfigurationOrigin? {
        guard key.hasPrefix("runners["), origins["runners"] != .file else { return origins[key] }
        return key.hasSuffix("].url") ? origins["runners"] : nil
    }
}

/// Collects what one call of `Configuration.resolve` finds; a class, because every reader of a part writes into it.
final class Findings {
    private(set) var errors: [String] = []
    private(set) var warnings: [String] = []
    private(set) var origins: [String: ConfigurationOrigin] = [:]
    private var usageErrors = 0
    private var faultyKeys: Set<String> = []

    func error(_ place: String, _ sentence: String) {
        errors.append("\(place): \(sentence)")
    }

    /// Errors that begin with their places already.
    func take(_ failure: ConfigurationErrors) {
        errors += failure.errors
    }

    /// A flag's value that doesn't parse.
    func usageError(_ flag: String, _ sentence: String) {
        error(flag, sentence)
        usageErrors += 1
    }

    /// A setting of the documented interface that isn't built yet: refused, since ignoring it would be a lie.
    func unsupported(_ place: String, _ what: String, setTo value: String?) {
        let remedy = value.map { "remove it or set it to \($0)" } ?? "remove it"
        error(place, "\(what) is not supported in this version; \(remedy)")
    }

    func warn(_ place: String, _ sentence: String) {
        warnings.append("\(place): \(sentence)")
    }

    /// `key` is the file's path of the setting, whatever the source.
    func found(_ key: String, in origin: ConfigurationOrigin) {
        origins[key] = origin
    }

    /// What follows from the value would only repeat the error in other words.
    func isFaulty(_ key: String) {
        faultyKeys.insert(key)
    }

    func isSound(_ key: String) -> Bool { !faultyKeys.contains(key) }

    var failure: ConfigurationErrors? {
        errors.isEmpty ? nil : ConfigurationErrors(errors: errors, areUsageOnly: usageErrors == errors.count)
    }
}
