// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// The prefix surface: what Open WebUI's own router would answer.
@Suite struct CatalogPrefixListsTests {
    @Test func tagsHaveWhatOpenWebUIAdds() throws {
        let tags = JSON.array([.string("fast"), .object([JSON.Member("name", .string("gpu"))])])
        var catalog = try Catalog([
            (
                [#"{"name":"x:1","model":"x:1","size":7}"#],
                CatalogRunner(prefixID: "p", tags: tags, connectionType: "docker")
            ),
            (["x:1"], CatalogRunner(prefixID: "p")), (["y:1"], CatalogRunner())
        ])
        try catalog.psRead(1, RunnerSays.tags(RunnerSays.loaded("x:1", until: "2025-06-01T12:00:00.9+02:00")))
        #expect(
            catalog.text(.prefixTags)
                == #"{"models":[{"name":"x:1","model":"p.x:1","size":7,"urls":[0,1],"tags":["fast",{"name":"gpu"}],"#
                + #""connection_type":"docker","expires_at":1748772000},{"name":"y:1","model":"y:1","urls":[2]}]}"#)
    }

    @Test(arguments: [JSON.array([]), .null, .string("t"), .object([])])
    func onlyAFilledListOfTagsIsShown(_ tags: JSON) throws {
        var catalog = try Catalog([(["x:1"], CatalogRunner(tags: tags))])
        #expect(catalog.text(.prefixTags) == #"{"models":[{"name":"x:1","model":"x:1","urls":[0]}]}"#)
    }

    @Test func firstSeenFirstWhateverTheDates() throws {
        var catalog = try Catalog(
            listing: [RunnerSays.tag("old:1", at: "2001-01-01T00:00:00Z"), "b:1"],
            ["c:1", RunnerSays.tag("new:1", at: "2026-01-01T00:00:00Z"), "b:1", "a:1"])
        #expect(try catalog.names(.prefixTags) == ["old:1", "b:1", "c:1", "new:1", "a:1"])
        #expect(try catalog.entry(.prefixTags, "b:1")?["urls"] == .array([.integer(0), .integer(1)]))
    }

    @Test func aRunnersOwnWordOnOurFieldsIsDropped() throws {
        let entry = #"{"name":"x","model":"x:1","urls":[5],"tags":["t"],"connection_type":"c","expires_at":1,"size":2}"#
        var catalog = try Catalog(listing: [entry])
        try catalog.psRead(0, RunnerSays.tags(#"{"model":"x:1","urls":[5],"tags":["t"]}"#))
        #expect(catalog.text(.prefixTags) == #"{"models":[{"name":"x","model":"x:1","size":2,"urls":[0]}]}"#)
        #expect(catalog.text(.prefixPs) == #"{"models":[{"model":"x:1","tags":["t"],"name":"x","urls":[0]}]}"#)
    }

    @Test func expiryIsTheFirstInstancesAndWhole() throws {
        var catalog = try Catalog(listing: ["x:1"], ["x:1"], ["x:1"])
        try catalog.psRead(0, RunnerSays.tags(RunnerSays.loaded("x:1", until: "soon")))
        try catalog.psRead(1, RunnerSays.tags(RunnerSays.loaded("X:1", until: "1970-01-01T00:00:10.999Z")))
        try catalog.psRead(2, RunnerSays.tags(RunnerSays.loaded("x:1", until: "1970-01-01T00:00:20Z")))
        #expect(try catalog.entry(.prefixTags, "x:1")?["expires_at"] == .number("10"))
        try catalog.psRead(1, RunnerSays.tags())
        #expect(try catalog.entry(.prefixTags, "x:1")?["expires_at"] == .number("20"))
        try catalog.psRead(2, RunnerSays.tags())
        #expect(try catalog.entry(.prefixTags, "x:1")?["expires_at"] == nil)
    }

    @Test func psIsFirstSeenWithItsDateAsSent() throws {
        var catalog = try Catalog([
            (["x:1", "y:1"], CatalogRunner(prefixID: "p")), (["x:1"], CatalogRunner(prefixID: "p"))
        ])
        try catalog.psRead(
            0,
            RunnerSays.tags(
                RunnerSays.loaded("y:1", until: "2025-01-01T00:00:00Z"),
                RunnerSays.loaded("x:1", until: "2025-01-01T00:00:00Z")
            ))
        try catalog.psRead(1, RunnerSays.tags(RunnerSays.loaded("x:1", until: "2026-01-01T00:00:00Z")))
        #expect(
            catalog.text(.prefixPs)
                == #"{"models":[{"name":"y:1","model":"p.y:1","expires_at":"2025-01-01T00:00:00Z","urls":[0]},"#
                + #"{"name":"x:1","model":"p.x:1","expires_at":"2025-01-01T00:00:00Z","urls":[0,1]}]}"#)
    }

    @Test func aPinnedListIsThatRunnersInTheGatewaysNames() throws {
        var catalog = try Catalog([
            ([RunnerSays.tag("x:1", at: "", digest: "a"), "y:1"], CatalogRunner(prefixID: "p")),
            ([RunnerSays.tag("x:1", at: "", digest: "b")], CatalogRunner(prefixID: "p")),
            (["z:1"], CatalogRunner(isEnabled: false))
        ])
        try catalog.psRead(0, RunnerSays.tags("y:1"))
        try catalog.psRead(1, RunnerSays.tags("x:1"))
        let pinned = try JSON(parsing: catalog.answer(.prefixTags, runner: 1))["models"]?.array
        #expect(pinned?.count == 1)
        #expect(pinned?.first?["model"]?.string == "p.x:1")
        #expect(pinned?.first?["digest"]?.string == "b")
        #expect(pinned?.first?["urls"] == .array([.integer(1)]))
        #expect(String(decoding: catalog.answer(.prefixPs, runner: 1), as: UTF8.self).contains("p.x:1"))
        for runner in [2, 3, -1] {
            #expect(String(decoding: catalog.answer(.prefixTags, runner: runner), as: UTF8.self) == #"{"models":[]}"#)
            #expect(String(decoding: catalog.answer(.prefixPs, runner: runner), as: UTF8.self) == #"{"models":[]}"#)
        }
        #expect(
            String(decoding: catalog.answer(.tags, runner: 0, for: ModelRights(["p.y:1"])), as: UTF8.self)
                == #"{"models":[{"name":"p.y:1","model":"p.y:1"}]}"#)
    }

    @Test func aPinnedListTellsItsOwnRunnersExpiry() throws {
        var catalog = try Catalog(listing: ["x:1"], ["x:1"])
        try catalog.psRead(0, RunnerSays.tags(RunnerSays.loaded("x:1", until: "1970-01-01T00:00:10Z")))
        #expect(!String(decoding: catalog.answer(.prefixTags, runner: 1), as: UTF8.self).contains("expires_at"))
        try catalog.psRead(1, RunnerSays.tags(RunnerSays.loaded("x:1", until: "1970-01-01T00:00:20Z")))
        #expect(String(decoding: catalog.answer(.prefixTags, runner: 1), as: UTF8.self).contains(#""expires_at":20"#))
    }

    @Test(arguments: CatalogList.allCases)
    func aKeyWithLimitedRightsSeesOnlyItsModels(_ list: CatalogList) throws {
        var catalog = try Catalog([(["a:1", "b:1"], CatalogRunner(prefixID: "p")), (["b:1", "c:1"], CatalogRunner())])
        try catalog.psRead(0, RunnerSays.tags("a:1", "b:1"))
        try catalog.psRead(1, RunnerSays.tags("b:1"))
        let whole = catalog.answer(list)
        let text = String(decoding: catalog.answer(list, for: ModelRights(["p.b:1", "b:1"])), as: UTF8.self)
        #expect(
            text.contains("\"p.b:1\"") && text.contains("\"b:1\"") && !text.contains("a:1") && !text.contains("c:1"))
        #expect(catalog.answer(list) == whole)
        let none = String(decoding: catalog.answer(list, for: ModelRights(["z"])), as: UTF8.self)
        #expect(none == (list == .openAIModels ? #"{"object":"list","data":null}"# : #"{"models":[]}"#))
    }
}
