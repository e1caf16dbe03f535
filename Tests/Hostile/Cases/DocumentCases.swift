// SPDX-License-Identifier: MIT

extension HostileCase {
    static let documents: [HostileCase] = wellFormed + malformed + encodings + guarded

    private static let wellFormed: [HostileCase] = [
        json("blanks around it", " \r\n\t{ \"model\" : \"demo\" }\n\t ", 200, reaches: true),
        json("512 levels", #"{"model":"demo","a":"# + nested(511) + "}", 200, reaches: true),
        json("a number that no machine holds", #"{"model":"demo","a":-1.0e+9999}"#, 200, reaches: true),
        json(
            "escapes everywhere", #"{"m\u006fd\u0065l":"d\u0065mo","a":"\"\\\/\b\f\n\r\t\ud83d\ude00"}"#, 200,
            reaches: true),
        json("guarded names below the top level", #"{"model":"demo","a":{"model":1,"model":2}}"#, 200, reaches: true),
        json("other names twice", #"{"model":"demo","a":1,"a":2}"#, 200, reaches: true)
    ]

    private static let malformed: [HostileCase] = [
        json("an empty body", ""),
        json("a body of blanks", " \n "),
        json("an object that doesn't end", #"{"model":"demo""#),
        json("a string that doesn't end", #"{"model":"demo}"#),
        json("bytes behind it", chat + " x"),
        json("a second document behind it", chat + chat),
        json("a NUL behind it", chat + "\0"),
        json("an array", #"["demo"]"#),
        json("a string", #""demo""#),
        json("a number", "1"),
        json("null", "null"),
        json("NaN", #"{"model":"demo","a":NaN}"#),
        json("Infinity", #"{"model":"demo","a":-Infinity}"#),
        json("513 levels of arrays", #"{"model":"demo","a":"# + nested(512) + "}"),
        json(
            "513 levels of objects", String(repeating: #"{"a":"#, count: 513) + "1" + String(repeating: "}", count: 513)
        ),
        json("100,000 brackets", String(repeating: "[", count: 100_000)),
        json("a comma at the end", #"{"model":"demo",}"#),
        json("a comment", #"{"model":"demo"/* a */}"#),
        json("a line comment", "{\"model\":\"demo\"// a\n}"),
        json("single quotes", "{'model':'demo'}"),
        json("a name without quotes", #"{model:"demo"}"#),
        json("no colon", #"{"model" "demo"}"#),
        json("a zero in front of a number", #"{"model":"demo","a":01}"#),
        json("a plus in front of a number", #"{"model":"demo","a":+1}"#),
        json("a dot in front of a number", #"{"model":"demo","a":.5}"#),
        json("a dot behind a number", #"{"model":"demo","a":1.}"#),
        json("a hexadecimal number", #"{"model":"demo","a":0x1}"#),
        json("an exponent without digits", #"{"model":"demo","a":1e}"#),
        json("a capital true", #"{"model":"demo","a":True}"#),
        json("a raw line end in a string", "{\"model\":\"demo\",\"a\":\"\n\"}"),
        json("a raw NUL in a string", "{\"model\":\"demo\",\"a\":\"\0\"}"),
        json("a string escape that is none", #"{"model":"demo","a":"\x41"}"#),
        json("half a string escape", #"{"model":"demo","a":"\u00"}"#)
    ]

    private static let encodings: [HostileCase] = [
        json("a byte order mark", "\u{FEFF}" + chat),
        json("UTF-16", [0xFF, 0xFE] + chat.utf8.flatMap { [$0, 0] }),
        json("a byte of two alone", text([0xC3, 0x28])),
        json("a continuation byte alone", text([0x80])),
        json("an overlong slash", text([0xC0, 0xAF])),
        json("an overlong NUL", text([0xC0, 0x80])),
        json("a surrogate", text([0xED, 0xA0, 0x80])),
        json("a code point beyond Unicode", text([0xF4, 0x90, 0x80, 0x80])),
        json("a byte that UTF-8 doesn't have", text([0xFE])),
        json("a sequence cut by the string's end", text([0xE2, 0x82])),
        json("invalid UTF-8 in a name", Array(#"{"model":"demo",""#.utf8) + [0xFF] + Array(#"":1}"#.utf8))
    ]

    private static let guarded: [HostileCase] = [
        json("the model twice", #"{"model":"demo","model":"demo"}"#),
        json("the model twice in different case", #"{"model":"demo","Model":"other"}"#),
        json("the model twice, once escaped", #"{"model":"demo","\u006dodel":"other"}"#),
        json("stream twice", #"{"model":"demo","stream":true,"stream":false}"#),
        // Ollama's language folds these two letters to `s` and `k`.
        json("stream twice, once with a long s", "{\"model\":\"demo\",\"stream\":true,\"\u{17F}tream\":false}"),
        json(
            "keep_alive twice, once with a Kelvin sign", "{\"model\":\"demo\",\"keep_alive\":1,\"\u{212A}eep_alive\":2}"
        ),
        json("messages twice", #"{"model":"demo","messages":[],"MESSAGES":[]}"#),
        json("prompt twice", #"{"model":"demo","prompt":"a","prompt":"b"}"#),
        json("a model that is a number", #"{"model":7}"#),
        json("a model that is true", #"{"model":true}"#),
        json("a model that is a list", #"{"model":["demo"]}"#),
        json("a model that is an object", #"{"model":{"demo":1}}"#),
        json("no model", "{}"),
        json("an empty model", #"{"model":""}"#),
        json("a model with a line end", #"{"model":"demo\r\nX: y"}"#),
        json("a model with a NUL", #"{"model":"demo\u0000"}"#),
        json("a model with half a surrogate pair", #"{"model":"demo\ud800"}"#),
        json("a model that climbs", #"{"model":"../../etc/passwd"}"#),
        json("a model that nobody has", #"{"model":"nobody"}"#, 404),
        json("a model of 100,000 letters", "{\"model\":\"\(String(repeating: "a", count: 100_000))\"}")
    ]

    private static func nested(_ levels: Int) -> String {
        String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }

    /// A chat with these bytes in a string.
    private static func text(_ bytes: [UInt8]) -> [UInt8] {
        Array(#"{"model":"demo","a":""#.utf8) + bytes + Array(#""}"#.utf8)
    }
}
