// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@testable import Gateway

/// Runners that are not at `http://address:port`.
@Suite(.serialized) struct UnixRunnerTests {
    let loop: Loop
    let folder: TemporaryFolder

    init() throws {
        loop = try Loop()
        folder = try TemporaryFolder()
    }

    @Test func aUnixSocketIsARunner() throws {
        let runner = try ScriptedRunner(
            loop, unixPath: folder.path("runner"), always: ScriptedRunner.stream("a") + ScriptedRunner.stream("b"))
        let under = try GatewayUnderTest(loop, [runner])
        defer { under.stop() }
        let client = try under.client()
        for _ in 0..<2 { #expect(try client.answer().status == 200) }
        #expect(runner.connections.count == 1, "kept alive")
        #expect(runner.connections.first?.requests.first?.header("host") == "localhost")
        #expect(under.gateway.runnerName(0) == "runner 0 (unix:\(folder.path)/runner)")
    }

    @Test func aSocketThatIsNotThereIsARunnerThatIsDown() throws {
        let runner = try ScriptedRunner(loop, always: ScriptedRunner.stream("x"))
        let under = try GatewayUnderTest(loop, [runner]) {
            $0.runners.append(RunnerConfiguration(url: try RunnerURL(parsing: "unix:\(folder.path)/missing")))
        }
        defer { under.stop() }
        #expect(under.health(1).isUnreachable)
        #expect(try under.client().answer().status == 200)
    }

    @Test func anIPv6AddressStandsInBrackets() throws {
        let runner = try ScriptedRunner(loop, host: "::1", always: ScriptedRunner.stream("x"))
        let under = try GatewayUnderTest(loop, [runner])
        defer { under.stop() }
        #expect(try under.client().answer().status == 200)
        #expect(runner.connections.first?.requests.first?.header("host") == "[::1]:\(runner.port)")
    }

    @Test func aBasePathStandsInFrontOfEveryPath() throws {
        let runner = try ScriptedRunner(loop, always: ScriptedRunner.stream("x"))
        runner.basePath = "/base/of"
        let under = try GatewayUnderTest(loop, [runner]) {
            $0.runners[0].url = try RunnerURL(parsing: "\(runner.url)/base/of/")
        }
        defer { under.stop() }
        #expect(try under.client().answer().status == 200)
        #expect(runner.connections.first?.requests.first?.line == "POST /base/of/api/chat")
        #expect(runner.listsAnswered.contains("GET /base/of/api/tags"))
    }
}
