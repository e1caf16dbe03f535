// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct DemoTests {
    @Test func bringsItsOwnRunners() throws {
        let resolved = try Start(isDemo: true).resolve()
        #expect(resolved.configuration.isDemo)
        #expect(resolved.configuration.runners.isEmpty)
        #expect(resolved.warnings.isEmpty)
    }

    /// Also where the default runner would be a loop.
    @Test func neverFallsBackToTheDefaultRunner() throws {
        #expect(try Start(listen: ["127.0.0.1:11434"], isDemo: true).runners().isEmpty)
    }

    @Test(arguments: [
        ("DMR_RUNNERS", "http://a:1"), ("DMR_RUNNERS", "nonsense"), ("DOCKER_MODEL_RUNNER_BASE_URLS", "http://a:1"),
        ("K8S_FLAG", "x"),
        ("DOCKER_MODEL_RUNNER_BASE_URL", "http://a:1"), ("USE_DOCKER_MODEL_RUNNER_DOCKER", "true"),
        ("DOCKER_MODEL_RUNNER_API_BASE_URL", "http://a:1/api")
    ])
    func ignoresTheEnvironmentsAndSaysSo(variable: String, value: String) throws {
        let resolved = try Start(environment: [variable: value], isDemo: true).resolve()
        #expect(resolved.configuration.runners.isEmpty)
        #expect(resolved.warnings == ["\(variable): has no effect: --demo brings its own runners"])
    }

    @Test func keepsAPrefixFromTheEnvironment() throws {
        let resolved = try Start(environment: ["DOCKER_MODEL_RUNNER_BASE_URL": "/x"], isDemo: true).resolve()
        #expect(resolved.configuration.pathPrefix == "/x")
        #expect(resolved.warnings.isEmpty)
    }

    @Test func doesNotMixWithNamedRunners() {
        #expect(
            Start(runners: ["http://a:1"], isDemo: true).errors == [
                "--demo: brings its own runners; remove --runner or --demo"
            ])
        #expect(
            Start(file: #"{"runners":[{"url":"http://a:1"}]}"#, isDemo: true).errors == [
                "--demo: brings its own runners, and the file names some; remove --demo or name another --config"
            ])
        #expect(Start(file: #"{"runners":[]}"#, isDemo: true).errors.isEmpty)
    }
}
