// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// A runner that is the gateway itself.
@Suite struct LoopTests {
    @Test(arguments: [
        ("127.0.0.1:7", "http://127.0.0.1:7"), ("127.0.0.1:7", "http://localhost:7"),
        ("127.0.0.1:7", "http://LOCALHOST.:7"),
        ("127.0.0.1:7", "http://x.localhost:7"), ("127.0.0.1:7", "http://0.0.0.0:7"),
        ("127.0.0.1:7", "http://127.0.0.1:7/docker-model-runner"), ("127.0.0.1:7", "http://[::ffff:127.0.0.1]:7"),
        ("localhost:7", "http://127.0.0.1:7"), ("localhost:7", "http://[::1]:7"), ("[::1]:7", "http://[::1]:7"),
        ("[::1]:7", "http://[::]:7"), ("[::1]:7", "http://localhost:7"), (":7", "http://127.0.0.1:7"),
        (":7", "http://127.9.9.9:7"), (":7", "http://[::1]:7"), ("0.0.0.0:7", "http://localhost:7"),
        ("0.0.0.0:7", "http://127.0.0.1:7"), ("[::]:7", "http://127.0.0.1:7"), ("[::]:7", "http://0.0.0.0:7"),
        ("10.0.0.1:7", "http://10.0.0.1:7"), ("gw:7", "http://GW:7"), (":7", "http://box:7"),
        (":7", "http://10.0.0.9:7"),
        (":80", "http://localhost")
    ])
    func isAnErrorFromAFlag(listen: String, runner: String) {
        var start = Start(listen: [listen], runners: ["http://gpu1:1", runner])
        start.ownHosts = ["Box", "10.0.0.9"]
        #expect(start.errors.count == 1)
        #expect(start.errors.first?.hasPrefix("--runner: ") == true)
        #expect(start.errors.first?.contains("(a loop)") == true)
    }

    @Test(arguments: [
        ("127.0.0.1:7", "http://127.0.0.1:8"), ("127.0.0.1:7", "http://127.0.0.2:7"), ("127.0.0.1:7", "http://[::1]:7"),
        ("[::1]:7", "http://127.0.0.1:7"), ("10.0.0.1:7", "http://127.0.0.1:7"), ("10.0.0.1:7", "http://10.0.0.2:7"),
        (":7", "http://gpu1:7"), (":7", "http://10.0.0.1:7"), (":7", "http://localhost.example.com:7"),
        ("127.0.0.1:0", "http://127.0.0.1:7"), ("unix:/x", "http://127.0.0.1:11435"), ("127.0.0.1:7", "http://box:7")
    ])
    func leavesOthersAlone(listen: String, runner: String) throws {
        var start = Start(listen: [listen], runners: [runner])
        start.ownHosts = ["box"]
        #expect(try start.runners() == [runner])
    }

    @Test func isAnErrorFromTheFile() {
        let start = Start(
            file:
                #"{"listen":[":7","127.0.0.1:8"],"runners":[{"url":"http://a:7"},{"url":"http://localhost:8"}]}"#
        )
        #expect(
            start.errors == [
                "runners[1].url: http://localhost:8 is the gateway itself, listening on http://127.0.0.1:8 (a loop); "
                    + "remove it, or listen elsewhere"
            ])
    }

    @Test func fromTheEnvironmentIsDroppedForTheNextSource() throws {
        let dropped = "is the gateway itself, listening on http://127.0.0.1:11435, and is dropped from its runners"
        let start = Start(environment: [
            "DMR_RUNNERS": "http://localhost:11435;http://127.0.0.1:11435/x",
            "DOCKER_MODEL_RUNNER_BASE_URLS": "http://a:1"
        ])
        #expect(try start.runners() == ["http://a:1"])
        #expect(
            try start.warnings() == [
                "DMR_RUNNERS: http://localhost:11435 \(dropped)",
                "DMR_RUNNERS: http://127.0.0.1:11435/x \(dropped)"
            ])
    }

    @Test func fromTheEnvironmentTheOthersStay() throws {
        let start = Start(environment: ["DMR_RUNNERS": "http://localhost:11435;http://a:1", "K8S_FLAG": "1"])
        #expect(try start.runners() == ["http://a:1"])
        #expect(try start.warnings().count == 1)
    }

    /// The fork's own default of this variable names us.
    @Test func openWebUIsDefaultFallsThroughToOllama() throws {
        let start = Start(environment: ["DOCKER_MODEL_RUNNER_API_BASE_URL": "http://localhost:11435/api"])
        #expect(try start.runners() == ["http://127.0.0.1:11434"])
        #expect(try start.warnings().count == 1)
    }

    @Test func listeningWhereTheDefaultRunnerIsNeedsANamedRunner() throws {
        let start = Start(environment: ["OLLAMA_HOST": "127.0.0.1:11434"])
        #expect(start.errors.count == 1)
        #expect(start.errors.first?.contains("name a runner with --runner") == true)
        #expect(
            try Start(environment: ["OLLAMA_HOST": ":11434", "DMR_RUNNERS": "http://a:1"]).runners() == ["http://a:1"])
    }

    @Test func sameRunnerTwiceIsAWarning() throws {
        let start = Start(runners: ["http://a:1", "http://b:1", "http://A:1/"])
        #expect(try start.warnings() == ["--runner: http://a:1 is runner 0 as well, so its load is counted twice"])
    }
}
