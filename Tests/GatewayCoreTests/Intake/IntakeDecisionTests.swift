// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Which route a head asks for, and in whose words it is answered.
@Suite struct IntakeDecisionTests {
    static let prefix = "/docker-model-runner"

    @Test(arguments: [
        ("/api/chat", GatewayCore.Operation.chat, ErrorFamily.native), ("/api/generate", .generate, .native),
        ("/api/embed", .embed, .native), ("/api/embeddings", .embeddings, .native), ("/api/show", .show, .native),
        ("/v1/chat/completions", .chatCompletions, .openAI), ("/v1/completions", .completions, .openAI),
        ("/v1/embeddings", .openAIEmbeddings, .openAI), ("//api//chat/?ts=1", .chat, .native),
        ("/api/%63hat", .chat, .native)
    ])
    func aModelsRouteIsServedAndItsBodyScanned(target: String, operation: GatewayCore.Operation, family: ErrorFamily) {
        for (path, surface) in [(target, Surface.root), (Self.prefix + target, .prefix)] {
            for framing in [Knock.length(10), Knock.chunked] {
                let intake = Knock(.post, path, [framing]).intake()
                #expect(intake.route == Route(operation, on: surface))
                #expect(intake.bodyUse == .scan)
                #expect(intake.surface == surface)
                #expect(intake.family == family)
                #expect(intake.pattern == operation.entry.pattern)
                #expect(intake.keepsAlive)
                #expect(!intake.expectsContinue)
                #expect(intake.responseFields.isEmpty)
            }
        }
    }

    @Test(arguments: [
        ("/", GatewayCore.Operation.landing, ErrorFamily.plain), ("/healthz", .healthz, .plain),
        ("/readyz?runners=1", .readyz, .plain), ("/api/tags", .tags, .native), ("/api/ps", .ps, .native),
        ("/api/version", .version, .native), ("/v1/models", .openAIModels, .openAI),
        ("/v1/models/x:1", .openAIModel, .openAI)
    ])
    func anOwnRouteIsServedWithoutABody(target: String, operation: GatewayCore.Operation, family: ErrorFamily) {
        for method in [Method.get, .head] {
            for surface in Surface.allCases {
                let intake = Knock(method, surface == .root ? target : Self.prefix + target).intake()
                #expect(intake.route?.operation == operation)
                #expect(intake.route?.surface == surface)
                #expect(intake.family == family)
                #expect(intake.pattern == operation.entry.pattern)
                #expect(intake.bodyUse == .drop)
                #expect(intake.framing == .none)
                #expect(intake.keepsAlive)
            }
        }
    }

    @Test func thePathsOwnModelIsKept() {
        #expect(Knock(.get, "/v1/models/Llama3%3A8b").intake().route?.pathArgument == "Llama3:8b")
    }

    @Test(arguments: [
        (Method.get, "/api/nothing", 404, Surface.root), (.post, "/api/web_search", 404, .root),
        (.get, "/config", 404, .root), (.get, "/docker-model-runnerx/api/tags", 404, .root),
        (.get, "/docker-model-runner/api/nothing", 404, .prefix),
        (.get, "/docker-model-runner/api/chat/99999999999999999999", 404, .prefix),
        (.post, "/docker-model-runner/api/chat/-1", 404, .prefix), (.get, "/api/chat", 405, .root),
        (.delete, "/api/chat", 405, .root), (.patch, "/api/tags", 405, .root), (.put, "/", 405, .root),
        (.get, "/docker-model-runner/api/chat", 405, .prefix), (.connect, "example.org:443", 405, .root),
        (.trace, "/api/tags", 405, .root), (.trace, "/nowhere", 405, .root), (.unsupported, "/api/tags", 405, .root)
    ])
    func whatHasNoRouteSaysSo(method: Method, target: String, status: Int, surface: Surface) {
        let intake = Knock(method, target).intake()
        #expect(intake.status == status)
        #expect(intake.surface == surface)
        #expect(intake.family == .native)
        #expect(intake.pattern == "-")
        #expect((intake.error?.allow == nil) == (status == 404))
        #expect(intake.keepsAlive)
    }

    @Test(arguments: [
        "/api/../config", "/api/./tags", "/api/%2e%2e/tags", "/api%2Ftags", "/api/tags%00", "/api/%zz", "/api/%",
        "*", "api/tags", "http://", "/v1/models/%ff"
    ])
    func aPathWithTwoMeaningsIsRefused(target: String) {
        let intake = Knock(.get, target).intake()
        #expect(intake.status == 400)
        #expect(intake.surface == .root)
        #expect(intake.pattern == "-")
    }

    @Test(arguments: [
        (Method.get, "/metrics", ErrorFamily.plain)
    ])
    func whatThisVersionDoesNotServeIs501InItsFamily(method: Method, target: String, family: ErrorFamily) {
        let intake = Knock(method, target).intake()
        #expect(intake.status == 501)
        #expect(intake.family == family)
        #expect(intake.keepsAlive)
    }

    @Test(arguments: [
        (Method.get, "/docker-model-runner/api/tags/0", 0), (.post, "/docker-model-runner/api/chat/0", 0),
        (.get, "/docker-model-runner/v1/models/7", 7), (.get, "/docker-model-runner/api/version/1", 1),
        (.delete, "/docker-model-runner/api/delete/2", 2)
    ])
    func aPinIsPartOfItsRoute(method: Method, target: String, pin: Int) {
        let intake = Knock(method, target).intake()
        #expect(intake.route?.pin == pin)
        #expect(intake.surface == .prefix)
    }

    // MARK: Switched off

    @Test(arguments: ["/", "/healthz", "/readyz", "/api/version"])
    func whileTheAPIIsOffItsFaceStillAnswers(target: String) {
        for path in [target, Self.prefix + target] {
            #expect(Knock(.get, path).intake(isEnabled: false).status == 200)
        }
    }

    @Test(arguments: [
        (Method.get, "/api/tags"), (.get, "/api/ps"), (.post, "/api/show"), (.post, "/api/chat"),
        (.post, "/v1/chat/completions"), (.get, "/v1/models"), (.get, "/v1/models/x")
    ])
    func whileTheAPIIsOffItsCallsAre503(method: Method, target: String) {
        for path in [target, Self.prefix + target] {
            let intake = Knock(method, path, [Knock.length(4)]).intake(isEnabled: false)
            #expect(intake.status == 503)
            #expect(intake.error?.origin == .gateway)
            #expect(intake.bodyUse == .drop)
        }
    }

    @Test func theSwitchTellsAStrangerNothing() {
        let knock = Knock(.post, "/api/chat")
        #expect(knock.intake(keys: [AccessFixtures.user], isEnabled: false).status == 401)
        #expect(Knock(.get, "/nowhere").intake(isEnabled: false).status == 404)
    }
}
