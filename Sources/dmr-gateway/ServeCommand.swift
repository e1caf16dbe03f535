// SPDX-License-Identifier: MIT

import ArgumentParser
import GatewayCore

/// `dmr-gateway serve`: has the core make a configuration of flags, environment and file, and starts.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the gateway (the default subcommand).", discussion: discussion)

    @OptionGroup var flags: ServeFlags

    func run() throws {
        let reader = ConfigurationReader(flags: flags.flags)
        try startGateway(try reader.resolveOrExit(), reader)
    }
}
