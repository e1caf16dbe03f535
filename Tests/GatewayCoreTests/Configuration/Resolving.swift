// SPDX-License-Identifier: MIT

@testable import GatewayCore

/// One start of the gateway, as far as its configuration goes.
struct Start {
    var flags = ConfigurationSources.Flags()
    /// The configuration file's text.
    var file: String?
    var environment: [String: String] = [:]
    /// What `…_FILE` variables can name.
    var files: [String: String] = [:]
    var ownHosts: Set<String> = []

    init(
        file: String? = nil, environment: [String: String] = [:], listen: [String] = [], runners: [String] = [],
        isDemo: Bool = false
    ) {
        self.file = file
        self.environment = environment
        flags.listen = listen
        flags.runners = runners
        flags.isDemo = isDemo
    }

    func resolve() throws(ConfigurationErrors) -> ResolvedConfiguration {
        var sources = ConfigurationSources()
        sources.flags = flags
        sources.file = file.map { ("/etc/dmr.json", Array($0.utf8)) }
        sources.environment = ConfigurationEnvironment(environment.merging(["HOME": "/home/u"]) { own, _ in own }) {
            files[$0].map { .success(Array($0.utf8)) } ?? .failure(.init(reason: "No such file or directory"))
        }
        sources.ownHosts = ownHosts
        return try Configuration.resolve(sources)
    }

    /// What `serve` would print before it gives up; empty if it starts.
    var errors: [String] {
        do throws(ConfigurationErrors) {
            _ = try resolve()
            return []
        } catch {
            return error.errors
        }
    }

    /// What the file says, before anything is refused: settings that are not built yet included.
    func parsed() throws(ConfigurationErrors) -> Configuration {
        let findings = Findings()
        var configuration = Configuration()
        ConfigurationFile(findings: findings).apply(("/etc/dmr.json", Array((file ?? "").utf8)), to: &configuration)
        if let failure = findings.failure { throw failure }
        return configuration
    }

    /// What is wrong with the file as such.
    var parseErrors: [String] {
        do throws(ConfigurationErrors) {
            _ = try parsed()
            return []
        } catch {
            return error.errors
        }
    }

    func configuration() throws(ConfigurationErrors) -> Configuration { try resolve().configuration }
    func warnings() throws(ConfigurationErrors) -> [String] { try resolve().warnings }
    func runners() throws(ConfigurationErrors) -> [String] { try configuration().runners.map(\.url.description) }
}
