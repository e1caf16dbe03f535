// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct CatalogCloudTests {
    @Test(arguments: [
        ("gpt-oss:20b-cloud", "gpt-oss:20b-cloud"), ("gpt-oss:20b:cloud", "gpt-oss:20b-cloud"),
        ("GPT-OSS:20B:Cloud", "gpt-oss:20b-cloud"),
        ("kimi:cloud", "kimi:cloud"), (" Kimi:CLOUD ", "kimi:cloud")
    ])
    func aStubsHolderGetsIt(_ name: String, _ stub: String) throws {
        let catalog = try Catalog(listing: ["x:latest"], ["gpt-oss:20b-cloud", "kimi:cloud"], ["gpt-oss:20b"])
        let model = try #require(catalog.found(name))
        #expect(model.holders.numbers == [1])
        #expect(model.isListed)
        #expect(model.ownName(on: 1) == stub)
    }

    @Test(arguments: ["gpt-oss:20b-cloud", "gpt-oss:20b:cloud", "kimi:cloud", "u/kimi:cloud", "Kimi:Cloud"])
    func withoutAStubAnyEnabledRunnerMayBeAsked(_ name: String) throws {
        let catalog = try Catalog([
            (["gpt-oss:20b", "kimi:latest"], CatalogRunner()), ([], CatalogRunner(isEnabled: false)),
            ([], CatalogRunner())
        ])
        let model = try #require(catalog.found(name))
        #expect(model.holders.numbers == [0, 2])
        #expect(!model.isListed)
        #expect(!model.strippedPrefix)
        #expect(model.loaded.isEmpty)
        #expect(model.ownName(on: 2) == name)
        #expect(model.ownName(on: 1) == nil)
    }

    @Test func spellingsOfOneUnlistedCloudModelShareAKey() throws {
        let catalog = try Catalog(listing: [])
        let keys = ["x:20b:cloud", "X:20b-CLOUD", "library/x:20b:cloud"].map { catalog.found($0)?.key }
        #expect(keys == ["x:20b-cloud", "x:20b-cloud", "x:20b-cloud"])
    }

    @Test func modelIDsHoldForCloudModelsToo() throws {
        var catalog = try Catalog([
            (["x:latest"], CatalogRunner(modelIDs: ["x:latest"])), ([], CatalogRunner(modelIDs: ["kimi:20b-cloud"]))
        ])
        #expect(catalog.holders("kimi:20b:cloud") == [1])
        #expect(catalog.resolve("other:cloud") == .unknown)
        catalog.replaceRunners([], places: [])
        #expect(catalog.resolve("other:cloud") == .noListEverRead)
    }

    @Test func aPrefixLeadsToItsRunners() throws {
        let catalog = try Catalog([
            ([], CatalogRunner()), ([], CatalogRunner(prefixID: "p")), (["kimi:cloud"], CatalogRunner(prefixID: "p"))
        ])
        let unlisted = try #require(catalog.found("P.x:20b:cloud"))
        #expect(unlisted.holders.numbers == [1, 2])
        #expect(unlisted.strippedPrefix)
        #expect(unlisted.ownName(on: 1) == "x:20b:cloud")
        #expect(unlisted.key == "p.x:20b-cloud")
        #expect(catalog.holders("p.kimi:cloud") == [2])
        #expect(catalog.found("p.kimi:cloud")?.ownName(on: 2) == "kimi:cloud")
        #expect(catalog.holders("kimi:cloud") == [0, 1, 2])
    }

    @Test func modelIDsHoldBehindAPrefixToo() throws {
        let catalog = try Catalog([
            ([], CatalogRunner(prefixID: "p", modelIDs: ["other:cloud"])),
            ([], CatalogRunner(prefixID: "p", modelIDs: ["x:cloud"])), ([], CatalogRunner())
        ])
        #expect(catalog.holders("p.x:cloud") == [1])
        #expect(catalog.resolve("p.y:cloud") == .unknown)
    }

    @Test func aStubMayStillTurnUpWhileListsArePending() throws {
        var catalog = Catalog(runners: [CatalogRunner(), CatalogRunner()])
        try catalog.tagsRead(0, RunnerSays.tags())
        #expect(catalog.resolve("x:cloud") == .firstListsPending)
        try catalog.tagsRead(1, RunnerSays.tags("x:cloud"))
        #expect(catalog.holders("x:cloud") == [1])
    }

    @Test func cloudModelsNeedNoListButARunner() {
        var catalog = Catalog(runners: [CatalogRunner()])
        catalog.firstAttemptEnded(0)
        #expect(catalog.holders("x:cloud") == [0])
        #expect(Catalog(runners: [CatalogRunner(isEnabled: false)]).resolve("x:cloud") == .noListEverRead)
    }

    @Test(arguments: [":cloud", "x:-cloud", "a//b:cloud", "x y:cloud", "p.:cloud", "é:cloud"])
    func aCloudNameMustBeAName(_ name: String) throws {
        let catalog = try Catalog([([], CatalogRunner(prefixID: "p"))])
        #expect(catalog.resolve(name) == .invalidName("invalid model name"))
    }

    @Test func aCloudStubIsNeverInMemory() throws {
        var catalog = try Catalog(listing: [#"{"model":"x:cloud","remote_host":"https://ollama.com:443"}"#])
        catalog.sawLoaded(0, try #require(catalog.found("x:cloud")))
        #expect(catalog.found("x:cloud")?.loaded.isEmpty == true)
        let unlisted = try #require(catalog.found("y:cloud"))
        catalog.sawLoaded(0, unlisted)
        catalog.forget(unlisted, on: 0)
        #expect(catalog.holders("y:cloud") == [0])
    }
}
