// SPDX-License-Identifier: MIT

/// Columns of text for a terminal: the first to the left, all others to the right.
public struct TextTable: Sendable {
    private var rows: [[String]] = []

    public init(_ heading: [String]) {
        rows.append(heading)
    }

    public mutating func add(_ row: [String]) {
        rows.append(row)
    }

    public var text: String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        var text = ""
        for row in rows {
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += column == 0 ? cell + padding : "  " + padding + cell
            }
            while line.hasSuffix(" ") { line.removeLast() }
            text += line + "\n"
        }
        return text
    }
}

extension Double {
    /// Three significant digits, as many as such measurements hold: `0.0123`, `1.23`, `12.3`, `1234`.
    public var short: String {
        guard isFinite else { return "–" }
        let size = magnitude
        if size == 0 { return "0" }
        let decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4
        return fixed(decimals)
    }

    /// With that many decimals (at most 9), rounded.
    public func fixed(_ decimals: Int) -> String {
        guard isFinite, magnitude < 1e9 else { return isFinite ? "\(self)" : "–" }
        var scale: Int64 = 1
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int64((magnitude * Double(scale)).rounded())
        let sign = self < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + String(scaled) }
        let fraction = String(scaled % scale)
        return "\(sign)\(scaled / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}
