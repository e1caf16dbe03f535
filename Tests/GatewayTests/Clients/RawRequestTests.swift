// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// Bytes as a stranger may send them, against gateway.md section 5: each row gets exactly one answer, the connection
/// closes where what follows can't be told apart, and no runner ever sees any of it.
@Suite(.serialized) struct RawRequestTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test(arguments: RawRequest.rows)
    func getsOneAnswer(row: RawRequest) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(row.bytes)
        client.readResponses()
        let answer = try #require(client.responses.first)
        #expect(answer.status == row.status)
        if answer.status >= 400, answer.status != 403 { #expect(!answer.body.isEmpty) }
        switch row.then {
        case .closes:
            #expect(answer.header("connection") == "close")
            client.readToEnd()
            #expect(client.closeness == .ended)
            #expect(client.responses.count == 1)
        case .goesOn:
            #expect(answer.header("connection") == nil)
            site.expectUsable(client, after: 1)
        }
        #expect(client.parseFailure == nil)
        #expect(site.proxied.isEmpty)
    }

    /// Where the bytes are cut must not matter: the same status, byte by byte.
    @Test(arguments: RawRequest.rows)
    func getsTheSameAnswerByteByByte(row: RawRequest) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.readUntil("the connection") { client.isConnected }
        for byte in row.bytes {
            client.send([byte])
            loop.turn(wait: false)
        }
        client.readResponses()
        #expect(client.responses.map(\.status) == [row.status])
        if row.then == .closes { client.readToEnd() } else { site.expectUsable(client, after: 1) }
        #expect(client.responses.count == (row.then == .closes ? 1 : 2))
        #expect(site.proxied.isEmpty)
    }

    @Test func aSmuggledRequestBehindARefusedOneIsNeverServed() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        let inner = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(Body.chat.utf8.count)\r\n\r\n"
        client.send(
            "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "0\r\n\r\n\(inner)\(Body.chat)")
        client.readToEnd()
        #expect(client.responses.map(\.status) == [400])
        #expect(site.proxied.isEmpty)
    }
}
