// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What a name comes to before everyone has answered, and after someone stopped answering.
@Suite struct CatalogStateTests {
    @Test func anUnlistedNameWaitsForEveryEnabledRunnersFirstAttempt() throws {
        var catalog = Catalog(runners: [CatalogRunner(), CatalogRunner(isEnabled: false), CatalogRunner()])
        #expect(catalog.resolve("x") == .firstListsPending)
        #expect(!catalog.firstRoundIsOver)
        try catalog.tagsRead(0, RunnerSays.tags("y:latest"))
        #expect(catalog.resolve("x") == .firstListsPending)
        #expect(catalog.holders("y") == [0])
        catalog.firstAttemptEnded(2)
        catalog.firstAttemptEnded(2)
        #expect(catalog.firstRoundIsOver)
        #expect(catalog.resolve("x") == .unknown)
    }

    @Test func whereNoListWasEverReadNothingIsUnknown() throws {
        var catalog = Catalog(runners: [CatalogRunner(), CatalogRunner()])
        catalog.firstAttemptEnded(0)
        catalog.firstAttemptEnded(1)
        #expect(catalog.resolve("x") == .noListEverRead)
        try catalog.tagsRead(1, RunnerSays.tags())
        #expect(catalog.resolve("x") == .unknown)
    }

    @Test func aBadFirstAnswerEndsTheAttemptButIsNoList() {
        var catalog = Catalog(runners: [CatalogRunner()])
        #expect(throws: CatalogError.self) { try catalog.tagsRead(0, Array("oops".utf8)) }
        #expect(catalog.firstRoundIsOver)
        #expect(catalog.resolve("x") == .noListEverRead)
    }

    @Test func withoutAnEnabledRunnerNoListWasEverRead() throws {
        #expect(Catalog(runners: []).resolve("x") == .noListEverRead)
        let disabled = try Catalog([(["x:latest"], CatalogRunner(isEnabled: false))])
        #expect(disabled.firstRoundIsOver)
        #expect(disabled.resolve("x") == .noListEverRead)
    }

    @Test func anInvalidNameWaitsTooForItMayBeListedAsItIs() throws {
        var catalog = Catalog(runners: [CatalogRunner()])
        #expect(catalog.resolve("odd name") == .firstListsPending)
        try catalog.tagsRead(0, RunnerSays.tags("odd name"))
        #expect(catalog.holders("odd name") == [0])
    }

    @Test func theSameBytesAreNoChange() throws {
        var catalog = try Catalog(listing: ["x:latest"])
        #expect(try !catalog.tagsRead(0, RunnerSays.tags("x:latest")))
        #expect(try catalog.tagsRead(0, RunnerSays.tags("y:latest")))
        #expect(catalog.resolve("x") == .unknown)
        #expect(try catalog.tagsRead(0, RunnerSays.tags()))
        #expect(try !catalog.tagsRead(0, RunnerSays.tags()))
    }

    @Test func theSameListInOtherBytesIsNoChangeEither() throws {
        var catalog = try Catalog(listing: ["x:latest"])
        let spaced = Array("{ \"models\" : [ {\"name\":\"x:latest\", \"model\":\"x:latest\"} ], \"more\": 1 }".utf8)
        #expect(try !catalog.tagsRead(0, spaced))
    }

    @Test func theFirstListIsAChangeEvenIfItIsEmpty() throws {
        var catalog = Catalog(runners: [CatalogRunner()])
        #expect(try catalog.tagsRead(0, RunnerSays.tags()))
    }

    @Test func anotherRunnersListStaysAsItWas() throws {
        var catalog = try Catalog(listing: ["x:latest", "y:latest"], ["x:latest"], ["x:latest"])
        try catalog.tagsRead(1, RunnerSays.tags("z:latest"))
        #expect(catalog.holders("x") == [0, 2])
        #expect(catalog.holders("x:latest") == [0, 2])
        #expect(catalog.holders("y") == [0])
        #expect(catalog.holders("z") == [1])
        try catalog.tagsRead(0, RunnerSays.tags())
        try catalog.tagsRead(2, RunnerSays.tags())
        #expect(catalog.resolve("x:latest") == .unknown)
        try catalog.tagsRead(2, RunnerSays.tags("X"))
        #expect(catalog.holders("x:latest") == [2])
        #expect(catalog.found("x")?.visibleName == "X")
    }

    @Test func aSpellingLivesAsLongAsItsLastUser() throws {
        var catalog = try Catalog(listing: ["Foo:latest"], ["Foo:latest"], ["foo:latest"])
        try catalog.tagsRead(0, RunnerSays.tags())
        #expect(catalog.holders("Foo:latest") == [1, 2])
        try catalog.tagsRead(1, RunnerSays.tags())
        #expect(catalog.holders("Foo:latest") == [2])
        try catalog.tagsRead(2, RunnerSays.tags("bar:latest"))
        #expect(catalog.resolve("Foo:latest") == .unknown)
        #expect(catalog.resolve("foo:latest") == .unknown)
        #expect(catalog.holders("bar") == [2])
    }

    // MARK: model_ids

    @Test func modelIDsAreExactAndComeBeforeThePrefix() throws {
        let runner = CatalogRunner(prefixID: "p", modelIDs: ["x:latest", "Y:latest", "p.z:latest", "w"])
        let catalog = try Catalog([(["x:latest", "y:latest", "z:latest", "w:latest"], runner)])
        #expect(catalog.holders("p.x") == [0])
        for name in ["p.y", "p.z", "p.w"] { #expect(catalog.resolve(name) == .unknown) }
        #expect(catalog.modelCount(on: 0) == 1)
    }

    @Test func modelIDsAreAboutModelNotName() throws {
        let entry = #"{"name":"shown","model":"own:latest"}"#
        let catalog = try Catalog([
            ([entry], CatalogRunner(modelIDs: ["own:latest"])), ([entry], CatalogRunner(modelIDs: ["shown"]))
        ])
        #expect(catalog.holders("own") == [0])
        #expect(catalog.resolve("shown") == .unknown)
    }

    @Test func aHiddenModelDoesNotShadowAWholeName() throws {
        let catalog = try Catalog([
            (["a.b:latest"], CatalogRunner()), (["b:latest"], CatalogRunner(prefixID: "a", modelIDs: ["c"]))
        ])
        #expect(catalog.holders("a.b") == [0])
    }

    // MARK: Denied by the runner itself

    @Test func aDeniedModelIsGoneUntilTheListIsReadAgain() throws {
        var catalog = try Catalog(listing: ["x:latest", "y:latest"], ["x:latest"])
        let model = try #require(catalog.found("x"))
        catalog.forget(model, on: 0)
        #expect(catalog.holders("x") == [1])
        #expect(catalog.holders("y") == [0])
        catalog.forget(model, on: 1)
        #expect(catalog.resolve("x") == .unknown)
        #expect(try catalog.names(.tags) == ["y:latest"])
        #expect(try catalog.tagsRead(1, RunnerSays.tags("x:latest")))
        #expect(catalog.holders("x") == [1])
        #expect(try !catalog.tagsRead(1, RunnerSays.tags("x:latest")))
        #expect(model.holders.numbers == [0, 1])
    }

    @Test func denyingAnAliasChangesNothing() throws {
        var catalog = try Catalog([(["x:latest"], CatalogRunner()), (["y:latest"], CatalogRunner(prefixID: "p"))])
        for alias in ["x:local", "x:latest:local", " x", "x\n"] {
            let model = try #require(catalog.found(alias))
            #expect(model.isAlias)
            let isForgotten = catalog.forget(model, on: 0)
            #expect(!isForgotten)
            #expect(catalog.holders("x") == [0])
        }
        // The runner gets its own name, whatever the client wrote.
        let stripped = try #require(catalog.found(" p.y:local"))
        #expect(!stripped.isAlias)
        let isForgotten = catalog.forget(stripped, on: 1)
        #expect(isForgotten)
        #expect(catalog.resolve("p.y") == .unknown)
    }

    @Test func denyingTwiceOrByAStrangerChangesNothing() throws {
        var catalog = try Catalog(listing: ["x:latest"], ["y:latest"])
        let model = try #require(catalog.found("x"))
        catalog.forget(model, on: 1)
        catalog.forget(model, on: 7)
        #expect(catalog.holders("x") == [0])
        catalog.forget(model, on: 0)
        catalog.forget(model, on: 0)
        #expect(catalog.resolve("x") == .unknown)
        #expect(catalog.holders("y") == [1])
    }

    @Test func indicesThatAreNoRunnersAreIgnored() throws {
        var catalog = try Catalog(listing: ["x:latest"])
        for runner in [-1, 1, 1000] {
            #expect(try !catalog.tagsRead(runner, RunnerSays.tags("y:latest")))
            #expect(try !catalog.psRead(runner, RunnerSays.tags("y:latest")))
            try catalog.versionRead(runner, RunnerSays.version("1.2.3"))
            catalog.firstAttemptEnded(runner)
            catalog.lostTouch(runner)
            #expect(catalog.version(of: runner) == nil)
            #expect(catalog.modelCount(on: runner) == 0)
        }
        #expect(try catalog.names(.tags) == ["x:latest"])
    }
}
