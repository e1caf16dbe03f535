// SPDX-License-Identifier: MIT

/// Counts of values, in the manner of HdrHistogram: 128 steps per doubling, so a percentile is known to 0.8 % whatever
/// its size, in 39 KB whatever the number of values. Recording one is a shift and an addition.
public struct Histogram: Sendable {
    private static let stepBits = 7
    private static let steps = 1 << stepBits
    /// Nanoseconds: 2.4 hours. Anything above counts as this.
    public static let largest: Int64 = 1 << 43 - 1

    private var counts = [UInt64](repeating: 0, count: Histogram.place(of: Histogram.largest) + 1)
    public private(set) var count = 0
    /// Exact, like the maximum; 0 where nothing was recorded.
    public private(set) var minimum: Int64 = 0
    public private(set) var maximum: Int64 = 0
    private var sum = 0.0

    public init() {}

    /// A negative value (two clocks may disagree by some nanoseconds) counts as 0.
    public mutating func record(_ value: Int64) {
        let value = min(max(0, value), Histogram.largest)
        counts[Histogram.place(of: value)] += 1
        minimum = count == 0 ? value : min(minimum, value)
        maximum = max(maximum, value)
        sum += Double(value)
        count += 1
    }

    public var mean: Double { count == 0 ? 0 : sum / Double(count) }

    /// The least value that `percent` of all values don't exceed (the nearest-rank definition), rounded up to the end of
    /// its step. 0 where nothing was recorded.
    public func percentile(_ percent: Double) -> Int64 {
        guard count > 0 else { return 0 }
        let rank = max(1, UInt64((percent / 100 * Double(count)).rounded(.up)))
        var seen: UInt64 = 0
        for place in counts.indices {
            seen += counts[place]
            if seen >= rank { return min(max(Histogram.upperEnd(of: place), minimum), maximum) }
        }
        return maximum
    }

    /// Values below 256 have a place each; above, each doubling is divided into 128 steps.
    static func place(of value: Int64) -> Int {
        let shift = max(0, 63 - value.leadingZeroBitCount - stepBits)
        return shift * steps + Int(value >> Int64(shift))
    }

    /// The largest value that is counted at this place.
    static func upperEnd(of place: Int) -> Int64 {
        let shift = max(0, place / steps - 1)
        return (Int64(place - shift * steps + 1) << Int64(shift)) - 1
    }
}
