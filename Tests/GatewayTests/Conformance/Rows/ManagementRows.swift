// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner

/// What changes runners by name: pull, push, copy, delete, unload.
extension RowBook {
    static let management: [Row] = pull + push + copy + delete + unload

    private static let success = #"{"status":"success"}"#
    private static let new = #"{"model":"new:1b"}"#
    private static let newWhole = #"{"model":"new:1b","stream":false}"#

    static let pull: [Row] = [
        Row(
            .post, .pull, "a stream of progress", .one, body: new,
            [.ok, .ndjson, .by(0), .says("pulling manifest"), .says(#""total":800000"#), .lines(endingWith: success)],
            asks: .runner(0)),
        Row(
            .post, .pull, "the CLI's body", .one, body: #"{"name":"new:1b"}"#,
            [
                .ok, .ndjson,
                .lines(endingWith: success)
            ], asks: .runner(0)),
        Row(
            .post, .pull, "Open WebUI's body: both, and insecure", .one,
            body: #"{"name":"new:1b","model":"new:1b","insecure":true}"#,
            [
                .ok, .ndjson,
                .lines(endingWith: success)
            ], asks: .runner(0)),
        Row(
            .post, .pull, "in one piece", .one, body: newWhole, [.ok, .type("application/json"), .body(success)],
            asks: .runner(0)),
        Row(
            .post, .pull, "to all, one stream, one success, last", .twins, body: new,
            [.ok, .ndjson, .lines(endingWith: success)], asks: .runners([0, 1])),
        Row(
            .post, .pull, "to all, in one piece", .twins, body: newWhole, [.ok, .body(success)],
            asks: .runners([0, 1])),
        Row(
            .post, .pull, "to all", .mixed, body: #"{"model":"left:1b"}"#, [.ok, .lines(endingWith: success)],
            asks: .runners([0, 1])),
        Row(
            .post, .pull, "a dead one is skipped and named", .dead, body: new,
            [.ok, .ndjson, .says("runner 1"), .says("was skipped"), .lines(endingWith: success)], asks: .runner(0)),
        Row(
            .post, .pull, "a dead one is skipped, in one piece", .dead, body: newWhole,
            [.ok, .json, .member("status", #""success""#), .member("runners.1.status", "502")], asks: .runner(0)),
        Row(
            .post, .pull, "not to a disabled one", .disabled, body: new, [.ok, .lines(endingWith: success)],
            asks: .runner(0)),
        Row(
            .post, .pull, "one that lacks the route fails it, named", .older, body: new,
            [.ok, .ndjson, .lines(endingWith: #""error""#), .says("runner 0"), .says("answered 404")],
            asks: .runners([0, 1])),
        Row(
            .post, .pull, "one that lacks the route, in one piece", .older, body: newWhole,
            [
                .status(404), .json, .has("error"), .member("runners.0.status", "404"),
                .member("runners.1.status", "200")
            ], asks: .runners([0, 1])),
        Row(
            .post, .pull, "a bare name: those without a prefix", .prefixed, body: new,
            [.ok, .lines(endingWith: success)], asks: .runner(0)),
        Row(
            .post, .pull, "a prefix: those who have it", .prefixed, body: #"{"model":"gpu.new:1b"}"#,
            [.ok, .lines(endingWith: success)], asks: .runner(1)),
        Row(
            .post, .pull, "to chosen ones", .twins, path: "/api/pull?runners=1", body: new,
            [.ok, .by(1), .lines(endingWith: success)], asks: .runner(1)),
        Row(
            .post, .pull, "to one that there isn't", .twins, path: "/api/pull?runners=0,7", body: new,
            [.error(404, saying: "no runner 7")]),
        Row(
            .post, .pull, "a choice that is none", .twins, path: "/api/pull?runners=all", body: new,
            [.error(400, saying: "?runners=0,2")]),
        Row(
            .post, .pull, "pinned", .twins, on: [.prefix], path: "/api/pull/1", body: new,
            [.ok, .by(1), .lines(endingWith: success)], asks: .runner(1)),
        Row(
            .post, .pull, "pinned to a disabled one", .disabled, on: [.prefix], path: "/api/pull/1", body: new,
            [.error(404, saying: "no runner 1")]),
        Row(
            .post, .pull, "the registry's refusal is the last line", .twins, body: new,
            [.ok, .ndjson, .lines(endingWith: "file does not exist")], asks: .runners([0, 1])
        ) { for runner in $0.simulated.values { runner.options.library.unknown = ["new:1b"] } },
        Row(
            .post, .pull, "the registry's refusal, in one piece", .one, body: newWhole,
            [.status(500), .runnersWords("pull model manifest: file does not exist")], asks: .runner(0)
        ) { $0.simulated[0]?.options.library.unknown = ["new:1b"] },
        Row(
            .post, .pull, "one fails in the middle: an error line names it", .twins, body: new,
            [.ok, .ndjson, .lines(endingWith: #""error""#), .says("runner 1")], asks: .runners([0, 1])
        ) { $0.simulated[1]?.options.library.failsAtLayer = 1 },
        Row(.post, .pull, "an empty name", .one, body: #"{"model":""}"#, [.error(400, "invalid model name")]),
        Row(.post, .pull, "no name", .one, body: "{}", [.error(400, "invalid model name")]),
        Row(
            .post, .pull, "what is no name", .one, body: #"{"model":"a//b"}"#,
            [.status(400), .runnersWords("invalid model name")], asks: .runner(0)),
        Row(.post, .pull, "no body", .one, [.error(400, "missing request body")]),
        Row(.post, .pull, "two different names", .one, body: #"{"model":"a","name":"b"}"#, [.error(400)]),
        Row(.post, .pull, "nobody to pull to", .nobody, body: new, [.error(503), .hasHeader("Retry-After")]),
        Row(.post, .pull, "without the key it needs", .keyed, body: new, [.error(401)])
    ]

    /// Open WebUI's router takes it as DELETE, too; runners are always asked with POST.
    static let push: [Row] =
        [
            push(
                .post, "a stream of progress", .one, #"{"model":"both:1b"}"#,
                [.ok, .ndjson, .by(0), .says("pushing manifest"), .lines(endingWith: success)], asks: .runner(0)),
            push(
                .delete, "a stream of progress", .one, on: [.prefix], #"{"model":"both:1b"}"#,
                [.ok, .ndjson, .by(0), .lines(endingWith: success)], asks: .runner(0, "POST /api/push")),
            push(
                .delete, "pinned", .twins, on: [.prefix], path: "/api/push/1", #"{"name":"both:1b"}"#,
                [.ok, .by(1), .lines(endingWith: success)], asks: .runner(1, "POST /api/push")),
            push(
                .delete, "one that nobody lists", .mixed, on: [.prefix], #"{"model":"nosuch"}"#,
                [.unknown("model 'nosuch' not found")])
        ]
        + [
            push(
                .post, "the CLI's body", .one, #"{"name":"both:1b"}"#, [.ok, .lines(endingWith: success)],
                asks: .runner(0)),
            push(
                .post, "in one piece", .one, #"{"model":"both:1b","stream":false}"#,
                [.ok, .type("application/json"), .body(success)], asks: .runner(0)),
            push(
                .post, "never on two", .twins, #"{"model":"both:1b"}"#, [.ok, .lines(endingWith: success)],
                asks: .oneOf(0, 1)),
            push(.post, "whoever lists it", .mixed, #"{"model":"right:1b"}"#, [.ok, .by(1)], asks: .runner(1)),
            push(.post, "whoever lives", .dead, #"{"model":"both:1b"}"#, [.ok, .by(0)], asks: .runner(0)),
            push(
                .post, "a dead runner's", .dead, #"{"model":"right:1b"}"#,
                [.error(503, saying: "runner 1"), .hasHeader("Retry-After")]),
            push(
                .post, "a disabled runner's", .disabled, #"{"model":"right:1b"}"#,
                [.unknown("model 'right:1b' not found")]),
            push(
                .post, "an older one's own words", .older, on: [.root], #"{"model":"left:1b"}"#,
                [.status(404), .by(0), .body("404 page not found")], asks: .runner(0)),
            push(
                .post, "an older one can't", .older, on: [.prefix], #"{"model":"left:1b"}"#,
                [.error(404, saying: "older")], asks: .runner(0)),
            push(
                .post, "a prefix goes from the name", .prefixed, #"{"model":"gpu.right:1b"}"#,
                [.ok, .lines(endingWith: success)], asks: .runner(1)),
            push(.post, "one that nobody lists", .one, #"{"model":"nosuch"}"#, [.unknown("model 'nosuch' not found")]),
            push(.post, "no name", .one, "{}", [.error(400, "model is required")]),
            push(.post, "no body", .one, nil, [.error(400, "missing request body")]),
            push(.post, "before any list was read", .nobody, #"{"model":"both:1b"}"#, [.error(503)]),
            push(.post, "without the key it needs", .keyed, #"{"model":"both:1b"}"#, [.error(401)])
        ]

    private static func push(
        _ method: GatewayCore.Method, _ title: String, _ situation: Situation,
        on surfaces: [Surface] = Surface.allCases,
        path: String? = nil, _ body: String?, _ expected: [Expectation],
        asks asked: Asked = .nobody
    ) -> Row {
        Row(method, .push, title, situation, on: surfaces, path: path, body: body, expected, asks: asked)
    }

    static let copy: [Row] =
        both(.copy, .post, "at every holder of the source", .one, #"{"source":"both:1b","destination":"twin"}"#, [0])
        + both(.copy, .post, "both", .twins, #"{"source":"both:1b","destination":"twin"}"#, [0, 1])
        + both(.copy, .post, "whoever has the source", .mixed, #"{"source":"right:1b","destination":"twin"}"#, [1])
        + both(.copy, .post, "only who is enabled", .disabled, #"{"source":"both:1b","destination":"twin"}"#, [0])
        + both(
            .copy, .post, "a prefix goes from both names", .prefixed,
            #"{"source":"gpu.right:1b","destination":"gpu.twin"}"#, [1])
        + [
            Row(
                .post, .copy, "a dead holder: part success is told", .dead,
                body: #"{"source":"both:1b","destination":"twin"}"#,
                [
                    .status(502), .json, .says("runner 1"), .member("runners.0.status", "200"),
                    .member("runners.1.status", "502")
                ], asks: .runner(0)),
            Row(
                .post, .copy, "a holder that lacks the route: part success is told", .older,
                body: #"{"source":"both:1b","destination":"twin"}"#,
                [.status(404), .json, .member("runners.0.status", "404"), .member("runners.1.status", "200")],
                asks: .runners([0, 1])),
            Row(
                .post, .copy, "a dead runner's", .dead, body: #"{"source":"right:1b","destination":"twin"}"#,
                [.error(503, saying: "runner 1"), .hasHeader("Retry-After")]),
            Row(
                .post, .copy, "a disabled runner's", .disabled, body: #"{"source":"right:1b","destination":"twin"}"#,
                [.unknown(#"model "right:1b" not found"#)]),
            Row(
                .post, .copy, "a source that nobody lists", .one, body: #"{"source":"nosuch","destination":"twin"}"#,
                [.unknown(#"model "nosuch" not found"#)]),
            Row(
                .post, .copy, "onto itself", .one, on: [.root], body: #"{"source":"both:1b","destination":"both:1b"}"#,
                [.ok, .body("")], asks: .runner(0)),
            Row(
                .post, .copy, "no source", .one, body: #"{"destination":"twin"}"#,
                [.error(400, #"source "" is invalid"#)]),
            Row(
                .post, .copy, "a source that is no name", .one, body: #"{"source":"a//b","destination":"twin"}"#,
                [.error(400, #"source "a//b" is invalid"#)]),
            Row(
                .post, .copy, "no destination", .one, body: #"{"source":"both:1b"}"#,
                [.error(400, #"destination "" is invalid"#)]),
            Row(
                .post, .copy, "a destination that is no name", .one,
                body: #"{"source":"both:1b","destination":"a//b"}"#,
                [.status(400), .runnersWords("destination \"a//b\" is invalid")], asks: .runner(0)),
            Row(.post, .copy, "no body", .one, [.error(400, "missing request body")]),
            Row(
                .post, .copy, "pinned", .twins, on: [.prefix], path: "/api/copy/1",
                body: #"{"source":"both:1b","destination":"twin"}"#, [.ok, .by(1), .body("true")], asks: .runner(1)),
            Row(
                .post, .copy, "without the key it needs", .keyed,
                body: #"{"source":"both:1b","destination":"twin"}"#, [.error(401)])
        ]

    static let delete: [Row] =
        both(.delete, .delete, "at every holder", .one, #"{"model":"both:1b"}"#, [0])
        + both(.delete, .delete, "the CLI's body", .one, #"{"name":"both:1b"}"#, [0])
        + both(.delete, .delete, "both", .twins, #"{"model":"both:1b"}"#, [0, 1])
        + both(.delete, .delete, "whoever has it", .mixed, #"{"model":"right:1b"}"#, [1])
        + both(.delete, .delete, "only who is enabled", .disabled, #"{"model":"both:1b"}"#, [0])
        + both(.delete, .delete, "a prefix goes from the name", .prefixed, #"{"model":"gpu.right:1b"}"#, [1])
        + [
            Row(
                .delete, .delete, "a 404 from one is success for the whole", .twins, on: [.root],
                body: #"{"model":"both:1b"}"#, [.ok, .by(0), .body("")], asks: .runners([0, 1])
            ) { $0.simulated[1]?.options.models = [] },
            Row(
                .delete, .delete, "a dead holder: part success is told", .dead, body: #"{"model":"both:1b"}"#,
                [
                    .status(502), .json, .says("runner 1"), .member("runners.0.status", "200"),
                    .member("runners.1.status", "502")
                ], asks: .runner(0)),
            Row(
                .delete, .delete, "a dead runner's", .dead, body: #"{"model":"right:1b"}"#,
                [.error(503, saying: "runner 1"), .hasHeader("Retry-After")]),
            Row(
                .delete, .delete, "a disabled runner's", .disabled, body: #"{"model":"right:1b"}"#,
                [.unknown("model 'right:1b' not found")]),
            Row(
                .delete, .delete, "a holder that lacks the route: part success is told", .older,
                body: #"{"model":"both:1b"}"#,
                [.status(404), .json, .member("runners.0.status", "404"), .member("runners.1.status", "200")],
                asks: .runners([0, 1])),
            Row(
                .delete, .delete, "one that nobody lists", .one, body: #"{"model":"nosuch"}"#,
                [.unknown("model 'nosuch' not found")]),
            Row(.delete, .delete, "no model", .one, body: "{}", [.error(400, "model is required")]),
            Row(
                .delete, .delete, "no name", .one, body: #"{"name":"a//b"}"#, [.error(400, #"name "a//b" is invalid"#)]),
            Row(.delete, .delete, "no body", .one, [.error(400, "missing request body")]),
            Row(
                .delete, .delete, "pinned", .twins, on: [.prefix], path: "/api/delete/1", body: #"{"model":"both:1b"}"#,
                [.ok, .by(1), .body("true")], asks: .runner(1)),
            Row(.delete, .delete, "before any list was read", .nobody, body: #"{"model":"both:1b"}"#, [.error(503)]),
            Row(.delete, .delete, "without the key it needs", .keyed, body: #"{"model":"both:1b"}"#, [.error(401)])
        ]

    /// An empty 200 as Ollama's at the root, `true` as the router's under the prefix.
    private static func both(
        _ operation: GatewayCore.Operation, _ method: GatewayCore.Method, _ title: String, _ situation: Situation,
        _ body: String, _ runners: [Int]
    ) -> [Row] {
        [
            Row(
                method, operation, title, situation, on: [.root], body: body, [.ok, .body("")], asks: .runners(runners)),
            Row(
                method, operation, title, situation, on: [.prefix], body: body, [.ok, .json, .body("true")],
                asks: .runners(runners))
        ]
    }

    private static let generate = "POST /api/generate"

    /// Open WebUI's own route, under the prefix only.
    static let unload: [Row] = unloads.map {
        var row = $0
        let model = row.situation == .mixed || row.situation == .prefixed ? "right" : "both"
        // An older one has nothing but `left`.
        let name = row.situation == .older ? "left" : model
        row.sent = #"{"model":"\#(name):1b","keep_alive":0,"stream":false}"#
        return row
    }

    private static let unloads: [Row] = [
        Row(
            .post, .unload, "wherever it is loaded", .twins, body: #"{"model":"both:1b"}"#,
            [.ok, .json, .body(#"{"status":true}"#)], asks: .runners([0, 1], [generate])
        ) {
            try $0.load("both:1b", on: 0)
            try $0.load("both:1b", on: 1)
        },
        Row(
            .post, .unload, "the older body", .one, body: #"{"name":"both:1b"}"#, [.ok, .body(#"{"status":true}"#)],
            asks: .runner(0, generate)
        ) { try $0.load("both:1b", on: 0) },
        Row(
            .post, .unload, "of what is loaded nowhere: one says so", .one, body: #"{"model":"both:1b"}"#,
            [.ok, .body(#"{"status":true}"#)], asks: .runner(0, generate)),
        Row(
            .post, .unload, "where it is loaded only", .mixed, body: #"{"model":"right:1b"}"#,
            [.ok, .body(#"{"status":true}"#)], asks: .runner(1, generate)
        ) { try $0.load("right:1b", on: 1) },
        Row(
            .post, .unload, "whoever lives", .dead, body: #"{"model":"both:1b"}"#, [.ok, .body(#"{"status":true}"#)],
            asks: .runner(0, generate)
        ) { try $0.load("both:1b", on: 0) },
        Row(
            .post, .unload, "a dead runner's", .dead, body: #"{"model":"right:1b"}"#, [.error(503, saying: "runner 1")]),
        Row(
            .post, .unload, "a disabled runner's", .disabled, body: #"{"model":"right:1b"}"#,
            [.unknown("model 'right:1b' not found")]),
        Row(
            .post, .unload, "an older runner that can't: 500, as every failure", .older, body: #"{"model":"left:1b"}"#,
            [.error(500)], asks: .runner(0, generate)),
        Row(
            .post, .unload, "a prefix goes from the name", .prefixed, body: #"{"model":"gpu.right:1b"}"#,
            [.ok, .body(#"{"status":true}"#)], asks: .runner(1, generate)
        ) { try $0.load("right:1b", on: 1) },
        Row(
            .post, .unload, "one that nobody lists", .one, body: #"{"model":"nosuch"}"#,
            [.unknown("model 'nosuch' not found")]),
        Row(.post, .unload, "no model", .one, body: "{}", [.unknown("model '' not found")]),
        Row(.post, .unload, "no body", .one, [.error(400, "missing request body")]),
        Row(
            .post, .unload, "pinned", .twins, path: "/api/unload/1", body: #"{"model":"both:1b"}"#,
            [.ok, .body(#"{"status":true}"#)], asks: .runner(1, generate)
        ) { try $0.load("both:1b", on: 1) },
        Row(.post, .unload, "without the key it needs", .keyed, body: #"{"model":"both:1b"}"#, [.error(401)])
    ]
}
