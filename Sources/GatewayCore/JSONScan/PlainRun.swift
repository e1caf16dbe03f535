// SPDX-License-Identifier: MIT

#if _endian(big)
    #error("PlainRun takes the lowest bits of a word for its first byte")
#endif

/// Finds the end of what a JSON string can skip without a thought: prompts and base64 images are nearly all such bytes,
/// so this loop is where a large body spends its time.
enum PlainRun {
    /// The index of the first byte from `start` on that is a quote, a backslash, a control character or not ASCII, or
    /// the piece's end.
    ///
    /// The 32 bytes are taken as 4 words and compared by subtraction: measured in a release build for plain x86-64,
    /// 19 GB/s, where the comparisons of `SIMD32<UInt8>` gave 9 and its subtraction (not vectorised) 0.02.
    @inline(__always)
    static func end(in piece: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        let count = piece.count
        // Indices stay at or below `count` + 32, so that they can't overflow.
        while at &+ 32 <= count {
            let marks = marks(piece.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self))
            if (marks[0] | marks[1]) | (marks[2] | marks[3]) != 0 { return at &+ firstMark(marks) }
            at &+= 32
        }
        while at &+ 8 <= count {
            let marks = marks(piece.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            if marks != 0 { return at &+ marks.trailingZeroBitCount >> 3 }
            at &+= 8
        }
        while at < count, isPlain(piece[at]) { at &+= 1 }
        return at
    }

    @inline(__always)
    static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Sets bit 7 of bytes that are not plain. A subtraction's borrow may set it for bytes behind one that is not
    /// plain, never for bytes before it: the lowest mark of each word is exact, and no mark means none.
    @inline(__always)
    private static func marks(_ bytes: SIMD4<UInt64>) -> SIMD4<UInt64> {
        let ones = SIMD4<UInt64>(repeating: 0x0101_0101_0101_0101)
        let controls = bytes &- (ones &* 0x20)
        let quotes = (bytes ^ (ones &* 0x22)) &- ones
        let backslashes = (bytes ^ (ones &* 0x5C)) &- ones
        return (controls | quotes | backslashes | bytes) & (ones &* 0x80)
    }

    @inline(__always)
    private static func marks(_ bytes: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let controls = bytes &- (ones &* 0x20)
        let quotes = (bytes ^ (ones &* 0x22)) &- ones
        let backslashes = (bytes ^ (ones &* 0x5C)) &- ones
        return (controls | quotes | backslashes | bytes) & (ones &* 0x80)
    }

    @inline(__always)
    private static func firstMark(_ marks: SIMD4<UInt64>) -> Int {
        if marks[0] != 0 { return marks[0].trailingZeroBitCount >> 3 }
        if marks[1] != 0 { return 8 &+ marks[1].trailingZeroBitCount >> 3 }
        if marks[2] != 0 { return 16 &+ marks[2].trailingZeroBitCount >> 3 }
        return 24 &+ marks[3].trailingZeroBitCount >> 3
    }
}
