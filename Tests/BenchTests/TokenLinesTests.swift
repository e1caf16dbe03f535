// SPDX-License-Identifier: MIT

import BenchFigures
import Testing

@Suite struct TokenLinesTests {
    private static let lines = [
        #"{"model":"demo","created_at":"2026-08-21T12:34:56.123456789Z","message":{"content":"a"},"done":false}"#,
        #"{"model":"demo","created_at":"2026-08-21T12:59:59.5Z","message":{"content":"b"},"done":false}"#,
        #"{"model":"demo","created_at":"2026-08-21T13:00:00Z","message":{"content":""},"done":true,"eval_count":2}"#
    ]
    private static let stamps: [Int64?] = [2_096_123_456_789, 3_599_500_000_000]

    private func read(
        _ text: String, _ format: TokenLines.Format, pieces: Int
    ) -> (stamps: [Int64?], lines: TokenLines) {
        var lines = TokenLines(format)
        var stamps: [Int64?] = []
        lines.begin()
        Array(text.utf8).withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let end = min(start + pieces, bytes.count)
                lines.read(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) { stamps.append($0) }
                start = end
            }
        }
        return (stamps, lines)
    }

    @Test(arguments: [1, 2, 7, 64, 100, 101, 1000])
    func linesComeInAnyPieces(pieces: Int) {
        let result = read(Self.lines.joined(separator: "\n") + "\n", .ndjson, pieces: pieces)
        #expect(result.stamps == Self.stamps)
        #expect(result.lines.isEnded)
        #expect(!result.lines.isMalformed)
    }

    @Test(arguments: [1, 3, 50, 1000])
    func events(pieces: Int) {
        let event = #"data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}"#
        let last = #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#
        let text = "\(event)\n\n\(event)\n\n\(last)\n\ndata: [DONE]\n\n"
        let result = read(text, .sse, pieces: pieces)
        #expect(result.stamps == [nil, nil])
        #expect(result.lines.isEnded)
    }

    @Test func aStreamWithoutItsClosingLineIsNotEnded() {
        let result = read(Self.lines[0] + "\n" + Self.lines[1] + "\n", .ndjson, pieces: 1000)
        #expect(result.stamps.count == 2)
        #expect(!result.lines.isEnded)
    }

    @Test func anErrorLineIsMalformed() {
        #expect(read(#"{"error":"unexpected EOF"}"# + "\n", .ndjson, pieces: 1000).lines.isMalformed)
    }

    @Test func anEndlessLineIsMalformed() {
        let endless = String(repeating: "x", count: 1 << 20 + 1)
        #expect(read(endless, .ndjson, pieces: 65536).lines.isMalformed)
    }

    @Test func theNextAnswerBeginsAfresh() {
        var result = read(#"{"error":"x"}"# + "\n{\"rest", .ndjson, pieces: 1000).lines
        result.begin()
        var count = 0
        Array((Self.lines[0] + "\n").utf8).withUnsafeBytes { result.read($0) { _ in count += 1 } }
        #expect(count == 1)
        #expect(!result.isMalformed)
    }

    @Test(arguments: [
        ("2026-08-21T12:34:56Z", 2_096_000_000_000), ("2026-08-21T00:00:00.000000001Z", 1),
        ("2026-08-21T12:34:56.1Zrest", 2_096_100_000_000), ("2026-08-21T12:34:56.1234567891234Z", 2_096_123_456_789)
    ])
    func stamp(text: String, nanoseconds: Int64) {
        #expect(Array(text.utf8).withUnsafeBytes { TimeStamp.withinHour($0) } == nanoseconds)
    }

    @Test(arguments: ["", "2026-08-21T12:34:5", "2026-08-21 12:34:56.1Z", "2026-08-21T12:3x:56.1Z"])
    func noStamp(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { TimeStamp.withinHour($0) } == nil)
    }

    @Test func latenessSurvivesTheFullHour() {
        #expect(TimeStamp.lateness(of: 1000, at: 5000) == 4000)
        #expect(TimeStamp.lateness(of: TimeStamp.hour - 1, at: 2) == 3)
        #expect(TimeStamp.lateness(of: 5000, at: 4000) == -1000)
        #expect(TimeStamp.lateness(of: 2, at: TimeStamp.hour * 3 + 7) == 5)
    }
}
