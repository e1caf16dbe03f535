// SPDX-License-Identifier: MIT

import ArgumentParser

/// The command line of the benches: `load` drives any server of the Ollama API, `compare` sets the gateway beside
/// nginx and HAProxy.
@main
struct DMRBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dmr-bench", abstract: "Load tests for dmr-gateway and what it is compared with.",
        subcommands: [LoadCommand.self, CompareCommand.self])
}
