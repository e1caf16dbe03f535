// SPDX-License-Identifier: MIT

import ArgumentParser
import GatewayCore

/// The flags of `serve`, which `check` takes as well: it checks what `serve` would start with.
struct ServeFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Listen here: HOST:PORT (TLS if the file names a certificate), http://HOST:PORT, https://HOST:PORT or \
            unix:/path (repeatable; default 127.0.0.1:11435).
            """,
            valueName: "address"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            A runner: http[s]://HOST:PORT[/base], unix:/path, or dns:http://HOST:PORT for all addresses of a name \
            (repeatable; default http://127.0.0.1:11434).
            """, valueName: "url"))
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

    var flags: ConfigurationSources.Flags {
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
}
