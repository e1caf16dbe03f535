// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// `path_prefix`, and the parameters behind a path.
@Suite struct PathPrefixTests {
    @Test(arguments: ["/docker-model-runner", "/ollama", "/a/b/c", "/a.b~c_d-e", "/x/"])
    func aUsablePrefixServesTheSurface(prefix: String) {
        #expect(Router.problem(withPrefix: prefix) == nil)
        let router = Router(pathPrefix: prefix)
        #expect(
            router.route(.get, target: Array((prefix + "/stats").utf8)).result == .route(Route(.stats, on: .prefix)))
        #expect(router.route(.get, target: Array("/stats".utf8)).result == .notFound(.root))
        #expect(router.route(.get, target: Array(prefix.utf8)).result == .route(Route(.landing, on: .prefix)))
    }

    @Test(arguments: [
        "", "/", "x", "//", "//x", "/x//y", "/x//", "/.", "/..", "/x/..", "/a b", "/a%20b", "/é", "/a?b", "/a#b",
        "/api",
        "/api/x", "/v1", "/key", "/healthz", "/metrics/", "http://h/x"
    ])
    func anUnusablePrefixIsToldAndServesNothing(prefix: String) throws {
        let problem = try #require(Router.problem(withPrefix: prefix))
        #expect(problem.hasPrefix("m") || problem.hasPrefix("w"))
        let router = Router(pathPrefix: prefix)
        // Admin routes must not slip to the root because a prefix was bad.
        for path in ["/stats", "/config", "//stats", prefix + "/stats", "/keys"] {
            let routing = router.route(.get, target: Array(path.utf8))
            // `/key/stats` is the root, with a key that opens nothing in front of it.
            if routing.pathKey != nil { continue }
            if case .route = routing.result { Issue.record("served \(path)") }
        }
        #expect(router.route(.get, target: Array("/api/tags".utf8)).result == .route(Route(.tags)))
    }

    @Test func aLongTargetIsRoutedWithoutTrouble() {
        let router = Router(pathPrefix: "/docker-model-runner")
        let slashes = String(repeating: "/", count: 30000)
        #expect(
            router.route(.post, target: Array((slashes + "api" + slashes + "chat").utf8)).result == .route(Route(.chat))
        )
        let name = String(repeating: "a", count: 30000)
        #expect(
            router.route(.get, target: Array("/v1/models/\(name)".utf8)).result
                == .route(Route(.openAIModel, pathArgument: name)))
        #expect(router.route(.get, target: Array("/\(name)".utf8)).result == .notFound(.root))
    }

    @Test(arguments: [
        ("/readyz?runners=1", "1"), ("/readyz?a=b&runners=0,2", "0,2"), ("/x?runners=a%2Cb+c", "a,b c"),
        ("/x?runners=", ""), ("/x?runners", ""), ("/x?runners=1&runners=2", "1"), ("/x?runners=%zz%4", "%zz%4"),
        ("/x?&&runners=1", "1"), ("/x?runners=a=b", "a=b"), ("/x?runners=1?2", "1?2")
    ])
    func queryParametersAreDecoded(target: String, expected: String) {
        #expect(QueryParameters.value(of: "runners", in: Array(target.utf8)) == expected)
    }

    @Test(arguments: ["/readyz", "/readyz?", "/readyz?xrunners=1", "/readyz?runnersx=1", "/runners=1", "/x?Runners=1"])
    func absentQueryParametersAreNil(target: String) {
        #expect(QueryParameters.value(of: "runners", in: Array(target.utf8)) == nil)
    }

    /// Every byte string must end in one of the results, never in a trap.
    @Test func randomTargetsAreAnsweredOneWayOrAnother() {
        let router = Router(pathPrefix: "/p")
        var seed: UInt64 = 0x9E37_79B9_7F4A_7C15
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        let pieces = [
            "/", "//", "api", "/api/chat", "%", "%2", "%2f", "%2e", ".", "..", "p", "/p", "?", "#", "*", "http://", "0",
            "-1", "v1/models", "\u{0}", "é", "blobs", ":", "@", "[", "]", "&", "=", "%41"
        ]
        for _ in 0..<20000 {
            let target = (0..<next(8)).flatMap { _ in Array(pieces[next(pieces.count)].utf8) }
            let method = Method.allCases[next(Method.allCases.count)]
            if case .route(let route) = router.route(method, target: target).result {
                #expect(route.operation.entry.methods(on: route.surface).takes(method))
                #expect(route.pin == nil || route.surface == .prefix)
                #expect(route.pathArgument?.utf8.contains(UInt8(ascii: "/")) != true)
            }
        }
    }
}
