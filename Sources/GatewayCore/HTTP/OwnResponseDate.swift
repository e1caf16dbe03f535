// SPDX-License-Identifier: MIT

/// IMF-fixdate (RFC 9110 section 5.6.7), e.g. `Sun, 06 Nov 1994 08:49:37 GMT`, without a calendar library: Foundation
/// stays out of the serving path.
public enum HTTPDate {
    public static let length = 29

    /// - Parameter unixSeconds: clamped to the years 1970 to 9999, the ones the format can write.
    public static func bytes(unixSeconds: Int64) -> [UInt8] {
        let seconds = Int(min(max(unixSeconds, 0), 253_402_300_799))
        let days = seconds / 86400
        let rest = seconds % 86400
        let (year, month, day) = civil(days)
        var output: [UInt8] = []
        output.reserveCapacity(length)
        // 1 January 1970 was a Thursday.
        output += name(days % 7, of: "ThuFriSatSunMonTueWed")
        output += ", ".utf8
        appendTwoDigits(day, to: &output)
        output.append(0x20)
        output += name(month - 1, of: "JanFebMarAprMayJunJulAugSepOctNovDec")
        output.append(0x20)
        appendTwoDigits(year / 100, to: &output)
        appendTwoDigits(year % 100, to: &output)
        output.append(0x20)
        appendTwoDigits(rest / 3600, to: &output)
        output.append(UInt8(ascii: ":"))
        appendTwoDigits(rest / 60 % 60, to: &output)
        output.append(UInt8(ascii: ":"))
        appendTwoDigits(rest % 60, to: &output)
        output += " GMT".utf8
        return output
    }

    /// Year, month and day of a day count since 1970. Years are counted from March, so that the leap day is a year's
    /// last and month lengths follow one line (153 days in five months).
    private static func civil(_ daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let days = daysSince1970 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (
            era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1
        )
    }

    private static func name(_ index: Int, of names: StaticString) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: names.utf8Start + 3 * index, count: 3)
    }

    private static func appendTwoDigits(_ value: Int, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10))
        output.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
    }
}
