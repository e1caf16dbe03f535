// SPDX-License-Identifier: MIT

/// Bytes on their way out: a head is put together from some forty pieces, and goes out with what follows it in one
/// write. An array looks at its owner, its capacity and its length again for each piece, and costs an allocation for
/// each message; this has no second owner, and its memory is used again.
public struct OutputBuffer: ~Copyable {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes.
    public private(set) var count = 0

    /// - Parameter capacity: bytes that have room before it grows; at least 1.
    public init(capacity: Int = 1024) {
        self.capacity = max(1, capacity)
        memory = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit {
        memory.deallocate()
    }

    public var isEmpty: Bool { count == 0 }

    /// Valid until it changes.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    /// The memory stays.
    public mutating func removeAll() {
        count = 0
    }

    @inline(never)
    private mutating func grow(toHold needed: Int) {
        capacity = max(2 * capacity, needed)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = larger
    }

    @inline(__always)
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        let end = count + bytes.count
        if end > capacity { grow(toHold: end) }
        (memory + count).copyMemory(from: source, byteCount: bytes.count)
        count = end
    }

    @inline(__always)
    public mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    public mutating func append(_ bytes: borrowing [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    @inline(__always)
    mutating func append(text: borrowing String) {
        // Every string of ours is contiguous; `withUTF8` would need a copy that it may change.
        if text.utf8.withContiguousStorageIfAvailable({ append(UnsafeRawBufferPointer($0)) }) == nil {
            append(Array(text.utf8))
        }
    }

    /// What is negative counts as 0.
    mutating func append(decimal value: Int) {
        DecimalDigits.with(value) { append($0) }
    }

    /// What stands in front of a chunk of that many bytes (RFC 9112 section 7.1).
    public mutating func append(chunkSize: Int) {
        append(text: String(chunkSize, radix: 16))
        append("\r\n")
    }

    /// `Name: value` and CR LF.
    @inline(__always)
    mutating func append(_ field: HeaderFields.Field, of headers: borrowing HeaderFields) {
        headers.withLine(field) { append($0) }
    }
}

enum DecimalDigits {
    /// Of an `Int` that is not negative.
    private static let most = 19

    /// The digits of a number; what is negative counts as 0.
    @inline(__always)
    static func with(_ value: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: most, alignment: 1) { room in
            var rest = UInt64(max(0, value))
            var start = most
            repeat {
                start -= 1
                room[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            body(UnsafeRawBufferPointer(rebasing: room[start...]))
        }
    }
}

extension [UInt8] {
    /// What is negative counts as 0.
    mutating func appendDecimal(_ value: Int) {
        DecimalDigits.with(value) { append(contentsOf: $0) }
    }
}
