// SPDX-License-Identifier: MIT

import ArgumentParser
import Gateway
import GatewayCore

/// Gathers what a configuration is made of, at the start and for every reload.
final class ConfigurationReader {
    private let flags: ConfigurationSources.Flags
    /// The file that was read last; nil if there was none.
    private(set) var filePath: String?

    init(flags: ConfigurationSources.Flags) {
        self.flags = flags
    }

    /// Where the file is or would be.
    func location() throws(ConfigurationErrors) -> ConfigurationLocation {
        try ConfigurationLocation(flags: flags, environment: ConfigurationEnvironment.ofThisProcess())
    }

    func resolve() throws(ConfigurationErrors) -> ResolvedConfiguration {
        try resolve(file: readFile())
    }

    /// With this content of the file, nil for none, in the place of what is on the disk.
    func resolve(file: [UInt8]?) throws(ConfigurationErrors) -> ResolvedConfiguration {
        var sources = ConfigurationSources()
        sources.flags = flags
        sources.environment = ConfigurationEnvironment.ofThisProcess()
        let machine = Machine.current()
        sources.ownHosts = Set([machine.name] + machine.addresses.map(\.description))
        let location = try location()
        if let file {
            sources.file = (location.file, file)
        } else if !mayBeMissing(location) {
            throw ConfigurationErrors("\(location.file): is missing; name another with --config or --state-dir")
        }
        let resolved = try Configuration.resolve(sources)
        try TLSFiles.check(resolved.configuration)
        return resolved
    }

    /// Nobody asked for the default file, so it may be missing, unless it was there before.
    private func mayBeMissing(_ location: ConfigurationLocation) -> Bool {
        !location.isFileNamed && filePath == nil
    }

    /// - Throws: `ExitCode`, after each error was said on a line of its own.
    func resolveOrExit() throws(ExitCode) -> ResolvedConfiguration {
        do throws(ConfigurationErrors) {
            return try resolve()
        } catch let failure {
            for error in failure.errors { StandardError.print("error: \(error)") }
            throw ExitCode(failure.areUsageOnly ? ExitStatus.usage : ExitStatus.badConfiguration)
        }
    }

    private func readFile() throws(ConfigurationErrors) -> [UInt8]? {
        let location = try location()
        do throws(FileFailure) {
            let bytes = try SystemFiles().contents(of: location.file).bytes
            filePath = location.file
            return bytes
        } catch {
            // One that is there and unreadable may hold keys and limits, and going on without them would open what it
            // closes.
            guard mayBeMissing(location), error.isMissing else {
                throw ConfigurationErrors(
                    "\(location.file): can't be read: \(error.reason); name another with --config or --state-dir")
            }
            return nil
        }
    }
}
