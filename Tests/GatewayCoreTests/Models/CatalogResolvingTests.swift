// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct CatalogResolvingTests {
    @Test(arguments: [
        "llama3:latest", "llama3", "Llama3", "LLAMA3:LATEST", "library/llama3",
        "registry.ollama.ai/library/llama3:latest",
        " llama3 ", "\tllama3:latest\n", "llama3:local", "llama3:latest:local"
    ])
    func everySpellingFindsTheModel(_ name: String) throws {
        let catalog = try Catalog(listing: ["llama3:latest"], ["other:latest"], ["Llama3:latest"])
        let model = try #require(catalog.found(name))
        #expect(model.holders.numbers == [0, 2])
        #expect(model.key == "llama3:latest")
        #expect(model.visibleName == "llama3:latest")
        #expect(!model.strippedPrefix)
        #expect(model.isListed)
        #expect(model.ownName(on: 2) == "Llama3:latest")
        #expect(model.ownName(on: 1) == nil)
        #expect(model.ownName(on: 9) == nil)
    }

    @Test func aNameWithoutItsTagGoesWithTheLastRunnerThatHasIt() throws {
        var catalog = try Catalog(listing: ["llama3:latest"], ["llama3:latest", "Llama3:8b"])
        try catalog.tagsRead(0, RunnerSays.list(["other:latest"]))
        #expect(catalog.holders("llama3") == [1])
        try catalog.tagsRead(1, RunnerSays.list(["llama3:8b"]))
        #expect(catalog.resolve("llama3") == .unknown)
        #expect(catalog.holders("other") == [0])
    }

    @Test(arguments: ["llama", "llama3:8b", "u/llama3", "hf.co/library/llama3", "llama3.1", "x", "gpu0.llama3"])
    func otherNamesAreUnknown(_ name: String) throws {
        #expect(try Catalog(listing: ["llama3:latest"]).resolve(name) == .unknown)
    }

    @Test(arguments: ["", " ", "a//b", "x y", ":x", "x:", "é", "a.b/c", "x@sha256:00", "x\u{0}", "-x", "http://x"])
    func whatCanBeNoNameSaysSoInOllamasWords(_ name: String) throws {
        #expect(try Catalog(listing: ["llama3:latest"]).resolve(name) == .invalidName("invalid model name"))
    }

    @Test func aNameLongerThanAnyListedOneIsInvalidEvenWhileListsArePending() {
        let name = String(repeating: "a", count: 1025)
        #expect(Catalog(runners: [CatalogRunner()]).resolve(name) == .invalidName("invalid model name"))
    }

    @Test func twoSourcesAreRefused() throws {
        let expected = Resolution.invalidName("use either :local or :cloud, not both: \"x:local:cloud\"")
        #expect(try Catalog(listing: ["x:latest"]).resolve(" x:local:cloud") == expected)
    }

    @Test func anOddNameIsFoundAsItIsListed() throws {
        let catalog = try Catalog(listing: ["gpu0.user/Repo:latest", "with space", "notag"])
        #expect(catalog.holders("gpu0.user/Repo:latest") == [0])
        #expect(catalog.holders("gpu0.user/repo") == [0])
        #expect(catalog.holders("with space") == [0])
        #expect(catalog.holders("notag:latest") == [0])
        #expect(catalog.resolve("with spaces") == .invalidName("invalid model name"))
    }

    @Test func copyAndPushTakeASourceForATag() throws {
        let catalog = try Catalog(listing: ["x:latest"])
        #expect(catalog.resolve("x:local", readsSource: false) == .unknown)
        #expect(catalog.resolve("x:cloud", readsSource: false) == .unknown)
        #expect(catalog.found("x", readsSource: false)?.holders.numbers == [0])
    }

    @Test func aLocalSourceSkipsCloudStubsOfThatName() throws {
        let stub = #"{"name":"x:latest","model":"x:latest","remote_model":"x","remote_host":"https://ollama.com"}"#
        var catalog = try Catalog(listing: [stub], ["x:latest"])
        #expect(catalog.holders("x") == [0, 1])
        #expect(catalog.holders("x:local") == [1])
        try catalog.tagsRead(1, RunnerSays.tags())
        #expect(catalog.resolve("x:local") == .unknown)
    }

    // MARK: Prefixes

    @Test(arguments: [
        "gpu0.llama3:latest", "gpu0.llama3", "GPU0.Llama3", " gpu0.llama3 ", "gpu0.library/llama3",
        "gpu0.registry.ollama.ai/library/llama3:latest", "gpu0.llama3:local"
    ])
    func aPrefixIsStripped(_ name: String) throws {
        let catalog = try Catalog([
            (["llama3:latest"], CatalogRunner()), (["Llama3:latest"], CatalogRunner(prefixID: "gpu0"))
        ])
        let model = try #require(catalog.found(name))
        #expect(model.holders.numbers == [1])
        #expect(model.strippedPrefix)
        #expect(model.ownName(on: 1) == "Llama3:latest")
        #expect(model.visibleName == "gpu0.Llama3:latest")
        #expect(model.key == "gpu0.llama3:latest")
    }

    @Test func aBareNameDoesNotReachPrefixedRunners() throws {
        let catalog = try Catalog([(["x:latest"], CatalogRunner(prefixID: "gpu0"))])
        #expect(catalog.resolve("x") == .unknown)
        #expect(catalog.resolve("gpu1.x") == .unknown)
        #expect(catalog.resolve("gpu0x") == .unknown)
        #expect(catalog.resolve("gpu0.gpu0.x") == .unknown)
    }

    @Test func onePrefixMayBeSharedAndOnlyOneIsStripped() throws {
        let catalog = try Catalog([
            (["x:latest", "p.x:latest"], CatalogRunner(prefixID: "p")), (["X:latest"], CatalogRunner(prefixID: "p"))
        ])
        #expect(catalog.holders("p.x") == [0, 1])
        #expect(catalog.found("p.x")?.ownName(on: 1) == "X:latest")
        #expect(catalog.holders("p.p.x") == [0])
        #expect(catalog.found("p.p.x")?.ownName(on: 0) == "p.x:latest")
    }

    @Test func aPrefixedNamespaceOrHostIsFound() throws {
        let names = ["user/x:latest", "hf.co/u/r:Q4"]
        let catalog = try Catalog([(names, CatalogRunner(prefixID: "p"))])
        #expect(catalog.found("p.user/x")?.ownName(on: 0) == "user/x:latest")
        #expect(catalog.found("p.hf.co/u/r:q4")?.ownName(on: 0) == "hf.co/u/r:Q4")
        #expect(catalog.resolve("p.other/x") == .unknown)
    }

    @Test func thePrefixComesFirstIfTheRestExistsThereElseTheWholeName() throws {
        var catalog = try Catalog([(["a.b:latest"], CatalogRunner()), (["b:latest"], CatalogRunner(prefixID: "a"))])
        for name in ["a.b", "a.b:latest", "A.B"] { #expect(catalog.holders(name) == [1]) }
        #expect(catalog.found("a.b")?.ownName(on: 1) == "b:latest")
        try catalog.tagsRead(1, RunnerSays.tags("c:latest"))
        for name in ["a.b", "a.b:latest", "A.B"] { #expect(catalog.holders(name) == [0]) }
        #expect(catalog.found("a.b")?.strippedPrefix == false)
    }

    @Test func theLongestPrefixWins() throws {
        let catalog = try Catalog([
            (["b.c:latest"], CatalogRunner(prefixID: "a")), (["c:latest"], CatalogRunner(prefixID: "a.b"))
        ])
        #expect(catalog.holders("a.b.c") == [1])
        #expect(catalog.holders("a.b.c:latest") == [1])
    }

    @Test func aNewNamesPrefixSaysWhereItGoes() {
        let catalog = Catalog(runners: [
            CatalogRunner(prefixID: "a"), CatalogRunner(), CatalogRunner(isEnabled: false, prefixID: "b"),
            CatalogRunner(prefixID: "A"), CatalogRunner(prefixID: "a.b")
        ])
        #expect(catalog.prefixed(" a.new:1 ")?.rest == "new:1")
        #expect(catalog.prefixed(" a.new:1 ")?.runners.numbers == [0, 3])
        #expect(catalog.prefixed("a.b.new")?.rest == "new")
        #expect(catalog.prefixed("a.b.new")?.runners.numbers == [4])
        #expect(catalog.prefixed("b.new") == nil)
        #expect(catalog.prefixed("a.") == nil)
        #expect(catalog.prefixed("a") == nil)
        #expect(catalog.runnersWithoutPrefix.numbers == [1])
    }
}
