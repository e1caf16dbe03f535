// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct BodyScannerNestingTests {
    /// Opening and closing of `depth` levels: objects and arrays in turn, as `isObject` says.
    private func document(depth: Int, isObject: (Int) -> Bool) -> [UInt8] {
        var opening = ""
        var closing = ""
        for level in 0..<depth {
            let object = isObject(level)
            opening += object ? (level == depth - 1 ? "{" : "{\"k\":") : "["
            closing = (object ? "}" : "]") + closing
        }
        return Array((opening + closing).utf8)
    }

    @Test(arguments: [1, 2, 63, 64, 65, 128, 511, 512])
    func everyDepthUpTo512(depth: Int) {
        let patterns: [(Int) -> Bool] = [{ _ in true }, { $0 == 0 }, { $0 % 2 == 0 }, { $0 % 3 != 1 }]
        for pattern in patterns {
            let bytes = document(depth: depth, isObject: pattern)
            #expect(scan(bytes).error == nil)
            #expect(scan(bytes, cuts: Array(1..<bytes.count)).error == nil)
        }
    }

    @Test func level513IsRefusedWhereItOpens() {
        let arrays = document(depth: 513) { $0 == 0 }
        #expect(scan(arrays).error?.position == 5 + 511)
        #expect(scan(arrays).error?.message == "the request body is nested deeper than 512 levels at byte 516")
        let objects = document(depth: 513) { _ in true }
        #expect(scan(objects).error?.position == 512 * 5)
    }

    @Test func aMillionOpeningBracketsCostNoMemory() {
        let bytes = Array("{\"a\":".utf8) + [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(scan(bytes).error?.position == 516)
    }

    @Test func closersMustMatchAtEveryLevelOfTheBitStack() {
        for depth in [2, 64, 65, 129, 512] {
            var bytes = document(depth: depth) { $0 % 2 == 0 }
            for position in bytes.indices.suffix(depth) {
                let right = bytes[position]
                bytes[position] = right == UInt8(ascii: "}") ? UInt8(ascii: "]") : UInt8(ascii: "}")
                if scan(bytes).error?.position != position { Issue.record("depth \(depth), byte \(position)") }
                bytes[position] = right
            }
        }
    }

    @Test(arguments: [(-1, 1), (0, 1), (1, 1), (3, 3), (512, 512), (100_000, 512)])
    func theLimitIsBetween1And512(given: Int, effective: Int) {
        #expect(scan(document(depth: effective) { _ in true }, maximumDepth: given).error == nil)
        #expect(scan(document(depth: effective + 1) { _ in true }, maximumDepth: given).body == nil)
    }

    @Test func siblingsDoNotAddUp() {
        let text = "{\"a\":[" + Array(repeating: "[{}]", count: 2000).joined(separator: ",") + "]}"
        #expect(scan(Array(text.utf8), maximumDepth: 4).error == nil)
    }
}
