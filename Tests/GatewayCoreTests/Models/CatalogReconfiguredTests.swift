// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// The catalog over a changed configuration: runners keep their number, and everything that is shown or ordered goes by
/// the index.
@Suite struct CatalogReconfiguredTests {
    private func runner(_ identity: String, enabled: Bool = true) -> CatalogRunner {
        CatalogRunner(identity: identity, isEnabled: enabled)
    }

    /// The numbers of the entries, the lowest index first.
    private func places(_ numbers: Int...) -> [RunnerPlace] {
        numbers.enumerated().map { RunnerPlace(number: $1, index: $0) }
    }

    @Test func runnersThatStayKeepWhatIsKnownOfThem() throws {
        var catalog = try Catalog([(["x:1", "y:1"], runner("a")), (["z:1"], runner("b"))])
        try catalog.psRead(0, RunnerSays.tags("x:1"))
        try catalog.versionRead(0, RunnerSays.version("1.2.3"))
        _ = catalog.answer(.tags)
        catalog.replaceRunners(
            [runner("c"), CatalogRunner(identity: "a", prefixID: "p", modelIDs: ["x:1"]), runner("b", enabled: false)],
            places: places(2, 0, 1))
        #expect(try catalog.names(.tags) == ["p.x:1"])
        #expect(catalog.holders("p.x:1") == [0])
        #expect(catalog.found("p.x:1")?.loaded.numbers == [0])
        #expect(catalog.version(of: 0) == "1.2.3")
        #expect(!catalog.firstRoundIsOver)
        #expect(catalog.resolve("z:1") == .firstListsPending)
        #expect(try !catalog.tagsRead(0, RunnerSays.tags("x:1", "y:1")))
        catalog.replaceRunners([runner("b")], places: places(1))
        #expect(catalog.firstRoundIsOver)
        #expect(catalog.holders("z:1") == [1])
        #expect(catalog.resolve("p.x:1") == .unknown)
    }

    @Test func runnersWithoutIdentityAreAlwaysNew() throws {
        var catalog = try Catalog(listing: ["x:1"])
        catalog.replaceRunners([CatalogRunner()], places: places(0))
        #expect(catalog.resolve("x:1") == .firstListsPending)
    }

    @Test func aNumberThatIsGivenAwayBringsNothingAlong() throws {
        var catalog = try Catalog([(["x:1"], runner("a")), (["y:1"], runner("b"))])
        catalog.replaceRunners([runner("c"), runner("b")], places: places(0, 1))
        #expect(catalog.holders("y:1") == [1])
        #expect(!catalog.firstRoundIsOver)
        catalog.firstAttemptEnded(0)
        #expect(catalog.resolve("x:1") == .unknown)
    }

    @Test func whatARunnerSaysAfterItWasRemovedIsIgnored() throws {
        var catalog = try Catalog([(["x:1"], runner("a")), (["y:1"], runner("b"))])
        let model = try #require(catalog.found("x:1"))
        catalog.replaceRunners([runner("b")], places: places(1))
        #expect(try !catalog.tagsRead(0, RunnerSays.tags("x:1")))
        #expect(try !catalog.psRead(0, RunnerSays.tags("x:1")))
        try catalog.versionRead(0, RunnerSays.version("1.2.3"))
        catalog.sawLoaded(0, model)
        catalog.forget(model, on: 0)
        catalog.lostTouch(0)
        #expect(catalog.version(of: 0) == nil)
        #expect(catalog.modelCount(on: 0) == 0)
        #expect(catalog.version(usable: RunnerSet([0, 1])) == "0.0.0")
        #expect(try catalog.names(.tags) == ["y:1"])
        #expect(catalog.resolve("x:1") == .unknown)
        // Nor is anything of it there when it comes back.
        catalog.replaceRunners([runner("b"), runner("a")], places: places(1, 0))
        #expect(catalog.resolve("x:1") == .firstListsPending)
    }

    // MARK: Order

    /// Numbers 0, 1, 2 with `a` on all and one model each, put into the order 2, 0, 1.
    private func reordered() throws -> Catalog {
        let spelled = { (name: String) in
            #"{"name":"\#(name)","model":"\#(name)","digest":"\#(name)"}"#
        }
        var catalog = try Catalog([
            ([spelled("A"), "zero"], runner("0")), ([spelled("a"), "one"], runner("1")),
            ([spelled("a"), "two"], runner("2"))
        ])
        try catalog.psRead(0, RunnerSays.list([RunnerSays.loaded("A", until: "2026-01-01T00:00:00Z")]))
        try catalog.psRead(2, RunnerSays.list([RunnerSays.loaded("a", until: "2026-01-02T00:00:00Z")]))
        catalog.replaceRunners([runner("2"), runner("0"), runner("1")], places: places(2, 0, 1))
        return catalog
    }

    @Test func mergedEntriesComeFromTheLowestIndex() throws {
        var catalog = try reordered()
        #expect(try catalog.names(.tags) == ["a", "two", "zero", "one"])
        #expect(try catalog.names(.prefixTags) == ["a", "two", "zero", "one"])
        #expect(try catalog.names(.openAIModels) == ["a", "two", "zero", "one"])
        #expect(try catalog.names(.prefixPs) == ["a"])
        #expect(catalog.found("a")?.visibleName == "a")
        #expect(catalog.drift(on: 0) == ["A"])
        #expect(catalog.drift(on: 1) == [])
    }

    @Test func urlsAreIndices() throws {
        var catalog = try reordered()
        let indices = { (entry: JSON?) in entry?["urls"]?.array?.map(\.int) }
        #expect(try indices(catalog.entry(.prefixTags, "a")) == [0, 1, 2])
        #expect(try indices(catalog.entry(.prefixTags, "two")) == [0])
        #expect(try indices(catalog.entry(.prefixTags, "zero")) == [1])
        #expect(try indices(catalog.entry(.prefixPs, "a")) == [0, 1])
        let own = try JSON(parsing: catalog.answer(.prefixTags, runner: 1))["models"]?.array
        #expect(own?.map { indices($0) } == [[2], [2]])
    }

    @Test func theExpiryShownIsThatOfTheLowestIndex() throws {
        var catalog = try reordered()
        #expect(try catalog.entry(.prefixTags, "a")?["expires_at"]?.int == 1_767_312_000)
    }

    @Test func listsThatComeLaterKeepTheOrder() throws {
        var catalog = try reordered()
        try catalog.tagsRead(2, RunnerSays.tags("two"))
        #expect(catalog.found("a")?.visibleName == "A")
        try catalog.tagsRead(2, RunnerSays.tags("two", "a"))
        #expect(catalog.found("a")?.visibleName == "a")
        #expect(catalog.holders("a") == [0, 1, 2])
    }

    @Test func severalRunnersOfOneEntryShareItsIndex() throws {
        var catalog = Catalog(runners: [])
        catalog.replaceRunners(
            [runner("dns"), runner("b")],
            places: [
                RunnerPlace(number: 0, index: 0), RunnerPlace(number: 3, index: 0), RunnerPlace(number: 1, index: 1)
            ])
        try catalog.tagsRead(0, RunnerSays.tags("x:1"))
        try catalog.tagsRead(3, RunnerSays.tags("x:1"))
        try catalog.tagsRead(1, RunnerSays.tags("x:1"))
        #expect(catalog.holders("x:1") == [0, 1, 3])
        #expect(try catalog.entry(.prefixTags, "x:1")?["urls"]?.array?.map(\.int) == [0, 1])
    }
}
