// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct EnvironmentTests {
    static let ollama = "http://127.0.0.1:11434"
    static let kubernetes = "http://docker-model-runner-service.open-webui.svc.cluster.local:11435"

    @Test(
        arguments: [
            ([:], [ollama]), (["DMR_RUNNERS": "http://a:1;http://b:2"], ["http://a:1", "http://b:2"]),
            (["DMR_RUNNERS": " ; http://a:1/ ;; \"http://b:2\""], []),
            (["DOCKER_MODEL_RUNNER_BASE_URLS": " http://a:1/ ;; http://b:2 ;"], ["http://a:1", "http://b:2"]),
            (["K8S_FLAG": "1"], [kubernetes]), (["DOCKER_MODEL_RUNNER_BASE_URL": "http://a:1/x/"], ["http://a:1/x"]),
            (["USE_DOCKER_MODEL_RUNNER_DOCKER": "True"], [ollama]),
            (["DOCKER_MODEL_RUNNER_API_BASE_URL": "http://a:1/api"], ["http://a:1"]),
            (["DOCKER_MODEL_RUNNER_API_BASE_URL": "http://a:1/x/api/"], ["http://a:1/x"]),
            (["DOCKER_MODEL_RUNNER_API_BASE_URL": "http://a:1"], ["http://a:1"]),
            (["DMR_RUNNERS": " ; ;", "K8S_FLAG": "", "DOCKER_MODEL_RUNNER_BASE_URLS": "''"], [ollama])
        ] as [([String: String], [String])])
    func eachSourceNamesRunners(environment: [String: String], runners: [String]) throws {
        if runners.isEmpty {
            #expect(Start(environment: environment).errors.count == 1)
        } else {
            #expect(try Start(environment: environment).runners() == runners)
        }
    }

    /// The documented order: with the first k sources unset, source k + 1 wins over all behind it.
    @Test(arguments: 0...6)
    func firstSourceThatNamesARunnerWins(unset: Int) throws {
        let sources = [
            ("DMR_RUNNERS", "http://a:1"), ("DOCKER_MODEL_RUNNER_BASE_URLS", "http://b:1"), ("K8S_FLAG", "true"),
            ("DOCKER_MODEL_RUNNER_BASE_URL", "http://c:1"), ("USE_DOCKER_MODEL_RUNNER_DOCKER", "true"),
            ("DOCKER_MODEL_RUNNER_API_BASE_URL", "http://d:1/api")
        ]
        let expected = [
            "http://a:1", "http://b:1", Self.kubernetes, "http://c:1", Self.ollama, "http://d:1", Self.ollama
        ]
        let start = Start(environment: Dictionary(uniqueKeysWithValues: sources[unset...].map { $0 }))
        #expect(try start.runners() == [expected[unset]])
        #expect(try start.warnings().isEmpty)
    }

    @Test func baseURLAsPathIsThePrefix() throws {
        let start = Start(environment: ["DOCKER_MODEL_RUNNER_BASE_URL": "/ollama/"])
        #expect(try start.configuration().pathPrefix == "/ollama")
        #expect(try start.runners() == [Self.ollama])
    }

    @Test func laterSourceIsNotLookedAt() throws {
        let start = Start(environment: ["DMR_RUNNERS": "http://a:1", "DOCKER_MODEL_RUNNER_API_BASE_URL": "nonsense"])
        #expect(try start.runners() == ["http://a:1"])
    }

    @Test(arguments: ["false", "0", "No", "off"])
    func kubernetesFlagThatSaysOffIsOnWithAWarning(value: String) throws {
        let start = Start(environment: ["K8S_FLAG": value])
        #expect(try start.runners() == [Self.kubernetes])
        #expect(try start.warnings().count == 1)
    }

    @Test(arguments: [("true", true), ("TRUE", true), ("false", false), ("False", false), ("", true), (" ", true)])
    func enableSwitchesTheAPI(value: String, isEnabled: Bool) throws {
        #expect(
            try Start(environment: ["ENABLE_DOCKER_MODEL_RUNNER_API": value]).configuration().isEnabled == isEnabled)
    }

    @Test func otherVariablesAreAsTheFlags() throws {
        let resolved = try Start(environment: [
            "DMR_LOG_LEVEL": "debug", "DMR_LOG_FORMAT": "JSON", "DMR_LOOPS": "1", "DMR_STATE_DIR": "/var/lib/dmr/",
            "DMR_ADMIN_KEY": "0123456789abcdef01234567"
        ]).resolve()
        #expect(resolved.configuration.log.level == .debug)
        #expect(resolved.configuration.log.format == .json)
        #expect(resolved.configuration.stateDirectory == "/var/lib/dmr")
        #expect(resolved.configuration.adminKey?.bytes == Array("0123456789abcdef01234567".utf8))
        #expect(resolved.warnings.isEmpty)
        #expect(resolved.origins["log.level"] == .environment)
    }

    @Test(arguments: [
        (
            ["DMR_LOOPS": "2"],
            "DMR_LOOPS: more than one loop is not supported in this version; remove it or set it to 1"
        ),
        (["DMR_LOOPS": "x"], "DMR_LOOPS: must be a whole number from 1"),
        (["DMR_LOOPS": "0"], "DMR_LOOPS: must be a whole number from 1"),
        (["DMR_LOG_FORMAT": "xml"], #"DMR_LOG_FORMAT: must be "text" or "json""#),
        (["ENABLE_DOCKER_MODEL_RUNNER_API": "yes"], "ENABLE_DOCKER_MODEL_RUNNER_API: must be true or false"),
        (["USE_DOCKER_MODEL_RUNNER_DOCKER": "1"], "USE_DOCKER_MODEL_RUNNER_DOCKER: must be true or false"),
        (
            ["DMR_ADMIN_KEY": "0123456789abcdef0123456"],
            "DMR_ADMIN_KEY: is shorter than 24 characters and could be guessed; make one with: openssl rand -hex 24"
        ),
        (
            ["DMR_ADMIN_KEY": "0123456789abcdef 0123456789"],
            "DMR_ADMIN_KEY: holds characters that no header can carry; only visible ASCII can"
        ),
        (
            ["DMR_RUNNERS": "gpu1"],
            #"DMR_RUNNERS: "gpu1" is no runner's URL; write http://HOST:PORT, e.g. http://gpu1:11434"#
        ),
        (
            ["DOCKER_MODEL_RUNNER_BASE_URL": "dns:http://127.0.0.1"],
            "DOCKER_MODEL_RUNNER_BASE_URL: dns: needs a name, and 127.0.0.1 is an address; leave dns: out"
        )
    ])
    func errorsNameTheVariable(environment: [String: String], error: String) {
        #expect(Start(environment: environment).errors == [error])
    }

    @Test(arguments: ["/", "//", "/api", "/v1/x", "/a/../b", "/a b", "/key", "/metrics", "/%41"])
    func prefixThatWouldHideARouteIsRefused(prefix: String) {
        let errors = Start(environment: ["DOCKER_MODEL_RUNNER_BASE_URL": prefix]).errors
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix("DOCKER_MODEL_RUNNER_BASE_URL: must be a path such as") == true)
    }

    @Test func badListenAddressHidesNoBadRunner() {
        let errors = Start(environment: ["OLLAMA_HOST": "a b", "DMR_RUNNERS": "gpu1"]).errors
        #expect(errors.map { $0.prefix { $0 != ":" } } == ["OLLAMA_HOST", "DMR_RUNNERS"])
        #expect(Start(environment: ["OLLAMA_HOST": "a b"]).errors.count == 1)
    }

    // MARK: …_FILE

    @Test(arguments: ["http://a:1", "http://a:1\n", " \"http://a:1\" \r\nhttp://b:1\n"])
    func fileVariableGivesItsFirstLine(content: String) throws {
        var start = Start(environment: ["DMR_RUNNERS_FILE": "/run/secrets/r"])
        start.files["/run/secrets/r"] = content
        #expect(try start.runners() == ["http://a:1"])
    }

    @Test func everyVariableHasAFileForm() {
        for variable in ConfigurationEnvironment.Variable.allCases {
            #expect(ConfigurationEnvironment.names.contains(variable.rawValue + "_FILE"))
        }
    }

    @Test func emptyFileIsNotSet() throws {
        var start = Start(environment: ["DMR_RUNNERS_FILE": "/f", "DOCKER_MODEL_RUNNER_BASE_URLS": "http://b:1"])
        start.files["/f"] = "\nhttp://a:1"
        #expect(try start.runners() == ["http://b:1"])
    }

    @Test func unreadableFileIsAnErrorAndNotTheNextSource() {
        let start = Start(environment: ["DMR_RUNNERS_FILE": "/f", "DOCKER_MODEL_RUNNER_BASE_URLS": "http://b:1"])
        #expect(start.errors == [#"DMR_RUNNERS_FILE: "/f" can't be used: No such file or directory"#])
    }

    @Test func bothFormsAreAnError() {
        var start = Start(environment: ["DMR_ADMIN_KEY": "a", "DMR_ADMIN_KEY_FILE": "/f"])
        start.files["/f"] = "b"
        #expect(start.errors == ["DMR_ADMIN_KEY_FILE: DMR_ADMIN_KEY is set as well; keep one of them"])
    }
}
