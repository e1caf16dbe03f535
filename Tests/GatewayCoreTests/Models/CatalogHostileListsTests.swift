// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Runners are strangers, too: what they send may be anything.
@Suite struct CatalogHostileListsTests {
    @Test(arguments: [
        "", " ", "null", "[]", "1", "\"models\"", "{}", #"{"models":{}}"#, #"{"models":"x"}"#, #"{"models":1}"#,
        #"{"models":true}"#, #"{"Models":[]}"#, #"{"error":"no"}"#, #"{"models":[]"#, #"{"models":[]}x"#,
        #"{"models":[],}"#,
        "\u{FEFF}{\"models\":[]}", "<html></html>", #"{"models":[{"name":"x"}{}]}"#, #"{"models":[],"models":7}"#
    ])
    func anAnswerThatIsNoListLeavesTheLastOne(_ body: String) throws {
        var catalog = try Catalog(listing: ["x:latest"])
        try catalog.psRead(0, RunnerSays.tags("x:latest"))
        let before = CatalogList.allCases.map { catalog.answer($0) }
        #expect(throws: CatalogError.self) { try catalog.tagsRead(0, Array(body.utf8)) }
        #expect(throws: CatalogError.self) { try catalog.psRead(0, Array(body.utf8)) }
        #expect(CatalogList.allCases.map { catalog.answer($0) } == before)
        #expect(catalog.found("x")?.loaded.numbers == [0])
    }

    @Test(arguments: [
        ("{}", #"in its answer to /api/tags, "models" is missing"#),
        (#"{"models":7}"#, #"in its answer to /api/tags, "models" is a number"#),
        ("[]", #"its answer to /api/tags is a list, not an object with "models""#),
        (#"{"error":"out of\n\u0007 luck"}"#, "its answer to /api/tags is an error: out of   luck")
    ])
    func theErrorSaysWhatWasWrong(_ body: String, _ sentence: String) {
        var catalog = Catalog(runners: [CatalogRunner()])
        do {
            try catalog.tagsRead(0, Array(body.utf8))
            Issue.record("accepted")
        } catch {
            #expect(error.sentence == sentence)
        }
    }

    @Test func aLongErrorTextIsCut() {
        var catalog = Catalog(runners: [CatalogRunner()])
        let body = "{\"error\":\"\(String(repeating: "é", count: 100_000))\"}"
        do {
            try catalog.tagsRead(0, Array(body.utf8))
            Issue.record("accepted")
        } catch {
            #expect(error.sentence.utf8.count < 250)
        }
    }

    @Test func invalidUTF8IsRefused() {
        var catalog = Catalog(runners: [CatalogRunner()])
        let body = Array(#"{"models":[{"name":""#.utf8) + [0xC3, 0x28] + Array(#""}]}"#.utf8)
        #expect(throws: CatalogError.self) { try catalog.tagsRead(0, body) }
    }

    @Test func nullModelsAreNone() throws {
        var catalog = try Catalog(listing: ["x:latest"])
        #expect(try catalog.tagsRead(0, Array(#"{"models":null}"#.utf8)))
        #expect(try catalog.names(.tags) == [])
    }

    @Test(arguments: [
        "null", "7", "\"x\"", "[]", "{}", #"{"name":""}"#, #"{"name":null,"model":null}"#, #"{"name":1,"model":[]}"#,
        #"{"Model":"x"}"#,
        #"{"model":"a\nb"}"#, #"{"model":"a\u0000"}"#, #"{"model":"\u007fa"}"#, #"{"model":" a"}"#, #"{"model":"a "}"#,
        #"{"model":"\u001b[2J"}"#, #"{"model":"a\u009b2J"}"#, #"{"model":"a\u0085"}"#, #"{"name":"a\tb","model":"ok"}"#
    ])
    func anEntryWithoutAUsableNameIsSkippedAndTheRestStays(_ entry: String) throws {
        var catalog = Catalog(runners: [CatalogRunner()])
        try catalog.tagsRead(0, Array(#"{"models":[{"model":"a:1"},\#(entry),{"model":"b:1"}]}"#.utf8))
        try catalog.psRead(0, Array(#"{"models":[{"model":"a:1"},\#(entry),{"model":"b:1"}]}"#.utf8))
        for list in CatalogList.allCases { #expect(try catalog.names(list) == ["a:1", "b:1"]) }
    }

    @Test func aNameMayHaveThousandAndTwentyFourBytes() throws {
        let longest = String(repeating: "n", count: 1024)
        var catalog = try Catalog(listing: [longest, longest + "n", "x:1"])
        #expect(try catalog.names(.tags) == [longest, "x:1"])
        #expect(catalog.holders(longest) == [0])
    }

    @Test func tenThousandModelsAreReadAndOneMoreIsNoList() throws {
        var catalog = try Catalog(listing: (0..<10_000).map { "m\($0):1" })
        #expect(catalog.modelCount(on: 0) == 10_000)
        #expect(throws: CatalogError.self) { try catalog.tagsRead(0, RunnerSays.list((0...10_000).map { "n\($0):1" })) }
        #expect(catalog.holders("m9999:1") == [0])
        #expect(catalog.resolve("n0:1") == .unknown)
    }

    @Test(arguments: [65, 1000, 1_000_000])
    func deepNestingIsRefusedBeforeItIsRead(_ depth: Int) {
        var catalog = Catalog(runners: [CatalogRunner()])
        let body = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(throws: CatalogError(sentence: "its answer to /api/tags is nested deeper than 64 levels")) {
            try catalog.tagsRead(0, Array(body.utf8))
        }
        catalog.restore(Array(body.utf8))
        #expect(catalog.modelCount(on: 0) == 0)
    }

    @Test func bracketsInStringsAreNoNesting() throws {
        let text = String(repeating: "[{", count: 100)
        var catalog = try Catalog(listing: [#"{"model":"x:1","a\"[":"\\\"\#(text)"}"#])
        #expect(try catalog.names(.tags) == ["x:1"])
    }

    @Test func aBodyBeyondTheBoundIsRefused() {
        var catalog = Catalog(runners: [CatalogRunner()])
        let body = [UInt8](repeating: 0x20, count: 16 << 20) + Array(#"{"models":[]}"#.utf8)
        #expect(throws: CatalogError.self) { try catalog.tagsRead(0, body) }
    }

    @Test func aListThatChangesAllTheTimeLeavesNothingBehind() throws {
        var catalog = try Catalog(listing: [], ["kept:1"])
        for round in 0..<200 { try catalog.tagsRead(0, RunnerSays.tags("a\(round):1", "B\(round)", "kept:1")) }
        #expect(catalog.resolve("a198:1") == .unknown)
        #expect(catalog.resolve("B198") == .unknown)
        #expect(catalog.holders("kept") == nil)
        #expect(catalog.holders("kept:1") == [0, 1])
        #expect(try catalog.names(.prefixTags) == ["a199:1", "B199", "kept:1"])
    }
}
