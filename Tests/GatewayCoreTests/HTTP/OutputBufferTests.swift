// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

@Suite("Bytes on their way out")
struct OutputBufferTests {
    @Test(
        "numbers in decimal, negative ones as 0",
        arguments: [
            (0, "0"), (9, "9"), (10, "10"), (99, "99"), (100, "100"), (65535, "65535"), (-1, "0"),
            (999_999_999_999_999_999, "999999999999999999"), (1_000_000_000_000_000_000, "1000000000000000000"),
            (Int.max, "9223372036854775807"), (Int.min, "0")
        ])
    func decimals(number: Int, text: String) {
        var bytes = Array("n=".utf8)
        bytes.appendDecimal(number)
        #expect(String(decoding: bytes, as: UTF8.self) == "n=" + text)
        var buffer = OutputBuffer(capacity: 1)
        buffer.append(decimal: number)
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == text)
    }

    @Test("pieces of any kind follow each other, empty ones leave nothing")
    func pieces() {
        var output = OutputBuffer()
        output.append("ab")
        output.append([] as [UInt8])
        output.append(UnsafeRawBufferPointer(start: nil, count: 0))
        output.append(Array("c".utf8))
        output.append(text: "dé")
        output.append(decimal: 17)
        output.append(chunkSize: 4096)
        #expect(String(decoding: output.bytes, as: UTF8.self) == "abcdé171000\r\n")
    }

    @Test("it grows as far as need be, and keeps what it has", arguments: [0, 1, 2, 3, 1000])
    func growth(capacity: Int) {
        var output = OutputBuffer(capacity: capacity)
        let isEmpty = output.isEmpty
        #expect(isEmpty)
        let pieces = (0..<200).map { [UInt8](repeating: UInt8($0), count: $0) }
        for piece in pieces { output.append(piece) }
        #expect(Array(output.bytes) == pieces.flatMap { $0 })
        output.removeAll()
        output.append("next")
        #expect(String(decoding: output.bytes, as: UTF8.self) == "next")
    }
}
