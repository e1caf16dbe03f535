// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

@Suite("Pieces of heads")
struct HeadWritingTests {
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
    }

    @Test("pieces of any kind follow each other, empty ones leave nothing")
    func pieces() {
        var bytes = Array("a".utf8)
        bytes.append(addingCapacity: 16) { output in
            output.append("b" as StaticString)
            output.append([] as [UInt8])
            output.append(UnsafeRawBufferPointer(start: nil, count: 0))
            output.append(Array("c".utf8))
            output.append("dé" as String)
            output.append(decimal: 17)
        }
        #expect(String(decoding: bytes, as: UTF8.self) == "abcdé17")
    }
}
