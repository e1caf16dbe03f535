// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Two callers with keys of their own, one runner: who waits for whom, on real connections.
@Suite(.serialized) struct FairQueueTests {
    private static let alice = "dmr_alices-key"
    private static let bob = "dmr_bobs-key"
    let loop: Loop
    let runner: SimulatedRunner

    init() throws {
        loop = try Loop()
        runner = try SimulatedRunner(loop: loop, options: .atHeadGate())
    }

    private static func key(_ name: String, _ key: String) -> Configuration.Access.Key {
        .init(name: name, sha256: Array(key.utf8).withUnsafeBytes { Cryptography.sha256($0) })
    }

    private func gateway(
        slots: Int, change: (inout Configuration) -> Void = { _ in }
    ) throws -> GatewayUnderTest {
        try GatewayUnderTest(loop, [runner]) {
            $0.runners[0].maxInflight = slots
            $0.access.keys = [Self.key("alice", Self.alice), Self.key("bob", Self.bob)]
            change(&$0)
        }
    }

    private func ask(_ gateway: GatewayUnderTest, _ key: String, _ fields: String = "") throws -> RawClient {
        let client = try gateway.client()
        client.post("/api/chat", Ask.chat, "Authorization: Bearer \(key)\r\n\(fields)")
        return client
    }

    /// Of the only slot, which Alice has already.
    private func askInTheBackground(_ gateway: GatewayUnderTest) throws -> RawClient {
        _ = try ask(gateway, Self.alice)
        gateway.run(untilInFlight: 1, waiting: 0)
        let background = try ask(gateway, Self.alice, "X-DMR-Priority: background\r\n")
        gateway.run(untilInFlight: 1, waiting: 1)
        return background
    }

    @Test func aBatchDelaysSomebodyElsesChatByOneSlotAtMost() throws {
        let gateway = try gateway(slots: 1)
        defer { gateway.stop() }
        var batch: [RawClient] = []
        for place in 0..<8 {
            batch.append(try ask(gateway, Self.alice))
            gateway.run(untilInFlight: 1, waiting: place)
        }
        let chat = try ask(gateway, Self.bob)
        gateway.run(untilInFlight: 1, waiting: 8)
        runner.releaseHead(3)
        chat.readResponses()
        #expect(chat.last?.status == 200)
        #expect(batch[3...].allSatisfy { $0.responses.isEmpty })
    }

    @Test func aKeyAtItsOwnCapWaitsAndHoldsUpNobody() throws {
        let gateway = try gateway(slots: 3) { $0.access.keys[0].maxInflight = 1 }
        defer { gateway.stop() }
        _ = try ask(gateway, Self.alice)
        gateway.run(untilInFlight: 1, waiting: 0)
        let second = try ask(gateway, Self.alice)
        gateway.run(untilInFlight: 1, waiting: 1)
        _ = try ask(gateway, Self.bob)
        gateway.run(untilInFlight: 2, waiting: 1)
        runner.releaseHead(3)
        second.readResponses()
        #expect(second.last?.status == 200)
    }

    @Test func whoStepsBackIsServedBehindThoseWhoDoNot() throws {
        let gateway = try gateway(slots: 1)
        defer { gateway.stop() }
        let background = try askInTheBackground(gateway)
        let chat = try ask(gateway, Self.bob)
        gateway.run(untilInFlight: 1, waiting: 2)
        runner.releaseHead(2)
        chat.readResponses()
        #expect(chat.last?.status == 200)
        #expect(background.responses.isEmpty)
        runner.releaseHead()
        background.readResponses()
    }

    @Test func butOneSlotInSixteenIsTheirs() throws {
        let gateway = try gateway(slots: 1)
        defer { gateway.stop() }
        let background = try askInTheBackground(gateway)
        let chats = try (0..<17).map { place in
            let chat = try ask(gateway, Self.bob)
            gateway.run(untilInFlight: 1, waiting: 2 + place)
            return chat
        }
        // The one that runs, and fifteen that go first.
        runner.releaseHead(16)
        chats[14].readResponses()
        #expect(background.responses.isEmpty)
        runner.releaseHead()
        background.readResponses()
        #expect(background.last?.status == 200)
        #expect(chats[15...].allSatisfy { $0.responses.isEmpty })
        runner.releaseHead(2)
        chats[16].readResponses()
    }

    @Test func aFloodMakesRoomForOthers() throws {
        let gateway = try gateway(slots: 1) { $0.limits.queue = 2 }
        defer { gateway.stop() }
        let batch = try (0..<3).map { place in
            let client = try ask(gateway, Self.alice)
            gateway.run(untilInFlight: 1, waiting: place)
            return client
        }
        let chat = try ask(gateway, Self.bob)
        batch[2].readResponses()
        #expect(batch[2].last?.status == 503)
        #expect(gateway.gateway.exchangesWaiting == 2)
        runner.releaseHead(3)
        chat.readResponses()
        #expect(chat.last?.status == 200)
    }

    private func reload(_ gateway: GatewayUnderTest, _ change: (inout Configuration) -> Void) {
        var configuration = gateway.gateway.configuration
        change(&configuration)
        gateway.gateway.apply(configuration)
    }

    @Test func aCapThatComesWithAReloadCountsWhatRuns() throws {
        let gateway = try gateway(slots: 9)
        defer { gateway.stop() }
        for count in 1...2 {
            _ = try ask(gateway, Self.alice)
            gateway.run(untilInFlight: count)
        }
        reload(gateway) { $0.access.keys[0].maxInflight = 2 }
        let third = try ask(gateway, Self.alice)
        gateway.run(untilInFlight: 2, waiting: 1)
        _ = try ask(gateway, Self.bob)
        gateway.run(untilInFlight: 3, waiting: 1)
        // Taken away and given again, nothing is counted twice.
        reload(gateway) { $0.access.keys[0].maxInflight = .max }
        reload(gateway) { $0.access.keys[0].maxInflight = 2 }
        #expect(gateway.gateway.exchangesInFlight <= 4)
        runner.releaseHead(9)
        third.readResponses()
        #expect(third.last?.status == 200)
        gateway.run(untilInFlight: 0)
        #expect(gateway.gateway.dispatcher.claimantsKept == 0)
    }

    @Test func andTheUsersOfAKey() throws {
        func user(_ id: String) -> String { "X-OpenWebUI-User-Id: \(id)\r\n" }
        let gateway = try gateway(slots: 9) {
            $0.access.keys[0].assertsUser = true
            $0.access.users = [.init()]
        }
        defer { gateway.stop() }
        for count in 1...2 {
            _ = try ask(gateway, Self.alice, user("u-\(count)"))
            gateway.run(untilInFlight: count)
        }
        reload(gateway) {
            $0.access.keys[0].maxInflight = 3
            $0.access.users[0].maxInflight = 1
        }
        _ = try ask(gateway, Self.alice, user("u-1"))
        gateway.run(untilInFlight: 2, waiting: 1)
        _ = try ask(gateway, Self.alice, user("u-3"))
        gateway.run(untilInFlight: 3, waiting: 1)
        // The key's own cap holds for all its users together.
        _ = try ask(gateway, Self.alice, user("u-4"))
        gateway.run(untilInFlight: 3, waiting: 2)
        runner.releaseHead(9)
        gateway.run(untilInFlight: 0)
        #expect(gateway.gateway.dispatcher.claimantsKept == 0)
    }

    /// Also where nobody comes any more whose request would say so.
    @Test func aCapHoldsForThoseWhoWaitAlready() throws {
        let gateway = try gateway(slots: 1)
        defer { gateway.stop() }
        let first = try ask(gateway, Self.alice)
        gateway.run(untilInFlight: 1)
        for place in 1...2 {
            _ = try ask(gateway, Self.alice)
            gateway.run(untilInFlight: 1, waiting: place)
        }
        reload(gateway) {
            $0.runners[0].maxInflight = 9
            $0.access.keys[0].maxInflight = 2
        }
        gateway.run(untilInFlight: 2, waiting: 1)
        #expect(first.responses.isEmpty)
        runner.releaseHead(9)
        gateway.run(untilInFlight: 0)
    }
}
