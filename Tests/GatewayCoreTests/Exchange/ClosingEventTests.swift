// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Feeds `text` cut behind each of `cuts` (ascending) and says whether the answer counts as whole.
private func isWhole(_ kind: ClosingEventScanner.Kind, _ text: String, cuts: [Int] = []) -> Bool {
    var scanner = ClosingEventScanner(kind: kind)
    let bytes = Array(text.utf8)
    var start = 0
    for end in cuts + [bytes.count] {
        // A copy of its own: a read beyond the piece would leave its memory, where a sanitizer sees it.
        Array(bytes[start..<end]).withUnsafeBytes { scanner.bytesPassed($0) }
        start = end
    }
    return scanner.wasSeen
}

@Suite("Closing events")
struct ClosingEventTests {
    private static let token = #"{"model":"m","response":"a \"d\" \\","done":false}"# + "\n"

    static let whole: [(ClosingEventScanner.Kind, String)] = [
        (.ndjson, token + #"{"model":"m","done":true}"# + "\n"),
        (.ndjson, #"{"done": true}"#),
        (.ndjson, token + #"{"done":true,"done_reason":"stop","context":[1,2,3],"total_duration":5}"# + "\n"),
        (.serverSentEvents, "data: {\"a\":1}\n\ndata: [DONE]\n\n"),
        (.serverSentEvents, "data:[DONE]"),
        (.serverSentEvents, "data: {}\r\n\r\ndata: [DONE]\r\n\r\n"),
        (.serverSentEvents, "data: {}\r\rdata: [DONE]\r\r"),
        (
            .serverSentEvents,
            "event: message_delta\ndata: {}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
        ),
        (.serverSentEvents, "event:message_stop\ndata:{}\n\n"),
        (.serverSentEvents, "event: response.created\ndata: {}\n\nevent: response.completed\ndata: {}\n\n"),
        (.serverSentEvents, "event: response.failed\ndata: {}\n\n"),
        (.serverSentEvents, "event: response.incomplete\ndata: {}\n\n")
    ]

    @Test("are found in one read, and split at every place over two", arguments: whole)
    func splitInTwo(kind: ClosingEventScanner.Kind, text: String) {
        #expect(isWhole(kind, text))
        let missed = (0...text.utf8.count).filter { !isWhole(kind, text, cuts: [$0]) }
        #expect(missed == [])
    }

    @Test("over three", arguments: whole)
    func splitInThree(kind: ClosingEventScanner.Kind, text: String) {
        let count = text.utf8.count
        var missed = 0
        for first in 0...count {
            for second in first...count where !isWhole(kind, text, cuts: [first, second]) { missed += 1 }
        }
        #expect(missed == 0)
    }

    @Test("and byte by byte", arguments: whole)
    func byteByByte(kind: ClosingEventScanner.Kind, text: String) {
        #expect(isWhole(kind, text, cuts: Array(1..<text.utf8.count)))
    }

    static let broken: [(ClosingEventScanner.Kind, String)] = [
        (.ndjson, ""), (.ndjson, token),
        (.ndjson, token + #"{"error":"model runner has unexpectedly stopped"}"# + "\n"),
        (.ndjson, #"{"response":"\"done\":true","done":false}"#), (.ndjson, #"{"response":"{\"done\": true}"}"#),
        (.ndjson, #"{"done":tru"#), (.ndjson, #"{"done":false}"#), (.ndjson, #"{"done_reason":true}"#),
        (.ndjson, #"{"undone":true}"#), (.ndjson, #"{"Done":true}"#), (.ndjson, "data: [DONE]\n"),
        (.ndjson, #"{"message":{"tool_calls":[{"arguments":{"done":true}}]},"done":false}"#),
        (.serverSentEvents, ""), (.serverSentEvents, "data: {\"a\":1}\n\n"),
        (.serverSentEvents, "data: {\"content\":\"say data: [DONE]\"}\n\n"),
        (.serverSentEvents, "data: {\"content\":\"\\ndata: [DONE]\\n\"}\n\n"),
        (.serverSentEvents, "data: {\"content\":\"event: message_stop\"}\n\n"), (.serverSentEvents, " data: [DONE]\n"),
        (.serverSentEvents, "data: [DONE\n"), (.serverSentEvents, "xdata: [DONE]\n"),
        (.serverSentEvents, "event: message_start\ndata: {}\n\n"), (.serverSentEvents, "event: error\ndata: {}\n\n"),
        (.serverSentEvents, "event: response.output_text.done\ndata: {\"type\":\"response.completed\"}\n\n"),
        (.serverSentEvents, "{\"done\":true}\n")
    ]

    @Test("are not taken for seen where something only looks like one, however it is split", arguments: broken)
    func lookalikes(kind: ClosingEventScanner.Kind, text: String) {
        #expect(!isWhole(kind, text))
        let taken = (0...text.utf8.count).filter { isWhole(kind, text, cuts: [$0]) }
        #expect(taken == [])
        #expect(!isWhole(kind, text, cuts: Array(1..<max(1, text.utf8.count))))
    }

    @Test(
        "a long context may stand behind it, in the same read or in later ones", arguments: [10, 8_000, 60_000, 400_000]
    )
    func longContext(length: Int) {
        let context = String(repeating: "128000,", count: length / 7) + "1"
        let text = Self.token + #"{"response":"","done":true,"context":["# + context + #"],"total_duration":1}"# + "\n"
        #expect(isWhole(.ndjson, text))
        #expect(isWhole(.ndjson, text, cuts: Array(stride(from: 65_536, to: text.utf8.count, by: 65_536))))
        #expect(isWhole(.ndjson, text, cuts: Array(stride(from: 100, to: text.utf8.count, by: 1000))))
    }

    @Test("one at every offset of a long read is found: the blocks have no gaps")
    func everyOffset() {
        for padding in 0..<100 {
            let spaces = String(repeating: " ", count: padding)
            let behind = String(repeating: " ", count: 100 - padding)
            #expect(isWhole(.ndjson, spaces + #"{"done":true}"# + behind))
            #expect(isWhole(.serverSentEvents, spaces + "\ndata: [DONE]\n" + behind))
        }
    }

    @Test("random cuts of a long stream change nothing", arguments: [1, 2, 3, 4] as [UInt64])
    func randomCuts(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let text = String(repeating: Self.token, count: 50) + #"{"message":{"x":{"done":true}},"done":false}"# + "\n"
        for _ in 0..<50 {
            let cuts = (0..<40).map { _ in Int.random(in: 0...text.utf8.count, using: &random) }.sorted()
            #expect(!isWhole(.ndjson, text, cuts: cuts))
            #expect(isWhole(.ndjson, text + #"{"done":true}"#, cuts: cuts))
        }
    }

    @Test(
        "which kind an answer has: by its type, with status 200 only",
        arguments: [
            (200, "application/x-ndjson", ClosingEventScanner.Kind.ndjson),
            (200, "Application/X-NDJSON; charset=utf-8", .ndjson), (200, "text/event-stream", .serverSentEvents),
            (200, "text/event-stream;charset=utf-8", .serverSentEvents), (200, "application/json", .none),
            (200, "application/json; charset=utf-8", .none), (200, "text/event-streams", .none), (200, "", .none),
            (404, "application/x-ndjson", .none), (500, "text/event-stream", .none), (201, "text/event-stream", .none)
        ])
    func kinds(status: Int, type: String, kind: ClosingEventScanner.Kind) {
        var head = ResponseHead(status: status)
        if !type.isEmpty { head.headers.append("Content-Type", type) }
        let scanner = ClosingEventScanner(head)
        #expect(scanner.kind == kind)
        #expect(scanner.wasSeen == (kind == .none))
    }
}
