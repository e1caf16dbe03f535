// SPDX-License-Identifier: MIT

import BenchFigures
import Testing

@Suite struct HistogramTests {
    @Test func percentilesAreRightToOneStep() {
        var histogram = Histogram()
        for value in 1...100_000 { histogram.record(Int64(value) * 1000) }
        for percent in [1.0, 10, 50, 90, 99, 99.9, 100] {
            let exact = percent * 1_000_000
            let found = Double(histogram.percentile(percent))
            #expect(found >= exact && found <= exact * 1.008, "p\(percent): \(found), exactly \(exact)")
        }
        #expect(histogram.count == 100_000)
        #expect(histogram.minimum == 1000)
        #expect(histogram.maximum == 100_000_000)
        #expect(abs(histogram.mean - 50_000_500) < 1)
    }

    @Test func smallValuesAreExact() {
        var histogram = Histogram()
        for value in 0..<256 { histogram.record(Int64(value)) }
        #expect(histogram.percentile(50) == 127)
        #expect(histogram.percentile(100) == 255)
        #expect(histogram.percentile(0) == 0)
    }

    @Test func everySizeIsKnownToItsStep() {
        for power in 0..<43 {
            for offset in [-1, 0, 1] where (1 << power) + offset >= 0 {
                let value = (Int64(1) << Int64(power)) + Int64(offset)
                var histogram = Histogram()
                histogram.record(value)
                histogram.record(Histogram.largest)
                let found = histogram.percentile(50)
                #expect(found >= value && Double(found) <= Double(value) * 1.008 + 1, "\(value) became \(found)")
            }
        }
    }

    @Test func nothingIsOutOfBounds() {
        var histogram = Histogram()
        histogram.record(-5)
        histogram.record(.max)
        #expect(histogram.minimum == 0)
        #expect(histogram.maximum == Histogram.largest)
        #expect(histogram.percentile(100) == Histogram.largest)
    }

    @Test func withoutValuesAllIsZero() {
        let histogram = Histogram()
        #expect(histogram.percentile(99) == 0)
        #expect(histogram.mean == 0)
    }

    @Test func oneOutlierDoesNotMoveTheMedian() {
        var histogram = Histogram()
        for _ in 0..<99 { histogram.record(100) }
        histogram.record(1_000_000_000)
        #expect(histogram.percentile(50) == 100)
        #expect(histogram.percentile(99) == 100)
        #expect(histogram.percentile(99.1) == 1_000_000_000)
    }
}
