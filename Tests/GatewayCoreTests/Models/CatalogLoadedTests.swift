// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Who has a model in memory, as the dispatcher asks it.
@Suite struct CatalogLoadedTests {
    private func loaded(_ catalog: Catalog, _ name: String) -> [Int]? { catalog.found(name)?.loaded.numbers }

    @Test func psSaysWhoHasIt() throws {
        var catalog = try Catalog(listing: ["x:latest", "y:latest"], ["X:latest"], ["x:latest"])
        #expect(try catalog.psRead(0, RunnerSays.tags("x")))
        #expect(try catalog.psRead(1, RunnerSays.tags("library/x:LATEST", "unlisted")))
        #expect(loaded(catalog, "x") == [0, 1])
        #expect(loaded(catalog, "x:latest") == [0, 1])
        #expect(loaded(catalog, "y") == [])
        #expect(try catalog.psRead(0, RunnerSays.tags("y:latest")))
        #expect(loaded(catalog, "x") == [1])
        #expect(loaded(catalog, "y") == [0])
    }

    @Test func theSamePsIsNoChange() throws {
        var catalog = try Catalog(listing: ["x:latest"])
        #expect(try !catalog.psRead(0, RunnerSays.tags()))
        #expect(try catalog.psRead(0, RunnerSays.tags("x:latest")))
        #expect(try !catalog.psRead(0, RunnerSays.tags("x:latest")))
        #expect(try !catalog.psRead(0, Array(#"{"models": [{"name":"x:latest","model":"x:latest"}]}"#.utf8)))
        #expect(loaded(catalog, "x") == [0])
    }

    @Test func memoryIsKnownWhicheverListComesFirst() throws {
        var catalog = Catalog(runners: [CatalogRunner(prefixID: "p")])
        try catalog.psRead(0, RunnerSays.tags("x:latest"))
        try catalog.tagsRead(0, RunnerSays.tags("y:latest"))
        #expect(loaded(catalog, "p.y") == [])
        try catalog.tagsRead(0, RunnerSays.tags("y:latest", "x:latest"))
        #expect(loaded(catalog, "p.x") == [0])
        try catalog.tagsRead(0, RunnerSays.tags("x:latest", "z:latest"))
        #expect(loaded(catalog, "p.x") == [0])
    }

    @Test func anAnswerShowsItLoadedUntilPsSaysOtherwise() throws {
        var catalog = try Catalog(listing: ["x:latest", "y:latest"], ["x:latest"])
        try catalog.psRead(0, RunnerSays.tags("y:latest"))
        let model = try #require(catalog.found("x"))
        catalog.sawLoaded(0, model)
        catalog.sawLoaded(0, model)
        #expect(loaded(catalog, "x") == [0])
        #expect(model.loaded.isEmpty)
        #expect(try catalog.names(.ps) == ["y:latest"])
        // The same bytes as before, and yet they say something new.
        #expect(try !catalog.psRead(0, RunnerSays.tags("y:latest")))
        #expect(loaded(catalog, "x") == [])
        catalog.sawLoaded(1, model)
        try catalog.psRead(1, RunnerSays.tags("x:latest"))
        #expect(loaded(catalog, "x") == [1])
    }

    @Test func anotherModelDoesNotInheritMemory() throws {
        var catalog = try Catalog(listing: ["x:latest"])
        try catalog.psRead(0, RunnerSays.tags("x:latest"))
        try catalog.tagsRead(0, RunnerSays.tags("y:latest"))
        #expect(loaded(catalog, "y") == [])
    }

    @Test func whatWasSeenOutlivesANewList() throws {
        var catalog = try Catalog(listing: ["x:latest"])
        catalog.sawLoaded(0, try #require(catalog.found("x")))
        try catalog.tagsRead(0, RunnerSays.tags("x:latest", "y:latest"))
        #expect(loaded(catalog, "x") == [0])
    }

    @Test func seeingItOnAStrangerOrAfterItLeftTheListIsHarmless() throws {
        var catalog = try Catalog(listing: ["x:latest"], ["y:latest"])
        let model = try #require(catalog.found("x"))
        for runner in [1, 2, -1] { catalog.sawLoaded(runner, model) }
        #expect(loaded(catalog, "x") == [])
        try catalog.tagsRead(0, RunnerSays.tags("z:latest"))
        catalog.sawLoaded(0, model)
        #expect(catalog.resolve("x") == .unknown)
        #expect(loaded(catalog, "z") == [])
    }

    @Test func aRunnerOutOfReachHasNothingLoadedButKeepsItsList() throws {
        var catalog = try Catalog(listing: ["x:latest", "y:latest"], ["x:latest"])
        try catalog.psRead(0, RunnerSays.tags("x:latest"))
        catalog.sawLoaded(0, try #require(catalog.found("y")))
        catalog.lostTouch(0)
        #expect(loaded(catalog, "x") == [])
        #expect(loaded(catalog, "y") == [])
        #expect(catalog.holders("x") == [0, 1])
        #expect(try catalog.names(.ps) == [])
        #expect(try catalog.psRead(0, RunnerSays.tags("x:latest")))
        #expect(loaded(catalog, "x") == [0])
    }

    @Test func aDeniedModelIsNotLoadedThere() throws {
        var catalog = try Catalog(listing: ["x:latest"], ["x:latest"])
        try catalog.psRead(0, RunnerSays.tags("x:latest"))
        catalog.forget(try #require(catalog.found("x")), on: 0)
        #expect(loaded(catalog, "x") == [])
    }

    @Test func aNameThatAPrefixTakesIsLoadedOnlyBehindThePrefix() throws {
        var catalog = try Catalog([(["a.b:latest"], CatalogRunner()), (["b:latest"], CatalogRunner(prefixID: "a"))])
        try catalog.psRead(0, RunnerSays.tags("a.b:latest"))
        #expect(loaded(catalog, "a.b") == [])
        #expect(try catalog.names(.ps) == [])
        try catalog.psRead(1, RunnerSays.tags("b:latest"))
        #expect(loaded(catalog, "a.b") == [1])
        #expect(try catalog.entry(.prefixPs, "a.b:latest")?["urls"] == .array([.integer(1)]))
        try catalog.tagsRead(1, RunnerSays.tags())
        #expect(loaded(catalog, "a.b") == [0])
    }
}
