// SPDX-License-Identifier: MIT

import ArgumentParser

/// Holds the subcommand's place until the simulated runner moves in.
struct RunnerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runner", abstract: "Runs a simulated runner, for trying out, tests and benches.")

    func run() throws {
        StandardError.print("dmr-gateway: the simulated runner is not in this build")
        throw ExitCode(ExitStatus.usage)
    }
}
