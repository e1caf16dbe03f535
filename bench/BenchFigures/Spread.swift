// SPDX-License-Identifier: MIT

/// What several rounds of one measurement come to. The median, since one disturbed round must not move it.
public struct Spread: Equatable, Sendable {
    public var median, minimum, maximum: Double

    /// Nil without values.
    public init?(of values: [Double]) {
        guard let first = values.first else { return nil }
        let sorted = values.sorted()
        minimum = sorted.first ?? first
        maximum = sorted.last ?? first
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
