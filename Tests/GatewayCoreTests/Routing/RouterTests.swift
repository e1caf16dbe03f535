// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Paths that people and machines really send, and those that try something.
@Suite struct RouterTests {
    typealias Operation = GatewayCore.Operation
    let router = Router(pathPrefix: "/docker-model-runner")

    func route(_ method: Method, _ target: String) -> RoutingResult {
        router.route(method, target: Array(target.utf8)).result
    }

    @Test(arguments: [
        ("/api/chat", Route(.chat)), ("/api/chat?ts=1", Route(.chat)), ("/api/chat/", Route(.chat)),
        ("//api//chat//", Route(.chat)), ("/%61pi/%63hat", Route(.chat)), ("/api/chat?a=/../%2f%zz", Route(.chat)),
        ("http://h:1/api/chat", Route(.chat)), ("HTTPS://h/api/chat/?q", Route(.chat)),
        ("/v1/chat/completions", Route(.chatCompletions)), ("/v1//embeddings/", Route(.openAIEmbeddings)),
        ("/docker-model-runner/api/chat", Route(.chat, on: .prefix)),
        ("//docker-model-runner//api/chat", Route(.chat, on: .prefix)),
        ("/docker%2Dmodel-runner/api/chat/", Route(.chat, on: .prefix)),
        ("/docker-model-runner/api/unload", Route(.unload, on: .prefix)),
        ("/docker-model-runner/config/update", Route(.configUpdate, on: .prefix)),
        ("/docker-model-runner/api/chat/0", Route(.chat, on: .prefix, pin: 0)),
        ("/docker-model-runner/api/chat/12/", Route(.chat, on: .prefix, pin: 12)),
        ("/docker-model-runner/api/chat/007", Route(.chat, on: .prefix, pin: 7)),
        ("/docker-model-runner/api/chat/%31", Route(.chat, on: .prefix, pin: 1)),
        ("/docker-model-runner/v1/chat/completions/3", Route(.chatCompletions, on: .prefix, pin: 3)),
        ("/docker-model-runner/v1/audio/transcriptions/3", Route(.transcriptions, on: .prefix, pin: 3)),
        ("/v1/systemone", Route(.systemOne)),
        ("/api/blobs/sha256:00", Route(.blobs, pathArgument: "sha256:00")),
        ("/docker-model-runner/api/blobs/sha256:00", Route(.blobs, on: .prefix, pathArgument: "sha256:00")),
        ("/docker-model-runner/api/blobs/sha256-0/1", Route(.blobs, on: .prefix, pin: 1, pathArgument: "sha256-0"))
    ])
    func postsFindTheirRoute(target: String, expected: Route) {
        #expect(route(.post, target) == .route(expected))
    }

    @Test(arguments: [
        ("/", Route(.landing)), ("//", Route(.landing)), ("/?x", Route(.landing)), ("http://h", Route(.landing)),
        ("http://h?x=/y", Route(.landing)), ("/docker-model-runner", Route(.landing, on: .prefix)),
        ("/docker-model-runner/", Route(.landing, on: .prefix)), ("/api/tags/", Route(.tags)),
        ("/v1/models", Route(.openAIModels)), ("/v1/models/", Route(.openAIModels)),
        ("/v1/models/llama3:8b", Route(.openAIModel, pathArgument: "llama3:8b")),
        ("/v1/models/gpu0.a%20b", Route(.openAIModel, pathArgument: "gpu0.a b")),
        ("/v1/models/%25", Route(.openAIModel, pathArgument: "%")),
        ("/v1/models/%252e%252e", Route(.openAIModel, pathArgument: "%2e%2e")),
        ("/v1/models/...", Route(.openAIModel, pathArgument: "...")),
        ("/v1/models/7", Route(.openAIModel, pathArgument: "7")),
        ("/docker-model-runner/v1/models/7", Route(.openAIModels, on: .prefix, pin: 7)),
        ("/docker-model-runner/v1/models/7b", Route(.openAIModel, on: .prefix, pathArgument: "7b")),
        ("/docker-model-runner/v1/models/-1", Route(.openAIModel, on: .prefix, pathArgument: "-1")),
        ("/docker-model-runner/api/version/2", Route(.version, on: .prefix, pin: 2)),
        ("/docker-model-runner/api/tags/999999999999999999", Route(.tags, on: .prefix, pin: 999_999_999_999_999_999)),
        ("/healthz", Route(.healthz)), ("/readyz?runners=1", Route(.readyz)), ("/metrics", Route(.metrics)),
        ("/docker-model-runner/keys", Route(.keys, on: .prefix)),
        ("/docker-model-runner/decisions?last=5", Route(.decisions, on: .prefix))
    ])
    func getsAndHeadsFindTheirRoute(target: String, expected: Route) {
        #expect(route(.get, target) == .route(expected))
        #expect(route(.head, target) == .route(expected))
    }

    @Test(arguments: [
        ("/nope", Surface.root), ("/api", .root), ("/apichat", .root), ("/api/chat/0", .root), ("/API/chat", .root),
        ("/api/chat\\x", .root), ("/api/tags;v=1", .root), ("/stats", .root), ("/config", .root), ("/keys/x", .root),
        ("/api/unload", .root), ("/v1/models/a/b", .root), ("/v1/models/hf.co/u/r:Q4", .root), ("/v1", .root),
        ("/api/blobs", .root), ("/api/blobs/a/b", .root), ("/docker-model-runnerx/api/chat", .root),
        ("/docker-model-runne", .root), ("/DOCKER-MODEL-RUNNER/api/tags", .root),
        ("/docker-model-runner/api", .prefix), ("/docker-model-runner/nope", .prefix),
        ("/docker-model-runner/metrics", .prefix), ("/docker-model-runner/0", .prefix),
        ("/docker-model-runner/api/tags/-1", .prefix), ("/docker-model-runner/api/tags/+1", .prefix),
        ("/docker-model-runner/api/tags/1.0", .prefix), ("/docker-model-runner/api/tags/0x1", .prefix),
        ("/docker-model-runner/api/tags/%D9%A1", .prefix), ("/docker-model-runner/api/tags/0/0", .prefix),
        ("/docker-model-runner/api/tags/9999999999999999999", .prefix),
        ("/docker-model-runner/v1/models/99999999999999999999", .prefix),
        ("/docker-model-runner/v1/models/x/0", .prefix), ("/docker-model-runner/keys/x/0", .prefix),
        ("/docker-model-runner/stats/0", .prefix), ("/docker-model-runner/models/download/0", .prefix),
        ("/docker-model-runner/docker-model-runner/api/tags", .prefix)
    ])
    func unknownPathsAreNotFound(target: String, surface: Surface) {
        for method in [Method.get, .post, .put, .unsupported] {
            #expect(route(method, target) == .notFound(surface), "\(method)")
        }
        #expect(route(.options, target) == .options(surface, .unknownPath))
    }

    @Test(arguments: [
        "/..", "/.", "/api/./chat", "/api/../api/chat", "/api/chat/..", "/api/chat/.", "/%2e%2e/x", "/%2E/x",
        "/api/.%2e/chat", "//..//", "/docker-model-runner/../api/chat", "/api%2Fchat", "/v1/models/a%2fb", "/api/%",
        "/api/%4", "/api/%zz", "/api/%g0", "/api/%-1", "/v1/models/%00", "/v1/models/%0a", "/v1/models/%0D%0A",
        "/v1/models/%1f", "/v1/models/%7F", "/v1/models/%ff", "/v1/models/%c3", "/api/chat#x", "/api/chat?x#y",
        "/api/ch at", "/api/chat\u{0}", "/api/chat?\u{1}", "/api/chat\u{7F}", "", "api/chat", "*", "?x", "http:/x/y",
        "http//x/y", "ftp://h/api/chat", "http://", "file:///etc", "javascript:x", "**", "\\api\\chat"
    ])
    func malformedTargetsAre400(target: String) {
        for method in [Method.get, .post, .delete, .trace] {
            guard case .malformed(let error) = route(method, target) else {
                Issue.record("\(method) \(target): \(route(method, target))")
                continue
            }
            #expect(error.status == 400 && error.origin == .client && error.sentence.hasSuffix("."))
        }
    }

    @Test func theRealModelNameMayHoldWhatLooksLikeEncodedDots() {
        // Decoded once: a second decoding would find `..` here.
        #expect(
            route(.get, "/docker-model-runner/v1/models/%252e")
                == .route(Route(.openAIModel, on: .prefix, pathArgument: "%2e")))
    }

    @Test(arguments: [
        (Method.get, "/api/chat", Surface.root, "POST"), (.delete, "/api/chat", .root, "POST"),
        (.post, "/api/tags", .root, "GET, HEAD"), (.put, "/", .root, "GET, HEAD"), (.post, "/", .root, "GET, HEAD"),
        (.get, "/api/blobs/x", .root, "HEAD, POST"), (.post, "/api/delete", .root, "DELETE"),
        (.delete, "/api/push", .root, "POST"), (.unsupported, "/api/push", .root, "POST"),
        (.patch, "/docker-model-runner/api/push", .prefix, "POST, DELETE"),
        (.put, "/docker-model-runner/keys", .prefix, "GET, HEAD, POST"),
        (.get, "/docker-model-runner/keys/x", .prefix, "DELETE"),
        (.post, "/docker-model-runner/api/tags/3", .prefix, "GET, HEAD"), (.trace, "/api/chat", .root, "POST"),
        (.trace, "/nope", .root, "GET, HEAD, POST, DELETE"), (.connect, "/api/chat", .root, "POST"),
        (.connect, "example.com:443", .root, "GET, HEAD, POST, DELETE"),
        (.connect, "", .root, "GET, HEAD, POST, DELETE"), (.connect, "*", .root, "GET, HEAD, POST, DELETE")
    ])
    func wrongMethodsNameTheRightOnes(method: Method, target: String, surface: Surface, allow: String) {
        #expect(route(method, target) == .methodNotAllowed(surface, allow: allow))
    }

    @Test(arguments: [
        ("/nowhere", ErrorFamily.native), ("/v1/nowhere", .openAI), ("//v1//chat/completions/7", .openAI),
        ("/docker-model-runner/v1/chat/completions", .openAI), ("/docker-model-runner/v1/messages", .anthropic),
        ("/docker-model-runner//v1/messages/x?y", .anthropic), ("/docker-model-runner/api/v1/x", .native),
        ("/v1x", .native), ("/v1/../x", .native), ("*", .native), ("", .native), ("http://h/v1/x", .openAI)
    ])
    func whereNothingIsTheShapeFollowsThePath(target: String, family: ErrorFamily) {
        #expect(router.family(ofUnrouted: Array(target.utf8)) == family)
    }

    @Test func pushIsDeletedUnderThePrefixAsOpenWebUIDoes() {
        #expect(
            route(.delete, "/docker-model-runner/api/push/1") == .route(Route(.push, on: .prefix, pin: 1)))
    }

    @Test(arguments: [
        ("*", OptionsTarget.server), ("http://h", .server), ("/", .path(allow: "GET, HEAD")),
        ("/api/chat", .path(allow: "POST")), ("http://h/", .path(allow: "GET, HEAD")), ("/x", .unknownPath)
    ])
    func optionsIsKnownEverywhere(target: String, expected: OptionsTarget) {
        #expect(route(.options, target) == .options(.root, expected))
    }
}
