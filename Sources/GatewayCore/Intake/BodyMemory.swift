// SPDX-License-Identifier: MIT

/// Bytes of all request bodies held, against `limits.body_memory`.
public struct BodyMemory: Sendable {
    public private(set) var held = 0
    /// May come to lie below what is held: then nothing is taken until enough has gone.
    public var limit: Int

    public init(limit: Int) {
        self.limit = limit
    }

    /// Says whether the bytes may be held.
    public mutating func reserve(_ count: Int) -> Bool {
        guard held <= limit - count else { return false }
        held += count
        return true
    }

    public mutating func release(_ count: Int) {
        held -= count
        assert(held >= 0, "more body memory was released than held")
    }
}
