// SPDX-License-Identifier: MIT

import BenchFigures
import Testing

@Suite struct TextTableTests {
    @Test func columnsAreAsWideAsTheirWidestCell() {
        var table = TextTable(["name", "a"])
        table.add(["x", "1000"])
        table.add(["µs", "1"])
        #expect(table.text == "name     a\nx     1000\nµs       1\n")
    }

    @Test(arguments: [
        (0, "0"), (0.01234, "0.0123"), (0.1234, "0.123"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"),
        (123_456.7, "123457"), (-0.5, "-0.500"), (.infinity, "–")
    ])
    func short(value: Double, text: String) {
        #expect(value.short == text)
    }

    @Test func fixedKeepsLeadingZerosOfTheFraction() {
        #expect(2.005.fixed(1) == "2.0")
        #expect(2.05.fixed(3) == "2.050")
        #expect((-0.0001).fixed(2) == "0.00")
    }
}
