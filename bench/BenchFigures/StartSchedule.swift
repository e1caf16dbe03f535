// SPDX-License-Identifier: MIT

import Glibc

/// When the requests of an open loop ought to start, as time since its beginning. It doesn't ask how the target fares:
/// a request that has to wait because the target is slow is late, and its latency counts from here.
public struct StartSchedule: Sendable {
    public enum Spacing: Sendable, Equatable {
        case even
        /// Exponentially distributed gaps, as from many people who know nothing of each other. Seeded.
        case random(seed: UInt64)
    }

    private let nanosecondsEach: Double
    private let spacing: Spacing
    private var started = 0
    private var elapsed = 0.0
    private var state: UInt64

    /// - Parameter rate: starts per second, above 0.
    public init(rate: Double, spacing: Spacing) {
        nanosecondsEach = 1e9 / rate
        self.spacing = spacing
        switch spacing {
        case .even: state = 0
        case .random(let seed): state = seed
        }
    }

    /// Nanoseconds since the beginning, never less than the one before.
    public mutating func next() -> Int64 {
        switch spacing {
        case .even:
            // Multiplied, not added up: errors of rounding don't grow.
            elapsed = Double(started) * nanosecondsEach
        case .random:
            elapsed += -log(1 - uniform()) * nanosecondsEach
        }
        started += 1
        return Int64(min(elapsed, 9e18))
    }

    /// In 0..<1, by SplitMix64.
    private mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((mixed ^ (mixed >> 31)) >> 11) / Double(1 << 53)
    }
}
