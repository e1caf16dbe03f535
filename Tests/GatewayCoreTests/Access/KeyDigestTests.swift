// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct KeyDigestTests {
    static let hex = String(repeating: "0123456789abcdef", count: 4)

    @Test func hexAndBytesAreTheSame() {
        let bytes = Array(repeating: [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF] as [UInt8], count: 4).flatMap {
            $0
        }
        #expect(KeyDigest(hex: Self.hex) == KeyDigest(bytes))
        #expect(KeyDigest(hex: Self.hex.uppercased()) == KeyDigest(bytes))
    }

    @Test(arguments: [
        "", "00", String(hex.dropLast()), hex + "0", hex + "00", " " + hex.dropFirst(), "g" + hex.dropFirst(),
        "é" + hex.dropFirst(2), "0x" + hex.dropFirst(2)
    ])
    func whatIsNotADigestIsNone(text: String) {
        #expect(KeyDigest(hex: text) == nil)
    }

    @Test func anySingleBitMakesAnother() {
        let zero = [UInt8](repeating: 0, count: 32)
        for bit in 0..<256 {
            var other = zero
            other[bit / 8] = 1 << UInt8(bit % 8)
            #expect(KeyDigest(other) != KeyDigest(zero), "bit \(bit)")
        }
        #expect(KeyDigest(zero.dropLast()) == nil && KeyDigest(zero + [0]) == nil)
    }
}
