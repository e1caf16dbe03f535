// SPDX-License-Identifier: MIT

/// The escapes of JSON strings (RFC 8259 section 7): what one means, and how to get over many of them quickly. Clients in
/// Python write every letter beyond ASCII as `\u`, and tool calls hold JSON in JSON, so whole bodies consist of them.
enum Escape {
    /// What a backslash with this letter stands for; nil for `u` and for what is no escape.
    static func meaning(of letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: nil
        }
    }

    /// Skips escapes that follow each other, as long as they are whole and valid; returns where it stopped. What it
    /// doesn't take is for the slow way to judge, byte by byte.
    @inline(__always)
    static func skipWhole(in piece: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        // Indices stay at or below the piece's count + 6, so that they can't overflow.
        while at &+ 2 <= piece.count, piece[at] == UInt8(ascii: "\\") {
            if meaning(of: piece[at &+ 1]) != nil {
                at &+= 2
            } else if piece[at &+ 1] == UInt8(ascii: "u"), at &+ 6 <= piece.count,
                ASCII.hexadecimal(piece[at &+ 2]) != nil, ASCII.hexadecimal(piece[at &+ 3]) != nil,
                ASCII.hexadecimal(piece[at &+ 4]) != nil, ASCII.hexadecimal(piece[at &+ 5]) != nil
            {
                at &+= 6
            } else {
                return at
            }
        }
        return at
    }
}
