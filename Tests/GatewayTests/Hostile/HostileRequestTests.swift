// SPDX-License-Identifier: MIT

import GatewayCore
import HostileCases
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Every case of the table on real sockets: the answers, the connection's fate, and each byte that reached the runner
/// are the same however the bytes are cut.
@Suite(.serialized) struct HostileRequestTests {
    static let cases = HostileGroup.all.flatMap(\.cases)

    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test func noTwoCasesShareAName() {
        let names = Self.cases.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.count >= 150)
    }

    @Test(arguments: cases)
    func inOneWrite(row: HostileCase) throws {
        try expect(row) { client in client.send(row.bytes) }
    }

    /// The longest are cut into 2,000 pieces.
    @Test(arguments: cases)
    func byteByByte(row: HostileCase) throws {
        try expect(row) { client in send(row.bytes, to: client) { max(1, row.bytes.count / 2000) } }
    }

    @Test(arguments: cases)
    func cutAtRandom(row: HostileCase) throws {
        var dice = SplitDice(seed: row.name.utf8.reduce(5381) { $0 &* 33 ^ UInt64($1) })
        try expect(row) { client in
            send(row.bytes, to: client) { 1 + Int(dice.next() % UInt64(max(8, row.bytes.count / 4))) }
        }
    }

    /// Each piece is read before the next one is sent.
    private func send(_ bytes: [UInt8], to client: RawClient, pieces: () -> Int) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(pieces())
            client.send(Array(piece))
            rest = rest.dropFirst(piece.count)
            loop.turn(wait: false)
        }
    }

    private func expect(_ row: HostileCase, _ send: (RawClient) -> Void) throws {
        let answers = [ScriptedRunner.Step](repeating: .waitForRequest, count: 4).flatMap { [$0, .respond("{}")] }
        let runner = try ScriptedRunner(loop, always: answers)
        let site = try GatewayUnderTest(loop, [runner])
        defer { site.stop() }
        let client = try site.client()
        client.readUntil("the connection") { client.isConnected }
        if row.bytes.starts(with: "HEAD ".utf8) { client.expectHeadResponse() }
        send(client)
        client.readResponses(row.statuses.count)
        switch row.then {
        case .closes:
            client.readToEnd()
            #expect(client.closeness == .ended)
            #expect(client.last?.header("connection") == "close")
        case .goesOn:
            #expect(client.closeness == .open)
            client.get("/api/version")
            client.readResponses(row.statuses.count + 1)
            #expect(client.last?.status == 200)
        }
        let answered = client.responses.map(\.status)
        #expect(answered == row.statuses + (row.then == .goesOn ? [200] : []))
        #expect(client.parseFailure == nil)
        for answer in client.responses where answer.status >= 400 && answer.status != 403 {
            #expect(!answer.body.isEmpty, "an answer says what was wrong")
        }
        let via = site.gateway.rules.loopGuard.pseudonym
        let passedOn = client.responses.filter { $0.header("x-dmr-runner") != nil }
        let expected = zip(row.reaches, passedOn).flatMap { request, answer in
            request.bytes(
                host: "127.0.0.1:\(runner.port)", via: via, id: answer.header("x-request-id") ?? "")
        }
        #expect(passedOn.count == row.reaches.count)
        let reached = runner.connections.flatMap(\.received)
        #expect(
            reached == expected,
            "\(String(decoding: reached, as: UTF8.self)) is not \(String(decoding: expected, as: UTF8.self))")
    }
}

/// xorshift64*, so that a failure comes back with its case.
struct SplitDice {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed | 1
    }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
