// SPDX-License-Identifier: MIT

/// Ollama's `created_at`, `2026-08-21T12:34:56.123456789Z`, as time within its hour: that is cheap to read, the same in
/// every time zone of whole hours, and enough to tell how late a line is.
public enum TimeStamp {
    public static let hour: Int64 = 3_600_000_000_000

    /// Nanoseconds since the full hour; nil for what is no such stamp. `text` may go on behind it.
    public static func withinHour(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count >= 20, text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"),
            let minutes = twoDigits(text, at: 14), let seconds = twoDigits(text, at: 17)
        else { return nil }
        var nanoseconds: Int64 = 0
        if text[19] == UInt8(ascii: ".") {
            var scale: Int64 = 100_000_000
            for byte in text[20...] {
                let digit = byte &- UInt8(ascii: "0")
                guard digit < 10, scale > 0 else { break }
                nanoseconds += Int64(digit) * scale
                scale /= 10
            }
        }
        return (minutes * 60 + seconds) * 1_000_000_000 + nanoseconds
    }

    /// From a stamp to now, both within their hours. A stamp that seems more than half an hour ahead is of the hour
    /// before.
    public static func lateness(of stamp: Int64, at now: Int64) -> Int64 {
        let difference = (now - stamp) % hour
        if difference >= hour / 2 { return difference - hour }
        return difference < -hour / 2 ? difference + hour : difference
    }

    private static func twoDigits(_ text: UnsafeRawBufferPointer, at place: Int) -> Int64? {
        let tens = text[place] &- UInt8(ascii: "0")
        let ones = text[place + 1] &- UInt8(ascii: "0")
        return tens < 10 && ones < 10 ? Int64(tens) * 10 + Int64(ones) : nil
    }
}
