// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// The file as a tree: what is changed is changed, and everything else stays, unknown or not.
@Suite struct ConfigurationDocumentTests {
    private func document(_ text: String) throws -> ConfigurationDocument {
        try ConfigurationDocument(parsing: Array(text.utf8), path: "/etc/dmr.json")
    }

    private func text(_ document: ConfigurationDocument) -> String { String(decoding: document.bytes, as: UTF8.self) }

    @Test(arguments: [
        // (before, keys, value, after without white space)
        ("{}", ["policy"], #""round-robin""#, #"{"policy":"round-robin"}"#),
        (#"{"a":1,"policy":"x","b":2}"#, ["policy"], #""y""#, #"{"a":1,"policy":"y","b":2}"#),
        (
            #"{"log":{"format":"json"},"b":2}"#, ["log", "level"], #""debug""#,
            #"{"log":{"format":"json","level":"debug"},"b":2}"#
        ),
        ("{}", ["access", "keys"], "[]", #"{"access":{"keys":[]}}"#),
        (#"{"access":null}"#, ["access", "keys"], "[1]", #"{"access":{"keys":[1]}}"#),
        (
            #"{"a":1e3,"b":-0.10,"c":"é\u0001\"\\\n"}"#, ["d"], "true",
            #"{"a":1e3,"b":-0.10,"c":"é\u0001\"\\\n","d":true}"#
        ),
        (#"{"a":1,"a":2}"#, ["a"], "3", #"{"a":1,"a":3}"#)
    ])
    func setChangesThatValueAndNothingElse(before: String, keys: [String], value: String, after: String) throws {
        var root = try document(before).root
        root.set(keys, to: try JSON(parsing: Array(value.utf8)))
        #expect(String(decoding: root.bytes, as: UTF8.self) == after)
    }

    @Test func theWholePathIsRead() throws {
        let document = try document(#"{"access":{"keys":[{"name":"a"}]}}"#)
        #expect(document["access", "keys"]?.array?.first?["name"] == .string("a"))
        #expect(document["access", "users"] == nil)
        #expect(document["access", "keys", "name"] == nil)
    }

    @Test func itIsWrittenAsAPersonWould() throws {
        var document = try document(
            #"{"listen":["127.0.0.1:11435"],"runners":[{"url":"http://gpu1:11434","enable":true},{"url":"#
                + #""http://gpu2:11434/a/long/path/in/front/of/the/api","prefix_id":"b","tags":[{"name":"fast"}],"#
                + #""model_ids":[],"headers":{}}],"access":{}}"#)
        document.set("log", "level", to: .string("debug"))
        #expect(
            text(document) == """
                {
                  "listen": ["127.0.0.1:11435"],
                  "runners": [
                    { "url": "http://gpu1:11434", "enable": true },
                    {
                      "url": "http://gpu2:11434/a/long/path/in/front/of/the/api",
                      "prefix_id": "b",
                      "tags": [
                        { "name": "fast" }
                      ],
                      "model_ids": [],
                      "headers": {}
                    }
                  ],
                  "access": {},
                  "log": { "level": "debug" }
                }

                """)
        #expect(text(ConfigurationDocument()) == "{}\n")
    }

    /// Whatever is written is read as what it was, and written again as the same bytes.
    @Test func writingAndReadingIsTheSameDocument() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            let tree = JSON.object((0..<3).map { .init("k\($0)", Self.tree(&random, depth: 4)) })
            let document = try document(String(decoding: tree.bytes, as: UTF8.self))
            let again = try ConfigurationDocument(parsing: document.bytes, path: "x")
            #expect(again == document)
            #expect(again.bytes == document.bytes)
        }
    }

    private static func tree(_ random: inout SeededGenerator, depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2: .number(["0", "-1.50", "1e300", "12345678901234567890"].randomElement(using: &random) ?? "1")
        case 3: .string("a\"\\\n\u{1}é" + String(repeating: "x", count: .random(in: 0..<90, using: &random)))
        case 4: .string("")
        case 5: .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in tree(&random, depth: depth - 1) })
        default:
            .object(
                (0..<Int.random(in: 0..<4, using: &random)).map { .init("m\($0)", tree(&random, depth: depth - 1)) })
        }
    }

    @Test func whatIsNoDocumentIsSaidWithItsPlace() {
        func error(_ text: String) -> [String] {
            do throws(ConfigurationErrors) {
                _ = try ConfigurationDocument(parsing: Array(text.utf8), path: "/etc/dmr.json")
                return []
            } catch {
                return error.errors
            }
        }
        let invalid = "/etc/dmr.json: is not valid JSON at "
        #expect(error("{\n  \"a\": }").first?.hasPrefix(invalid + "line 2, column 8: ") == true)
        #expect(error("").first?.hasPrefix(invalid + "line 1, column 1: ") == true)
        #expect(error(String(repeating: "[", count: 65)).first?.contains("nested deeper") == true)
    }

    @Test(arguments: [
        (#"{"a":1}"#, #"{"a":2}"#, ["a"]), ("{}", #"{"log":{"level":"info","file":""}}"#, ["log.level", "log.file"]),
        (#"{"log":{"level":"info"}}"#, "{}", ["log.level"]), (#"{"a":1}"#, #"{"b":1}"#, ["b", "a"]),
        (#"{"runners":[1]}"#, #"{"runners":[2]}"#, ["runners"]), (#"{"a":{"b":1}}"#, #"{"a":{"b":1}}"#, []),
        (#"{"log":null}"#, #"{"log":{"level":"info"}}"#, ["log.level"])
    ])
    func whatHasChangedIsNamedAsFlagsNameIt(before: String, after: String, names: [String]) throws {
        #expect(try document(after).settingsChanged(from: document(before)) == names)
    }
}
