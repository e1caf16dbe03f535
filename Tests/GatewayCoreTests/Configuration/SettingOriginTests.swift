// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What `check` prints: every value with where it comes from.
@Suite struct SettingOriginTests {
    private func lines(_ start: Start) throws -> [String] {
        try start.resolve().settings { _ in "dmr-masked:00000000" }.map(\.line)
    }

    @Test func eachSourceIsNamed() throws {
        var start = Start(
            file: #"{"timeouts":{"queue":5.5},"log":{"level":"debug"},"enable":true,"policy":"least-inflight"}"#,
            environment: [
                "DMR_LOG_FORMAT": "json", "DMR_LOG_LEVEL": "error", "OLLAMA_HOST": "0.0.0.0", "DMR_STATE_DIR": "/s",
                "DMR_ADMIN_KEY": "0123456789abcdef01234567", "DOCKER_MODEL_RUNNER_BASE_URL": "/x", "DMR_LOOPS": "1"
            ])
        start.flags.policy = .roundRobin
        start.flags.logFile = "/log"
        let lines = try lines(start)
        for line in [
            #"listen = ["http://0.0.0.0:11435"] (environment)"#, "enable = true (file)",
            #"path_prefix = "/x" (environment)"#,
            "loops = 1 (environment)", #"policy = "round-robin" (flag)"#, "timeouts.queue = 5.5 (file)",
            "timeouts.drain = 120 (default)", #"log.level = "debug" (file)"#, #"log.format = "json" (environment)"#,
            #"log.file = "/log" (flag)"#, #"admin_key = "dmr-masked:00000000" (environment)"#,
            #"state_dir = "/s" (environment)"#, "demo = false (default)",
            #"runners[0].url = "http://127.0.0.1:11434" (default)"#
        ] { #expect(lines.contains(line), "\(line)") }
    }

    @Test func entriesOfListsHaveTheirOwn() throws {
        let hash = String(repeating: "0a", count: 32)
        let lines = try lines(
            Start(
                file: """
                    {"runners":[{"url":"http://a:1"},{"url":"http://b:1","weight":1,"key":"secret","max_inflight":0}],
                     "access":{"keys":[{"name":"n","sha256":"\(hash)"}],"origins":["*"]}}
                    """))
        for line in [
            #"runners[0].url = "http://a:1" (file)"#, "runners[0].weight = 1 (default)", "runners[1].weight = 1 (file)",
            #"runners[0].max_inflight = "auto" (default)"#, "runners[1].max_inflight = 0 (file)",
            #"runners[0].key = "" (default)"#, #"runners[1].key = "dmr-masked:00000000" (file)"#,
            #"access.keys[0].sha256 = "dmr-masked:00000000" (file)"#, #"access.keys[0].role = "user" (default)"#,
            #"access.origins = ["*"] (file)"#
        ] { #expect(lines.contains(line), "\(line)") }
    }

    /// The file's entry at the same place says nothing about one of a flag.
    @Test func aFlagsRunnerHasNothingOfTheFiles() throws {
        let lines = try lines(Start(file: #"{"runners":[{"url":"http://a:1","weight":7}]}"#, runners: ["http://b:1"]))
        #expect(lines.contains(#"runners[0].url = "http://b:1" (flag)"#))
        #expect(lines.contains("runners[0].weight = 1 (default)"))
    }

    @Test func noRunnersIsSaid() throws {
        #expect(try lines(Start(file: #"{"runners":[]}"#)).contains("runners = [] (file)"))
    }

    @Test func noLimitIsZeroAsInTheFile() throws {
        let lines = try lines(
            Start(file: #"{"limits":{"queue":0},"timeouts":{"connect":0},"health":{"eject_after":0,"eject_max":0}}"#))
        for key in ["limits.queue", "timeouts.connect", "health.eject_after", "health.eject_max"] {
            #expect(lines.contains("\(key) = 0 (file)"))
        }
    }

    @Test func whatIsPrintedCanBeReadAgain() throws {
        let configuration = try Start(file: SchemaTests.everything).parsed()
        let settings = configuration.settings { _ in "secret" }
        #expect(
            settings.filter(\.isSecret).map(\.key) == [
                "runners[0].key", "runners[0].headers.X-Team", "access.keys[0].sha256", "access.jwt_secret"
            ])
        for setting in settings where setting.key.hasPrefix("access.users") || setting.key.hasPrefix("tls.sni") {
            #expect(!setting.value.bytes.isEmpty)
        }
        #expect(settings.contains(Setting(key: "access.users[0].match.email", value: .string("*@example.com"))))
        #expect(settings.contains(Setting(key: "access.users[1].match", value: .object([]))))
    }
}
