// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What is no strict JSON object is refused, with the place.
@Suite struct BodyScannerRefusalTests {
    @Test(arguments: Documents.invalid)
    func refusesAtTheByteThatIsWrong(text: String, position: Int) throws {
        let error = try #require(scan(text).error)
        #expect(error.position == position)
        #expect(error.message.contains("at byte \(position)"))
    }

    @Test(arguments: ["", " ", "\r\n\t "])
    func aBodyOfNothingHasOllamasWords(text: String) {
        #expect(scan(text).error == ScanError(message: "missing request body", position: text.utf8.count))
    }

    @Test(arguments: ["[]", "1", "\"{}\"", "null"])
    func onlyAnObjectWillDo(text: String) {
        #expect(scan(text).error?.message == "the request body must be a JSON object: a { was expected at byte 0")
    }

    @Test(arguments: [[0xEF, 0xBB, 0xBF, 0x7B, 0x7D], [0xFE, 0xFF, 0, 0x7B], [0xFF, 0xFE, 0x7B, 0]] as [[UInt8]])
    func aByteOrderMarkIsNamed(bytes: [UInt8]) {
        #expect(scan(bytes).error?.message.contains("byte order mark") == true)
    }

    @Test(arguments: Documents.badUTF8)
    func refusesWhatIsNotUTF8InKeysAndValues(bad: [UInt8], offence: Int) {
        let places: [(before: String, after: String)] = [
            ("{\"a\":\"", "\"}"), ("{\"a\":\"é", "é\"}"), ("{\"", "\":1}"), ("{\"model\":\"", "xxxx\"}"),
            ("{\"a\":[{\"", "xxxx\":1}]}")
        ]
        for (before, after) in places {
            let bytes = Array(before.utf8) + bad + Array(after.utf8)
            for cuts in [[], Array(1..<bytes.count)] {
                let error = scan(bytes, cuts: cuts).error
                #expect(error?.position == before.utf8.count + offence, "behind \(before)")
                #expect(error?.message.contains("not UTF-8") == true)
            }
        }
    }

    @Test func messagesNeverRepeatTheBody() {
        for text in [#"{"secret":"hunter2" "x"}"#, #"{"model":"hunter2","model":"hunter2"}"#, #"{"prompt":"hunter2"#] {
            #expect(scan(text).error?.message.contains("hunter2") == false)
        }
    }

    @Test func anErrorStays() throws {
        var scanner = BodyScanner()
        let bad = try #require(throws: ScanError.self) { try feed(Array("{x".utf8), to: &scanner) }
        #expect(throws: bad) { try feed(Array("{}".utf8), to: &scanner) }
        #expect(throws: bad) { try scanner.finish() }
        #expect(throws: bad) { try scanner.finish() }
    }
}
