// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct LogLineTests {
    private static let time = Array("2026-11-25T01:30:00.007Z".utf8)

    private func line(
        _ format: Configuration.Log.Format, _ message: String = "request",
        fields: (LogLine, inout [UInt8]) -> Void = { _, _ in }
    ) -> String {
        var output: [UInt8] = []
        let line = LogLine(format, at: LogLineTests.time, level: "info", message, in: &output)
        fields(line, &output)
        line.end(in: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func aLineOfText() {
        let text = line(.text) { line, output in
            line.add("id", word: Array("a-1".utf8), to: &output)
            line.add("model", "llama3:8b", to: &output)
            line.add("bytes", 120, to: &output)
        }
        #expect(text == "2026-11-25T01:30:00.007Z info request id=a-1 model=llama3:8b bytes=120\n")
        #expect(line(.text) == "2026-11-25T01:30:00.007Z info request\n")
    }

    @Test func aLineOfJSON() {
        let text = line(.json, "he said \"no\"") { line, output in
            line.add("id", word: Array("a-1".utf8), to: &output)
            line.add("model", "llama3:8b", to: &output)
            line.add("bytes", 120, to: &output)
        }
        let expected =
            #"{"time":"2026-11-25T01:30:00.007Z","level":"info","message":"he said \"no\"","id":"a-1","#
            + #""model":"llama3:8b","bytes":120}"# + "\n"
        #expect(text == expected)
    }

    @Test(arguments: [
        ("", #""""#), ("a b", #""a b""#), ("a\"b", #""a\"b""#), ("a\nb", #""a\nb""#), ("\u{1B}[31m", #""\u001b[31m""#),
        ("a\u{7F}b", #""a\u007fb""#), ("é", #""é""#), ("plain:8b", "plain:8b")
    ])
    func whatIsNoPlainWordIsQuoted(value: String, shown: String) {
        let text = line(.text) { line, output in line.add("model", value, to: &output) }
        #expect(text == "2026-11-25T01:30:00.007Z info request model=\(shown)\n")
    }

    @Test func aMessageStaysOnItsLine() {
        #expect(line(.text, "a\nb\u{7F}").dropLast().allSatisfy { $0 != "\n" })
        #expect(line(.json, "a\nb").dropLast().allSatisfy { $0 != "\n" })
    }

    @Test(arguments: [
        (-5, "0"), (0, "0"), (9, "9"), (10, "10"), (99, "99"), (100, "100"), (1_000_000, "1000000"),
        (Int.max, "9223372036854775807")
    ])
    func numbersAreDecimal(value: Int, shown: String) {
        let text = line(.text) { line, output in line.add("n", value, to: &output) }
        #expect(text.hasSuffix(" n=\(shown)\n"))
    }
}
