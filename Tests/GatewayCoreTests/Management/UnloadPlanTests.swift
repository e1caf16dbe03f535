// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Whom an unload concerns, and what each of them is asked.
@Suite struct UnloadPlanTests {
    static func request(
        _ operation: GatewayCore.Operation, _ body: String, on surface: Surface = .root
    ) throws -> ManagementRequest {
        try ManagementRequest(
            #require(scan(body).body), route: Route(operation, on: surface), identity: Identity(rights: .all))
    }

    @Test func itGoesWhereverTheModelIsLoaded() throws {
        var catalog = try Catalog(listing: ["x:latest"], ["x:latest"], ["x:latest"], ["y:latest"])
        try catalog.psRead(0, RunnerSays.tags("x:latest"))
        try catalog.psRead(2, RunnerSays.tags("x:latest", "y:latest"))
        let body = #"{"model":"X","keep_alive":0}"#
        let plan = try #require(try catalog.plan(Self.request(.generate, body)))
        #expect(plan.runners.numbers == [0, 2])
        #expect(plan.reach == .each)
        #expect(plan.traits.changes == [.ps])
        #expect(plan.path == "/api/generate" && plan.method == .post)
        #expect(plan.body(Array(body.utf8), for: 2) == Array(body.utf8))
    }

    @Test func whatWasOnlySeenToAnswerIsLoadedToo() throws {
        var catalog = try Catalog(listing: ["x:latest"], ["x:latest"])
        catalog.sawLoaded(1, try #require(catalog.found("x")))
        let plan = try #require(try catalog.plan(Self.request(.chat, #"{"model":"x","keep_alive":0}"#)))
        #expect(plan.runners.numbers == [1])
        #expect(plan.path == "/api/chat")
    }

    @Test func whereNobodyHasItOneHolderSaysSo() throws {
        let catalog = try Catalog(listing: ["x:latest"], ["x:latest"])
        let plan = try #require(try catalog.plan(Self.request(.chat, #"{"model":"x","keep_alive":0}"#)))
        #expect(plan.runners.numbers == [0, 1])
        #expect(plan.reach == .best)
    }

    @Test func aStrippedPrefixLeavesTheBody() throws {
        var catalog = try Catalog([(["X:latest"], CatalogRunner(prefixID: "gpu"))])
        try catalog.psRead(0, RunnerSays.tags("X:latest"))
        let body = #"{"keep_alive":0, "model":"gpu.x" }"#
        let plan = try #require(try catalog.plan(Self.request(.generate, body)))
        #expect(plan.body(Array(body.utf8), for: 0) == Array(#"{"keep_alive":0, "model":"X:latest" }"#.utf8))
    }

    @Test(arguments: [#"{"model":"gpu.x"}"#, #"{"name":"gpu.x"}"#, #"{"name":"gpu.x","model":""}"#])
    func openWebUIsUnloadIsAGenerateOfOurs(body: String) throws {
        let catalog = try Catalog([(["X:latest"], CatalogRunner(prefixID: "gpu")), (["x:latest"], CatalogRunner())])
        let plan = try #require(try catalog.plan(Self.request(.unload, body, on: .prefix)))
        #expect(plan.runners.numbers == [0])
        #expect(plan.path == "/api/generate" && plan.method == .post)
        #expect(
            plan.body(Array(body.utf8), for: 0) == Array(#"{"model":"X:latest","keep_alive":0,"stream":false}"#.utf8))
    }

    @Test(arguments: [
        (#"{}"#, Surface.prefix, 400), (#"{"model":"z"}"#, .prefix, 400), (#"{"model":"a//b"}"#, .prefix, 400),
        (#"{"model":"x","name":"y"}"#, .prefix, 400)
    ])
    func whatNamesNoModelIsRefused(body: String, surface: Surface, status: Int) throws {
        let catalog = try Catalog(listing: ["x:latest", "y:latest"])
        let error = #expect(throws: GatewayError.self) { try catalog.plan(Self.request(.unload, body, on: surface)) }
        #expect(error?.status == status)
    }

    @Test func aListThatIsOnItsWayIsWaitedFor() throws {
        let catalog = Catalog(runners: [CatalogRunner()])
        #expect(try catalog.plan(Self.request(.unload, #"{"model":"x"}"#, on: .prefix)) == nil)
    }

    @Test func underThePrefixEveryFailureIsA500AndSuccessIsTold() throws {
        let request = try Self.request(.unload, #"{"model":"x"}"#, on: .prefix)
        #expect(request.answer(standingFor: 200, [])?.body == Array(#"{"status":true}"#.utf8))
        let failure = try #require(request.answer(standingFor: 404, Array(#"{"error":"gone"}"#.utf8)))
        #expect(request.inItsStatuses(failure).status == 500)
        #expect(try JSON(parsing: failure.body)["detail"]?.string == "gone")
    }
}
