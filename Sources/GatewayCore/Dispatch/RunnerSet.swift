// SPDX-License-Identifier: MIT

/// A set of runners by number, one bit each. Built when a list changes, then only read: the dispatcher asks it for
/// every runner of every request, and copying it costs one reference.
public struct RunnerSet: Equatable, Sendable {
    private var words: [UInt64] = []

    public init() {}

    public init(_ numbers: some Sequence<Int>) {
        for number in numbers { insert(number) }
    }

    @inline(__always)
    public func contains(_ number: Int) -> Bool {
        let word = number >> 6
        return word < words.count && words[word] & (1 << UInt64(number & 63)) != 0
    }

    public mutating func insert(_ number: Int) {
        precondition(number >= 0, "numbers are given from 0")
        while words.count <= number >> 6 { words.append(0) }
        words[number >> 6] |= 1 << UInt64(number & 63)
    }

    public mutating func remove(_ number: Int) {
        guard contains(number) else { return }
        words[number >> 6] &= ~(1 << UInt64(number & 63))
        while words.last == 0 { words.removeLast() }
    }

    func intersects(_ other: RunnerSet) -> Bool {
        for word in 0..<min(words.count, other.words.count) where words[word] & other.words[word] != 0 { return true }
        return false
    }

    mutating func formIntersection(_ other: RunnerSet) {
        if words.count > other.words.count { words.removeLast(words.count - other.words.count) }
        for word in words.indices { words[word] &= other.words[word] }
        while words.last == 0 { words.removeLast() }
    }

    /// Keeps the memory.
    mutating func removeAll() {
        words.removeAll(keepingCapacity: true)
    }

    public var isEmpty: Bool { words.isEmpty }
    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Ascending.
    public var numbers: [Int] {
        var result: [Int] = []
        for (word, bits) in words.enumerated() {
            var bits = bits
            while bits != 0 {
                result.append(word * 64 + bits.trailingZeroBitCount)
                bits &= bits - 1
            }
        }
        return result
    }
}
