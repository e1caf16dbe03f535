// SPDX-License-Identifier: MIT

/// Which containers are open, one bit each: set is an object, clear an array.
struct Nesting: Sendable {
    /// As many bits as there may be levels.
    static let capacity = 512

    private var bits = SIMD8<UInt64>()
    private(set) var depth = 0
    let maximum: Int

    /// - Parameter maximum: levels; at least 1, at most `capacity`.
    init(maximum: Int) {
        self.maximum = min(max(maximum, 1), Nesting.capacity)
    }

    /// False when that would be a level too many; nothing changed then.
    mutating func open(object: Bool) -> Bool {
        guard depth < maximum else { return false }
        let bit: UInt64 = 1 << UInt64(depth & 63)
        if object { bits[depth >> 6] |= bit } else { bits[depth >> 6] &= ~bit }
        depth += 1
        return true
    }

    mutating func close() {
        precondition(depth > 0, "only what was opened is closed")
        depth -= 1
    }

    /// The innermost container is an object; false when there is none.
    var isInObject: Bool {
        guard depth > 0 else { return false }
        return bits[(depth - 1) >> 6] & (1 << UInt64((depth - 1) & 63)) != 0
    }
}
