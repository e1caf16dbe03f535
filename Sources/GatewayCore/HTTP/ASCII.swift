// SPDX-License-Identifier: MIT

/// Bytes compared and classed as ASCII. HTTP's names are ASCII; `String` would validate UTF-8 and may allocate.
public enum ASCII {
    /// `lowercase` must be written in lower case.
    @inlinable
    public static func equalsIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ lowercase: StaticString) -> Bool {
        guard bytes.count == lowercase.utf8CodeUnitCount else { return false }
        let expected = UnsafeRawBufferPointer(start: lowercase.utf8Start, count: bytes.count)
        // The last word overlaps the one before it, so that no bytes are left over to be compared one by one.
        if bytes.count >= 8 {
            let last = bytes.count &- 8
            var at = 0
            while at < last {
                guard equal(UInt64.self, bytes, expected, at) else { return false }
                at &+= 8
            }
            return equal(UInt64.self, bytes, expected, last)
        }
        if bytes.count >= 4 {
            return equal(UInt32.self, bytes, expected, 0) && equal(UInt32.self, bytes, expected, bytes.count &- 4)
        }
        for at in 0..<bytes.count where lowered(bytes[at]) != expected[at] { return false }
        return true
    }

    @inlinable
    @inline(__always)
    static func equal<Word: FixedWidthInteger & BitwiseCopyable>(
        _ type: Word.Type, _ bytes: UnsafeRawBufferPointer, _ lowercase: UnsafeRawBufferPointer, _ at: Int
    ) -> Bool {
        lowered(UInt64(truncatingIfNeeded: bytes.loadUnaligned(fromByteOffset: at, as: type)))
            == UInt64(truncatingIfNeeded: lowercase.loadUnaligned(fromByteOffset: at, as: type))
    }

    @inlinable
    public static func lowered(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    /// Eight bytes at once; those beyond ASCII stay as they are.
    @inlinable
    static func lowered(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let low = word & (ones &* 0x7F)
        // Bit 7 of each byte: at least "A", more than "Z".
        let fromA = low &+ ones &* (0x80 - 0x41)
        let behindZ = low &+ ones &* (0x80 - 0x5B)
        let isUpper = fromA & ~behindZ & ~word & (ones &* 0x80)
        return word | isUpper >> 2
    }

    @inlinable
    public static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    @inlinable
    public static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

    /// Optional white space (RFC 9110 section 5.6.3).
    @inlinable
    public static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// tchar of RFC 9110 section 5.6.2: one bit per byte, those below 64 and those from 64 to 127.
    @inlinable
    public static func isTokenByte(_ byte: UInt8) -> Bool {
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        return byte < 64 ? low >> UInt64(byte) & 1 != 0 : byte < 128 && high >> UInt64(byte & 63) & 1 != 0
    }

    /// Without leading and trailing optional white space.
    public static func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var start = 0
        var end = bytes.count
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }

    /// A decimal number of one to eighteen digits and nothing else; nil otherwise.
    public static func decimal(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard (1...18).contains(bytes.count) else { return nil }
        var value = 0
        for byte in bytes {
            guard isDigit(byte) else { return nil }
            value = value &* 10 &+ Int(byte &- UInt8(ascii: "0"))
        }
        return value
    }
}
