// SPDX-License-Identifier: MIT

/// The rest of one UTF-8 character behind its first byte (RFC 3629 section 4): overlong forms, surrogates and what is
/// above U+10FFFF are refused by the bounds of the second byte.
struct UTF8Sequence: Sendable {
    private var remaining: Int
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    static let none = UTF8Sequence(remaining: 0)

    private init(remaining: Int, lowest: UInt8 = 0x80, highest: UInt8 = 0xBF) {
        self.remaining = remaining
        self.lowest = lowest
        self.highest = highest
    }

    /// Nil for a byte that can't begin a character of more than one byte.
    init?(lead: UInt8) {
        switch lead {
        case 0xC2...0xDF: self.init(remaining: 1)
        case 0xE0: self.init(remaining: 2, lowest: 0xA0)
        case 0xED: self.init(remaining: 2, highest: 0x9F)
        case 0xE1...0xEF: self.init(remaining: 2)
        case 0xF0: self.init(remaining: 3, lowest: 0x90)
        case 0xF1...0xF3: self.init(remaining: 3)
        case 0xF4: self.init(remaining: 3, highest: 0x8F)
        default: return nil
        }
    }

    var isComplete: Bool { remaining == 0 }

    /// False when `byte` can't continue the character.
    mutating func accept(_ byte: UInt8) -> Bool {
        guard byte >= lowest, byte <= highest else { return false }
        remaining -= 1
        lowest = 0x80
        highest = 0xBF
        return true
    }

    /// Skips characters beyond ASCII as long as they are whole, valid and four bytes can be read at once; returns where
    /// it stopped. What it doesn't take is for the slow way to judge, byte by byte.
    @inline(__always)
    static func skipWhole(in piece: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        // Indices stay at or below the piece's count + 4, so that they can't overflow.
        while at &+ 4 <= piece.count {
            let word = piece.loadUnaligned(fromByteOffset: at, as: UInt32.self)
            if word & 0xC0C0F0 == 0x8080E0 {
                // Lead's low four bits with bit 5 of the second byte: 0 is overlong, D with the bit a surrogate.
                let bounds = word & 0x200F
                if bounds == 0 || bounds == 0x200D { return at }
                at &+= 3
            } else if word & 0xC0E0 == 0x80C0 {
                if word & 0x1E == 0 { return at }
                at &+= 2
            } else if word & 0xC0C0_C0F8 == 0x8080_80F0 {
                // Bits 16 to 20 of the character: 0 is overlong, above 16 is beyond U+10FFFF.
                let plane = (word & 7) << 2 | (word >> 12) & 3
                if plane == 0 || plane > 16 { return at }
                at &+= 4
            } else if word & 0x8080 == 0x8000, PlainRun.isPlain(piece[at]) {
                // One space between words of another script is not worth looking 32 bytes ahead.
                at &+= 1
            } else {
                return at
            }
        }
        return at
    }
}
