// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import Testing

@testable import Gateway
@testable import Transport

/// Memory of large bodies is kept from one to the next, and given back when no more come.
@Suite(.serialized) struct LargeBodyTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test func memoryIsKeptAsLongAsLargeBodiesCome() {
        var events: [String] = []
        let bodies = LargeBodies(loop: loop, keep: { events.append("keep") }, giveBack: { events.append("give back") })
        bodies.expect(LargeBodies.least - 1)
        loop.skip(.seconds(20))
        #expect(events == [])
        for _ in 0..<3 {
            bodies.expect(LargeBodies.least)
            loop.skip(.seconds(9))
        }
        #expect(events == ["keep"])
        // What is small doesn't count.
        bodies.expect(1000)
        loop.skip(.seconds(2))
        #expect(events == ["keep", "give back"])
        bodies.expect(10_000_000)
        #expect(events == ["keep", "give back", "keep"])
        bodies.stop()
        loop.skip(.seconds(20))
        #expect(events.count == 3)
    }

    @Test(arguments: [(1000, false), (3 << 20, true)]) func aRequestsLengthTells(count: Int, isLarge: Bool) throws {
        let runner = try ScriptedRunner(loop, always: [.respond(#"{"done":true}"#)])
        let gateway = try GatewayUnderTest(loop, [runner])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.post("/api/chat", #"{"model":"demo","stream":false,"x":"\#(String(repeating: "y", count: count))"}"#)
        client.readResponses(1)
        #expect(client.last?.status == 200)
        #expect(gateway.gateway.largeBodies.isKeeping == isLarge)
        loop.skip(LargeBodies.quiet + .seconds(1))
        #expect(!gateway.gateway.largeBodies.isKeeping)
    }

    @Test(.enabled(if: getenv("ASAN_OPTIONS") == nil, "AddressSanitizer's heap is not the C library's"))
    func theCLibraryDoesIt() {
        #expect(Heap.keepFreedBlocks())
        Heap.giveBackFreedBlocks()
    }
}
