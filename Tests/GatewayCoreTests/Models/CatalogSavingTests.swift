// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct CatalogSavingTests {
    private func runner(_ identity: String, prefix: String = "", enabled: Bool = true) -> CatalogRunner {
        CatalogRunner(identity: identity, isEnabled: enabled, prefixID: prefix)
    }

    @Test func whatWasSavedComesBackForTheSameRunners() throws {
        let entry = #"{"name":"shown","model":"x:latest","modified_at":"2025-01-01T00:00:00Z","size":1e3,"é":"\"\n"}"#
        var old = try Catalog([([entry, "y:1"], runner("http://a")), (["z:1"], runner("http://b\"\n"))])
        try old.versionRead(0, RunnerSays.version("v0.9.1-rc0"))
        var new = Catalog(runners: [runner("http://b\"\n", prefix: "p"), runner("http://c"), runner("http://a")])
        new.restore(old.savedLists())
        #expect(new.holders("x") == [2])
        #expect(new.holders("p.z:1") == [0])
        #expect(
            try new.entry(.prefixTags, "x:latest")?.members
                == JSON(parsing: Array(entry.utf8)).members.map { $0 + [JSON.Member("urls", .array([.integer(2)]))] })
        #expect(new.version(of: 2) == "0.9.1")
        #expect(new.version(of: 0) == nil)
        #expect(new.savedLists().count == old.savedLists().count)
    }

    @Test func aRestoredListIsLastKnownAndEndsNoAttempt() throws {
        let saved = try Catalog([(["x:latest"], runner("a"))]).savedLists()
        var catalog = Catalog(runners: [runner("a"), runner("b")])
        catalog.restore(saved)
        #expect(!catalog.firstRoundIsOver)
        #expect(catalog.holders("x") == [0])
        #expect(catalog.resolve("y") == .firstListsPending)
        catalog.firstAttemptEnded(0)
        catalog.firstAttemptEnded(1)
        #expect(catalog.resolve("y") == .unknown)
        #expect(catalog.holders("x") == [0])
        #expect(try !catalog.tagsRead(0, RunnerSays.tags("x:latest")))
        #expect(try catalog.tagsRead(0, RunnerSays.tags()))
        #expect(catalog.resolve("x") == .unknown)
    }

    @Test func restoringNeverReplacesWhatARunnerSaid() throws {
        let saved = try Catalog([(["old:1"], runner("a"))]).savedLists()
        var catalog = try Catalog([(["new:1"], runner("a"))])
        catalog.restore(saved)
        #expect(try catalog.names(.tags) == ["new:1"])
    }

    @Test func aDisabledRunnersListIsKeptToo() throws {
        let saved = try Catalog([(["x:1"], runner("a", enabled: false))]).savedLists()
        var catalog = Catalog(runners: [runner("a")])
        catalog.restore(saved)
        #expect(catalog.holders("x:1") == [0])
    }

    @Test func onlyRunnersWithAListAndAnIdentityAreSaved() throws {
        var catalog = try Catalog([(["x:1"], CatalogRunner()), (["y:1"], runner("a")), (["z:1"], runner("a"))])
        catalog.replaceRunners(
            [CatalogRunner(), runner("a"), runner("a"), runner("b")],
            places: (0...3).map { RunnerPlace(number: $0, index: $0) })
        let saved = try JSON(parsing: catalog.savedLists())
        #expect(saved["schema"]?.int == 1)
        #expect(saved["runners"]?.array?.map { $0["identity"]?.string } == ["a"])
    }

    @Test(arguments: [
        "", "oops", "null", "[]", "{}", #"{"schema":1}"#, #"{"schema":1,"runners":{}}"#,
        #"{"schema":2,"runners":[{"identity":"a","models":[{"model":"x:1"}]}]}"#,
        #"{"schema":1,"runners":[null,7,[],{},{"identity":7,"models":[]},{"identity":"a"},{"identity":"b","models":[{"model":"x:1"}]}]}"#,
        #"{"schema":1,"runners":[{"identity":"a","models":7,"version":"1.2.3"}]}"#,
        #"{"schema":1,"runners":[{"models":[{"model":"x:1"}]}]}"#,
        #"{"schema":1,"runners":[{"identity":"","models":[{"model":"x:1"}]}]}"#
    ])
    func foreignContentIsIgnored(_ content: String) {
        var catalog = Catalog(runners: [runner("a"), CatalogRunner()])
        catalog.restore(Array(content.utf8))
        #expect(catalog.resolve("x:1") == .firstListsPending)
        #expect(catalog.text(.tags) == #"{"models":[]}"#)
        #expect(catalog.version(of: 0) == nil)
        catalog.firstAttemptEnded(0)
        catalog.firstAttemptEnded(1)
        #expect(catalog.resolve("x:1") == .noListEverRead)
    }

    @Test func aBadEntryDoesNotTakeTheOthersWithIt() throws {
        let content =
            #"{"schema":1,"runners":[{"identity":"z","models":5},{"identity":"a","version":"dev","models":[3,{"model":"\n"},{"model":"x:1"}]}]}"#
        var catalog = Catalog(runners: [runner("z"), runner("a")])
        catalog.restore(Array(content.utf8))
        #expect(catalog.holders("x:1") == [1])
        #expect(catalog.modelCount(on: 1) == 1)
        #expect(catalog.version(of: 1) == nil)
    }

    @Test func theDeepestListThatIsReadComesBackToo() throws {
        let deep = String(repeating: "[", count: 61) + String(repeating: "]", count: 61)
        let old = try Catalog([([#"{"model":"deep:1","x":\#(deep)}"#], runner("a")), (["x:1"], runner("b"))])
        var new = Catalog(runners: [runner("a"), runner("b")])
        new.restore(old.savedLists())
        #expect(new.holders("deep:1") == [0])
        #expect(new.holders("x:1") == [1])
    }
}
