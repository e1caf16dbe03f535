// SPDX-License-Identifier: MIT

/// A key of ours as text: `dmr_`, 32 random bytes as 43 characters of base62, and a checksum of six. It has no
/// character that a shell, a URL or a JSON string would need to escape, and a double click selects it whole.
public enum KeyText {
    public static let randomByteCount = 32
    static let lead = "dmr_"
    private static let bodyCount = 43
    private static let checksumCount = 6
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// - Parameter randomness: 32 bytes that nobody can guess.
    public static func make(randomness: [UInt8]) -> String {
        precondition(randomness.count == randomByteCount, "a key is made of 32 bytes")
        let start = Array(lead.utf8) + base62(randomness, count: bodyCount)
        return String(decoding: start + checksum(of: start[...]), as: UTF8.self)
    }

    /// Whether somebody may have been given this key: one with a wrong character or a part missing never was.
    static func isWellFormed(_ token: UnsafeRawBufferPointer) -> Bool {
        guard token.count == lead.utf8.count + bodyCount + checksumCount, token.starts(with: lead.utf8) else {
            return false
        }
        return token.suffix(checksumCount).elementsEqual(checksum(of: Array(token.dropLast(checksumCount))[...]))
    }

    /// CRC-32 (ISO 3309), which notices every change of up to four bytes in a row.
    private static func checksum(of bytes: ArraySlice<UInt8>) -> [UInt8] {
        var remainder = UInt32.max
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        remainder = ~remainder
        return base62(
            (0..<4).map { UInt8(truncatingIfNeeded: remainder >> (24 - 8 * UInt32($0))) }, count: checksumCount)
    }

    /// The number that the bytes are, the highest digit first.
    private static func base62(_ bytes: [UInt8], count: Int) -> [UInt8] {
        var number = bytes
        var digits: [UInt8] = []
        for _ in 0..<count {
            var rest = 0
            for index in number.indices {
                let value = rest << 8 | Int(number[index])
                number[index] = UInt8(value / 62)
                rest = value % 62
            }
            digits.append(alphabet[rest])
        }
        return digits.reversed()
    }
}
