// SPDX-License-Identifier: MIT

import ArgumentParser

/// The command line. Each subcommand has a file of its own; without one, `serve` runs.
@main
struct DMRGateway: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dmr-gateway",
        abstract: "Makes several Ollama instances look like one Ollama server on port 11435.",
        discussion: """
            Examples:
              dmr-gateway --runner http://gpu1:11434 --runner http://gpu2:11434
              dmr-gateway --demo
              OLLAMA_HOST=127.0.0.1:11435 ollama list

            Without a subcommand, serve runs: see "dmr-gateway help serve" for its flags, environment and file.
            """,
        version: "0.1.0",
        subcommands: [ServeCommand.self, CheckCommand.self, KeyCommand.self, RunnerCommand.self],
        defaultSubcommand: ServeCommand.self)
}
