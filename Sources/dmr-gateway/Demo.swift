// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Transport

/// `--demo`: two simulated runners in the gateway's own process and on its loop, so that everything can be tried
/// without a GPU. Their answers are made up, and they say so.
struct Demo {
    static let notice = """
        --demo: NO MODEL IS RUNNING. Two simulated runners inside this process answer with made-up words.
        """

    private let runners: [SimulatedRunner]
    private let urls: [RunnerURL]

    /// - Throws: `UVError` if no port is free.
    init(loop: Loop) throws {
        var options = SimulatedRunnerOptions()
        options.models = [SimulatedModel("llama3:8b"), SimulatedModel("nomic-embed-text:latest")]
        options.parallel = 4
        var second = options
        second.models.append(SimulatedModel("qwen3:0.6b"))
        second.seed = 2
        runners = [
            try SimulatedRunner(loop: loop, host: "127.0.0.1", port: 0, options: options),
            try SimulatedRunner(loop: loop, host: "127.0.0.1", port: 0, options: second)
        ]
        urls = try runners.map { try RunnerURL(parsing: $0.url) }
    }

    func configure(_ configuration: inout Configuration) {
        configuration.runners = urls.map { RunnerConfiguration(url: $0) }
    }

    func close() {
        for runner in runners { runner.close() }
    }
}
