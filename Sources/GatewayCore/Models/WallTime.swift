// SPDX-License-Identifier: MIT

/// A point in real time, as Ollama writes it in lists (`modified_at`, `expires_at`): RFC 3339 with the host's offset
/// and up to nine fractional digits. Runners live in different zones, so the texts can't be compared.
public struct WallTime: Comparable, Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    public var seconds: Int64
    /// 0 to 999,999,999.
    public var nanoseconds: Int32

    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Nil for anything but an RFC 3339 date and time. Digits behind the ninth are dropped.
    public init?(_ text: String) {
        var reader = Reader(rest: text.utf8[...])
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("Tt "), let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
            (1...12).contains(month), (1...WallTime.days(in: month, of: year)).contains(day),
            hour < 24, minute < 60, second <= 60  // 60 is a leap second, told as the next minute's first
        else { return nil }
        guard let fraction = reader.fraction(), let offset = reader.offset(), reader.rest.isEmpty else { return nil }
        let days = WallTime.daysSince1970(year: year, month: month, day: day)
        seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        nanoseconds = fraction
    }

    public static func < (left: WallTime, right: WallTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    private static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The proleptic Gregorian calendar, with years that begin in March so that the leap day comes last.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        // Year 0000 in January lies in the March year -1: floor it, as division rounds towards zero.
        let leapDays = floored(shifted, 4) - floored(shifted, 100) + floored(shifted, 400)
        let daysFromYearZeroTo1970: Int64 = 719_468
        return shifted * 365 + leapDays + dayOfYear - daysFromYearZeroTo1970
    }

    private static func floored(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value - divisor + 1) / divisor
    }
}

extension WallTime {
    /// Walks over the text; every step says whether it found what it wanted.
    private struct Reader {
        var rest: Substring.UTF8View

        mutating func number(_ digits: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<digits {
                guard let byte = rest.first, ASCII.isDigit(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
                rest.removeFirst()
            }
            return value
        }

        mutating func take(_ oneOf: String) -> Bool {
            guard let byte = rest.first, oneOf.utf8.contains(byte) else { return false }
            rest.removeFirst()
            return true
        }

        /// Nanoseconds; zero where there is no fraction, nil for a point without a digit.
        mutating func fraction() -> Int32? {
            guard take(".") else { return 0 }
            var value: Int32 = 0
            var digits = 0
            while let byte = rest.first, ASCII.isDigit(byte) {
                if digits < 9 { value = value * 10 + Int32(byte - UInt8(ascii: "0")) }
                digits += 1
                rest.removeFirst()
            }
            guard digits > 0 else { return nil }
            for _ in digits..<max(digits, 9) { value *= 10 }
            return value
        }

        /// Seconds east of Greenwich.
        mutating func offset() -> Int64? {
            if take("Zz") { return 0 }
            let isWest = rest.first == UInt8(ascii: "-")
            guard take("+-"), let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60
            else { return nil }
            return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
        }
    }
}
