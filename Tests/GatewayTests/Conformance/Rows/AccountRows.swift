// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner

/// A runner's account with ollama.com, and what any runner can say.
extension RowBook {
    static let accounts: [Row] = me + signout + anybody

    static let me: [Row] = [
        Row(
            .post, .me, "who the runner is", .one, [.ok, .json, .by(0), .has("id", "email", "name", "plan")],
            asks: .runner(0)),
        Row(.post, .me, "with a body that nobody wants", .one, body: "{}", [.ok, .by(0)], asks: .runner(0), sent: ""),
        Row(.post, .me, "always the lowest index", .twins, [.ok, .by(0)], asks: .runner(0), times: 2),
        Row(.post, .me, "always the lowest index", .mixed, [.ok, .by(0)], asks: .runner(0), times: 2),
        Row(.post, .me, "the lowest that lives", .dead, [.ok, .by(0)], asks: .runner(0)),
        Row(.post, .me, "the lowest that is enabled", .disabled, [.ok, .by(0)], asks: .runner(0)),
        Row(
            .post, .me, "an older one's own words", .older, on: [.root],
            [.status(404), .by(0), .body("404 page not found")], asks: .runner(0)),
        Row(.post, .me, "an older one can't", .older, on: [.prefix], [.error(404, saying: "older")], asks: .runner(0)),
        Row(.post, .me, "pinned", .twins, on: [.prefix], path: "/api/me/1", [.ok, .by(1)], asks: .runner(1)),
        Row(
            .post, .me, "signed out", .one,
            [
                .status(401), .by(0), .runnersWords("unauthorized"), .isText("signin_url"), .lacks("WWW-Authenticate")
            ],
            asks: .runner(0)
        ) { $0.simulated[0]?.options.library.isSignedIn = false },
        Row(.post, .me, "nobody to ask", .nobody, [.error(503), .hasHeader("Retry-After")]),
        Row(.post, .me, "without the key it needs", .keyed, [.error(401)])
    ]

    static let signout: [Row] =
        [
            (GatewayCore.Method.post, GatewayCore.Operation.signout, "/api/signout"),
            (.delete, .signoutByKey, "/api/user/keys/abc")
        ].flatMap { (method, operation, path) -> [Row] in
            let line = "POST /api/signout"
            return [
                Row(
                    method, operation, "`null`, as Ollama", .one, path: path, [.ok, .json, .body("null")],
                    asks: .runner(0, line)),
                Row(
                    method, operation, "every one", .twins, path: path, [.ok, .body("null")],
                    asks: .runners([0, 1], [line])),
                Row(
                    method, operation, "every one", .mixed, path: path, [.ok, .body("null")],
                    asks: .runners([0, 1], [line])),
                Row(
                    method, operation, "who was signed out before is no failure", .twins, path: path,
                    [.ok, .body("null")], asks: .runners([0, 1], [line])
                ) { $0.simulated[0]?.options.library.isSignedIn = false },
                Row(
                    method, operation, "nobody is signed in", .twins, path: path,
                    [.status(401), .runnersWords("you are not currently signed in")],
                    asks: .runners([0, 1], [line])
                ) { for runner in $0.simulated.values { runner.options.library.isSignedIn = false } },
                Row(
                    method, operation, "a dead one may still be signed in: told", .dead, path: path,
                    [.status(502), .json, .says("runner 1"), .member("runners.0.status", "200")],
                    asks: .runner(0, line)),
                Row(
                    method, operation, "not a disabled one", .disabled, path: path, [.ok, .body("null")],
                    asks: .runner(0, line)),
                Row(
                    method, operation, "one that lacks the route has nobody to sign out", .older, path: path,
                    [.ok, .body("null")], asks: .runners([0, 1], [line])),
                Row(method, operation, "nobody to ask", .nobody, path: path, [.error(503)]),
                Row(method, operation, "without the key it needs", .keyed, path: path, [.error(401)])
            ]
        } + [
            Row(
                .post, .signout, "pinned", .twins, on: [.prefix], path: "/api/signout/1", [.ok, .by(1), .body("null")],
                asks: .runner(1))
        ]

    /// No model is in them, so whoever can be used may answer; of several versions the newest, which has the route.
    static let anybody: [Row] =
        [
            (GatewayCore.Method.get, GatewayCore.Operation.status, nil, "cloud.disabled"),
            (.get, .recommendations, nil, "recommendations"),
            (.post, .webSearch, #"{"query":"swift"}"#, "results"), (.post, .webFetch, #"{"url":"http://a"}"#, "results")
        ].flatMap { (method, operation, body, member) -> [Row] in
            let path = operation.entry.pattern
            return [
                Row(
                    method, operation, "the runner's own words", .one, body: body,
                    [.ok, .json, .by(0), .has(member)], asks: .runner(0)),
                Row(method, operation, "one of two", .twins, body: body, [.ok, .has(member)], asks: .oneOf(0, 1)),
                Row(method, operation, "one of two", .mixed, body: body, [.ok, .has(member)], asks: .oneOf(0, 1)),
                Row(method, operation, "whoever lives", .dead, body: body, [.ok, .by(0)], asks: .runner(0), times: 2),
                Row(
                    method, operation, "whoever is enabled", .disabled, body: body, [.ok, .by(0)], asks: .runner(0),
                    times: 2),
                Row(
                    method, operation, "the newest, where versions differ", .older, body: body, [.ok, .by(1)],
                    asks: .runner(1), times: 2),
                Row(
                    method, operation, "pinned", .twins, on: [.prefix], path: path + "/1", body: body, [.ok, .by(1)],
                    asks: .runner(1)),
                Row(method, operation, "nobody to ask", .nobody, body: body, [.error(503), .hasHeader("Retry-After")]),
                Row(method, operation, "without the key it needs", .keyed, body: body, [.error(401)])
            ]
        } + [
            Row(.post, .webSearch, "no body", .one, [.error(400, "missing request body")]),
            Row(.post, .webFetch, "no body", .one, [.error(400, "missing request body")])
        ]
}
