// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct CatalogOpenAITests {
    @Test func theListFollowsTagsAndNamesTheOwner() throws {
        var catalog = try Catalog(listing: [
            RunnerSays.tag("x:1", at: "1970-01-01T00:00:05Z"),
            RunnerSays.tag("user/y:1", at: "1970-01-01T01:00:09.9+01:00"),
            RunnerSays.tag("hf.co/them/z:1", at: "1969-12-31T23:59:59Z"), "odd/name here"
        ])
        #expect(
            catalog.text(.openAIModels)
                == #"{"object":"list","data":[{"id":"user/y:1","object":"model","created":9,"owned_by":"user"},"#
                + #"{"id":"x:1","object":"model","created":5,"owned_by":"library"},"#
                + #"{"id":"hf.co/them/z:1","object":"model","created":-1,"owned_by":"them"},"#
                + #"{"id":"odd/name here","object":"model","created":0,"owned_by":"library"}]}"#)
    }

    @Test(arguments: ["x", "X:Latest", "library/x", "x:local", " x"])
    func oneModelHasTheIDItWasAskedBy(_ name: String) throws {
        let catalog = try Catalog(listing: [], [RunnerSays.tag("x:latest", at: "1970-01-01T00:00:05Z")])
        let object = try JSON(parsing: #require(catalog.model(named: name)))
        #expect(object["id"]?.string == name)
        #expect(object["object"]?.string == "model")
        #expect(object["created"]?.int == 5)
        #expect(object["owned_by"]?.string == "library")
        #expect(object.members?.count == 4)
    }

    @Test func theOwnerIsTheNamespaceBehindThePrefix() throws {
        let catalog = try Catalog([(["user/x:1"], CatalogRunner(prefixID: "p"))])
        #expect(try JSON(parsing: #require(catalog.model(named: "p.user/x:1")))["owned_by"]?.string == "user")
    }

    @Test(arguments: ["y", "", "a//b", "y:cloud"])
    func aModelNobodyListsHasNoObject(_ name: String) throws {
        #expect(try Catalog(listing: ["x:latest"]).model(named: name) == nil)
    }
}

@Suite struct CatalogVersionTests {
    private func catalog(_ versions: [String?], enabled: [Bool]) throws -> Catalog {
        var catalog = Catalog(runners: enabled.map { CatalogRunner(isEnabled: $0) })
        for (runner, version) in versions.enumerated() {
            if let version { try catalog.versionRead(runner, RunnerSays.version(version)) }
        }
        return catalog
    }

    @Test(
        arguments: [
            (["0.9.0", "0.10.0"], [0, 1], "0.9.0"), (["v0.9.0", "0.10.0"], [1], "0.10.0"),
            (["0.9.0", "0.10.0-rc1"], [], "0.9.0"),
            (["dev", "0.10.0"], [0, 1], "0.10.0"), (["dev", "0.10.0"], [0], "0.10.0"), (["dev", ""], [0, 1], "0.0.0"),
            ([nil, nil], [0, 1], "0.0.0"), (["1.2.3+x", nil], [1], "1.2.3"), (["0.0.0", "1.0.0"], [0, 1], "0.0.0"),
            (["2.0.0", "1.0.0"], [0, 1, 5], "1.0.0")
        ] as [([String?], [Int], String)])
    func theLowestUsableElseTheLastKnown(_ versions: [String?], _ usable: [Int], _ expected: String) throws {
        let catalog = try catalog(versions, enabled: [true, true])
        #expect(catalog.version(usable: RunnerSet(usable)) == expected)
        #expect(
            String(decoding: catalog.versionAnswer(usable: RunnerSet(usable)), as: UTF8.self)
                == "{\"version\":\"\(expected)\"}")
    }

    @Test(
        arguments: [
            (["0.5.4", "0.11.0"], [0, 1], [1]), (["0.5.4", "0.11.0"], [0], [0]),
            (["0.11.0", "v0.11.0-rc1"], [0, 1], [0, 1]),
            ([nil, "0.1.0"], [0, 1], [1]), ([nil, nil], [0, 1], [0, 1]), (["dev", nil], [0], [0])
        ] as [([String?], [Int], [Int])])
    func theNewest(_ versions: [String?], _ among: [Int], _ expected: [Int]) throws {
        let catalog = try catalog(versions, enabled: [true, true])
        #expect(catalog.newest(of: RunnerSet(among)).numbers.sorted() == expected)
    }

    @Test func aDisabledRunnersVersionCountsForNothing() throws {
        let catalog = try catalog(["0.1.0", "0.2.0"], enabled: [false, true])
        #expect(catalog.version(usable: RunnerSet([0, 1])) == "0.2.0")
        #expect(catalog.version(usable: RunnerSet([0])) == "0.2.0")
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{}", #"{"version":1}"#, #"{"version":null}"#, #"{"error":"no"}"#, #""1.2.3""#
    ])
    func anAnswerWithoutAVersionLeavesTheLastOne(_ body: String) throws {
        var catalog = try catalog(["1.2.3"], enabled: [true])
        #expect(throws: CatalogError.self) { try catalog.versionRead(0, Array(body.utf8)) }
        #expect(catalog.version(of: 0) == "1.2.3")
    }

    @Test func aVersionThatIsNoNumberReplacesTheLastOne() throws {
        var catalog = try catalog(["1.2.3"], enabled: [true])
        try catalog.versionRead(0, RunnerSays.version("dev"))
        #expect(catalog.version(of: 0) == nil)
        #expect(catalog.version(usable: RunnerSet([0])) == "0.0.0")
    }
}
