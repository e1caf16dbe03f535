// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

@Suite("Bytes compared as ASCII")
struct ASCIITests {
    @Test("a word is lowered as its bytes are, whatever stands beside them")
    func loweredWords() {
        for lane in 0..<8 {
            for beside: UInt8 in [0, 0x41, 0x5A, 0x7F, 0x80, 0xC1, 0xFF] {
                for byte in UInt8.min ... .max {
                    var bytes = [UInt8](repeating: beside, count: 8)
                    bytes[lane] = byte
                    let word = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
                    let lowered = withUnsafeBytes(of: ASCII.lowered(word)) { Array($0) }
                    #expect(lowered == bytes.map { ASCII.lowered($0) })
                }
            }
        }
    }

    @Test(
        "names of all lengths equal themselves in any case, and nothing that differs in one byte",
        arguments: ["te", "x-dmr-a", "if-match", "x-api-key", "content-encoding", "transfer-encoding"])
    func equality(name: String) {
        let equals = { (bytes: [UInt8]) in
            bytes.withUnsafeBytes { bytes in
                switch name {
                case "te": ASCII.equalsIgnoringCase(bytes, "te")
                case "x-dmr-a": ASCII.equalsIgnoringCase(bytes, "x-dmr-a")
                case "if-match": ASCII.equalsIgnoringCase(bytes, "if-match")
                case "x-api-key": ASCII.equalsIgnoringCase(bytes, "x-api-key")
                case "content-encoding": ASCII.equalsIgnoringCase(bytes, "content-encoding")
                default: ASCII.equalsIgnoringCase(bytes, "transfer-encoding")
                }
            }
        }
        #expect(equals(Array(name.utf8)) && equals(Array(name.uppercased().utf8)))
        #expect(!equals(Array(name.utf8.dropLast())) && !equals(Array(name.utf8) + [0x61]))
        for place in name.utf8.indices.map({ name.utf8.distance(from: name.utf8.startIndex, to: $0) }) {
            for change: UInt8 in [0x01, 0x10, 0x80] {
                var bytes = Array(name.utf8)
                bytes[place] ^= change
                #expect(!equals(bytes))
            }
        }
        // A minus and what differs from it as letters differ in case.
        #expect(!equals(Array(name.utf8).map { $0 == 0x2D ? 0x0D : $0 }) || !name.contains("-"))
    }
}
