// SPDX-License-Identifier: MIT

import ArgumentParser
import GatewayCore
import Glibc
import SimulatedRunner
import Transport

/// `dmr-gateway runner`: one simulated runner in a process of its own.
struct RunnerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runner", abstract: "Run a simulated runner: the Ollama API with made-up tokens.",
        discussion: """
            For trying the gateway out, for tests and for load tests, where no GPU is at hand. No model is run: the \
            answers are pseudo-words and say so. The first tool that a request offers is called with made-up arguments, a \
            `format` gets JSON that fits it, `think` gets thoughts. Models are pulled, pushed and created by name only: \
            nothing is downloaded or kept.

            Two runners and a gateway in front of them:

              dmr-gateway runner --listen 127.0.0.1:11434 &
              dmr-gateway runner --listen 127.0.0.1:11436 &
              dmr-gateway serve --runner http://127.0.0.1:11434 --runner http://127.0.0.1:11436

            Faults for --fault:

            \(faultList)
            """)

    @Option(help: ArgumentHelp("Address and port; port 0 lets the system choose.", valueName: "host:port"))
    var listen = "127.0.0.1:11434"

    @Option(name: .customLong("model"), help: "A model it says it has; repeatable. (default: demo)")
    var models: [String] = []

    @Option(help: ArgumentHelp("Tokens per second of each stream; 0: as fast as possible.", valueName: "n"))
    var tokensPerSecond = 50.0

    @Option(
        name: .customLong("model-rate"),
        help: ArgumentHelp("Tokens per second of one --model's streams; repeatable.", valueName: "name=n"))
    var modelRates: [String] = []

    @Option(
        help: ArgumentHelp(
            "With 0 tokens per second: lines in one write, for load tests; Ollama's is 1.", valueName: "n"))
    var tokensPerWrite = 1

    @Option(help: ArgumentHelp("Milliseconds until the first token, a short prompt's.", valueName: "ms"))
    var firstToken = 200.0

    @Option(help: ArgumentHelp("Milliseconds more for each token of the prompt (4 bytes).", valueName: "ms"))
    var prefill = 0.0

    @Option(help: ArgumentHelp("Answers made at once per model, as OLLAMA_NUM_PARALLEL; others wait.", valueName: "n"))
    var parallel = 1

    @Option(help: ArgumentHelp("Requests that may wait, as OLLAMA_MAX_QUEUE; others get 503.", valueName: "n"))
    var maxQueue = 512

    @Option(help: ArgumentHelp("Seconds that the first use of a model takes longer.", valueName: "s"))
    var loadTime = 0.0

    @Option(help: ArgumentHelp("Seconds that a model stays loaded; negative: forever.", valueName: "s"))
    var keepAlive = 300.0

    @Option(help: ArgumentHelp("Tokens of an answer, if the request doesn't say.", valueName: "n"))
    var answerTokens = 64

    @Option(help: ArgumentHelp("Milliseconds between two lines of a pull's progress.", valueName: "ms"))
    var progress = 0.0

    @Option(name: .customLong("fault"), help: ArgumentHelp("Goes wrong on purpose; repeatable.", valueName: "fault"))
    var faults: [String] = []

    @Option(help: ArgumentHelp("Another number makes other text.", valueName: "n"))
    var seed: UInt64 = 1

    private static var faultList: String {
        let faults = SimulatedFaults.names + SimulatedLibrary.names
        let width = faults.reduce(0) { max($0, $1.name.count) } + 2
        return faults.map { fault in
            "  " + fault.name + String(repeating: " ", count: width - fault.name.count) + fault.meaning
        }.joined(separator: "\n")
    }

    func validate() throws {
        let numbers: [(String, Double, Double)] = [
            ("--tokens-per-second", tokensPerSecond, 0), ("--first-token", firstToken, 0), ("--prefill", prefill, 0),
            ("--parallel", Double(parallel), 1), ("--max-queue", Double(maxQueue), 0), ("--load-time", loadTime, 0),
            ("--answer-tokens", Double(answerTokens), 1), ("--tokens-per-write", Double(tokensPerWrite), 1),
            ("--progress", progress, 0)
        ]
        for (flag, value, least) in numbers where !(value >= least && value.isFinite) {
            throw ValidationError("\(flag) must be a number of at least \(Int(least)).")
        }
        guard keepAlive.isFinite else { throw ValidationError("--keep-alive must be a number of seconds.") }
        guard address != nil else {
            throw ValidationError(
                "--listen '\(listen)' is not an address and port, such as 127.0.0.1:11434 or [::1]:0.")
        }
        for rate in modelRates where parsed(rate) == nil {
            throw ValidationError(
                "--model-rate '\(rate)' must be a name given by --model, =, and a number of at least 0.")
        }
        guard !models.contains("") else { throw ValidationError("--model needs a name.") }
        for fault in faults {
            var trial = SimulatedFaults()
            var library = SimulatedLibrary()
            guard trial.set(fault) || library.set(fault) else {
                throw ValidationError(
                    "--fault '\(fault)' is not known, or its number is missing or not wanted; see --help.")
            }
        }
    }

    func run() throws {
        guard let address else { return }
        let loop: Loop
        let runner: SimulatedRunner
        do throws(UVError) {
            loop = try Loop()
            runner = try SimulatedRunner(loop: loop, host: address.host, port: address.port, options: options)
        } catch {
            say("cannot listen on \(listen): \(error). Choose another address with --listen.")
            throw ExitCode(69)
        }
        let signals = try [SIGINT, SIGTERM].map { signal in
            try SignalWatcher(loop: loop, signal: signal) {
                runner.close()
                loop.stop()
            }
        }
        say("this is a simulated runner: its answers are made up, no model is run")
        say("models: \(runner.options.models.map(\.name).joined(separator: ", "))")
        say("listening on \(runner.url)")
        withExtendedLifetime(signals) { loop.run() }
        _ = loop.finish()
    }

    private var options: SimulatedRunnerOptions {
        var faults = SimulatedFaults()
        var library = SimulatedLibrary()
        library.pause = .seconds(progress / 1000)
        for fault in self.faults where !faults.set(fault) { _ = library.set(fault) }
        var options = SimulatedRunnerOptions(
            models: names.map { SimulatedModel($0) }, tokensPerSecond: tokensPerSecond,
            timeToFirstToken: .seconds(firstToken / 1000), prefillPerToken: .seconds(prefill / 1000),
            parallel: parallel, maximumQueue: maxQueue, loadTime: .seconds(loadTime), keepAlive: keepAlive,
            answerTokens: answerTokens, seed: seed, faults: faults)
        options.tokensPerWrite = tokensPerWrite
        options.library = library
        for (place, rate) in modelRates.compactMap(parsed) { options.models[place].tokensPerSecond = rate }
        return options
    }

    private var names: [String] { models.isEmpty ? ["demo"] : models }

    /// `fast=100` as a model's place and its rate.
    private func parsed(_ modelRate: String) -> (place: Int, rate: Double)? {
        guard let equals = modelRate.lastIndex(of: "="), let place = names.firstIndex(of: String(modelRate[..<equals])),
            let rate = Double(modelRate[modelRate.index(after: equals)...]), rate >= 0, rate.isFinite
        else { return nil }
        return (place, rate)
    }

    /// `host:port` with a literal address or `localhost`; brackets around IPv6.
    private var address: (host: String, port: Int)? {
        guard let colon = listen.lastIndex(of: ":") else { return nil }
        guard let port = Int(listen[listen.index(after: colon)...]), (0...65535).contains(port) else { return nil }
        var host = String(listen[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host == "localhost" { host = "127.0.0.1" }
        if host.isEmpty { host = "0.0.0.0" }
        return SocketAddress(literal: host, port: port) == nil ? nil : (host, port)
    }

    private func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
