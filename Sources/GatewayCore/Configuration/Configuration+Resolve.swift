// SPDX-License-Identifier: MIT

extension Configuration {
    /// Makes one configuration of flags, file, environment and defaults, in this order of precedence, key by key:
    /// lists replace, objects merge.
    ///
    /// The file is checked whole, also where a flag overrides it; an environment variable is only looked at if it has
    /// an effect, and named in a warning if it has none.
    ///
    /// - Throws: everything that is wrong, at once.
    public static func resolve(
        _ sources: ConfigurationSources
    ) throws(ConfigurationErrors) -> ResolvedConfiguration {
        let findings = Findings()
        var configuration = Configuration()
        configuration.stateDirectory = ConfigurationLocation.stateDirectory(
            sources.flags, sources.environment, findings)
        if let file = sources.file { ConfigurationFile(findings: findings).apply(file, to: &configuration) }
        configuration.apply(sources.flags, findings)
        let environment = EnvironmentLayer(
            environment: sources.environment, flags: sources.flags, filePath: sources.file?.path, findings: findings)
        environment.apply(to: &configuration)
        configuration.checkTLS(findings)

        if findings.isSound("runners") {
            // Addresses that were refused can't be looped to; the runners are still read, for their own errors.
            let loops = LoopCheck(
                listen: findings.isSound("listen") ? configuration.listen : [],
                ownHosts: Set(sources.ownHosts.map { $0.lowercased() }))
            if configuration.isDemo {
                if findings.origins["runners"] == nil { configuration.runners = [] }
            } else if findings.origins["runners"] == nil {
                environment.nameRunners(in: &configuration, loops)
            }
            configuration.checkRunners(loops, findings)
        }
        UnbuiltSettings(configuration: configuration, findings: findings) { key in
            guard key == "loops" else { return key }
            return switch findings.origins[key] {
            case .flag: "--loops"
            case .environment: sources.environment[.loops]?.name ?? key
            case .file, nil: key
            }
        }.refuse()
        if let failure = findings.failure { throw failure }
        return ResolvedConfiguration(
            configuration: configuration, warnings: findings.warnings, origins: findings.origins)
    }

    // MARK: Flags

    private mutating func apply(_ flags: ConfigurationSources.Flags, _ findings: Findings) {
        if flags.stateDirectory != nil { findings.found("state_dir", in: .flag) }
        if flags.isDemo { findings.found("demo", in: .flag) }
        applyListen(flags.listen, findings)
        applyRunners(flags, findings)
        if let policy = flags.policy { set(\.policy, policy, "policy", findings) }
        if let level = flags.logLevel { set(\.log.level, level, "log.level", findings) }
        if let format = flags.logFormat { set(\.log.format, format, "log.format", findings) }
        if let file = flags.logFile { set(\.log.file, file.isEmpty ? nil : file, "log.file", findings) }
        if let loops = flags.loops {
            if (1...1024).contains(loops) {
                set(\.loops, loops, "loops", findings)
            } else {
                findings.usageError("--loops", "must be a whole number from 1 to 1024")
            }
        }
        if flags.isTakeover { findings.unsupported("--takeover", "taking over from a running gateway", setTo: nil) }
    }

    private mutating func set<Value>(
        _ setting: WritableKeyPath<Configuration, Value>, _ value: Value, _ key: String, _ findings: Findings
    ) {
        self[keyPath: setting] = value
        findings.found(key, in: .flag)
    }

    private mutating func applyListen(_ texts: [String], _ findings: Findings) {
        guard !texts.isEmpty else { return }
        var addresses: [ListenAddress] = []
        for text in texts {
            do {
                let address = try ListenAddress(parsing: text, isSecured: !tls.certificate.isEmpty)
                if addresses.contains(address), address.isFixed {
                    findings.usageError("--listen", "\(address) is there twice; keep one")
                }
                addresses.append(address)
            } catch {
                findings.usageError("--listen", error.sentence)
                findings.isFaulty("listen")
            }
        }
        set(\.listen, addresses, "listen", findings)
    }

    private mutating func applyRunners(_ flags: ConfigurationSources.Flags, _ findings: Findings) {
        isDemo = flags.isDemo
        if flags.isDemo, !flags.runners.isEmpty {
            findings.usageError("--demo", "brings its own runners; remove --runner or --demo")
        } else if flags.isDemo, findings.origins["runners"] == .file, !runners.isEmpty {
            findings.error(
                "--demo", "brings its own runners, and the file names some; remove --demo or name another --config")
        }
        guard !flags.runners.isEmpty else { return }
        var named: [RunnerConfiguration] = []
        for text in flags.runners {
            do {
                named.append(RunnerConfiguration(url: try RunnerURL(parsing: text)))
            } catch {
                findings.usageError("--runner", error.sentence)
                findings.isFaulty("runners")
            }
        }
        set(\.runners, named, "runners", findings)
    }

    // MARK: Runners, whoever named them

    private func checkRunners(_ loops: LoopCheck, _ findings: Findings) {
        let origin = findings.origins["runners"]
        func place(_ index: Int) -> String {
            switch origin {
            case .file: "runners[\(index)].url"
            case .flag: "--runner"
            case .environment, nil: "runners"
            }
        }
        for (index, runner) in runners.enumerated() {
            warnOfTLS(runner, at: "runners[\(index)]", findings)
            if let listener = loops.listener(reachedBy: runner.url) {
                // The environment's own were dropped before, so a person named this one, or nobody any.
                let what = origin == nil ? "nobody named a runner, and the default, \(runner.url)," : "\(runner.url)"
                let remedy = origin == nil ? "name a runner with --runner" : "remove it"
                findings.error(
                    place(index),
                    "\(what) is the gateway itself, listening on \(listener) (a loop); \(remedy), or listen elsewhere")
            }
            if let first = runners[..<index].firstIndex(where: { $0.url == runner.url }) {
                findings.warn(place(index), "\(runner.url) is runner \(first) as well, so its load is counted twice")
            }
        }
        if runners.isEmpty, !isDemo {
            findings.warn("runners", "is empty, so no model is known; add a runner")
        }
    }
}

// MARK: TLS

extension Configuration {
    /// The default address is one that a certificate turns to TLS, too; and TLS needs a certificate.
    fileprivate mutating func checkTLS(_ findings: Findings) {
        guard findings.isSound("tls.certificate"), findings.isSound("tls.key"), findings.isSound("listen") else {
            return
        }
        if findings.origins["listen"] == nil, !tls.certificate.isEmpty { listen = listen.map(\.secured) }
        for address in listen where address.isSecured && tls.certificate.isEmpty {
            findings.error(
                "listen", "\(address) needs a certificate; name one in tls.certificate, and its key in tls.key")
        }
        guard !listen.contains(where: \.isSecured) else { return }
        for (key, isSet) in [
            ("tls.certificate", !tls.certificate.isEmpty), ("tls.sni", !tls.sni.isEmpty),
            ("tls.client_ca", !tls.clientCA.isEmpty)
        ] where isSet {
            findings.warn(key, "has no effect: no address listens with TLS; write https:// in front of one")
        }
    }

    /// Both settings are about whom to believe.
    private func warnOfTLS(_ runner: RunnerConfiguration, at path: String, _ findings: Findings) {
        if !runner.url.isHTTPS {
            if !runner.verifiesTLS || !runner.tlsCA.isEmpty {
                findings.warn("\(path).url", "is not https://, so tls_verify and tls_ca have no effect")
            }
        } else if !runner.verifiesTLS {
            findings.warn(
                "\(path).tls_verify",
                "is false: whoever answers at \(runner.url) gets prompts and key; better name its issuer in tls_ca")
        }
    }
}

extension ListenAddress {
    /// Not one that the system is to choose, which may be asked for twice.
    var isFixed: Bool {
        switch self {
        case .unix: true
        case .tcp(_, let port), .tls(_, let port): port != 0
        }
    }
}
