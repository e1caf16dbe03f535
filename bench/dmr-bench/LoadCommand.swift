// SPDX-License-Identifier: MIT

import ArgumentParser
import BenchFigures
import GatewayCore
import Transport

extension LoadRequest.Shape: ExpressibleByArgument {}

/// `dmr-bench load`: one load run against whatever speaks the Ollama API at an address.
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Send requests and measure what comes back, and what it costs the server.",
        discussion: """
            Closed loop: each connection sends its next request when its last one is answered.
            Open loop (--rate): requests start when their time has come, and latency counts
            from then, whether or not a connection was free: a slow server can't slow down
            what it is measured by.

              dmr-bench load --connections 64 --pid $(pidof dmr-gateway)
              dmr-bench load --stream --connections 200 --tokens 1000 --warm-up 1
              dmr-bench load --rate 500 --arrivals random --connections 256

            Lateness is the time from the runner's own time stamp in a line (created_at) to
            here: it needs NDJSON, the simulated runner, and one machine's clock.
            """)

    @Option(
        help: ArgumentHelp(
            "Where to: a literal address, over TLS if it begins with https:// (repeatable: dealt out in turn).",
            valueName: "host:port"))
    var to: [String] = ["127.0.0.1:11435"]

    @Option(help: "What is asked: Ollama's chat or generate, or OpenAI's chat.")
    var shape = LoadRequest.Shape.chat

    @Option(help: "The model's name.")
    var model = "demo"

    @Flag(help: "Stream the answers: NDJSON, or SSE with --shape openai.")
    var stream = false

    @Option(help: ArgumentHelp("Tokens of an answer.", valueName: "n"))
    var tokens = 8

    @Option(help: ArgumentHelp("Bytes of the prompt.", valueName: "n"))
    var promptBytes = 100

    @Option(help: ArgumentHelp("Connections; with --rate, at most so many.", valueName: "n"))
    var connections = 1

    @Option(help: ArgumentHelp("Requests a second: an open loop.", valueName: "n"))
    var rate: Double?

    @Option(help: "How an open loop's requests are spaced: even or random.")
    var arrivals = "even"

    @Flag(help: "A new connection for each request; latency counts from its beginning.")
    var fresh = false

    @Flag(help: "With https: resume sessions instead of making full handshakes.")
    var resume = false

    @Option(help: ArgumentHelp("With https: the name in the certificate, if not the address.", valueName: "name"))
    var tlsName: String?

    @Option(
        name: .customLong("tls-ca"),
        help: ArgumentHelp("With https: a PEM file with who may have issued the certificate.", valueName: "file"))
    var tlsAuthorities: String?

    @Flag(inversion: .prefixedNo, help: "With https: look at the certificate.")
    var tlsVerify = true

    @Flag(help: "One request for each connection, then nothing: what do idle connections cost?")
    var idle = false

    @Option(help: ArgumentHelp("Seconds that are measured.", valueName: "s"))
    var duration = 5.0

    @Option(help: ArgumentHelp("Seconds before that, from when every connection has had a byte.", valueName: "s"))
    var warmUp = 0.0

    @Option(help: ArgumentHelp("Ends sooner, after so many requests.", valueName: "n"))
    var requests: Int?

    @Option(help: ArgumentHelp("Seconds without a byte after which a request has failed.", valueName: "s"))
    var timeout = 30.0

    @Option(
        name: .customLong("pid"),
        help: ArgumentHelp(
            "Measure this process's CPU time, memory and context switches; repeatable.", valueName: "pid"))
    var processes: [Int32] = []

    @Flag(help: "With --pid: its descendants, too.")
    var tree = false

    @Flag(help: "With --pid: count system calls by perf, or else by strace, which disturbs times.")
    var syscalls = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        let places = try to.map { text in
            guard let place = LoadPlace(text) else {
                throw ValidationError("--to '\(text)' is not a literal address and a port, such as 127.0.0.1:11435.")
            }
            return place
        }
        guard Set(places.map(\.isSecured)).count == 1 else {
            throw ValidationError("--to: either all of them begin with https://, or none.")
        }
        guard places.allSatisfy(\.isSecured) || !(resume || tlsName != nil || tlsAuthorities != nil || !tlsVerify)
        else {
            throw ValidationError("--resume, --tls-name, --tls-ca and --no-tls-verify need an address with https://.")
        }
        guard !fresh || (rate == nil && !idle) else {
            throw ValidationError("--fresh excludes --rate and --idle.")
        }
        guard (1...100_000).contains(connections) else { throw ValidationError("--connections must be 1 to 100000.") }
        guard duration > 0, duration <= LoadPlan.largestDuration, warmUp >= 0, warmUp <= LoadPlan.largestDuration else {
            throw ValidationError("--duration and --warm-up are seconds, at most \(Int(LoadPlan.largestDuration)).")
        }
        guard timeout > 0, timeout <= LoadPlan.largestDuration else {
            throw ValidationError("--timeout must be above 0, at most \(Int(LoadPlan.largestDuration)) seconds.")
        }
        guard tokens > 0, promptBytes > 0, promptBytes <= 1 << 30 else {
            throw ValidationError("--tokens and --prompt-bytes must be above 0, a prompt at most 1 GB.")
        }
        if let requests, requests < 1 { throw ValidationError("--requests must be at least 1.") }
        if let rate {
            // Starts that wait are remembered, 8 bytes each.
            guard rate > 0, rate * (duration + warmUp) <= 10_000_000 else {
                throw ValidationError("--rate must be above 0, and no more than 10 million requests in all.")
            }
            guard !idle else { throw ValidationError("--rate and --idle exclude each other.") }
        }
        guard ["even", "random"].contains(arrivals) else { throw ValidationError("--arrivals is even or random.") }
        guard !(processes.isEmpty && (tree || syscalls)) else {
            throw ValidationError("--tree and --syscalls need --pid.")
        }
    }

    func run() throws {
        var plan = LoadPlan()
        plan.addresses = to.compactMap { LoadPlace($0)?.address }
        plan.security = try security()
        plan.isFresh = fresh
        plan.request = LoadRequest(
            shape: shape, model: model, streams: stream, tokens: tokens, promptBytes: promptBytes)
        plan.connections = connections
        if let rate {
            plan.pace = .open(rate: rate, arrivals == "even" ? .even : .random(seed: 1))
        } else if idle {
            plan.pace = .idle
        }
        plan.duration = .seconds(duration)
        plan.warmUp = .seconds(warmUp)
        plan.requestLimit = requests
        plan.silence = .seconds(timeout)
        plan.targets = processes
        plan.includesChildren = tree
        plan.countsSyscalls = syscalls
        let output = "/tmp/dmr-bench-syscalls.\(ProcessIdentity.own)"
        let figures: LoadFigures
        do throws(UVError) {
            figures = try LoadRun(loop: try Loop(), plan: plan, output: output).run()
        } catch {
            throw ValidationError("the run can't be made: \(error)")
        }
        SystemFolder.remove(output)
        print(json ? String(decoding: figures.json.bytes, as: UTF8.self) : figures.text)
        if figures.requests == 0, figures.tokens == 0, figures.failureCount > 0 { throw ExitCode(1) }
    }

    /// Nil: plain text.
    private func security() throws -> LoadSecurity? {
        guard let place = to.first.flatMap({ LoadPlace($0) }), place.isSecured else { return nil }
        do throws(TLSFileError) {
            let trust = try TLSTrust(verifies: tlsVerify, authorities: tlsAuthorities)
            return LoadSecurity(trust: trust, host: tlsName ?? place.host, resumes: resume)
        } catch {
            throw ValidationError("--tls-ca: \(error.file) \(error.reason)")
        }
    }
}
