// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What else the rules need: stream, keep_alive, and whether there is anything to generate.
@Suite struct BodyScannerMemberTests {
    @Test(arguments: ["model", "name", "from", "source", "destination", "stream", "keep_alive", "prompt", "messages"])
    func eachGuardedKeyComesOnce(key: String) {
        // Null is fine for each; seen is seen, whatever the value was.
        for second in [key, key.uppercased(), key.replacing("s", with: "ſ"), key.replacing("e", with: "\\u0065")] {
            let text = "{\"\(key)\":null, \"\(second)\":null}"
            let error = scan(text).error
            #expect(error?.position == key.utf8.count + 10)
            #expect(error?.message.hasPrefix("\(key) is there more than once") == true)
        }
    }

    @Test func theKelvinSignFoldsToK() {
        #expect(scan("{\"\u{212A}eep_alive\":0}").body?.keepAliveIsZero == true)
        #expect(scan("{\"\\u212AEEP_ALIVE\":0,\"keep_alive\":1}").body == nil)
    }

    @Test func duplicatesOfOtherKeysAndNestedOnesAreFine() {
        let text = #"{"x":1,"x":2,"options":{"model":1,"model":2},"model":"m"}"#
        #expect(scan(text).body?.model?.text == "m")
    }

    @Test(arguments: [("true", true), ("false", false), ("null", nil)] as [(String, Bool?)])
    func streamIsABoolean(value: String, expected: Bool?) throws {
        #expect(try #require(scan("{\"stream\":\(value)}").body).stream == expected)
    }

    @Test(arguments: ["0", "1", "\"true\"", "\"\"", "[]", "[true]", "{}"])
    func streamIsNothingElse(value: String) {
        #expect(scan("{\"stream\":\(value)}").error?.message == "stream must be true or false (at byte 10)")
    }

    @Test(arguments: [
        "0", "-0", "0.0", "-0.000", "0e5", "0E-5", "0.0e+99", "-0e0", "1e-10", "0.0000000001", "1e-400", "-1e-400",
        "9e-10", "0e999999", #""0""#, #""-0""#, #""+0""#, #""0s""#, #""0ns""#, #""0us""#, #""0µs""#, #""0μs""#,
        #""0ms""#,
        #""0m""#, #""0h""#, #""-0s""#, #""+0h""#, #""0m0s""#, #""0h0m0.0s""#, #""0.s""#, #""00s""#, #""0.9ns""#,
        #""0.0000000001s""#, #""0\u0073""#, #""\u0030""#, #""0s0s""#
    ])
    func theseUnload(value: String) {
        let bytes = Array("{\"keep_alive\":\(value)}".utf8)
        #expect(scan(bytes).body?.keepAliveIsZero == true)
        #expect(scan(bytes, cuts: Array(1..<bytes.count)).body?.keepAliveIsZero == true)
    }

    @Test(arguments: [
        "1", "-1", "0.5", "1e-9", "-1e-10", "10", "300", "1e400", "-1e400", "5e-1", "null", "true", "false", "[]",
        "[0]",
        "{}", #"{"0":0}"#, #""""#, #"" 0""#, #""0 ""#, #""5m""#, #""-1s""#, #""-1""#, #""1ns""#, #""0s1ns""#,
        #""0.1s""#,
        #""1.0ns""#, #""1e-3s""#, #""s""#, #"".s""#, #""0x""#, #""0d""#, #""00""#, #""0.0""#, #""-""#, #""+-0s""#,
        #""0s0""#,
        #""0S""#, #""0\u0000""#
    ])
    func theseDoNot(value: String) {
        #expect(scan("{\"keep_alive\":\(value)}").body?.keepAliveIsZero == false)
    }

    @Test func keepAliveIsBoundedSoThatNoZeroHidesInLength() {
        let zeros = String(repeating: "0", count: 1021)
        #expect(scan("{\"keep_alive\":\"\(zeros)00s\"}").body?.keepAliveIsZero == true)
        #expect(scan("{\"keep_alive\":\"\(zeros)000s\"}").error?.message.contains("longer than 1,024") == true)
        #expect(scan("{\"keep_alive\":0.\(zeros)0}").body?.keepAliveIsZero == true)
        #expect(scan("{\"keep_alive\":0.\(zeros)00}").error?.message.contains("longer than 1,024") == true)
        #expect(scan("{\"x\":0.\(zeros)00}").error == nil, "other numbers may have any length")
    }

    @Test(arguments: [
        (#""""#, false), ("null", false), ("[]", false), ("[ \n ]", false), (#"" ""#, true), (#""\u0000""#, true),
        (#""x""#, true), (#"[""]"#, true), ("[[]]", true), ("[{}]", true), ("[1]", true), ("0", true), ("{}", true),
        ("true", true)
    ])
    func aPromptIsThere(value: String, expected: Bool) {
        #expect(scan("{\"prompt\":\(value),\"x\":[],\"y\":[1],\"z\":\"\"}").body?.hasPrompt == expected)
    }

    @Test(arguments: [
        ("null", false), ("[]", false), ("[\t]", false), ("[[]]", true), ("[{}]", true), ("[null]", true), ("{}", true),
        (#""""#, true), ("[[],[]]", true)
    ])
    func messagesAreThere(value: String, expected: Bool) {
        #expect(scan("{\"messages\":\(value),\"x\":[],\"y\":[1]}").body?.hasMessages == expected)
    }

    @Test func absentMembersAreAbsent() {
        #expect(scan("{}") == .body(ScannedBody()))
        #expect(scan(#"{"a":"","b":[1],"c":0,"d":true}"#) == .body(ScannedBody()))
    }
}
