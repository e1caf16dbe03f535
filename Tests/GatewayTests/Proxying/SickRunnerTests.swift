// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Runners that fail again and again are kept out of the way, and come back step by step.
@Suite(.serialized) struct SickRunnerTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func quick(_ configuration: inout Configuration) {
        configuration.health.probeInterval = .milliseconds(20)
        configuration.health.tagsInterval = .milliseconds(20)
        configuration.health.psInterval = .milliseconds(20)
        configuration.health.ejectBase = .milliseconds(60)
        configuration.health.ejectMax = .milliseconds(120)
    }

    private func pair() throws -> (sick: SimulatedRunner, well: SimulatedRunner) {
        (
            try SimulatedRunner(loop: loop, options: .instant()), try SimulatedRunner(loop: loop, options: .instant())
        )
    }

    @Test(arguments: [1, 8])
    func oneThatAnswersFiveHundredAtOnceDoesNotDrawTheTraffic(atOnce: Int) throws {
        let (sick, well) = try pair()
        sick.options.faults.failEvery = 1
        let gateway = try GatewayUnderTest(loop, [sick, well])
        defer { gateway.stop() }
        let clients = try (0..<atOnce).map { _ in try gateway.client() }
        for round in 1...(200 / atOnce) {
            for client in clients { client.chat() }
            for client in clients { client.readResponses(round) }
        }
        #expect(sick.inferenceRequestsSeen + well.inferenceRequestsSeen == 200)
        #expect(sick.inferenceRequestsSeen >= 1)
        #expect(sick.inferenceRequestsSeen <= 30, "it got \(sick.inferenceRequestsSeen) of 200")
    }

    @Test func oneThatResetsEverythingIsEjectedAndNoClientNotices() throws {
        let (sick, well) = try pair()
        sick.options.faults.resetBeforeHead = true
        let gateway = try GatewayUnderTest(loop, [sick, well])
        defer { gateway.stop() }
        let clients = try (0..<8).map { _ in try gateway.client() }
        for round in 1...25 {
            for client in clients { client.chat() }
            for client in clients { client.readResponses(round) }
        }
        #expect(clients.allSatisfy { $0.responses.allSatisfy { $0.status == 200 && $0.runner == 1 } })
        #expect(!gateway.health(0).isInRotation)
        #expect(sick.inferenceRequestsSeen <= 8, "it got \(sick.inferenceRequestsSeen)")
    }

    @Test func oneThatHangsCostsEachOfTheFirstClientsOneLimitAndThenNobody() throws {
        let (sick, well) = try pair()
        sick.options.faults.hang = true
        let gateway = try GatewayUnderTest(loop, [sick, well]) { $0.timeouts.firstByte = .milliseconds(60) }
        defer { gateway.stop() }
        let clients = try (0..<6).map { _ in try gateway.client() }
        for client in clients { client.chat() }
        for client in clients { client.readResponses() }
        #expect(clients.allSatisfy { $0.last?.runner == 1 })
        #expect(!gateway.health(0).isInRotation)
        let seen = sick.inferenceRequestsSeen
        #expect(seen == 3)
        let client = try gateway.client()
        for _ in 1...5 { #expect(try client.answer().runner == 1) }
        #expect(sick.inferenceRequestsSeen == seen)
    }

    @Test func oneThatComesBackIsProbedPutOnProbationAndTrustedAgain() throws {
        let (sick, well) = try pair()
        sick.options.faults.resetBeforeHead = true
        let gateway = try GatewayUnderTest(loop, [sick, well]) {
            quick(&$0)
            $0.health.ejectAfter = 1
        }
        defer { gateway.stop() }
        #expect(try gateway.client().answer().runner == 1)
        #expect(!gateway.health(0).isInRotation)
        sick.options.faults.resetBeforeHead = false
        loop.run(until: { gateway.health(0).state == .probation(allowance: 1) }, "the readmission")
        let asked = sick.inferenceRequestsSeen
        for runner in [sick, well] { runner.options = .atHeadGate() }
        let clients = try (0..<8).map { _ in try gateway.client() }
        for client in clients { client.chat() }
        loop.run(until: { sick.inflight + well.inflight == 8 })
        #expect(sick.inferenceRequestsSeen - asked == 1, "one at first, however few it has in flight")
        sick.releaseHead()
        loop.run(until: { gateway.health(0).state == .probation(allowance: 2) }, "more trust")
        for runner in [sick, well] { runner.releaseHead(100) }
        for client in clients { client.readResponses() }
        #expect(clients.allSatisfy { $0.last?.status == 200 })
    }

    @Test func aFailureOnProbationEjectsAtOnce() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        runner.options.faults.resetBeforeHead = true
        let gateway = try GatewayUnderTest(loop, [runner], quick)
        defer { gateway.stop() }
        let client = try gateway.client()
        for _ in 1...3 {
            #expect(gateway.gateway.dispatcher.ejections == 0)
            #expect(try client.answer().status == 502)
        }
        for ejections in 1...3 {
            #expect(gateway.gateway.dispatcher.ejections == ejections)
            #expect(!gateway.health(0).isInRotation)
            loop.run(until: { gateway.health(0).state == .probation(allowance: 1) }, "the readmission")
            #expect(try client.answer().status == 502)
        }
    }

    @Test func oneThatDisappearsIsEjectedByItsProbesAlone() throws {
        let (sick, well) = try pair()
        let gateway = try GatewayUnderTest(loop, [sick, well], quick)
        defer { gateway.stop() }
        sick.close()
        loop.run(until: { !gateway.health(0).isInRotation }, "the ejection")
        #expect(gateway.health(0).isUnreachable)
        let client = try gateway.client()
        for _ in 1...4 { #expect(try client.answer().runner == 1) }
        let again = try SimulatedRunner(loop: loop, port: sick.port, options: .instant())
        defer { again.close() }
        loop.run(until: { gateway.health(0).isInRotation }, "its return")
        loop.run(
            until: {
                if client.responses.allSatisfy(\.isComplete) { client.chat() }
                return again.inferenceRequestsSeen > 0 || client.responses.count > 50
            })
        client.readUntil { client.last?.isComplete == true }
    }

    @Test func whenEveryHolderIsEjectedTheyAreTriedAllTheSame() throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        runner.options.faults.resetBeforeHead = true
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        for _ in 1...4 { #expect(try client.answer().status == 502) }
        #expect(!gateway.health(0).isInRotation)
        runner.options.faults.resetBeforeHead = false
        #expect(try client.answer().status == 200)
    }
}
