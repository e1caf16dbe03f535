// SPDX-License-Identifier: MIT

import GatewayCore
import ZstdFrames

/// What makes a runner compute: every sample in every situation, and the traps of single routes.
extension RowBook {
    static let inference: [Row] =
        InferenceSample.all.flatMap { answers($0) + choices($0) + refusals($0) + pins($0) }
        + chatTraps + generateTraps + otherTraps

    private static func row(
        _ sample: InferenceSample, _ title: String, _ situation: Situation, model: String = "both:1b",
        on surfaces: [Surface] = Surface.allCases, path: String? = nil, _ expected: [Expectation],
        asks asked: Asked = .nobody, times: Int = 1, isFresh: Bool = false
    ) -> Row {
        Row(
            .post, sample.operation, title, situation, on: surfaces, path: path, fields: sample.fields,
            body: sample.body(model, sample.whole), expected, asks: asked, isFresh: isFresh, times: times)
    }

    /// Whole and streamed, with the runner's own shape and Content-Type.
    private static func answers(_ sample: InferenceSample) -> [Row] {
        var rows = [row(sample, "a whole answer", .one, [.ok, .by(0)] + sample.wholeChecks, asks: .runner(0))]
        if let streamed = sample.streamed {
            rows.append(
                Row(
                    .post, sample.operation, "a stream", .one, fields: sample.fields,
                    body: sample.body("both:1b", streamed),
                    [.ok, .by(0), .header("Transfer-Encoding", "chunked")] + sample.streamChecks, asks: .runner(0)))
        }
        return rows
    }

    private static func choices(_ sample: InferenceSample) -> [Row] {
        [
            row(sample, "one of two", .twins, [.ok, .by(0, 1)], asks: .oneOf(0, 1)),
            row(sample, "whoever lists it", .mixed, model: "right:1b", [.ok, .by(1)], asks: .runner(1), times: 2),
            row(sample, "another spelling", .mixed, model: "library/RIGHT:1b", [.ok, .by(1)], asks: .runner(1)),
            row(sample, "whoever lives", .dead, [.ok, .by(0)], asks: .runner(0), times: 2),
            row(
                sample, "a dead runner's model: 503, never 404", .dead, model: "right:1b",
                [.error(503, saying: "runner 1"), .hasHeader("Retry-After"), .header("x-should-retry", "false")]),
            row(sample, "whoever is enabled", .disabled, [.ok, .by(0)], asks: .runner(0), times: 2),
            row(
                sample, "a disabled runner's model", .disabled, model: "right:1b",
                [.unknown(sample.unknown.replacing("nosuch", with: "right:1b"))]),
            row(
                sample, "whoever has the route", .older, [.ok, .by(1)], asks: .eventually(1, by: 0), times: 2,
                isFresh: true),
            row(
                sample, "only an older one has the model: its own words", .older, model: "left:1b", on: [.root],
                [.status(404), .text, .by(0), .body("404 page not found")], asks: .runner(0)),
            row(
                sample, "only an older one has the model: in JSON", .older, model: "left:1b", on: [.prefix],
                [.error(404, saying: "runner 0")], asks: .runner(0)),
            row(
                sample, "its prefix goes before it is asked", .prefixed, model: "gpu.right:1b", [.ok, .by(1)],
                asks: .runner(1)),
            row(sample, "before any list was read", .nobody, [.error(503, saying: "No runner has answered")]),
            row(sample, "without the key it needs", .keyed, [.error(401)])
        ]
    }

    private static func refusals(_ sample: InferenceSample) -> [Row] {
        var rows = [
            row(sample, "a model that nobody lists", .mixed, model: "nosuch", [.unknown(sample.unknown)]),
            row(sample, "an empty model", .one, model: "", [sample.missing]),
            row(sample, "no name", .one, model: "a//b", [.error(400, "invalid model name")]),
            Row(
                .post, sample.operation, "no body", .one, fields: sample.fields,
                [sample.missingBody.isEmpty ? .error(400) : .error(400, sample.missingBody)])
        ]
        guard sample.operation != .transcriptions else { return rows }
        let bad = [
            ("no model", "{}", sample.missing), ("no JSON", "both:1b", .error(400)),
            ("no object", #"["both:1b"]"#, .error(400)),
            ("bytes behind the JSON", #"{"model":"both:1b"}x"#, .error(400)),
            ("the model twice, in two letter cases", #"{"model":"left:1b","Model":"both:1b"}"#, .error(400)),
            ("a number for a model", #"{"model":7}"#, .error(400))
        ]
        rows += bad.map { title, body, error in Row(.post, sample.operation, title, .one, body: body, [error]) }
        return rows
    }

    private static func pins(_ sample: InferenceSample) -> [Row] {
        let path = sample.operation.entry.pattern
        return [
            row(sample, "pinned", .twins, on: [.prefix], path: path + "/1", [.ok, .by(1)], asks: .runner(1), times: 2),
            row(
                sample, "pinned to one that lacks it", .mixed, model: "right:1b", on: [.prefix], path: path + "/0",
                [.unknown(sample.unknown.replacing("nosuch", with: "right:1b"))]),
            row(
                sample, "pinned to an older one", .older, on: [.prefix], path: path + "/0",
                [.error(404, saying: "runner 0")], asks: .runner(0)),
            row(
                sample, "pinned to a disabled one", .disabled, on: [.prefix], path: path + "/1",
                [.error(404, saying: "no runner 1")]),
            row(
                sample, "pinned to a dead one: tried", .dead, on: [.prefix], path: path + "/1",
                [.error(502, saying: "runner 1")])
        ]
    }

    // MARK: Traps

    /// Nothing to say loads the model: one object, never a stream.
    private static let chatTraps: [Row] = [
        Row(
            .post, .chat, "no messages: load, on one", .twins, body: #"{"model":"both:1b"}"#,
            [.ok, .json, .member("done_reason", #""load""#)], asks: .oneOf(0, 1)),
        Row(
            .post, .chat, "empty messages and stream: still one object", .one,
            body: #"{"model":"both:1b","messages":[],"stream":true}"#,
            [.ok, .json, .member("done_reason", #""load""#)], asks: .runner(0)),
        Row(
            .post, .chat, "keep_alive 0: unload, wherever it is loaded", .twins,
            body: #"{"model":"both:1b","keep_alive":0}"#, [.ok, .json, .member("done_reason", #""unload""#)],
            asks: .runners([0, 1]), isFresh: true
        ) {
            try $0.load("both:1b", on: 0)
            try $0.load("both:1b", on: 1)
        },
        Row(
            .post, .chat, "keep_alive 0 with messages: an answer", .twins,
            body: #"{"model":"both:1b","messages":[{"role":"user","content":"a"}],"keep_alive":0,"stream":false}"#,
            [.ok, .has("message.content")], asks: .oneOf(0, 1)),
        Row(
            .post, .chat, "`name` means nothing here", .one, body: #"{"name":"both:1b"}"#,
            [.error(400, "model is required")]),
        Row(
            .post, .chat, "no Content-Type of JSON", .one,
            fields: "Content-Type: application/x-www-form-urlencoded\r\n",
            body: #"{"model":"both:1b","messages":[{"role":"user","content":"a"}]}"#, [.ok, .ndjson], asks: .runner(0)),
        Row(
            .post, .chat, "compressed: not taken on native routes", .one, fields: "Content-Encoding: zstd\r\n",
            bytes: Zstd.frame(Array(#"{"model":"both:1b"}"#.utf8)), [.error(415), .closes])
    ]

    private static let generateTraps: [Row] = [
        Row(
            .post, .generate, "an empty prompt: load", .one, body: #"{"model":"both:1b","prompt":""}"#,
            [.ok, .json, .member("done_reason", #""load""#)], asks: .runner(0)),
        Row(
            .post, .generate, "keep_alive 0: unload where it is loaded", .twins,
            body: #"{"model":"both:1b","keep_alive":0}"#, [.ok, .json, .member("done_reason", #""unload""#)],
            asks: .runner(1), isFresh: true
        ) { try $0.load("both:1b", on: 1) },
        Row(
            .post, .generate, "keep_alive \"0s\" with a prefix", .prefixed,
            body: #"{"model":"gpu.right:1b","keep_alive":"0s"}"#, [.ok, .member("done_reason", #""unload""#)],
            asks: .runner(1), isFresh: true
        ) { try $0.load("right:1b", on: 1) },
        Row(
            .post, .generate, "an unload of what is loaded nowhere: one says so", .twins,
            body: #"{"model":"both:1b","keep_alive":0}"#, [.ok, .member("done_reason", #""unload""#)],
            asks: .oneOf(0, 1), isFresh: true),
        Row(
            .post, .generate, "an unload of an unknown model", .one, body: #"{"model":"nosuch","keep_alive":0}"#,
            [.unknown("model 'nosuch' not found")]),
        Row(
            .post, .generate, "keep_alive -1: for ever", .one, body: #"{"model":"both:1b","keep_alive":-1}"#,
            [.ok, .member("done_reason", #""load""#)], asks: .runner(0), isFresh: true),
        Row(
            .post, .generate, "a keep_alive that is none", .one,
            body: #"{"model":"both:1b","prompt":"a","keep_alive":"-1"}"#,
            [.status(400), .by(0), .json, .runnersWords("time: invalid duration \"-1\"")], asks: .runner(0)),
        Row(
            .post, .generate, "white space around the name", .one,
            body: #"{"model":" both:1b\n","prompt":"a","stream":false}"#, [.ok, .by(0), .has("response")],
            asks: .runner(0)),
        Row(
            .post, .generate, "a copy on the runner's own disk", .mixed,
            body: #"{"model":"right:1b:local","prompt":"a","stream":false}"#, [.ok, .by(1), .has("response")],
            asks: .runner(1)),
        Row(
            .post, .generate, "a cloud name that nobody lists goes to some runner: its own words", .one, on: [.root],
            body: #"{"model":"big:cloud","prompt":"a"}"#, [.status(404), .by(0)], asks: .runner(0), isFresh: true),
        Row(
            .post, .generate, "a cloud name that nobody lists goes to some runner", .one, on: [.prefix],
            body: #"{"model":"big:cloud","prompt":"a"}"#, [.error(400, "model 'big:cloud' not found")],
            asks: .runner(0), isFresh: true)
    ]

    private static let otherTraps: [Row] = [
        Row(
            .post, .chatCompletions, "compressed with zstd", .one, fields: "Content-Encoding: zstd\r\n",
            bytes: Zstd.frame(Array(#"{"model":"both:1b","messages":[{"role":"user","content":"a"}]}"#.utf8)),
            [.ok, .json, .has("choices.0.message.content")], asks: .runner(0)),
        Row(
            .post, .chatCompletions, "what is no zstd: Ollama's words, in its native shape", .one, on: [.root],
            fields: "Content-Encoding: zstd\r\n", body: "{}",
            [.status(400), .json, .body(#"{"error":"failed to decompress request body"}"#)]),
        Row(
            .post, .chatCompletions, "no messages", .one, body: #"{"model":"both:1b"}"#,
            [.status(400), .by(0), .json, .runnersWords("[] is too short - 'messages'")], asks: .runner(0)),
        Row(
            .post, .chatCompletions, "with usage behind the last token", .one,
            body: #"{"model":"both:1b","messages":[{"role":"user","content":"a"}],"stream":true,"#
                + #""stream_options":{"include_usage":true}}"#,
            [.ok, .events, .says(#""choices":[],"usage":{"#), .stream(endingWith: "data: [DONE]\n\n")],
            asks: .runner(0)),
        Row(
            .post, .openAIEmbeddings, "as base64", .one,
            body: #"{"model":"both:1b","input":["a","b"],"encoding_format":"base64"}"#,
            [.ok, .json, .isText("data.1.embedding")], asks: .runner(0)),
        Row(
            .post, .messages, "a client with its dummy key in x-api-key", .one, fields: "x-api-key: dummy\r\n",
            body: #"{"model":"both:1b","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#,
            [.ok, .json], asks: .runner(0)),
        Row(
            .post, .messages, "no max_tokens", .one,
            body: #"{"model":"both:1b","messages":[{"role":"user","content":"hi"}]}"#,
            [
                .status(400), .by(0), .json, .runnersWords("max_tokens is required and must be positive"),
                .isText("request_id")
            ], asks: .runner(0)),
        Row(
            .post, .transcriptions, "the model behind the file", .one, fields: Form.contentType,
            bytes: Form().file(Array("RIFF".utf8)).field("model", "both:1b").ended, [.ok, .json, .has("text")],
            asks: .runner(0)),
        Row(
            .post, .transcriptions, "as plain text", .one, fields: Form.contentType,
            bytes: Form().field("model", "both:1b").field("response_format", "text").file(Array("RIFF".utf8)).ended,
            [.ok, .text], asks: .runner(0)),
        Row(.post, .transcriptions, "no form", .one, body: #"{"model":"both:1b"}"#, [.error(400)]),
        Row(
            .post, .embed, "an empty list", .one, body: #"{"model":"both:1b","input":[]}"#,
            [.ok, .member("embeddings", "[]")], asks: .runner(0)),
        Row(
            .post, .embed, "stream means nothing", .one, body: #"{"model":"both:1b","input":"a","stream":true}"#,
            [.ok, .json, .has("embeddings.0.0")], asks: .runner(0))
    ]
}
