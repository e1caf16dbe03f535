// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Callers who may use only some models. The oracle is a catalog that never had the others: in nothing that is asked
/// may the two differ.
@Suite struct CatalogRightsTests {
    static let patterns = ["x", "p.y*", "own:*", "ns/z"]
    static let rights = ModelRights(patterns)

    private static func catalog(_ isListed: (String) -> Bool) throws -> Catalog {
        func list(_ names: [String], _ prefix: String = "") -> ([String], CatalogRunner) {
            let shown = names.filter { isListed((prefix.isEmpty ? "" : prefix + ".") + $0) }
            // Somebody has answered, also where nothing is left.
            return (shown + ["every"], CatalogRunner(prefixID: prefix, modelIDs: shown.isEmpty ? ["none"] : shown))
        }
        var catalog = try Catalog([
            list(["x:latest", "secret:latest", "own:1b", "ns/z:latest"]),
            list(["y:7b", "secret:latest", "x:latest"], "p"), list(["X:latest", "secret:1b", "own:2b"])
        ])
        for runner in 0..<3 {
            let names = ["x:latest", "secret:latest", "y:7b", "own:1b"]
            try catalog.psRead(runner, RunnerSays.list(names.filter { isListed((runner == 1 ? "p." : "") + $0) }))
        }
        return catalog
    }

    static func whole() throws -> Catalog { try catalog { _ in true } }
    static func reduced() throws -> Catalog { try catalog { rights.allows(key: ModelName.key(of: $0)) } }

    static let names =
        ["x", "X:Latest", "library/x", " x ", "x:local", "secret", "SECRET", "library/secret:latest", "secret:1b"]
        .flatMap {
            [$0, "p." + $0, "P." + $0]
        } + [
            "y", "p.y", "p.y:7b", "own", "own:1b", "ns/z", "ns/z:q4", "secret:local", "secret:local:cloud", "a b", "",
            "nobody"
        ]

    @Test(arguments: names)
    func aForbiddenModelResolvesAsAnUnknownOne(name: String) throws {
        for readsSource in [true, false] {
            let asked = try Self.whole().resolve(name, readsSource: readsSource, for: Self.rights)
            let expected = try Self.reduced().resolve(name, readsSource: readsSource)
            guard case .found(let model) = asked, case .found(let other) = expected else {
                #expect(asked == expected)
                continue
            }
            #expect(model.key == other.key && model.holders == other.holders && model.loaded == other.loaded)
        }
    }

    @Test func whileListsAreOnTheirWayOneWaitsForItAsForAnyOther() throws {
        var catalog = Catalog(runners: [CatalogRunner(), CatalogRunner()])
        try catalog.tagsRead(0, RunnerSays.tags("secret:latest", "x:latest"))
        #expect(catalog.resolve("secret", for: Self.rights) == .firstListsPending)
        #expect(catalog.resolve("unheard-of", for: Self.rights) == .firstListsPending)
        #expect(catalog.resolve("secret", for: .all) != .firstListsPending)
        catalog.firstAttemptEnded(1)
        #expect(catalog.resolve("secret", for: Self.rights) == .unknown)
    }

    @Test func aCloudNameIsItsStub() throws {
        let catalog = try Catalog(listing: ["a:cloud", "b:20b-cloud"], [])
        let rights = ModelRights(["a:cloud", "c:*"])
        for (name, isAllowed) in [
            ("a:cloud", true), ("A:CLOUD", true), ("b:20b-cloud", false), ("b:20b:cloud", false), ("c:cloud", true),
            ("c:9b-cloud", true), ("d:cloud", false)
        ] {
            if case .found = catalog.resolve(name, for: rights) {
                #expect(isAllowed, "\(name)")
            } else {
                #expect(!isAllowed && catalog.resolve(name, for: rights) == .unknown, "\(name)")
            }
        }
    }

    @Test(arguments: CatalogList.allCases)
    func listsLeaveItOut(list: CatalogList) throws {
        var whole = try Self.whole()
        var reduced = try Self.reduced()
        #expect(whole.answer(list, for: Self.rights) == reduced.answer(list))
        for runner in 0..<3 {
            #expect(whole.answer(list, runner: runner, for: Self.rights) == reduced.answer(list, runner: runner))
        }
        #expect(String(decoding: whole.answer(list), as: UTF8.self).contains("secret"))
    }

    @Test(arguments: [GatewayCore.Operation.tags, .ps, .openAIModels])
    func pinnedListsAsWell(operation: GatewayCore.Operation) throws {
        for index in 0..<3 {
            let asked = try Self.whole().answer(operation, pinnedTo: index, for: Self.rights)
            #expect(try asked == Self.reduced().answer(operation, pinnedTo: index))
        }
    }

    @Test(arguments: names)
    func oneModelOfOpenAIs(name: String) throws {
        #expect(try Self.whole().model(named: name, for: Self.rights) == Self.reduced().model(named: name))
    }

    // MARK: Management

    private static func request(
        _ operation: GatewayCore.Operation, _ body: String, _ rights: ModelRights, pin: Int?
    ) throws -> ManagementRequest {
        var identity = Identity(rights: .all)
        identity.models = rights
        return try ManagementRequest(
            #require(scan(body).body), bytes: Array(body.utf8),
            route: Route(operation, on: pin == nil ? .root : .prefix, pin: pin), identity: identity)
    }

    private static func outcome(
        _ catalog: Catalog, _ operation: GatewayCore.Operation, _ body: String, _ rights: ModelRights, pin: Int?
    ) -> Result<RunnerSet?, GatewayError> {
        do {
            return .success(try catalog.plan(request(operation, body, rights, pin: pin))?.runners)
        } catch let error as GatewayError {
            return .failure(error)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Where a name has to be listed, the answer is that of the catalog without it, word for word.
    @Test(arguments: names)
    func managementDoesNotKnowIt(name: String) throws {
        let bodies: [(GatewayCore.Operation, String)] = [
            (.delete, #"{"model":"\#(name)"}"#), (.delete, #"{"name":"\#(name)"}"#), (.push, #"{"model":"\#(name)"}"#),
            (.unload, #"{"model":"\#(name)"}"#), (.generate, #"{"model":"\#(name)","keep_alive":0}"#),
            (.copy, #"{"source":"\#(name)","destination":"own:copy"}"#)
        ]
        for (operation, body) in bodies {
            for pin in [nil, 0, 1, 7] {
                let asked = Self.outcome(try Self.whole(), operation, body, Self.rights, pin: pin).mapError {
                    // The one thing that tells them apart, and no client is told it.
                    var error = $0
                    error.refusal = nil
                    return error
                }
                let expected = Self.outcome(try Self.reduced(), operation, body, .all, pin: pin)
                #expect(asked == expected, "\(operation) \(body) \(String(describing: pin))")
            }
        }
    }

    static let forbidden: [(GatewayCore.Operation, String, String)] = [
        (.pull, #"{"model":"secret"}"#, "secret"), (.pull, #"{"name":"library/SECRET"}"#, "library/SECRET"),
        (.pull, #"{"model":"hf.co/x/y"}"#, "hf.co/x/y"), (.pull, #"{"model":"p.x"}"#, "p.x"),
        (.create, #"{"model":"secret2","from":"x"}"#, "secret2"),
        (.create, #"{"model":"x","from":"secret"}"#, "secret"),
        (.create, #"{"model":"x","from":"secret:local"}"#, "secret:local"),
        (.copy, #"{"source":"x","destination":"stolen"}"#, "stolen"),
        (.push, #"{"model":"x","name":"x","from":"secret"}"#, "secret"),
        (.delete, #"{"model":"x","source":"secret"}"#, "secret"),
        (.pull, #"{"model":"x:local","destination":"y"}"#, "y")
    ]

    @Test(arguments: forbidden)
    func everyNameInABodyHasToBeAllowed(operation: GatewayCore.Operation, body: String, name: String) throws {
        var error = GatewayError.modelNotFound(
            name, normalized: ModelName.displayed(name), operation, on: .root)
        error.refusal = .model
        #expect(Self.outcome(try Self.whole(), operation, body, Self.rights, pin: nil) == .failure(error))
        #expect(throws: Never.self) { try Self.outcome(Self.whole(), operation, body, .all, pin: nil).get() }
    }

    @Test func namesBesideTheModelOfAChatAsWell() throws {
        let catalog = try Self.whole()
        let route = Route(.chat)
        for (body, isAllowed) in [
            (#"{"model":"x"}"#, true), (#"{"model":"x","name":"secret"}"#, false),
            (#"{"model":"x","name":"own:9b"}"#, true),
            (#"{"model":"x","from":"p.secret"}"#, false), (#"{"model":"x","name":""}"#, true)
        ] {
            let scanned = try #require(scan(body).body)
            var isRefused = false
            do { try catalog.checkNames(scanned.names, of: route, for: Self.rights) } catch { isRefused = true }
            #expect(isRefused == !isAllowed)
            #expect(throws: Never.self) { try catalog.checkNames(scanned.names, of: route, for: .all) }
        }
    }

    @Test(arguments: ["modelfile", "ModelFile", "path"])
    func aModelfileCouldNameAnything(key: String) throws {
        let body = #"{"model":"x","\#(key)":"FROM secret"}"#
        let outcome = Self.outcome(try Self.whole(), .create, body, Self.rights, pin: nil)
        #expect(outcome.error?.status == 400)
        #expect(Self.outcome(try Self.whole(), .create, body, .all, pin: nil).error == nil)
    }
}

extension Result<RunnerSet?, GatewayError> {
    fileprivate var error: GatewayError? {
        switch self {
        case .success: nil
        case .failure(let error): error
        }
    }
}
