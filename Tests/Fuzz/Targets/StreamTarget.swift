// SPDX-License-Identifier: MIT

import GatewayCore

extension FuzzTarget {
    static let stream = FuzzTarget(name: "stream", violation: StreamTarget.violation) {
        [
            "a\nb\n!", "hello\n\"done\":true\n\n!", "data: [DONE]\n!", "a\rb!c", "!\n!", "a", "", "\n\n", "x\n!\ny",
            "{\"done\":true}\\\n\"done\": false}\n!"
        ].map { Array($0.utf8) }
    }
}

/// Streamed answers: whether the closing event came, wherever reads end, and lines cut out of them. The input is what a
/// model says, one event for each line; a line that begins with `!` closes the stream.
enum StreamTarget {
    @Sendable static func violation(_ input: [UInt8]) -> String? {
        let said = input.split(separator: 0x0A, omittingEmptySubsequences: false)
        let isWhole = said.last?.first == UInt8(ascii: "!")
        return events(said, isWhole, .ndjson, ndjson) ?? events(said, isWhole, .ndjson, calls)
            ?? events(said, said.contains { $0.first == UInt8(ascii: "!") }, .serverSentEvents, openAI)
            ?? events(said, said.contains { $0.first == UInt8(ascii: "!") }, .serverSentEvents, anthropic)
            ?? lines(input)
    }

    private static func quoted(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        JSON.writeString(String(decoding: text, as: UTF8.self), to: &output)
        return output
    }

    /// As Ollama writes them.
    private static func ndjson(_ text: ArraySlice<UInt8>, _ isLast: Bool) -> [UInt8] {
        let stats = isLast ? #","done_reason":"stop","eval_count":7"# : ""
        return Array(#"{"model":"m","response":"#.utf8) + quoted(text) + Array(",\"done\":\(isLast)\(stats)}\n".utf8)
    }

    /// Whatever a tool is called with stands in front of `done`.
    private static func calls(_ text: ArraySlice<UInt8>, _ isLast: Bool) -> [UInt8] {
        Array(#"{"message":{"tool_calls":[{"function":{"arguments":{"done":true,"x":"#.utf8) + quoted(text)
            + Array("}}}]},\"done\":\(isLast)}\n".utf8)
    }

    private static func openAI(_ text: ArraySlice<UInt8>, _ isLast: Bool) -> [UInt8] {
        isLast ? Array("data: [DONE]\n\n".utf8) : Array(#"data: {"delta":"#.utf8) + quoted(text) + Array("}\n\n".utf8)
    }

    private static func anthropic(_ text: ArraySlice<UInt8>, _ isLast: Bool) -> [UInt8] {
        let event = isLast ? "message_stop" : "content_block_delta"
        return Array("event: \(event)\r\ndata: {\"text\":".utf8) + quoted(text) + Array("}\r\n\r\n".utf8)
    }

    private static func events(
        _ said: [ArraySlice<UInt8>], _ isWhole: Bool, _ kind: ClosingEventScanner.Kind,
        _ write: (ArraySlice<UInt8>, Bool) -> [UInt8]
    ) -> String? {
        let bytes = said.flatMap { write($0.dropFirst(), $0.first == UInt8(ascii: "!")) }
        for cuts in [[]] + Cutting.ways(bytes) {
            var scanner = ClosingEventScanner(kind: kind)
            for piece in Cutting.pieces(bytes, cuts) { piece.withUnsafeBytes { scanner.bytesPassed($0) } }
            guard scanner.wasSeen == isWhole else {
                return "cut at \(cuts.prefix(8)) the stream has ended: \(!isWhole): \(Inputs.line(bytes))"
            }
        }
        return nil
    }

    private static func lines(_ bytes: [UInt8]) -> String? {
        let expected = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) + [0x0A] }
        for cuts in [[]] + Cutting.ways(bytes) {
            var splitter = LineSplitter()
            var lines: [[UInt8]] = []
            for piece in Cutting.pieces(bytes, cuts) {
                lines += piece.withUnsafeBytes { splitter.lines(in: $0) }
            }
            if let last = splitter.takeLastLine() { lines.append(last) }
            guard lines == (bytes.isEmpty || bytes.last == 0x0A ? expected.dropLast() : expected) else {
                return "cut at \(cuts.prefix(8)) it has other lines"
            }
        }
        return nil
    }
}
