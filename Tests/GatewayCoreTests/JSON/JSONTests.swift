// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "[]", "{}", "[1,2.50,1e3,-0]", #"{"a":1,"a":2,"b":{"c":[null]}}"#, #""é\"\\\n\u0001""#
    ])
    func roundTripKeepsTheText(text: String) throws {
        #expect(String(decoding: try JSON(parsing: Array(text.utf8)).bytes, as: UTF8.self) == text)
    }

    @Test(arguments: ["", "{", "[1,]", "01", "NaN", "{} {}", "\u{FEFF}{}", "'a'", "\"\u{01}\"", "// c\n1"])
    func refusesWhatIsNotStrictJSON(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
    }

    @Test(arguments: [(512, true), (513, false), (400_000, false)])
    func nestingIsBounded(levels: Int, isAccepted: Bool) {
        let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        #expect(((try? JSON(parsing: Array(text.utf8))) != nil) == isAccepted)
    }

    @Test func lastDuplicateWinsInLookUp() throws {
        #expect(try JSON(parsing: Array(#"{"a":1,"a":2}"#.utf8))["a"]?.int == 2)
    }
}
