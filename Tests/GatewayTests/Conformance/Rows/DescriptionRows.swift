// SPDX-License-Identifier: MIT

import GatewayCore

/// One model looked at: `show`, and OpenAI's form of it.
extension RowBook {
    static let descriptions: [Row] = openAIModel + show

    static let openAIModel: [Row] = [
        Row(
            .get, .openAIModel, "the name as asked", .one, path: "/v1/models/BOTH:1b",
            [
                .ok, .json,
                .body(#"{"id":"BOTH:1b","object":"model","created":1755000000,"owned_by":"library"}"#)
            ]),
        Row(.get, .openAIModel, "a model of two", .twins, path: "/v1/models/both:1b", [.ok, .has("created")]),
        Row(.get, .openAIModel, "of another runner", .mixed, path: "/v1/models/right:1b", [.ok, .has("created")]),
        Row(.get, .openAIModel, "a dead runner's", .dead, path: "/v1/models/right:1b", [.ok, .has("created")]),
        Row(
            .get, .openAIModel, "a disabled runner's", .disabled, path: "/v1/models/right:1b",
            [.unknown("model 'right:1b' not found")]),
        Row(.get, .openAIModel, "an older runner's", .older, path: "/v1/models/left:1b", [.ok, .has("created")]),
        Row(
            .get, .openAIModel, "with its prefix", .prefixed, path: "/v1/models/gpu.right:1b",
            [.ok, .member("id", #""gpu.right:1b""#)]),
        Row(
            .get, .openAIModel, "one that nobody lists, with its tag", .one, path: "/v1/models/nosuch",
            [.unknown("model 'nosuch:latest' not found")]),
        Row(
            .get, .openAIModel, "a name with a slash has no route", .one, path: "/v1/models/library/both:1b",
            [.plain(404, "404 page not found")]),
        Row(
            .get, .openAIModel, "a number is a model at the root", .one, on: [.root], path: "/v1/models/0",
            [.unknown("model '0:latest' not found")]),
        Row(
            .get, .openAIModel, "before any list was read", .nobody, path: "/v1/models/both:1b",
            [.error(503, saying: "No runner has answered")])
    ]

    static let show: [Row] = [
        Row(
            .post, .show, "a model", .one, body: #"{"model":"both:1b"}"#,
            [.ok, .json, .by(0), .has("model_info", "capabilities", "details", "modified_at")], asks: .runner(0)),
        Row(
            .post, .show, "`name` stands in for `model`", .one, body: #"{"name":"both:1b"}"#, [.ok, .by(0)],
            asks: .runner(0)),
        Row(
            .post, .show, "and for an empty one", .one, body: #"{"model":"","name":"both:1b"}"#, [.ok, .by(0)],
            asks: .runner(0)),
        Row(
            .post, .show, "keys in any letter case", .one, body: #"{"MODEL":"both:1b"}"#, [.ok, .by(0)],
            asks: .runner(0)),
        Row(
            .post, .show, "a name in Ollama's other spellings", .one, body: #"{"model":"library/Both:1B"}"#,
            [.ok, .by(0)], asks: .runner(0)),
        Row(
            .post, .show, "no Content-Type of JSON", .one, fields: "Content-Type: text/plain\r\n",
            body: #"{"model":"both:1b"}"#, [.ok, .by(0)], asks: .runner(0)),
        Row(.post, .show, "a model of two", .twins, body: #"{"model":"both:1b"}"#, [.ok, .json], asks: .oneOf(0, 1)),
        Row(
            .post, .show, "of another runner", .mixed, body: #"{"model":"right:1b"}"#, [.ok, .by(1)],
            asks: .runner(1)),
        Row(
            .post, .show, "whoever lives", .dead, body: #"{"model":"both:1b"}"#, [.ok, .by(0)], asks: .runner(0),
            times: 2),
        Row(
            .post, .show, "a dead runner's: never 404, at which the CLI would pull", .dead,
            body: #"{"model":"right:1b"}"#, [.error(503, saying: "runner 1"), .hasHeader("Retry-After")]),
        Row(
            .post, .show, "a disabled runner's", .disabled, body: #"{"model":"right:1b"}"#,
            [.unknown("model 'right:1b' not found")]),
        Row(
            .post, .show, "whoever has the route", .older, body: #"{"model":"both:1b"}"#, [.ok, .by(1)],
            asks: .eventually(1, by: 0), times: 2),
        Row(
            .post, .show, "a prefix goes from the name", .prefixed, body: #"{"model":"gpu.right:1b"}"#,
            [.ok, .by(1)], asks: .runner(1)),
        Row(
            .post, .show, "one that nobody lists, with its tag", .one, body: #"{"model":"nosuch"}"#,
            [.unknown("model 'nosuch:latest' not found")]),
        Row(.post, .show, "no model", .one, body: "{}", [.error(400, "model is required")]),
        Row(.post, .show, "an empty model", .one, body: #"{"model":""}"#, [.error(400, "model is required")]),
        Row(.post, .show, "no name", .one, body: #"{"model":"a//b"}"#, [.error(400, "invalid model name")]),
        Row(.post, .show, "no body", .one, [.error(400, "missing request body")]),
        Row(.post, .show, "no JSON", .one, body: "both:1b", [.error(400)]),
        Row(.post, .show, "no object", .one, body: #"["both:1b"]"#, [.error(400)]),
        Row(.post, .show, "the model twice", .one, body: #"{"model":"left:1b","Model":"both:1b"}"#, [.error(400)]),
        Row(
            .post, .show, "before any list was read", .nobody, body: #"{"model":"both:1b"}"#,
            [.error(503, saying: "No runner has answered")]),
        Row(.post, .show, "without the key it needs", .keyed, body: #"{"model":"both:1b"}"#, [.error(401)]),
        Row(
            .post, .show, "pinned", .dead, on: [.prefix], path: "/api/show/0", body: #"{"model":"both:1b"}"#,
            [.ok, .by(0)], asks: .runner(0), times: 2),
        Row(
            .post, .show, "pinned to one that lacks it", .mixed, on: [.prefix], path: "/api/show/0",
            body: #"{"model":"right:1b"}"#, [.unknown("model 'right:1b' not found")]),
        Row(
            .post, .show, "pinned to a dead one: tried", .dead, on: [.prefix], path: "/api/show/1",
            body: #"{"model":"both:1b"}"#, [.error(502, saying: "runner 1")])
    ]
}
