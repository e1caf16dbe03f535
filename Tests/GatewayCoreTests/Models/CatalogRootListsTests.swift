// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// The root's lists: what one Ollama with all the models would answer.
@Suite struct CatalogRootListsTests {
    @Test func withoutModelsTheListsAreOllamasEmptyOnes() {
        var catalog = Catalog(runners: [])
        #expect(catalog.text(.tags) == #"{"models":[]}"#)
        #expect(catalog.text(.ps) == #"{"models":[]}"#)
        #expect(catalog.text(.openAIModels) == #"{"object":"list","data":null}"#)
        #expect(catalog.text(.prefixTags) == #"{"models":[]}"#)
        #expect(catalog.text(.prefixPs) == #"{"models":[]}"#)
    }

    @Test func anEntryLeavesAsItCameButForItsNames() throws {
        let entry =
            #"{"size":1e3,"name":"a","x":{"n":0.10,"s":"é\"\\"},"model":"a:latest","z":[null,true,-0],"a":12345678901234567890}"#
        var catalog = try Catalog([
            ([entry], CatalogRunner(prefixID: "p", tags: .array([.string("t")]), connectionType: "c"))
        ])
        #expect(
            catalog.text(.tags)
                == #"{"models":[{"size":1e3,"name":"p.a:latest","x":{"n":0.10,"s":"é\"\\"},"model":"p.a:latest","z":[null,true,-0],"a":12345678901234567890}]}"#
        )
    }

    @Test(arguments: [
        (#"{"model":"a:1","size":1}"#, #"{"model":"a:1","size":1,"name":"a:1"}"#),
        (#"{"name":"a:1","size":1}"#, #"{"name":"a:1","size":1,"model":"a:1"}"#),
        (#"{"name":"a:1","model":""}"#, #"{"name":"a:1","model":"a:1"}"#),
        (#"{"name":null,"model":"a:1"}"#, #"{"name":"a:1","model":"a:1"}"#),
        (#"{"name":7,"model":"a:1"}"#, #"{"name":"a:1","model":"a:1"}"#),
        (#"{"model":"b","model":"a:1","name":"a:1"}"#, #"{"model":"a:1","name":"a:1"}"#),
        (#"{"name":"shown","model":"a:1"}"#, #"{"name":"a:1","model":"a:1"}"#),
        // A gateway's prefix, or Open WebUI's router, is the runner: what it says of its own is no Ollama's.
        (
            #"{"model":"a:1","urls":[9],"tags":[],"x":1,"connection_type":"local","expires_at":3}"#,
            #"{"model":"a:1","x":1,"name":"a:1"}"#
        )
    ])
    func bothNamesAreAlwaysThereOnce(_ sent: String, _ shown: String) throws {
        var catalog = try Catalog(listing: [sent])
        #expect(catalog.text(.tags) == "{\"models\":[\(shown)]}")
    }

    @Test func newestFirstByInstantNotByText() throws {
        var catalog = try Catalog(
            listing: [
                RunnerSays.tag("a:1", at: "2025-06-01T12:00:00+05:00"),
                RunnerSays.tag("b:1", at: "2025-06-01T08:00:00Z"),
                RunnerSays.tag("undated:1", at: "yesterday")
            ],
            [
                RunnerSays.tag("c:1", at: "2025-06-01T07:59:59.999999999Z"),
                RunnerSays.tag("d:1", at: "2025-06-01T01:00:00.5-07:00"),
                #"{"model":"undated:2","modified_at":12}"#
            ])
        #expect(try catalog.names(.tags) == ["d:1", "b:1", "c:1", "a:1", "undated:1", "undated:2"])
    }

    @Test func equalDatesStandAsFirstSeen() throws {
        let date = "2025-06-01T12:00:00Z"
        var catalog = try Catalog(
            listing: [RunnerSays.tag("z:1", at: date), RunnerSays.tag("y:1", at: date)],
            [RunnerSays.tag("a:1", at: "2025-06-01T14:00:00+02:00"), RunnerSays.tag("y:1", at: date)])
        #expect(try catalog.names(.tags) == ["z:1", "y:1", "a:1"])
    }

    @Test func whoAnsweredFirstDoesNotMatter() throws {
        var catalog = Catalog(runners: [CatalogRunner(), CatalogRunner()])
        try catalog.tagsRead(1, RunnerSays.tags("c:1", "b:1", RunnerSays.tag("e:1", at: "2025-01-01T00:00:00Z")))
        try catalog.tagsRead(0, RunnerSays.tags("b:1", "a:1", RunnerSays.tag("d:1", at: "2025-01-01T00:00:00Z")))
        #expect(try catalog.names(.tags) == ["d:1", "e:1", "b:1", "a:1", "c:1"])
        #expect(try catalog.names(.prefixTags) == ["b:1", "a:1", "d:1", "c:1", "e:1"])
    }

    @Test func aModelOnTwoRunnersIsTheLowestIndexsEntry() throws {
        var catalog = try Catalog(
            listing: [], [RunnerSays.tag("x:latest", at: "2020-01-01T00:00:00Z", digest: "old")],
            [
                RunnerSays.tag("X:latest", at: "2025-01-01T00:00:00Z", digest: "new"),
                RunnerSays.tag("y:1", at: "2022-01-01T00:00:00Z")
            ])
        #expect(try catalog.names(.tags) == ["y:1", "x:latest"])
        #expect(try catalog.entry(.tags, "x:latest")?["digest"]?.string == "old")
        #expect(catalog.drift(on: 1) == [])
        #expect(catalog.drift(on: 2) == ["X:latest"])
        #expect(catalog.drift(on: 9) == [])
    }

    @Test func oneRunnersDuplicatesAreOneEntry() throws {
        var catalog = try Catalog(listing: ["x:latest", "X", "x:latest", "library/x"])
        #expect(try catalog.names(.tags) == ["x:latest"])
        #expect(catalog.modelCount(on: 0) == 1)
    }

    @Test func onlyEnabledRunnersAndAllowedModelsAreShown() throws {
        var catalog = try Catalog([
            (["a:1"], CatalogRunner(isEnabled: false)), (["b:1", "c:1"], CatalogRunner(modelIDs: ["c:1"])),
            (["d:1"], CatalogRunner())
        ])
        for list in [CatalogList.tags, .openAIModels, .prefixTags] {
            #expect(try catalog.names(list) == ["c:1", "d:1"])
        }
    }

    @Test func aNameThatAPrefixTakesIsListedOnceAndAsTheModelItReaches() throws {
        var catalog = try Catalog([
            ([RunnerSays.tag("a.b:latest", at: "", digest: "whole")], CatalogRunner()),
            ([RunnerSays.tag("b:latest", at: "", digest: "behind")], CatalogRunner(prefixID: "a"))
        ])
        #expect(try catalog.names(.tags) == ["a.b:latest"])
        #expect(try catalog.entry(.tags, "a.b:latest")?["digest"]?.string == "behind")
        #expect(try catalog.entry(.prefixTags, "a.b:latest")?["urls"] == .array([.integer(1)]))
    }

    // MARK: /api/ps

    @Test func theCopyThatStaysLongestIsShownAndLongestComesFirst() throws {
        var catalog = try Catalog(listing: ["x:latest", "y:latest"], ["x:latest"], ["x:latest"])
        try catalog.psRead(
            0,
            RunnerSays.tags(
                RunnerSays.loaded("x:latest", until: "2025-06-01T12:00:00+02:00"),
                RunnerSays.loaded("y:latest", until: "2025-06-01T10:30:00Z")))
        try catalog.psRead(1, RunnerSays.tags(RunnerSays.loaded("x:latest", until: "2025-06-01T11:00:00Z")))
        try catalog.psRead(2, RunnerSays.tags(RunnerSays.loaded("x:latest", until: "never")))
        #expect(try catalog.names(.ps) == ["x:latest", "y:latest"])
        #expect(try catalog.entry(.ps, "x:latest")?["expires_at"]?.string == "2025-06-01T11:00:00Z")
        try catalog.psRead(1, RunnerSays.tags())
        #expect(try catalog.names(.ps) == ["y:latest", "x:latest"])
    }

    @Test func equalExpiryStaysWithTheLowestIndex() throws {
        let date = "2318-03-05T00:00:00Z"
        var catalog = try Catalog(listing: ["x:latest"], ["x:latest"])
        for runner in [1, 0] {
            let entry = #"{"model":"x:latest","expires_at":"\#(date)","size_vram":\#(runner)}"#
            try catalog.psRead(runner, RunnerSays.tags(entry))
        }
        #expect(try catalog.entry(.ps, "x:latest")?["size_vram"]?.int == 0)
    }

    @Test func psNamesAreTheListsNames() throws {
        var catalog = try Catalog([(["Llama3:latest"], CatalogRunner(prefixID: "p"))])
        try catalog.psRead(0, RunnerSays.tags("llama3", "library/Unlisted"))
        #expect(try catalog.names(.ps) == ["p.Llama3:latest", "p.library/Unlisted"])
        #expect(try catalog.entry(.ps, "p.Llama3:latest")?["name"]?.string == "p.Llama3:latest")
        #expect(try catalog.entry(.prefixPs, "p.Llama3:latest")?["name"]?.string == "Llama3:latest")
        #expect(catalog.loadedNames(on: 0) == ["p.Llama3:latest", "p.library/Unlisted"])
    }

    @Test(arguments: [CatalogList.ps, .prefixPs])
    func modelIDsHideInMemoryAsTheyDoOnDisk(_ list: CatalogList) throws {
        let runner = CatalogRunner(prefixID: "p", modelIDs: ["X:latest", "gone:1"])
        var catalog = try Catalog([(["X:latest", "y:1"], runner), (["y:1"], CatalogRunner())])
        try catalog.psRead(0, RunnerSays.tags("x", "y:1", "gone:1", "elsewhere:1"))
        #expect(try catalog.names(list) == ["p.X:latest", "p.gone:1"])
        try catalog.psRead(1, RunnerSays.tags("y:1"))
        #expect(try catalog.names(list) == ["p.X:latest", "p.gone:1", "y:1"])
    }

    @Test func psTakesOnTheNamesOfANewList() throws {
        var catalog = try Catalog(listing: [])
        try catalog.psRead(0, RunnerSays.tags("x:latest"))
        #expect(try catalog.names(.ps) == ["x:latest"])
        try catalog.tagsRead(0, RunnerSays.tags("X:latest"))
        #expect(try catalog.names(.ps) == ["X:latest"])
        #expect(try catalog.names(.prefixPs) == ["X:latest"])
    }

    @Test func aDisabledRunnersMemoryIsNotShown() throws {
        var catalog = try Catalog([(["x:latest"], CatalogRunner(isEnabled: false))])
        try catalog.psRead(0, RunnerSays.tags("x:latest"))
        #expect(try catalog.names(.ps) == [])
        #expect(try catalog.names(.prefixPs) == [])
    }
}
