// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Gateways whose runners are gateways: fine in a row, refused in a circle.
@Suite(.serialized) struct GatewayLoopTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// Only for its port: the gateway itself listens there.
    @Test func aGatewayThatIsItsOwnRunnerSeesThatItIsMisconfigured() throws {
        let port = try ClosedPort()
        let well = try SimulatedRunner(loop: loop, options: .instant())
        let gateway = try GatewayUnderTest(loop, [port, well]) {
            $0.listen = [.tcp(host: "127.0.0.1", port: port.port)]
        }
        defer { gateway.stop() }
        #expect(gateway.health(0).state == .misconfigured)
        let client = try gateway.client()
        for _ in 1...3 { #expect(try client.answer().runner == 1) }
    }

    @Test func gatewaysInARowWork() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        runner.options.keepsRecords = true
        let inner = try GatewayUnderTest(loop, [runner])
        // From here on it has a connection to its runner, which is no leak of the outer one's.
        _ = try inner.client().answer()
        let outer = try GatewayUnderTest(loop, [inner])
        defer {
            outer.stop(keepingRunners: true)
            inner.stop()
        }
        let response = try outer.client().answer()
        #expect(response.lines.count == 9)
        #expect(response.runner == 0)
        let vias = runner.records.last { $0.requestLine.hasPrefix("POST") }?.values("via")
        #expect(vias?.count == 2)
        #expect(vias?.allSatisfy { $0.hasPrefix("1.1 dmr-") } == true)
    }

    /// A asks B, B asks A: each lists what the other lists, and no runner is left that has the model.
    @Test func aCircleOfTwoIsAnsweredFiveHundredAndEight() throws {
        let place = try ClosedPort()
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        let first = try GatewayUnderTest(loop, [runner, place]) {
            $0.health.probeInterval = .milliseconds(20)
            $0.health.tagsInterval = .milliseconds(20)
        }
        let second = try GatewayUnderTest(loop, [first]) { $0.listen = [.tcp(host: "127.0.0.1", port: place.port)] }
        defer {
            second.stop(keepingRunners: true)
            first.stop()
        }
        let catalog = { first.gateway.catalog }
        loop.run(
            until: {
                guard case .found(let model) = catalog().resolve("demo") else { return false }
                return first.health(1).isInRotation && model.holders.contains(1)
            }, "that the second joins")
        let client = try first.client()
        #expect(try client.answer().status == 200)
        runner.close()
        loop.run(until: { !first.health(0).isInRotation }, "that the only real runner is out")
        for path in ["/api/chat", "/v1/chat/completions"] {
            let response = try client.answer(to: path)
            #expect(response.status == 508)
            #expect(response.body.contains("through this gateway already"))
        }
        first.expectIdle()
        second.expectIdle()
    }

    @Test(arguments: [("1.1 dmr-a, 1.1 dmr-b, 1.1 dmr-c", 200), ("1.1 dmr-a, 1.1 dmr-b, 1.1 dmr-c, 1.1 dmr-d", 508)])
    func threeGatewaysBeforeUsAreEnough(via: String, status: Int) throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        #expect(try gateway.client().answer(to: "/api/chat", Ask.chat, "Via: \(via)\r\n").status == status)
        let fields = via.split(separator: ",").map { "Via: \($0.trimmingPrefix(" "))\r\n" }.joined()
        #expect(try gateway.client().answer(to: "/api/chat", Ask.chat, fields).status == status)
    }
}

/// A gateway as another one's runner.
extension GatewayUnderTest: RunnerUnderTest {
    func close() { stop() }
}
