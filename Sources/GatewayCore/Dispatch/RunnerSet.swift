// SPDX-License-Identifier: MIT

/// A set of runners by number, one bit each. Built when a list changes, then only read: the dispatcher asks it for
/// every runner of every request, and every request has copies of some.
public struct RunnerSet: Equatable, Sendable {
    /// Of the runners below 64, which are all that nearly anybody has: a copy of these costs nothing.
    private var first: UInt64 = 0
    /// Of all others; the last one is not 0, so that equal sets look the same.
    private var rest: [UInt64] = []

    public init() {}

    public init(_ numbers: some Sequence<Int>) {
        for number in numbers { insert(number) }
    }

    @inline(__always)
    public func contains(_ number: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(number & 63)
        if number < 64 { return first & bit != 0 }
        let word = number >> 6 - 1
        return word < rest.count && rest[word] & bit != 0
    }

    public mutating func insert(_ number: Int) {
        precondition(number >= 0, "numbers are given from 0")
        let bit: UInt64 = 1 << UInt64(number & 63)
        guard number >= 64 else {
            first |= bit
            return
        }
        let word = number >> 6 - 1
        while rest.count <= word { rest.append(0) }
        rest[word] |= bit
    }

    public mutating func remove(_ number: Int) {
        guard contains(number) else { return }
        let bit: UInt64 = 1 << UInt64(number & 63)
        if number < 64 { first &= ~bit } else { rest[number >> 6 - 1] &= ~bit }
        trim()
    }

    private mutating func trim() {
        while rest.last == 0 { rest.removeLast() }
    }

    func intersects(_ other: RunnerSet) -> Bool {
        if first & other.first != 0 { return true }
        for word in 0..<min(rest.count, other.rest.count) where rest[word] & other.rest[word] != 0 { return true }
        return false
    }

    mutating func formIntersection(_ other: RunnerSet) {
        first &= other.first
        if rest.count > other.rest.count { rest.removeLast(rest.count - other.rest.count) }
        for word in rest.indices { rest[word] &= other.rest[word] }
        trim()
    }

    /// Keeps the memory.
    mutating func removeAll() {
        first = 0
        if !rest.isEmpty { rest.removeAll(keepingCapacity: true) }
    }

    public var isEmpty: Bool { first == 0 && rest.isEmpty }
    public var count: Int { rest.reduce(first.nonzeroBitCount) { $0 + $1.nonzeroBitCount } }

    /// Ascending.
    public var numbers: [Int] {
        var result: [Int] = []
        for (word, bits) in ([first] + rest).enumerated() {
            var bits = bits
            while bits != 0 {
                result.append(word * 64 + bits.trailingZeroBitCount)
                bits &= bits - 1
            }
        }
        return result
    }
}
