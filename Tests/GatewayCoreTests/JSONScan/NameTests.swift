// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// The names of models: keys as Go matches them, values decoded, ranges to splice at.
@Suite struct BodyScannerNameTests {
    private static let keys = ["model", "name", "from", "source", "destination"]

    private func name(_ key: String, in body: ScannedBody) -> ScannedBody.Name? {
        switch key {
        case "model": body.model
        case "name": body.name
        case "from": body.from
        case "source": body.source
        default: body.destination
        }
    }

    /// What may be spliced out is exactly the string with its quotes.
    private func slice(_ text: String, _ name: ScannedBody.Name?) -> String? {
        name.map { String(decoding: Array(text.utf8)[$0.range], as: UTF8.self) }
    }

    @Test(arguments: keys)
    func rangesCoverTheStringWithItsQuotes(key: String) throws {
        for value in ["\"x\"", "\"\"", #""a\"b""#, #""\u00e9é""#, "\"\(String(repeating: "z", count: 100))\""] {
            let text = "{\"ü\": [\"é\"], \"\(key)\" :\n \(value)  ,\"x\":1}"
            let name = name(key, in: try #require(scan(text).body))
            #expect(slice(text, name) == value)
        }
    }

    @Test func allFiveAtOnce() throws {
        let text = #"{"destination":"e","source":"d","from":"c","name":"b","model":"a"}"#
        let body = try #require(scan(text).body)
        #expect(Self.keys.map { name($0, in: body)?.text } == ["a", "b", "c", "d", "e"])
        #expect(
            Self.keys.map { slice(text, name($0, in: body)) } == ["a", "b", "c", "d", "e"].map { "\"\($0)\"" })
    }

    @Test(arguments: keys)
    func nullIsAsAbsent(key: String) {
        #expect(scan("{\"\(key)\":null}") == .body(ScannedBody()))
    }

    @Test(arguments: keys)
    func otherTypesAreRefused(key: String) {
        for value in ["1", "-0", "true", "false", "[]", "[\"x\"]", "{}", "{\"a\":1}"] {
            let error = scan("{\"\(key)\": \(value)}").error
            #expect(error?.message == "\(key) must be a string (at byte \(key.utf8.count + 5))")
        }
    }

    @Test(arguments: [
        ("", ""), (#"a\u0062c"#, "abc"), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"\u0000"#, "\0"),
        (#"\u00E9\u20aC"#, "é€"), (#"\ud83d\ude00"#, "😀"), (#"\uD834\uDD1E"#, "𝄞"), (#"\udbff\udfff"#, "\u{10FFFF}"),
        (#"\ud83d"#, "\u{FFFD}"), (#"\ude00"#, "\u{FFFD}"), (#"\ud83dx"#, "\u{FFFD}x"), (#"\ud83dé"#, "\u{FFFD}é"),
        (#"\ud83d\n"#, "\u{FFFD}\n"), (#"\ud83d\u0041"#, "\u{FFFD}A"), (#"\ud83d\ud83d\ude00"#, "\u{FFFD}😀"),
        (#"\ude00\ud83d"#, "\u{FFFD}\u{FFFD}"), (#"\ud83d\ud83d"#, "\u{FFFD}\u{FFFD}"),
        (#"\ud83d\\ude00"#, "\u{FFFD}\\ude00"),
        (#"\ufffe\uffff"#, "\u{FFFE}\u{FFFF}")
    ])
    func valuesAreDecodedAsGoDoes(written: String, text: String) {
        let bytes = Array("{\"model\":\"\(written)\"}".utf8)
        #expect(scan(bytes).body?.model?.text == text)
        #expect(scan(bytes, cuts: Array(1..<bytes.count)).body?.model?.text == text)
    }

    @Test(arguments: [
        "Model", "MODEL", "mOdEl", #"mod\u0065l"#, #"\u006d\u006f\u0064\u0065\u006c"#,
        #"\u004D\u004F\u0044\u0045\u004C"#
    ])
    func keysMatchInAnyCaseAndSpelling(key: String) {
        #expect(scan("{\"\(key)\":\"x\"}").body?.model?.text == "x")
        #expect(scan("{\"model\":\"y\",\"\(key)\":\"x\"}").body == nil)
    }

    @Test(arguments: [
        ("ſource", "source"), ("\\u017fource", "source"), ("SOURCE", "source"), ("deſtination", "destination"),
        ("DE\\u017FTINATION", "destination")
    ])
    func theLongSFoldsToS(written: String, key: String) throws {
        #expect(name(key, in: try #require(scan("{\"\(written)\":\"x\"}").body))?.text == "x")
    }

    /// Near misses: Go takes none of these for a field, so their values may be anything, any number of times.
    @Test(arguments: [
        "mode", "models", " model", "model ", "ｍodel", "mödel", "model\\u0000", "mo\\u0301del", "ßource", "ſ", "K",
        "\\ud83d", "moſel", "ſſſſſſſſ", "keep-alive", "keepalive", "stre\\u0251m", "\\u212a", ""
    ])
    func otherKeysAreNobodysBusiness(key: String) {
        #expect(scan("{\"\(key)\":1,\"\(key)\":[2],\"\(key)\":{}}") == .body(ScannedBody()))
    }

    @Test func namesInsideOtherValuesDoNotCount() {
        let text = #"{"a":{"model":1,"stream":2},"b":[{"model":"x"},"model","name"],"c":"model"}"#
        #expect(scan(text) == .body(ScannedBody()))
    }

    @Test(arguments: [("a", 1), ("é", 2), ("€", 3), ("😀", 4), ("\\u0061", 1), ("\\u20ac", 3), ("\\ud83d\\ude00", 4)])
    func aNameMayHave1024BytesDecoded(unit: String, width: Int) {
        let fits = String(repeating: unit, count: 1024 / width) + String(repeating: "b", count: 1024 % width)
        #expect(scan("{\"model\":\"\(fits)\"}").body?.model?.text.utf8.count == 1024)
        let bytes = Array("{\"model\":\"\(fits)c\"}".utf8)
        #expect(scan(bytes).error?.message == "model is longer than 1,024 bytes (at byte 9)")
        #expect(scan(bytes, cuts: Array(1..<bytes.count)).error == scan(bytes).error)
    }

    @Test func aKeyOfAnyLengthIsFine() {
        for length in [11, 12, 13, 15, 16, 17, 33, 64, 100_000] {
            #expect(scan("{\"\(String(repeating: "model", count: length))\":1}") == .body(ScannedBody()))
        }
    }
}
