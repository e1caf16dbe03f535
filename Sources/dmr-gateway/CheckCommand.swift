// SPDX-License-Identifier: MIT

import ArgumentParser
import Gateway
import GatewayCore
import Glibc

/// `dmr-gateway check`: everything that `serve` does before it listens, and then it says what it would run with.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Checks flags, environment and file, and prints every value with its origin.",
        discussion: """
            Takes the flags of serve. Each line is a key of the file, its value as JSON,
            and where it comes from: flag, file, environment or default. Secrets are
            masked; equal masks are equal secrets. Warnings and errors go to standard
            error.

            Exit status: 0, or 78 (64 for a flag that does not parse) with each error on a
            line of its own.
            """)

    @OptionGroup var flags: ServeFlags

    func run() throws {
        let resolved = try ConfigurationReader(flags: flags.flags).resolveOrExit()
        for warning in resolved.warnings { StandardError.print("warning: \(warning)") }
        for setting in resolved.settings(mask: Mask.text) { print(setting.line) }
    }
}
