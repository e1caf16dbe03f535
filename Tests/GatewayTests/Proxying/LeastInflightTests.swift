// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Who gets the next exchange while runners are well.
@Suite(.serialized) struct LeastInflightTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test func exchangesSpreadOverTwoRunnersByTheirLoad() throws {
        let runners = try (0..<2).map { _ in try SimulatedRunner(loop: loop, options: .atHeadGate()) }
        let gateway = try GatewayUnderTest(loop, runners)
        defer { gateway.stop() }
        let clients = try (0..<6).map { _ in try gateway.client() }
        for (place, client) in clients.enumerated() {
            client.chat()
            gateway.run(untilInFlight: place + 1)
        }
        loop.run(until: { runners.allSatisfy { $0.inflight == 3 } })
        // Three slots of the second are free, so the next three go there.
        runners[1].releaseHead(3)
        gateway.run(untilInFlight: 3)
        for place in 0..<3 {
            clients[place * 2 + 1].chat()
            gateway.run(untilInFlight: 4 + place)
        }
        loop.run(until: { runners[1].inflight == 3 })
        #expect(runners[0].inflight == 3)
        for runner in runners { runner.releaseHead(3) }
        for (place, client) in clients.enumerated() { client.readResponses(place % 2 + 1) }
        #expect(clients.map { $0.last?.runner } == [0, 1, 0, 1, 0, 1])
    }

    @Test func weightsShareTheLoad() throws {
        let runners = try (0..<2).map { _ in try SimulatedRunner(loop: loop, options: .atHeadGate()) }
        let gateway = try GatewayUnderTest(loop, runners) {
            $0.runners[0].weight = 3
            $0.runners[1].weight = 1
        }
        defer { gateway.stop() }
        let clients = try (0..<8).map { _ in try gateway.client() }
        for client in clients { client.chat() }
        loop.run(until: { runners.reduce(0) { $0 + $1.inflight } == 8 })
        #expect(runners.map(\.inflight) == [6, 2])
        for runner in runners { runner.releaseHead(8) }
        for client in clients { client.readResponses() }
    }

    @Test func aRunnerThatIsEmptiedOrSwitchedOffTakesNothing() throws {
        let runners = try (0..<3).map { _ in try SimulatedRunner(loop: loop, options: .instant()) }
        let gateway = try GatewayUnderTest(loop, runners) {
            $0.runners[0].weight = 0
            $0.runners[1].isEnabled = false
        }
        defer { gateway.stop() }
        let client = try gateway.client()
        for _ in 1...4 { #expect(try client.answer().runner == 2) }
        #expect(runners[1].requestsSeen == 0, "it isn't even probed")
    }

    @Test func onlyHoldersOfTheModelAreCandidates() throws {
        let models = [["a", "both"], ["b", "both"]]
        let runners = try models.map { names in
            try SimulatedRunner(loop: loop, options: .instant(models: names.map { SimulatedModel($0) }))
        }
        let gateway = try GatewayUnderTest(loop, runners)
        defer { gateway.stop() }
        let client = try gateway.client()
        for (model, runner) in [("a", 0), ("b", 1), ("b:latest", 1), ("A", 0)] {
            #expect(try client.answer(to: "/api/chat", Ask.chat(model: model)).runner == runner, "\(model)")
        }
    }

    @Test func roundRobinTakesTurns() throws {
        let runners = try (0..<3).map { _ in try SimulatedRunner(loop: loop, options: .instant()) }
        let gateway = try GatewayUnderTest(loop, runners) { $0.policy = .roundRobin }
        defer { gateway.stop() }
        let client = try gateway.client()
        #expect(try (0..<6).map { _ in try client.answer().runner } == [0, 1, 2, 0, 1, 2])
    }
}
