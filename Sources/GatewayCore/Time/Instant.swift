// SPDX-License-Identifier: MIT

/// A point on the loop's monotonic clock. The core never reads a clock: whoever calls it says what time it is.
public struct Instant: Comparable, Hashable, Sendable {
    /// Nanoseconds since an arbitrary start; only differences mean anything.
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static let distantFuture = Instant(nanoseconds: .max)

    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Saturates at `distantFuture`, so that "no limit" stays no limit.
    @inlinable
    public static func + (start: Instant, interval: Interval) -> Instant {
        let (sum, overflow) = start.nanoseconds.addingReportingOverflow(interval.nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    @inlinable
    public static func - (end: Instant, start: Instant) -> Interval {
        Interval(nanoseconds: end.nanoseconds &- start.nanoseconds)
    }
}

/// A length of time in nanoseconds. Not `Duration`: that is 128 bits wide and this is copied per chunk.
public struct Interval: Comparable, Hashable, Sendable {
    public var nanoseconds: Int64

    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static let zero = Interval(nanoseconds: 0)

    @inlinable
    public static func milliseconds(_ count: Int64) -> Interval {
        Interval(nanoseconds: count &* 1_000_000)
    }

    /// Fractions are kept to the nanosecond; what doesn't fit (about 292 years) saturates.
    public static func seconds(_ count: Double) -> Interval {
        let nanoseconds = (count * 1e9).rounded()
        guard nanoseconds < Double(Int64.max) else { return Interval(nanoseconds: .max) }
        return Interval(nanoseconds: Int64(max(0, nanoseconds)))
    }

    /// Seconds with their fraction, for messages and JSON.
    public var inSeconds: Double { Double(nanoseconds) / 1e9 }
    /// Whole milliseconds, rounded down.
    public var inMilliseconds: Int64 { nanoseconds / 1_000_000 }

    @inlinable
    public static func < (left: Interval, right: Interval) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    @inlinable
    public static func + (left: Interval, right: Interval) -> Interval {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return Interval(nanoseconds: overflow ? .max : sum)
    }
}

/// A deadline's length as an operator sets it: zero in the configuration means no limit (nil here).
public typealias TimeLimit = Interval?
