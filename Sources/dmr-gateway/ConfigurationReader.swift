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
        let resolved = try Configuration.resolve(try sources())
        try TLSFiles.check(resolved.configuration)
        return resolved
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

    private func sources() throws(ConfigurationErrors) -> ConfigurationSources {
        var sources = ConfigurationSources()
        sources.flags = flags
        sources.environment = ConfigurationEnvironment.ofThisProcess()
        let machine = Machine.current()
        sources.ownHosts = Set([machine.name] + machine.addresses.map(\.description))
        let location = try ConfigurationLocation(flags: sources.flags, environment: sources.environment)
        switch SystemFile.read(location.file) {
        case .success(let bytes):
            sources.file = (location.file, bytes)
            filePath = location.file
        case .failure(let failure):
            // Nobody asked for the default file, so it may be missing, unless it was there before; one that is there and
            // unreadable may hold keys and limits, and going on without them would open what it closes.
            guard !location.isFileNamed, failure.isMissing, filePath == nil else {
                throw ConfigurationErrors(
                    "\(location.file): can't be read: \(failure.reason); name another with --config or --state-dir")
            }
        }
        return sources
    }
}
