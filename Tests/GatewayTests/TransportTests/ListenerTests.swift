// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@Suite(.serialized) struct ListenerTests {
    @Test func aRefusedConnectionIsClosedAndTheNextOneIsWelcome() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.listener.refuses = true
        let refused = (0..<3).map { _ in NotingStream(loop: pair.loop) }
        for stream in refused {
            stream.connect(to: try #require(pair.listener.address))
            pair.loop.run(until: { stream.count(of: "connect") == 1 })
            stream.startReading()
        }
        pair.loop.run(until: { refused.allSatisfy { $0.count(of: "end") == 1 || $0.failure != nil } }, "refusals")
        pair.listener.refuses = false
        let welcome = NotingStream(loop: pair.loop)
        welcome.connect(to: try #require(pair.listener.address))
        pair.loop.run(until: { pair.listener.accepted.count == 2 }, "listening went on")
        for stream in refused + [welcome] + pair.listener.accepted { stream.close() }
    }

    @Test func anAddressInUseIsAnError() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        let error = #expect(throws: UVError.self) {
            _ = try NotingListener(loop: pair.loop, address: try #require(pair.listener.address))
        }
        #expect(error?.isAddressInUse == true)
    }

    @Test func closingEndsTheListeningAndNotTheConnections() throws {
        let pair = try StreamPair()
        defer { pair.end() }
        pair.listener.close()
        pair.listener.close()
        pair.near.write(Array("hello".utf8))
        pair.loop.run(until: { pair.far.text == "hello" })
        pair.loop.turn(wait: false)
    }
}
