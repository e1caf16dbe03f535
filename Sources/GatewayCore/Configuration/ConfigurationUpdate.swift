// SPDX-License-Identifier: MIT

/// A change of the configuration file, decided whole before a byte is written: the file as it will be is read as a
/// start would read it, so that no change can leave behind what the next start refuses.
public struct ConfigurationUpdate: Sendable {
    /// Reads flags, environment and this content of the file (nil: there is none) as a start would.
    public typealias Resolve = (_ file: [UInt8]?) throws(ConfigurationErrors) -> ResolvedConfiguration
    /// Changes the document; what it throws refuses the whole update. `current` is what flags, file and environment
    /// come to before it.
    public typealias Change = (
        _ document: inout ConfigurationDocument, _ current: ResolvedConfiguration
    ) throws(GatewayError) -> Void

    /// The file as it is to be written; nil where it stays as it is.
    public let bytes: [UInt8]?
    /// What holds from then on.
    public let resolved: ResolvedConfiguration

    /// - Parameter file: as it is; no bytes where there is none.
    /// - Throws: what `change` throws; 409 where the file is wrong already, or a flag pins what would be changed; 400
    ///   where the outcome would be no valid configuration.
    public init(
        of file: (path: String, bytes: [UInt8]?), resolve: Resolve, change: Change
    ) throws(GatewayError) {
        var old = ConfigurationDocument()
        let current: ResolvedConfiguration
        do throws(ConfigurationErrors) {
            if let bytes = file.bytes { old = try ConfigurationDocument(parsing: bytes, path: file.path) }
            current = try resolve(file.bytes)
        } catch {
            throw GatewayError(
                409, "The configuration is wrong as it is, so it can't be changed; mend it first. \(error.sentence)",
                origin: .gateway)
        }
        var new = old
        try change(&new, current)
        guard new != old else {
            bytes = nil
            resolved = current
            return
        }
        for key in new.settingsChanged(from: old) { try current.refuseIfPinned(key) }
        let bytes = new.bytes
        do throws(ConfigurationErrors) {
            resolved = try resolve(bytes)
        } catch {
            throw GatewayError(400, "That would be no valid configuration. \(error.sentence)")
        }
        self.bytes = bytes
    }
}

extension ResolvedConfiguration {
    /// - Parameter key: the setting's, e.g. `runners` or `log.level`.
    /// - Throws: 409 where a flag of the running process decides it, so that the file has no say.
    public func refuseIfPinned(_ key: String) throws(GatewayError) {
        let isOfDemo = key == "runners" && configuration.isDemo
        guard isOfDemo || origins[key] == .flag else { return }
        let flag = isOfDemo ? "--demo" : ResolvedConfiguration.flags[key] ?? "a flag"
        throw GatewayError(
            409, "\(key) is set by \(flag), which beats the file: start the gateway without it to change it here.",
            origin: .gateway)
    }

    private static let flags = [
        "listen": "--listen", "runners": "--runner", "policy": "--policy", "loops": "--loops",
        "log.level": "--log-level", "log.format": "--log-format", "log.file": "--log-file"
    ]
}

extension ConfigurationErrors {
    /// All of them in one line, for an answer; a file can hold more than anybody reads at once.
    var sentence: String {
        let shown = errors.prefix(5).joined(separator: "; ")
        return errors.count > 5 ? "\(shown); and \(errors.count - 5) more." : "\(shown)."
    }
}
