// SPDX-License-Identifier: MIT

/// Where the state and the configuration file are: known from flags and environment alone, before the file is read.
public struct ConfigurationLocation: Equatable, Sendable {
    public var stateDirectory: String
    public var file: String
    /// Somebody named the file, so it has to be there; the default one may be missing.
    public var isFileNamed: Bool

    /// `--config`, else `$DMR_CONFIG`, else `config.json` in the state folder: `--state-dir`, else `$DMR_STATE_DIR`,
    /// else `${XDG_STATE_HOME:-~/.local/state}/dmr-gateway`.
    public init(
        flags: ConfigurationSources.Flags, environment: ConfigurationEnvironment
    ) throws(ConfigurationErrors) {
        let findings = Findings()
        let directory = ConfigurationLocation.stateDirectory(flags, environment, findings)
        let named = flags.configFile ?? environment.configFile(findings)
        if flags.configFile == "" { findings.usageError("--config", "names no file; write a path") }
        if let failure = findings.failure { throw failure }
        stateDirectory = directory
        file = named ?? "\(directory)/config.json"
        isFileNamed = named != nil
    }

    static func stateDirectory(
        _ flags: ConfigurationSources.Flags, _ environment: ConfigurationEnvironment, _ findings: Findings
    ) -> String {
        if let flag = flags.stateDirectory {
            if flag.isEmpty { findings.usageError("--state-dir", "names no folder; write a path") }
            return ConfigurationLocation.withoutFinalSlash(flag)
        }
        if environment[.stateDirectory] != nil {
            let directory = environment.value(of: .stateDirectory, findings)?.text ?? ""
            return ConfigurationLocation.withoutFinalSlash(directory)
        }
        guard let directory = environment.defaultStateDirectory else {
            findings.error(
                "--state-dir", "there is no HOME to keep state under; name a folder with --state-dir or DMR_STATE_DIR")
            return ""
        }
        return directory
    }

    private static func withoutFinalSlash(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}

extension ConfigurationEnvironment {
    fileprivate func configFile(_ findings: Findings) -> String? {
        value(of: .config, findings)?.text
    }
}
