// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Whom each management request concerns, and what each of them is asked (gateway.md, "Management over N runners").
@Suite struct ManagementPlanTests {
    /// Runner 0 and 2 are bare, 1 has the prefix `gpu`, 3 takes no pulls, 4 is disabled.
    static func catalog() throws -> Catalog {
        try Catalog([
            (["x:latest", "y:latest"], CatalogRunner()), (["X:latest", "own:1b"], CatalogRunner(prefixID: "gpu")),
            (["x:latest"], CatalogRunner()), (["y:latest"], CatalogRunner(takesPulls: false)),
            (["x:latest"], CatalogRunner(isEnabled: false))
        ])
    }

    static func request(
        _ operation: GatewayCore.Operation, _ body: String = "{}", method: Method = .post, query: String = "",
        pin: Int? = nil, argument: String? = nil
    ) throws -> ManagementRequest {
        let route = Route(operation, on: pin == nil ? .root : .prefix, pin: pin, pathArgument: argument)
        return try ManagementRequest(
            #require(scan(body).body), bytes: Array(body.utf8), route: route, method: method,
            target: Array("/x\(query)".utf8), identity: Identity(rights: .all))
    }

    static func plan(
        _ operation: GatewayCore.Operation, _ body: String = "{}", query: String = "", pin: Int? = nil
    ) throws -> ManagementPlan {
        try #require(try catalog().plan(request(operation, body, query: query, pin: pin)))
    }

    /// The body that one runner gets.
    static func sent(_ plan: ManagementPlan, _ body: String, to runner: Int) -> String {
        String(decoding: plan.body(Array(body.utf8), for: runner), as: UTF8.self)
    }

    static let whom: [(GatewayCore.Operation, String, String, [Int], ManagementPlan.Reach)] = [
        (.delete, #"{"model":"x"}"#, "", [0, 2], .each), (.delete, #"{"name":"gpu.x"}"#, "", [1], .each),
        (.push, #"{"name":"x"}"#, "", [0, 2], .best), (.push, #"{"model":"y"}"#, "", [0, 3], .best),
        (.copy, #"{"source":"x","destination":"z"}"#, "", [0, 2], .each),
        (.copy, #"{"source":"gpu.own:1b","destination":"gpu.z"}"#, "", [1], .each),
        (.copy, #"{"source":"gpu.own:1b","destination":"z"}"#, "", [1], .each),
        (.pull, #"{"model":"new"}"#, "", [0, 2], .each), (.pull, #"{"name":"gpu.new"}"#, "", [1], .each),
        (.pull, #"{"name":"new"}"#, "?runners=2", [2], .each),
        (.pull, #"{"name":"new"}"#, "?runners=1,3", [1, 3], .each),
        (.pull, #"{"name":"new","model":"new"}"#, "?runners=0,2,0", [0, 2], .each),
        (.create, #"{"model":"z","from":"y"}"#, "", [0, 3], .each),
        (.create, #"{"model":"z","from":"gpu.own:1b"}"#, "", [1], .each),
        (.create, #"{"model":"gpu.z","from":"gpu.own:1b"}"#, "", [1], .each),
        (.create, #"{"model":"z","from":"unheard-of"}"#, "", [0, 2], .each),
        (.create, #"{"model":"gpu.z","from":"gpu.unheard-of"}"#, "", [1], .each),
        (.create, #"{"model":"z"}"#, "", [0, 2], .each), (.create, #"{"model":"gpu.z"}"#, "", [1], .each),
        (.signout, "{}", "", [0, 1, 2, 3], .each), (.signoutByKey, "{}", "", [0, 1, 2, 3], .each),
        (.me, "{}", "", [0, 1, 2, 3], .lowest), (.status, "{}", "", [0, 1, 2, 3], .newest),
        (.webSearch, "{}", "", [0, 1, 2, 3], .newest), (.webFetch, "{}", "", [0, 1, 2, 3], .newest),
        (.recommendations, "{}", "", [0, 1, 2, 3], .newest)
    ]

    @Test(arguments: whom)
    func everyRequestFindsItsRunners(
        operation: GatewayCore.Operation, body: String, query: String, runners: [Int], reach: ManagementPlan.Reach
    ) throws {
        let plan = try Self.plan(operation, body, query: query)
        #expect(plan.runners.numbers == runners)
        #expect(plan.reach == reach)
    }

    @Test func blobsGoWhereModelsArePulledTo() throws {
        let digest = "sha256:" + String(repeating: "0a", count: 32)
        for method in [Method.head, .post] {
            let request = try Self.request(.blobs, method: method, argument: digest)
            let plan = try #require(try Self.catalog().plan(request))
            #expect(plan.runners.numbers == [0, 1, 2])
            #expect(plan.path == "/api/blobs/" + digest && plan.method == method)
        }
        let pinned = try Self.request(.blobs, pin: 3, argument: digest)
        #expect(try Self.catalog().plan(pinned)?.runners.numbers == [3])
    }

    @Test(arguments: [
        "", "sha256:00", "sha512:" + String(repeating: "0", count: 64), "sha256:" + String(repeating: "g", count: 64),
        "sha256:" + String(repeating: "0", count: 65), "sha256_" + String(repeating: "0", count: 64),
        "sha256:" + String(repeating: "0", count: 60) + " x/y"
    ])
    func whatIsNoDigestIsNoPath(digest: String) {
        let error = #expect(throws: GatewayError.self) { try Self.request(.blobs, argument: digest) }
        #expect(error == GatewayError(400, "invalid digest format"))
    }

    // MARK: What runners are asked

    static let bodies: [(GatewayCore.Operation, String, Int, String)] = [
        (.delete, #"{"model":"x"}"#, 0, #"{"model":"x"}"#),
        (.delete, #"{"model":"gpu.x", "name" : "gpu.x"}"#, 1, #"{"model":"X:latest", "name" : "X:latest"}"#),
        (.copy, #"{"destination":"gpu.z","source":"gpu.x"}"#, 1, #"{"destination":"z","source":"X:latest"}"#),
        (.copy, #"{"destination":"z","source":"gpu.x"}"#, 1, #"{"destination":"z","source":"X:latest"}"#),
        (.pull, #"{"name":"gpu.new:1b","insecure":true}"#, 1, #"{"name":"new:1b","insecure":true}"#),
        (.create, #"{"from":"gpu.x","model":"gpu.z"}"#, 1, #"{"from":"X:latest","model":"z"}"#),
        (.create, #"{"from":"gpu.new","model":"z"}"#, 1, #"{"from":"new","model":"z"}"#),
        (.push, #"{"name":"gpu.x","stream":false}"#, 1, #"{"name":"X:latest","stream":false}"#),
        (.me, #"{"a":1}"#, 0, ""), (.signout, #"{"a":1}"#, 0, ""), (.webSearch, #"{"query":"a"}"#, 0, #"{"query":"a"}"#)
    ]

    @Test(arguments: bodies)
    func onlyNamesWithAPrefixChange(operation: GatewayCore.Operation, body: String, runner: Int, sent: String) throws {
        #expect(Self.sent(try Self.plan(operation, body), body, to: runner) == sent)
    }

    @Test func namesOfOursAreNoRunners() throws {
        let push = try #require(try Self.catalog().plan(Self.request(.push, #"{"name":"x"}"#, method: .delete)))
        #expect(push.method == .post && push.path == "/api/push")
        let signout = try #require(try Self.catalog().plan(Self.request(.signoutByKey, method: .delete, argument: "k")))
        #expect(signout.method == .post && signout.path == "/api/signout")
        let delete = try #require(try Self.catalog().plan(Self.request(.delete, #"{"name":"x"}"#, method: .delete)))
        #expect(delete.method == .delete && delete.path == "/api/delete")
    }

    @Test func streamsAreThoseThatAreAskedFor() throws {
        for operation in [GatewayCore.Operation.pull, .push, .create] {
            #expect(try Self.plan(operation, #"{"model":"x"}"#).traits.streams)
            #expect(try !Self.plan(operation, #"{"model":"x","stream":false}"#).traits.streams)
        }
        #expect(try !Self.plan(.status).traits.streams)
    }

    @Test func whatChangesListsHasThemReadAgain() throws {
        #expect(try Self.plan(.delete, #"{"model":"x"}"#).traits.changes == [.tags])
        #expect(try Self.plan(.copy, #"{"source":"x","destination":"z"}"#).traits.changes == [.tags])
        #expect(try Self.plan(.pull, #"{"model":"x"}"#).traits.changes == [.tags])
        #expect(try Self.plan(.create, #"{"model":"x"}"#).traits.changes == [.tags])
        #expect(try Self.plan(.push, #"{"model":"x"}"#).traits.changes == [])
    }

    @Test func theBlobsOfACreateAreFoundAsOllamaFindsThem() throws {
        let a = "sha256:" + String(repeating: "a", count: 64)
        let b = "sha256:" + String(repeating: "b", count: 64)
        let body =
            #"{"model":"z","FILES":{"x.gguf":"\#(a)","y":"\#(b)"},"adapterſ":{"z":"\#(a)"},"other":{"w":"\#(b)"}}"#
        #expect(try Self.plan(.create, body).blobs == [a, b])
        #expect(try Self.plan(.create, #"{"model":"z","files":{"x":"no digest"}}"#).blobs == [])
    }

    // MARK: Refusals

    static let refused: [(GatewayCore.Operation, String, String, Int)] = [
        (.delete, #"{"model":"nobody"}"#, "model 'nobody' not found", 404),
        (.delete, #"{"model":"a//b"}"#, "name \"a//b\" is invalid", 400), (.delete, "{}", "model is required", 400),
        (.copy, #"{"source":"nobody","destination":"z"}"#, "model \"nobody\" not found", 404),
        (.copy, #"{"destination":"z"}"#, "source \"\" is invalid", 400),
        (.copy, #"{"source":"x"}"#, "destination \"\" is invalid", 400),
        (.push, #"{"model":"nobody"}"#, "model 'nobody' not found", 404), (.push, "{}", "model is required", 400),
        (.pull, "{}", "invalid model name", 400), (.create, "{}", "invalid model name", 400),
        (.delete, #"{"model":"x","name":"y"}"#, "model and name differ", 400),
        (.pull, #"{"model":"x","name":"y"}"#, "model and name differ", 400),
        (.create, #"{"model":"gpu.z","from":"y"}"#, "belongs to other runners", 400),
        (.copy, #"{"source":"x","destination":"gpu.z"}"#, "belongs to other runners", 400)
    ]

    @Test(arguments: refused)
    func whatCannotBeDoneIsRefusedInOllamasWords(
        operation: GatewayCore.Operation, body: String, words: String, status: Int
    ) {
        let error = #expect(throws: GatewayError.self) { try Self.plan(operation, body) }
        #expect(error?.status == status)
        #expect(error?.sentence.contains(words) == true, "\(error?.sentence ?? "")")
    }

    @Test(arguments: [
        ("?runners=", 400), ("?runners=a", 400), ("?runners=-1", 400), ("?runners=0,", 400), ("?runners=9", 404),
        ("?runners=4", 404)
    ])
    func aWrongChoiceOfRunnersIsRefused(query: String, status: Int) {
        let error = #expect(throws: GatewayError.self) { try Self.plan(.pull, #"{"model":"new"}"#, query: query) }
        #expect(error?.status == status)
    }

    @Test func aPrefixAndAChoiceMustAgree() throws {
        #expect(try Self.plan(.pull, #"{"model":"gpu.new"}"#, query: "?runners=0,1").runners.numbers == [1])
        #expect(throws: GatewayError.self) { try Self.plan(.pull, #"{"model":"gpu.new"}"#, query: "?runners=0") }
    }

    // MARK: Pins

    static let pins: [(GatewayCore.Operation, String, Int)] = [
        (.delete, #"{"model":"x"}"#, 2), (.copy, #"{"source":"x","destination":"z"}"#, 0),
        (.push, #"{"model":"y"}"#, 3),
        (.pull, #"{"model":"new"}"#, 3), (.pull, #"{"model":"gpu.new"}"#, 1), (.me, "{}", 2), (.signout, "{}", 1),
        (.status, "{}", 3), (.create, #"{"model":"z","from":"y"}"#, 3), (.create, #"{"model":"z"}"#, 2)
    ]

    @Test(arguments: pins)
    func aPinIsTheOnlyRunner(operation: GatewayCore.Operation, body: String, pin: Int) throws {
        let plan = try Self.plan(operation, body, pin: pin)
        #expect(plan.runners.numbers == [pin])
        #expect(plan.reach == .pinned)
    }

    @Test(arguments: [(9, 404), (4, 404), (3, 400)])
    func aPinThatIsNobodyOrLacksTheModelIsRefused(pin: Int, status: Int) {
        let error = #expect(throws: GatewayError.self) { try Self.plan(.delete, #"{"model":"x"}"#, pin: pin) }
        #expect(error?.status == status)
    }
}
