// SPDX-License-Identifier: MIT

/// A head is put together from some forty pieces. Room for all of them is made once, by an upper bound, and then each
/// piece is one copy, where an array looks at its owner, its capacity and its length again for each.
///
/// All of these trap when there is no room, as `append` of one element does.
extension OutputSpan<UInt8> {
    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        precondition(bytes.count <= freeCapacity, "room was made for less")
        withUnsafeMutableBufferPointer { buffer, count in
            guard let base = buffer.baseAddress else { return }
            UnsafeMutableRawPointer(base + count).copyMemory(from: source, byteCount: bytes.count)
            count += bytes.count
        }
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    @inline(__always)
    mutating func append(_ text: borrowing String) {
        // Every string of ours is contiguous; `withUTF8` would need a copy that it may change.
        if text.utf8.withContiguousStorageIfAvailable({ append(UnsafeRawBufferPointer($0)) }) == nil {
            for byte in text.utf8 { append(byte) }
        }
    }

    /// `Name: value` and CR LF.
    @inline(__always)
    mutating func append(_ field: HeaderFields.Field, of headers: borrowing HeaderFields) {
        headers.withName(field) { append($0) }
        append(": ")
        headers.withValue(field) { append($0) }
        append("\r\n")
    }

    /// What is negative counts as 0. Takes at most `DecimalDigits.most` bytes.
    mutating func append(decimal value: Int) {
        var rest = UInt64(Swift.max(0, value))
        var digits = 1
        var power: UInt64 = 10
        while digits < DecimalDigits.most, rest >= power {
            digits += 1
            power = power &* 10
        }
        precondition(digits <= freeCapacity, "room was made for less")
        withUnsafeMutableBufferPointer { buffer, count in
            var place = count + digits
            count = place
            for _ in 0..<digits {
                place -= 1
                buffer.initializeElement(at: place, to: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
            }
        }
    }
}

enum DecimalDigits {
    /// Of an `Int` that is not negative.
    static let most = 19
}

extension [UInt8] {
    /// What is negative counts as 0.
    mutating func appendDecimal(_ value: Int) {
        append(addingCapacity: DecimalDigits.most) { $0.append(decimal: value) }
    }
}

extension HeaderFields {
    /// Of all fields as they are sent: names, values, and what stands between and behind them.
    var byteCountOnWire: Int { byteCount + 4 * count }
}
