// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Flags over file over environment over defaults, key by key.
@Suite struct PrecedenceTests {
    @Test func defaultsAreTheDocumentedOnes() throws {
        let configuration = try Start().configuration()
        #expect(configuration.listen == [.tcp(host: "127.0.0.1", port: 11435)])
        #expect(configuration.runners == [RunnerConfiguration(url: .ollama)])
        #expect(configuration.isEnabled)
        #expect(configuration.pathPrefix == "/docker-model-runner")
        #expect(configuration.policy == .leastInflight)
        #expect(configuration.stateDirectory == "/home/u/.local/state/dmr-gateway")
        #expect(configuration.adminKey == nil)
        #expect(configuration.access.anonymous == .auto)
        #expect(configuration.log.file == nil)
    }

    /// gateway.md section 2's own example, which is all defaults but the runner.
    @Test func documentedFileIsTheDefaults() throws {
        let file = """
            {
              "listen": ["127.0.0.1:11435"], "enable": true, "path_prefix": "/docker-model-runner", "loops": 1,
              "runners": [
                { "url": "http://gpu1:11434", "enable": true, "key": "", "prefix_id": "",
                  "tags": ["fast"], "model_ids": [],
                  "connection_type": "docker", "max_inflight": "auto", "weight": 1, "pull": true, "headers": {},
                  "tls_verify": true, "tls_ca": "" }
              ],
              "policy": "least-inflight", "affinity": 0,
              "timeouts": { "client_header": 10, "client_body": 60, "client_write": 120, "client_idle": 120,
                            "connect": 2, "first_byte": 600,
                            "stream_idle": 360, "whole_answer": 0, "queue": 60, "drain": 120, "probe": 5 },
              "limits":   { "connections": 10000, "header_bytes": 32768, "headers": 100, "json_body_bytes": 33554432,
                            "body_memory": 536870912,
                            "blob_bytes": 0, "queue": 256, "buffer_bytes": 65536 },
              "health":   { "probe_interval": 5, "tags_interval": 15, "ps_interval": 5, "eject_after": 3,
                            "eject_base": 5, "eject_max": 60 },
              "access":   { "anonymous": "auto", "networks": [], "trusted_proxies": [], "hosts": [],
                            "origins": [], "keys": [], "users": [], "jwt_secret": "" },
              "tls":      { "certificate": "", "key": "", "sni": [], "client_ca": "" },
              "log":      { "level": "info", "format": "text", "file": "" }
            }
            """
        let resolved = try Start(file: file).resolve()
        var expected = try Start().configuration()
        expected.runners = [
            RunnerConfiguration(url: try RunnerURL(parsing: "http://gpu1:11434"), tags: [.string("fast")])
        ]
        #expect(resolved.configuration == expected)
        #expect(resolved.warnings.isEmpty)
        #expect(resolved.origins["timeouts.queue"] == .file)
        #expect(resolved.origins["runners"] == .file)
    }

    @Test func environmentFillsWhatTheFileLeavesOut() throws {
        let start = Start(
            file: #"{"runners":[{"url":"http://a:1"}],"log":{"level":"error"}}"#,
            environment: ["OLLAMA_HOST": "0.0.0.0", "DMR_LOG_FORMAT": "json"])
        let configuration = try start.configuration()
        #expect(configuration.listen == [.tcp(host: "0.0.0.0", port: 11435)])
        #expect(configuration.log.level == .error)
        #expect(configuration.log.format == .json)
        #expect(configuration.runners.map(\.url.description) == ["http://a:1"])
    }

    @Test func flagsBeatTheFile() throws {
        var start = Start(
            file: """
                {"listen":[":1",":2"],"runners":[{"url":"http://a:1","key":"k"}],"policy":"least-inflight",
                 "log":{"level":"info","format":"text","file":"/a"}}
                """,
            listen: [":3"], runners: ["http://b:1", "http://c:1"])
        start.flags.policy = .roundRobin
        start.flags.logLevel = .trace
        start.flags.logFormat = .json
        start.flags.logFile = "/b"
        start.flags.stateDirectory = "/state/"
        start.flags.loops = 1
        let resolved = try start.resolve()
        #expect(resolved.configuration.listen == [.tcp(host: "", port: 3)])
        #expect(resolved.configuration.runners.map(\.url.description) == ["http://b:1", "http://c:1"])
        #expect(resolved.configuration.runners.allSatisfy { $0.key == nil })
        #expect(resolved.configuration.policy == .roundRobin)
        #expect(resolved.configuration.log.level == .trace)
        #expect(resolved.configuration.log.format == .json)
        #expect(resolved.configuration.log.file == "/b")
        #expect(resolved.configuration.stateDirectory == "/state")
        #expect(resolved.origins["runners"] == .flag)
        #expect(resolved.warnings.isEmpty)
    }

    @Test func objectsMergeWithTheDefaults() throws {
        let timeouts = try Start(file: #"{"timeouts":{"queue":0.5,"connect":0}}"#).configuration().timeouts
        var expected = Configuration.Timeouts()
        expected.queue = .milliseconds(500)
        expected.connect = nil
        #expect(timeouts == expected)
    }

    // MARK: Variables without effect

    @Test(arguments: [
        ("OLLAMA_HOST", "1.2.3.4", "listen", #""listen":[":9"]"#),
        ("ENABLE_DOCKER_MODEL_RUNNER_API", "nonsense", "enable", #""enable":false"#),
        ("DOCKER_MODEL_RUNNER_BASE_URL", "/x", "path_prefix", #""path_prefix":"/y""#),
        ("DMR_LOG_LEVEL", "debug", "log.level", #""log":{"level":"info"}"#),
        ("DMR_LOG_FORMAT", "json", "log.format", #""log":{"format":"text"}"#),
        ("DMR_LOOPS", "4", "loops", #""loops":1"#),
        ("DMR_RUNNERS", "http://b:1", "runners", #""runners":[{"url":"http://a:1"}]"#),
        ("DOCKER_MODEL_RUNNER_BASE_URLS", "http://b:1", "runners", #""runners":[{"url":"http://a:1"}]"#),
        ("K8S_FLAG", "1", "runners", #""runners":[{"url":"http://a:1"}]"#),
        ("DOCKER_MODEL_RUNNER_BASE_URL", "http://b:1", "runners", #""runners":[{"url":"http://a:1"}]"#),
        ("USE_DOCKER_MODEL_RUNNER_DOCKER", "true", "runners", #""runners":[{"url":"http://a:1"}]"#),
        ("DOCKER_MODEL_RUNNER_API_BASE_URL", "http://b:1/api", "runners", #""runners":[{"url":"http://a:1"}]"#)
    ])
    func fileThatOverridesAVariableIsNamed(variable: String, value: String, key: String, member: String) throws {
        let start = Start(file: "{\(member)}", environment: [variable: value])
        #expect(try start.warnings() == ["\(variable): has no effect: \"\(key)\" in /etc/dmr.json overrides it"])
    }

    @Test func flagThatOverridesAVariableIsNamed() throws {
        var start = Start(
            environment: [
                "OLLAMA_HOST": "https://x", "DMR_RUNNERS": "x", "DMR_LOG_LEVEL": "x", "DMR_LOG_FORMAT": "x",
                "DMR_LOOPS": "x", "DMR_STATE_DIR": "/x", "DMR_CONFIG_FILE": "/x"
            ],
            listen: [":1"], runners: ["http://a:1"])
        start.flags.logLevel = .info
        start.flags.logFormat = .text
        start.flags.loops = 1
        start.flags.stateDirectory = "/y"
        start.flags.configFile = "/y"
        start.files["/x"] = "z"
        #expect(
            try Set(start.warnings()) == [
                "OLLAMA_HOST: has no effect: --listen overrides it",
                "DMR_RUNNERS: has no effect: --runner overrides it",
                "DMR_LOG_LEVEL: has no effect: --log-level overrides it",
                "DMR_LOG_FORMAT: has no effect: --log-format overrides it",
                "DMR_LOOPS: has no effect: --loops overrides it",
                "DMR_STATE_DIR: has no effect: --state-dir overrides it",
                "DMR_CONFIG_FILE: has no effect: --config overrides it"
            ])
    }

    @Test(arguments: [
        ["USE_DOCKER_MODEL_RUNNER_DOCKER": "false"], ["DMR_RUNNERS": " ; "], ["DOCKER_MODEL_RUNNER_BASE_URL": "/x"],
        ["DMR_ADMIN_KEY": "0123456789abcdef01234567"]
    ])
    func variableThatNamesNoRunnerIsNotOverridden(environment: [String: String]) throws {
        #expect(try Start(environment: environment, runners: ["http://a:1"]).warnings().isEmpty)
    }

    // MARK: Where the file and the state are

    @Test(
        arguments: [
            ([:], "/home/u/.local/state/dmr-gateway", "/home/u/.local/state/dmr-gateway/config.json", false),
            (["HOME": "/"], "/.local/state/dmr-gateway", "/.local/state/dmr-gateway/config.json", false),
            (["XDG_STATE_HOME": "/x"], "/x/dmr-gateway", "/x/dmr-gateway/config.json", false),
            (
                ["XDG_STATE_HOME": "x"], "/home/u/.local/state/dmr-gateway",
                "/home/u/.local/state/dmr-gateway/config.json", false
            ),
            (["DMR_STATE_DIR": "/s/"], "/s", "/s/config.json", false),
            (["DMR_CONFIG": "/c.json", "DMR_STATE_DIR": "/s"], "/s", "/c.json", true)
        ] as [([String: String], String, String, Bool)])
    func locationFollowsTheEnvironment(variables: [String: String], state: String, file: String, isNamed: Bool) throws {
        let environment = ConfigurationEnvironment(variables.merging(["HOME": "/home/u"]) { own, _ in own }) { _ in
            .success([])
        }
        let location = try ConfigurationLocation(flags: .init(), environment: environment)
        #expect(location.stateDirectory == state)
        #expect(location.file == file)
        #expect(location.isFileNamed == isNamed)
    }

    @Test func flagsNameTheLocationFirst() throws {
        var flags = ConfigurationSources.Flags()
        flags.stateDirectory = "/flag"
        flags.configFile = "/flag.json"
        let environment = ConfigurationEnvironment(["DMR_STATE_DIR": "/s", "DMR_CONFIG": "/c"]) { _ in .success([]) }
        let location = try ConfigurationLocation(flags: flags, environment: environment)
        #expect(location.stateDirectory == "/flag")
        #expect(location.file == "/flag.json")
    }

    @Test func emptyFlagsNameNothing() {
        var flags = ConfigurationSources.Flags()
        flags.stateDirectory = ""
        flags.configFile = ""
        let error = #expect(throws: ConfigurationErrors.self) {
            try ConfigurationLocation(flags: flags, environment: ConfigurationEnvironment())
        }
        #expect(
            error?.errors == [
                "--state-dir: names no folder; write a path", "--config: names no file; write a path"
            ])
        #expect(error?.areUsageOnly == true)
    }

    @Test func withoutAHomeSomebodyHasToNameTheFolder() {
        #expect(throws: ConfigurationErrors.self) {
            try ConfigurationLocation(flags: .init(), environment: ConfigurationEnvironment())
        }
    }
}
