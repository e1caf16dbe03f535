// SPDX-License-Identifier: MIT

/// Whether a `keep_alive` means "unload now". Ollama turns a number of seconds into whole nanoseconds and gives a string
/// to Go's `time.ParseDuration`, cutting fractions: `1e-10` and `"0.9ns"` are 0 to it, and to us.
enum KeepAlive {
    /// - Parameter text: a JSON number. Negative ones mean forever, but `-0` is 0.
    static func isZero(number text: [UInt8]) -> Bool {
        guard let seconds = Double(String(decoding: text, as: UTF8.self)) else { return false }
        return seconds >= 0 && seconds * 1e9 < 1
    }

    /// False, too, for what is no duration: the runner refuses that by itself.
    static func isZero(duration text: [UInt8]) -> Bool {
        var rest = text[...]
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        if rest.elementsEqual([UInt8(ascii: "0")]) { return true }
        if rest.isEmpty { return false }
        while !rest.isEmpty {
            guard isZeroTerm(&rest) else { return false }
        }
        return true
    }

    /// One number with its unit, such as `0m` or `.0s`; terms only add up, so each of them has to be 0.
    private static func isZeroTerm(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let whole = rest.prefix(while: ASCII.isDigit)
        rest = rest.dropFirst(whole.count)
        guard whole.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return false }
        var fraction = ArraySlice<UInt8>()
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = rest.prefix(while: ASCII.isDigit)
            rest = rest.dropFirst(fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return false }
        let unit = rest.prefix { !ASCII.isDigit($0) && $0 != UInt8(ascii: ".") }
        rest = rest.dropFirst(unit.count)
        guard let nanoseconds = nanoseconds(inUnit: unit) else { return false }
        return value(ofFraction: fraction) * nanoseconds < 1
    }

    /// Digits beyond what 64 bits hold count for nothing, as in Go.
    private static func value(ofFraction digits: ArraySlice<UInt8>) -> Double {
        var numerator: UInt64 = 0
        var denominator = 1.0
        for digit in digits where numerator < UInt64(Int64.max) / 10 {
            numerator = numerator * 10 + UInt64(digit - UInt8(ascii: "0"))
            denominator *= 10
        }
        return Double(numerator) / denominator
    }

    private static func nanoseconds(inUnit unit: ArraySlice<UInt8>) -> Double? {
        switch String(decoding: unit, as: UTF8.self) {
        case "ns": 1
        // Micro comes as the letter u, the micro sign U+00B5 or the Greek letter U+03BC.
        case "us", "\u{B5}s", "\u{3BC}s": 1e3
        case "ms": 1e6
        case "s": 1e9
        case "m": 60e9
        case "h": 3600e9
        default: nil
        }
    }
}
