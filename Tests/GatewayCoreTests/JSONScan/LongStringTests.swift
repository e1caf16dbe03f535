// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Strings are skipped 32 bytes at once: whatever ends a run must be seen in each lane and behind the last block.
@Suite struct BodyScannerLongStringTests {
    private static let prefix = Array("{\"x\":\"".utf8)

    /// A document whose string has `middle` behind `before` plain bytes, with `behind` plain bytes after it.
    private func document(_ before: Int, _ middle: [UInt8], _ behind: Int, fill: UInt8 = 0x61) -> [UInt8] {
        Self.prefix + [UInt8](repeating: fill, count: before) + middle + [UInt8](repeating: fill, count: behind)
            + Array("\"}".utf8)
    }

    @Test(arguments: 0...70)
    func everyByteValueAtEachPosition(position: Int) {
        for byte in UInt8.min...UInt8.max {
            let error = scan(document(position, [byte], 40)).error
            let place = Self.prefix.count + position
            switch byte {
            case 0..<0x20: #expect(error?.position == place, "control \(byte)")
            case 0x22: #expect(error?.position == place + 1, "the quote ends the string")
            case 0x5C: #expect(error == nil || error?.position == place + 1, "an escape, if a letter follows")
            case 0x80...: #expect(error?.position == place || error?.position == place + 1, "byte \(byte)")
            default: #expect(error == nil, "byte \(byte)")
            }
        }
    }

    @Test(arguments: 0...70)
    func whatIsFineIsFineAtEachPosition(position: Int) {
        for middle in ["\\n", "\\\\", "\\\"", "\\u00e4", "é", "€", "😀", "é\\n€\\\"😀", "\u{7F}", "!#[]"] {
            for behind in [0, 1, 31, 32, 33] {
                let bytes = document(position, Array(middle.utf8), behind)
                #expect(scan(bytes).error == nil, "\(middle) and \(behind) bytes")
                let name = Array("{\"model\":\"".utf8) + bytes[Self.prefix.count...]
                let expected = middle.hasPrefix("\\") ? nil : String(repeating: "a", count: position) + middle
                if let expected, !expected.contains("\\") {
                    #expect(scan(name).body?.model?.text == expected + String(repeating: "a", count: behind))
                }
            }
        }
    }

    @Test(arguments: 0...70)
    func badUTF8IsSeenAtEachPosition(position: Int) {
        for (bad, offence) in Documents.badUTF8 {
            for behind in [0, 3, 40] {
                let error = scan(document(position, bad, behind)).error
                #expect(error?.position == Self.prefix.count + position + offence, "\(bad) and \(behind) bytes")
            }
        }
    }

    @Test(arguments: 0...70)
    func badEscapesAreSeenAtEachPosition(position: Int) {
        let bad: [(String, Int)] = [
            ("\\x", 1), ("\\u12g4", 4), ("\\u123", 5), ("\\u123 ", 5), ("\\uG123", 2), ("\\n\\r\\u00e9\\q", 11),
            ("\\u/000", 2),
            ("\\u000:", 5), ("\\u@000", 2), ("\\u`000", 2), ("\\\u{0}", 1), ("\\N", 1), ("\\é", 1)
        ]
        for (escape, offence) in bad {
            for key in ["x", "model", "a key that is not kept"] {
                let start = "{\"\(key)\":\""
                let text = start + String(repeating: "a", count: position) + escape + "\",\"y\":\"zzzzzzzz\"}"
                #expect(scan(text).error?.position == start.utf8.count + position + offence, "\(escape) in \(key)")
            }
        }
    }

    /// The word-wise comparison borrows between bytes: neighbours one below and above what it looks for.
    @Test(arguments: [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7E, 0x7F] as [UInt8])
    func neighboursOfSpecialBytesArePlain(fill: UInt8) {
        for position in 0...70 {
            #expect(scan(document(position, [], 0, fill: fill)).error == nil)
            let error = scan(document(position, [0x1F], 40, fill: fill)).error
            #expect(error?.position == Self.prefix.count + position)
        }
    }

    @Test func aMegabyteOfPromptInOddPieces() {
        var bytes = Array("{\"model\":\"m\",\"prompt\":\"".utf8)
        while bytes.count < 1 << 20 { bytes += "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB/+9é\\n".utf8 }
        bytes += Array("\",\"stream\":true}".utf8)
        let cuts = Array(stride(from: 4093, to: bytes.count, by: 4093))
        let body = scan(bytes, cuts: cuts).body
        #expect(body?.stream == true)
        #expect(body?.hasPrompt == true)
    }
}
