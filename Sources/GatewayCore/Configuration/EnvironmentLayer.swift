// SPDX-License-Identifier: MIT

/// The environment's part of a configuration: it fills what neither a flag nor the file set, and says which variables
/// have no effect because one of those did. In Open WebUI a saved setting beats the environment silently, and "I
/// changed the variable and nothing happens" is what people ask most.
struct EnvironmentLayer {
    typealias Variable = ConfigurationEnvironment.Variable

    let environment: ConfigurationEnvironment
    let flags: ConfigurationSources.Flags
    let filePath: String?
    let findings: Findings

    /// Everything but the runners, which need the listen addresses first.
    func apply(to configuration: inout Configuration) {
        warnOfLocations()
        if flags.stateDirectory == nil, environment[.stateDirectory] != nil {
            findings.found("state_dir", in: .environment)
        }
        applyListen(to: &configuration)
        if let variable = effective(.enable, "enable", flag: nil) {
            if let flag = boolean(variable) { configuration.isEnabled = flag }
        }
        applyPathPrefix(to: &configuration)
        applyChoice(.logLevel, "log.level", "--log-level", &configuration.log.level)
        applyChoice(.logFormat, "log.format", "--log-format", &configuration.log.format)
        if let variable = effective(.loops, "loops", flag: "--loops") {
            if let loops = Int(variable.text), loops > 0 {
                configuration.loops = loops
            } else {
                findings.error(variable.name, "must be a whole number from 1")
            }
        }
        if let variable = environment.value(of: .adminKey, findings) { applyAdminKey(variable, to: &configuration) }
        warnOfRunners(isDemo: configuration.isDemo)
    }

    /// The variable, if it is set and nothing overrides it; a warning if something does.
    private func effective(_ variable: Variable, _ key: String, flag: String?) -> (name: String, text: String)? {
        guard let entry = environment[variable] else { return nil }
        guard let origin = findings.origins[key], origin != .environment else {
            findings.found(key, in: .environment)
            return environment.value(of: variable, findings)
        }
        warnOverridden(entry.name, key, origin, flag)
        return nil
    }

    private func warnOverridden(_ name: String, _ key: String, _ origin: ConfigurationOrigin, _ flag: String?) {
        switch origin {
        case .flag: findings.warn(name, "has no effect: \(flag ?? key) overrides it")
        case .file: findings.warn(name, "has no effect: \"\(key)\" in \(filePath ?? "the file") overrides it")
        case .environment: break
        }
    }

    /// What `ConfigurationLocation` decided.
    private func warnOfLocations() {
        if flags.stateDirectory != nil, let entry = environment[.stateDirectory] {
            warnOverridden(entry.name, "", .flag, "--state-dir")
        }
        if flags.configFile != nil, let entry = environment[.config] {
            warnOverridden(entry.name, "", .flag, "--config")
        }
    }

    // MARK: One variable each

    private func applyListen(to configuration: inout Configuration) {
        guard environment[.ollamaHost] != nil, let variable = effective(.ollamaHost, "listen", flag: "--listen") else {
            if findings.origins["listen"] == .environment { findings.isFaulty("listen") }
            return
        }
        do {
            let host = try OllamaHost(parsing: variable.text, isSecured: !configuration.tls.certificate.isEmpty)
            for warning in host.warnings { findings.warn(variable.name, warning) }
            configuration.listen = [host.address]
        } catch {
            findings.error(variable.name, error.sentence)
            findings.isFaulty("listen")
        }
    }

    /// `DOCKER_MODEL_RUNNER_BASE_URL` is a path here or, see `nameRunners`, a URL.
    private func applyPathPrefix(to configuration: inout Configuration) {
        guard case .success(let text)? = environment[.baseURL]?.value, text.first == "/",
            let variable = effective(.baseURL, "path_prefix", flag: nil)
        else { return }
        if let prefix = PathPrefix.checked(variable.text) {
            configuration.pathPrefix = prefix
        } else {
            findings.error(variable.name, PathPrefix.rule)
        }
    }

    private func applyChoice<Choice: RawRepresentable & CaseIterable>(
        _ variable: Variable, _ key: String, _ flag: String, _ target: inout Choice
    ) where Choice.RawValue == String {
        guard let variable = effective(variable, key, flag: flag) else { return }
        if let choice = Choice(rawValue: variable.text.lowercased()) {
            target = choice
        } else {
            findings.error(variable.name, "must be \(Choice.alternatives)")
        }
    }

    private func applyAdminKey(_ variable: (name: String, text: String), to configuration: inout Configuration) {
        guard let key = Secret(headerText: variable.text) else {
            return findings.error(variable.name, "holds characters that no header can carry; only visible ASCII can")
        }
        if let problem = WeakKey.problem(with: key.bytes) {
            return findings.error(variable.name, "\(problem); make one with: openssl rand -hex 24")
        }
        configuration.adminKey = key
        findings.found("admin_key", in: .environment)
    }

    func boolean(_ variable: (name: String, text: String)) -> Bool? {
        switch variable.text.lowercased() {
        case "true": return true
        case "false": return false
        default:
            findings.error(variable.name, "must be true or false")
            return nil
        }
    }
}
