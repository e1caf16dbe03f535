// SPDX-License-Identifier: MIT

import Glibc

/// The time of day as Ollama writes it. The text of a second is made once; a token's time only fills in the fraction.
struct WallClock {
    private var second = Int.min
    private var stamp: [UInt8] = []
    private var date: [UInt8] = []

    /// `2026-08-21T12:34:56.123456789Z`, valid until the next call.
    mutating func withStamp<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var rest = refresh()
        for place in stride(from: 28, through: 20, by: -1) {
            stamp[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        return stamp.withUnsafeBytes(body)
    }

    /// For the `Date` field: `Fri, 21 Aug 2026 12:34:56 GMT`.
    mutating func httpDate() -> [UInt8] {
        _ = refresh()
        return date
    }

    /// Unix seconds.
    mutating func seconds() -> Int {
        _ = refresh()
        return second
    }

    /// Returns the nanoseconds within the second.
    private mutating func refresh() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        if time.tv_sec != second {
            second = time.tv_sec
            stamp = Array((WallClock.timestamp(second).dropLast() + ".000000000Z").utf8)
            date = Array(WallClock.httpDate(second).utf8)
        }
        return time.tv_nsec
    }

    /// RFC 3339 in UTC, without a fraction.
    static func timestamp(_ unixSeconds: Int) -> String {
        let (year, month, day) = civil(days: floorDivide(unixSeconds, 86400))
        let time = unixSeconds - floorDivide(unixSeconds, 86400) * 86400
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock(time))Z"
    }

    /// RFC 9110 section 5.6.7.
    static func httpDate(_ unixSeconds: Int) -> String {
        let days = floorDivide(unixSeconds, 86400)
        let (year, month, day) = civil(days: days)
        // The first day of 1970 was a Thursday.
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][((days % 7) + 7) % 7]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let time = clock(unixSeconds - days * 86400)
        return "\(weekday), \(padded(day, 2)) \(months[month - 1]) \(padded(year, 4)) \(time) GMT"
    }

    private static func clock(_ time: Int) -> String {
        "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// The Gregorian date of a day since 1970. Years begin in March here, so that leap days come last; 400 years are
    /// 146,097 days.
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }
}
