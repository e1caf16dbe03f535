// SPDX-License-Identifier: MIT

import GatewayCore
import HostileCases
import Testing
import Transport

@testable import Gateway

/// A body that is passed on while it arrives may turn out to be malformed when most of it is gone: no runner gets it
/// whole, and none takes what it got for the end.
@Suite(.serialized) struct HostileUploadTests {
    static let cases = HostileGroup.all.flatMap(\.cases).filter { row in
        (row.statuses == [400] || row.statuses == [431]) && row.then == .closes && row.reaches.isEmpty
            && row.bytes.starts(with: chunkedChat)
    }
    private static let chunkedChat = wire("POST /api/chat HTTP/1.1⏎Host: localhost⏎Transfer-Encoding: chunked⏎⏎")
    private static let digest = "sha256:" + String(repeating: "ab", count: 32)

    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test func thereAreSome() {
        #expect(Self.cases.count > 40)
    }

    @Test(arguments: cases)
    func ofABlobReachesNobodyWhole(row: HostileCase) throws {
        let runners = try (0..<2).map { _ in try ScriptedRunner(loop, always: [.waitForRequest, .respond(201, "")]) }
        let site = try GatewayUnderTest(loop, runners)
        defer { site.stop() }
        let client = try site.client()
        client.send("POST /api/blobs/\(Self.digest) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        // Both have the head; what follows is passed on at once.
        loop.run(until: { runners.allSatisfy { $0.connections.first?.requests.isEmpty == false } }, "the heads")
        client.send(Array(row.bytes[Self.chunkedChat.count...]))
        client.readToEnd()
        #expect(client.responses.map(\.status) == row.statuses)
        loop.run(until: { runners.allSatisfy { $0.connections[0].isGone } }, "the end of both uploads")
        #expect(runners.allSatisfy { $0.connections[0].requests.allSatisfy { !$0.isComplete } })
        #expect(runners.allSatisfy { $0.connections.count == 1 && $0.connections[0].requests.count == 1 })
        #expect(runners.allSatisfy { $0.connections[0].parseFailure == nil })
    }

    /// The length is a stranger's word until the bytes are here: no memory is set aside for it.
    @Test(arguments: ["/v1/audio/transcriptions", "/api/chat"])
    func aLengthWithoutItsBodyCostsNothing(path: String) throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest])
        // No limit for JSON, as there is none for forms.
        let site = try GatewayUnderTest(loop, [runner]) { $0.limits.jsonBodyBytes = .max }
        defer { site.stop() }
        let clients = try (0..<8).map { _ in try site.client() }
        for client in clients {
            client.send(
                "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(Form.contentType)"
                    + "Content-Length: 999999999999999999\r\n\r\n{")
        }
        loop.run(until: { site.gateway.bodyMemory.held == 8 }, "one byte of each")
        for client in clients { client.close() }
        loop.run(until: { site.gateway.bodyMemory.held == 0 }, "the end of all")
        site.expectIdle()
    }
}
