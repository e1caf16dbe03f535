// SPDX-License-Identifier: MIT

import GatewayCore

extension FuzzTarget {
    static let configuration = FuzzTarget(name: "configuration", violation: ConfigurationTarget.violation) {
        let files = [
            #"{"listen":["127.0.0.1:11435","unix:/run/a.sock"],"runners":[{"url":"http://gpu1:11434","prefix_id":"p","#
                + #""tags":["fast"],"model_ids":["a"],"max_inflight":2,"weight":0.5,"headers":{"X-A":"b"},"key":"k"}]}"#,
            #"{"timeouts":{"client_header":0.5,"queue":1e3,"probe":0},"limits":{"queue":0,"blob_bytes":9223372036854775807}}"#,
            #"{"access":{"anonymous":"read","networks":[{"cidr":"10.0.0.0/8","allow":"all"}],"trusted_proxies":["::1"],"#
                + #""hosts":["a"],"origins":["http://a"],"keys":[{"name":"n","sha256":"00","role":"admin"}],"#
                + #""users":[{"match":{"role":"a*"},"models":["*"]}],"jwt_secret":"s"}}"#,
            #"{"health":{"eject_after":3,"eject_base":1e308,"eject_max":-1},"policy":"round-robin","loops":2}"#,
            #"{"tls":{"certificate":"/a","key":"/b","sni":[{"certificate":"/c","key":"/d"}]},"log":{"level":"debug"}}"#,
            #"{"runners":[{"url":"https://[::1]:1/base/"},{"url":"dns:http://a"},{"url":"unix:/x"}],"extra":1}"#,
            "[]", "{", "{\"a\":1,\"a\":2}", "\u{FEFF}{}", "{\"path_prefix\":\"/a/b\",\"affinity\":0,\"enable\":null}"
        ]
        let environments = [
            "OLLAMA_HOST=:1", "DMR_RUNNERS=http://a;http://b", "DMR_LOOPS=1\0DMR_LOG_LEVEL=trace", "K8S_FLAG=1",
            "DOCKER_MODEL_RUNNER_BASE_URL=/x", "DMR_ADMIN_KEY=0123456789abcdefghijklmn", "OLLAMA_HOST=https://[::1]/x"
        ]
        return files.map { Array($0.utf8) } + environments.map { Array("{}\0\($0)".utf8) }
    }
}

/// A configuration file, and behind a NUL variables of the environment: either a configuration, or errors that name their
/// place and hold no secret.
enum ConfigurationTarget {
    @Sendable static func violation(_ input: [UInt8]) -> String? {
        let parts = input.split(separator: 0, omittingEmptySubsequences: false).map { Array($0) }
        var variables: [String: String] = ["HOME": "/home/u"]
        for part in parts.dropFirst() {
            let name = part.prefix { $0 != UInt8(ascii: "=") }
            variables[String(decoding: name, as: UTF8.self)] = String(
                decoding: part.dropFirst(name.count + 1), as: UTF8.self)
        }
        let resolved: ResolvedConfiguration
        do throws(ConfigurationErrors) {
            resolved = try resolve(parts[0], variables)
        } catch {
            return told(error.errors)
        }
        return told(resolved.warnings) ?? written(parts[0], variables, resolved) ?? reloaded(resolved.configuration)
    }

    private static func resolve(
        _ file: [UInt8], _ variables: [String: String]
    ) throws(ConfigurationErrors) -> ResolvedConfiguration {
        var sources = ConfigurationSources()
        sources.file = ("/etc/dmr.json", file)
        sources.environment = ConfigurationEnvironment(variables) { _ in .failure(.init(reason: "no such file")) }
        sources.ownHosts = ["this-machine"]
        return try Configuration.resolve(sources)
    }

    /// One line each, with the place in front.
    private static func told(_ lines: [String]) -> String? {
        for line in lines {
            guard line.contains(": "), !line.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                return "a message is \(Inputs.line(Array(line.utf8)))"
            }
            guard line.utf8.count < 2000 else { return "a message has \(line.utf8.count) bytes" }
        }
        return nil
    }

    /// A file that is taken can be written, and means the same then.
    private static func written(
        _ file: [UInt8], _ variables: [String: String], _ resolved: ResolvedConfiguration
    ) -> String? {
        guard let document = try? ConfigurationDocument(parsing: file, path: "f") else { return "it can't be changed" }
        let bytes = document.bytes
        guard let again = try? ConfigurationDocument(parsing: bytes, path: "f"), again == document, again.bytes == bytes
        else { return "written it is another document" }
        guard let other = try? resolve(bytes, variables), other.configuration == resolved.configuration else {
            return "written it is another configuration"
        }
        return nil
    }

    /// What is shown of it hides its secrets.
    private static func reloaded(_ configuration: Configuration) -> String? {
        let shown = configuration.settings(mask: { _ in "masked" }).map { "\($0)" }.joined(separator: "\n")
        for runner in configuration.runners {
            guard (try? RunnerURL(parsing: runner.url.description)) == runner.url else {
                return "\(runner.url) is another runner"
            }
        }
        return shown.utf8.contains(0) ? "a setting holds a NUL" : nil
    }
}
