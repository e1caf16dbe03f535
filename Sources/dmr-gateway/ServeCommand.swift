// SPDX-License-Identifier: MIT

import ArgumentParser
import Gateway
import GatewayCore

/// `dmr-gateway serve`: gathers flags, environment and file, has the core make a configuration of them, and starts.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the gateway (the default subcommand).", discussion: discussion)

    @Option(
        help: ArgumentHelp(
            "Listen here: HOST:PORT, http://HOST:PORT or unix:/path (repeatable; default 127.0.0.1:11435).",
            valueName: "address"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "A runner, http://HOST:PORT[/base] (repeatable; default http://127.0.0.1:11434).", valueName: "url"))
    var runner: [String] = []

    @Option(help: "How a runner is chosen (default least-inflight).")
    var policy: Configuration.Policy?

    @Option(
        help: ArgumentHelp(
            "The configuration file, JSON (default: config.json in the state folder, if it is there).",
            valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "The folder for state (default: ${XDG_STATE_HOME:-~/.local/state}/dmr-gateway).", valueName: "folder"))
    var stateDir: String?

    @Option(help: ArgumentHelp("Event loops; only 1 in this version.", valueName: "n"))
    var loops: Int?

    @Option(help: "The least level that is logged (default info).")
    var logLevel: Configuration.Log.Level?

    @Option(help: "The log's format (default text).")
    var logFormat: Configuration.Log.Format?

    @Option(help: ArgumentHelp("Log to this file instead of standard error.", valueName: "file"))
    var logFile: String?

    @Flag(help: "Run two simulated runners inside the process, with made-up tokens, instead of real ones.")
    var demo = false

    @Flag(help: "Take over from a running gateway; refused in this version.")
    var takeover = false

    func validate() throws {
        if demo, !runner.isEmpty {
            throw ValidationError("--demo brings its own runners; remove --runner or --demo.")
        }
    }

    func run() throws {
        let resolved: ResolvedConfiguration
        do throws(ConfigurationErrors) {
            resolved = try Configuration.resolve(try sources())
        } catch let failure {
            for error in failure.errors { StandardError.print("error: \(error)") }
            throw ExitCode(failure.areUsageOnly ? ExitStatus.usage : ExitStatus.badConfiguration)
        }
        try startGateway(resolved.configuration, warnings: resolved.warnings)
    }

    private var flags: ConfigurationSources.Flags {
        var flags = ConfigurationSources.Flags()
        flags.listen = listen
        flags.runners = runner
        flags.policy = policy
        flags.configFile = config
        flags.stateDirectory = stateDir
        flags.loops = loops
        flags.logLevel = logLevel
        flags.logFormat = logFormat
        flags.logFile = logFile
        flags.isDemo = demo
        flags.isTakeover = takeover
        return flags
    }

    private func sources() throws(ConfigurationErrors) -> ConfigurationSources {
        var sources = ConfigurationSources()
        sources.flags = flags
        sources.environment = ConfigurationEnvironment.ofThisProcess()
        let machine = Machine.current()
        sources.ownHosts = Set([machine.name] + machine.addresses.map(\.description))
        let location = try ConfigurationLocation(flags: sources.flags, environment: sources.environment)
        switch SystemFile.read(location.file) {
        case .success(let bytes): sources.file = (location.file, bytes)
        case .failure(let failure):
            // Nobody asked for the default file, so it may be missing; one that is there and unreadable may hold keys
            // and limits, and starting without them would open what it closes.
            guard !location.isFileNamed, failure.isMissing else {
                throw ConfigurationErrors(
                    "\(location.file): can't be read: \(failure.reason); name another with --config or --state-dir")
            }
        }
        return sources
    }
}
