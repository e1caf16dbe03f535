// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// A client that goes away stops everything that was done for it, whatever that was.
@Suite(.serialized) struct DisconnectTests {
    let loop: Loop

    enum Goodbye: CaseIterable {
        case fin, reset
    }

    init() throws {
        loop = try Loop()
    }

    private func leave(_ client: RawClient, _ goodbye: Goodbye = .fin) {
        switch goodbye {
        case .fin: client.close()
        case .reset: client.reset()
        }
    }

    /// Turns the loop until the gateway has noticed; what it does about it has to happen in that same turn.
    private func untilNoticed(_ gateway: GatewayUnderTest, clientsLeft: Int = 0) {
        loop.run(until: { gateway.gateway.clientCount == clientsLeft }, "that the gateway notices")
    }

    @Test func whileWaitingForTheFirstLists() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest])
        runner.answersLists = false
        let gateway = try GatewayUnderTest(loop, [runner], waitsForLists: false)
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        loop.run(until: { gateway.gateway.exchangesAwaitingLists == 1 })
        leave(client)
        untilNoticed(gateway)
        #expect(gateway.gateway.exchangesAwaitingLists == 0)
        #expect(gateway.gateway.bodyMemory.held == 0)
        #expect(runner.connections.allSatisfy { $0.requests.allSatisfy { $0.line == "GET /api/tags" } })
    }

    @Test(arguments: Goodbye.allCases)
    func whileWaitingInTheQueue(goodbye: Goodbye) throws {
        let runner = try SimulatedRunner(loop: loop, options: .atHeadGate())
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.runners[0].maxInflight = 1 }
        defer { gateway.stop() }
        let (first, second, third) = (try gateway.client(), try gateway.client(), try gateway.client())
        for (waiting, client) in [first, second, third].enumerated() {
            client.chat()
            gateway.run(untilInFlight: 1, waiting: waiting)
        }
        leave(second, goodbye)
        untilNoticed(gateway, clientsLeft: 2)
        #expect(gateway.gateway.exchangesWaiting == 1)
        runner.releaseHead(2)
        first.readResponses()
        third.readResponses()
        #expect(runner.inferenceRequestsSeen == 2, "nothing was asked for the one that left")
    }

    @Test func whileTheRunnerIsBeingConnectedTo() throws {
        let folder = try TemporaryFolder()
        let runner = try StuckPort()
        try folder.saveLists(of: [runner])
        let gateway = try GatewayUnderTest(loop, [runner], waitsForLists: false) { $0.stateDirectory = folder.path }
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        let pool = gateway.gateway.runners[0].pool
        loop.run(until: { pool.openConnections == 2 }, "one connection for the lists and one for the client")
        #expect(gateway.gateway.exchangesInFlight == 1)
        leave(client)
        untilNoticed(gateway)
        #expect(gateway.gateway.exchangesInFlight == 0)
        #expect(pool.openConnections == 1)
    }

    @Test(arguments: Goodbye.allCases)
    func inPrefill(goodbye: Goodbye) throws {
        let runner = try SimulatedRunner(loop: loop, options: .atHeadGate())
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        loop.run(until: { runner.inflight == 1 })
        leave(client, goodbye)
        untilNoticed(gateway)
        #expect(gateway.gateway.exchangesInFlight == 0)
        #expect(gateway.gateway.runners[0].pool.openConnections == 1, "closed in the same turn of the loop")
        loop.run(until: { runner.aborted == 1 })
        #expect(runner.inflight == 0)
        #expect(gateway.health(0).failuresInARow == 0, "that was no fault of the runner's")
    }

    @Test(arguments: Goodbye.allCases)
    func inTheMiddleOfTheAnswer(goodbye: Goodbye) throws {
        let runner = try SimulatedRunner(loop: loop, options: .instant())
        runner.options.gatesTokens = true
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat()
        runner.releaseToken(2)
        client.readUntil { client.last?.lines.count == 2 }
        leave(client, goodbye)
        untilNoticed(gateway)
        #expect(gateway.gateway.exchangesInFlight == 0)
        #expect(gateway.gateway.runners[0].pool.openConnections == 1)
        loop.run(until: { runner.aborted == 1 })
        #expect(runner.tokensSent == 2)
    }

    @Test func whileItsBodyIsOnTheWayToTheRunner() throws {
        let runner = try ScriptedRunner(loop, always: [.stopReading, .waitForRelease, .startReading])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.chat(Ask.chat(model: "demo\",\"pad\":\"" + String(repeating: "x", count: 8 << 20)))
        loop.run(until: { runner.connections.count == 1 && client.heldBytes == 0 })
        leave(client)
        untilNoticed(gateway)
        #expect(gateway.gateway.bodyMemory.held == 0)
        #expect(gateway.gateway.runners[0].pool.openConnections == 1)
        runner.release()
        loop.run(until: { runner.connections[0].isGone })
        #expect(runner.connections[0].requests.first?.isComplete == false)
    }

    @Test func theSlotGoesToTheNextWaiterAtOnce() throws {
        let runner = try SimulatedRunner(loop: loop, options: .atHeadGate())
        let gateway = try GatewayUnderTest(loop, [runner]) { $0.runners[0].maxInflight = 1 }
        defer { gateway.stop() }
        let (leaver, next) = (try gateway.client(), try gateway.client())
        leaver.chat()
        gateway.run(untilInFlight: 1)
        next.chat()
        gateway.run(untilInFlight: 1, waiting: 1)
        leave(leaver)
        untilNoticed(gateway, clientsLeft: 1)
        #expect(gateway.gateway.exchangesWaiting == 0)
        #expect(gateway.gateway.exchangesInFlight == 1)
        loop.run(until: { runner.aborted == 1 && runner.inflight == 1 })
        runner.releaseHead()
        next.readResponses()
        #expect(next.last?.status == 200)
    }
}
