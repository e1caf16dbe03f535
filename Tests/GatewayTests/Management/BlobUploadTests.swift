// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Uploads of blobs where the client doesn't behave as it should.
@Suite(.serialized) struct BlobUploadTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func head(_ content: [UInt8]) -> String {
        "POST /api/blobs/\(BlobTests.digest(content)) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(content.count)\r\n\r\n"
    }

    /// While a runner takes nothing the client isn't read, and yet it is missed.
    @Test func aDisconnectIsNoticedWhileTheClientIsNotRead() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[1].options.library.stallsUploads = true
        let content = [UInt8](repeating: 0x61, count: 24 << 20)
        let client = try site.client()
        client.send(head(content))
        client.send(content)
        loop.run(until: { site.under.gateway.uploadBytesHeld > 0 }, "the stalled runner's socket to fill")
        client.reset()
        loop.run(until: { site.under.gateway.clientCount == 0 }, within: 3, "the end of the client's connection")
        #expect(site.under.gateway.uploadBytesHeld == 0)
        site.runners[1].resumeUploads()
        loop.run(until: { site.runners.allSatisfy { $0.openConnections <= 1 } }, "both cancelled")
        #expect(site.runners.allSatisfy { $0.options.library.blobs.isEmpty })
    }

    /// More than a read brings, if `limits.header_bytes` allows it.
    @Test(arguments: ["Content-Length: 300000\r\n", "Transfer-Encoding: chunked\r\n"])
    func oneBehindARunningExchangeComesInPieces(framing: String) throws {
        let runner = try SimulatedRunner(loop: loop, options: .atHeadGate())
        let under = try GatewayUnderTest(loop, [runner]) { $0.limits.headerBytes = 1 << 20 }
        defer { under.stop() }
        let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let client = try under.client()
        client.post("/api/chat", Ask.chat)
        under.run(untilInFlight: 1)
        client.send(
            "POST /api/blobs/\(BlobTests.digest(content)) HTTP/1.1\r\nHost: localhost\r\n\(framing)\r\n")
        let isChunked = framing.hasPrefix("Transfer")
        if isChunked { client.send("493e0\r\n") }
        client.send(content)
        if isChunked { client.send("\r\n0\r\n\r\n") }
        loop.run(until: { client.heldBytes == 0 }, "all of it to leave")
        loop.run(for: .milliseconds(50))
        runner.releaseHead()
        client.readResponses(2)
        #expect(client.responses.map(\.status) == [200, 201])
        #expect(runner.options.library.blobs == [BlobTests.digest(content)])
    }
}
