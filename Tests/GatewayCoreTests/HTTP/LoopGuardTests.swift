// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Loops, and names of requests")
struct LoopGuardTests {
    private let loopGuard = LoopGuard(randomness: [0xDE, 0xAD, 0xBE, 0xEF, 0, 1, 2, 0xFF])

    private func status(_ via: [String], _ others: [String] = []) -> Int? {
        do throws(GatewayError) {
            try loopGuard.check(headerFields(via.map { "Via: \($0)" } + others))
            return nil
        } catch {
            return error.status
        }
    }

    @Test("our name is made of what is random in this process")
    func pseudonym() {
        #expect(loopGuard.pseudonym == "dmr-deadbeef000102ff")
        #expect(LoopGuard(randomness: [1, 2, 3, 4, 5, 6, 7, 8, 9]).pseudonym == "dmr-0102030405060708")
    }

    @Test(
        "a request that has been here is 508, however the field was spelled on its way",
        arguments: [
            ["1.1 dmr-deadbeef000102ff"], ["1.1 nginx, 1.1 dmr-deadbeef000102ff"],
            ["1.1 nginx", "1.1 dmr-deadbeef000102ff"],
            ["1.1 dmr-deadbeef000102ff (comment)"], ["HTTP/1.1 dmr-deadbeef000102ff"],
            ["  1.1   dmr-deadbeef000102ff  "],
            ["1.1\tdmr-deadbeef000102ff"], ["1.1\t \tdmr-deadbeef000102ff\t(c)"], ["1.1 DMR-DEADBEEF000102FF"],
            ["1.1 Dmr-deadBEEF000102ff,1.1 x"], [",,1.1 dmr-deadbeef000102ff,,"],
            ["1.0 a,1.1 b,2 c,1.1 dmr-deadbeef000102ff"]
        ])
    func ownName(via: [String]) {
        #expect(status(via) == 508)
    }

    @Test(
        "what only looks like our name is none",
        arguments: [
            ["1.1 dmr-deadbeef000102f"], ["1.1 dmr-deadbeef000102ff0"], ["dmr-deadbeef000102ff"],
            ["1.1 x-dmr-deadbeef000102ff"], ["1.1 proxy (dmr-deadbeef000102ff)"], ["1.1 dmr-0000000000000000"], [""],
            [","],
            ["1.1"], ["1.1 "], ["1.1 dmr"], ["1.1 dmr-"]
        ])
    func others(via: [String]) {
        #expect(status(via) == nil)
    }

    @Test(
        "three gateways before us are let through, four are not, in one field or several",
        arguments: [
            (["1.1 dmr-1, 1.1 dmr-2, 1.1 dmr-3"], false), (["1.1 dmr-1, 1.1 dmr-2, 1.1 dmr-3, 1.1 dmr-4"], true),
            (["1.1 dmr-1", "1.1 dmr-2", "1.1 dmr-3"], false),
            (["1.1 dmr-1", "1.1 dmr-2, 1.1 DMR-3", "1.1\tdmr-4"], true),
            (["1.1 a, 1.1 b, 1.1 c, 1.1 d, 1.1 e, 1.1 dmr-1"], false),
            (["1.1 dmr-1, 1.1 dmr-1, 1.1 dmr-1, 1.1 dmr-1"], true)
        ])
    func hops(via: [String], isLoop: Bool) {
        #expect(status(via) == (isLoop ? 508 : nil))
    }

    @Test("without Via, and with our name elsewhere, nothing happens")
    func noVia() {
        #expect(status([]) == nil)
        #expect(status([], ["X-Via: 1.1 dmr-deadbeef000102ff", "User-Agent: dmr-deadbeef000102ff"]) == nil)
    }

    // MARK: Names of requests

    private let source = RequestIDSource(randomness: [0xAB, 0xCD, 0xEF, 0x01])

    private func id(_ headers: [String], number: UInt64 = 42) -> String {
        String(decoding: source.id(for: ExchangeID(number), client: headerFields(headers)), as: UTF8.self)
    }

    @Test("ours: the process and the exchange")
    func own() {
        #expect(id([]) == "abcdef01-42")
        #expect(id([], number: 0) == "abcdef01-0")
    }

    @Test(
        "the client's, if it is harmless", arguments: ["a", "req_123", "0b8f-4/e=?", String(repeating: "x", count: 128)]
    )
    func clients(value: String) {
        #expect(id(["X-Request-Id: \(value)"]) == value)
        #expect(id(["x-request-id: \(value)", "X-Request-Id: second"]) == value)
    }

    @Test(
        "else ours: nothing that could forge a log line",
        arguments: [
            "", "a b", "a\"b", "a\\b", "a\tb", "é", "a\u{7F}", "a\u{1B}[31m", String(repeating: "x", count: 129)
        ])
    func harmful(value: String) {
        #expect(id(["X-Request-Id: \(value)"]) == "abcdef01-42")
    }
}
