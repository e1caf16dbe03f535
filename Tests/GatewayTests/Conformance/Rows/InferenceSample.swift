// SPDX-License-Identifier: MIT

import GatewayCore

/// What one inference route is asked with and answers: the same situations make rows of it.
struct InferenceSample: Sendable {
    var operation: GatewayCore.Operation
    /// The body for a model; `stream` is put in as it stands.
    var body: @Sendable (_ model: String, _ stream: String) -> String
    /// `"stream":…` that makes the answer whole, and streamed; nil: there is no stream.
    var whole = #","stream":false"#
    var streamed: String?
    /// Of a whole answer.
    var wholeChecks: [Expectation]
    var streamChecks: [Expectation] = []
    /// Ollama's words for `nosuch`, and for no model at all (oa sections 5 and 7).
    var unknown: String
    var missing: Expectation
    /// For a body of no bytes.
    var missingBody = "missing request body"
    var fields = ""

    static let all: [InferenceSample] = [
        InferenceSample(
            operation: .chat,
            body: { #"{"model":"\#($0)","messages":[{"role":"user","content":"hi"}]\#($1)}"# },
            streamed: "",
            wholeChecks: [
                .json, .member("model", #""both:1b""#), .member("done", "true"),
                .has("created_at", "message.content", "eval_count", "done_reason"), .hasHeader("Content-Length")
            ],
            streamChecks: [.ndjson, .lines(endingWith: #""done":true"#)], unknown: "model 'nosuch' not found",
            missing: .error(400, "model is required")),
        InferenceSample(
            operation: .generate, body: { #"{"model":"\#($0)","prompt":"hi"\#($1)}"# }, streamed: "",
            wholeChecks: [
                .json, .member("done", "true"), .member("done_reason", #""stop""#), .has("response", "context.0")
            ],
            streamChecks: [.ndjson, .lines(endingWith: #""done":true"#)], unknown: "model 'nosuch' not found",
            missing: .unknown("model '' not found")),
        InferenceSample(
            operation: .embed, body: { #"{"model":"\#($0)","input":["a","b"]\#($1)}"# },
            wholeChecks: [.json, .has("model", "embeddings.1.0", "prompt_eval_count")],
            unknown: #"model "nosuch" not found, try pulling it first"#, missing: .unknown("model '' not found")),
        InferenceSample(
            operation: .embeddings, body: { #"{"model":"\#($0)","prompt":"a"\#($1)}"# },
            wholeChecks: [.json, .has("embedding.0")], unknown: #"model "nosuch" not found, try pulling it first"#,
            missing: .error(400, "model is required")),
        InferenceSample(
            operation: .chatCompletions,
            body: { #"{"model":"\#($0)","messages":[{"role":"user","content":"hi"}]\#($1)}"# },
            whole: "", streamed: #","stream":true"#,
            wholeChecks: [
                .json, .member("object", #""chat.completion""#), .has("id", "choices.0.message.content", "usage")
            ],
            streamChecks: [.events, .stream(endingWith: "data: [DONE]\n\n")], unknown: "model 'nosuch' not found",
            missing: .error(400, "model is required"), missingBody: "EOF"),
        InferenceSample(
            operation: .completions, body: { #"{"model":"\#($0)","prompt":"hi"\#($1)}"# }, whole: "",
            streamed: #","stream":true"#,
            wholeChecks: [.json, .member("object", #""text_completion""#), .has("choices.0.text", "usage")],
            streamChecks: [.events, .stream(endingWith: "data: [DONE]\n\n")], unknown: "model 'nosuch' not found",
            missing: .unknown("model '' not found"), missingBody: "EOF"),
        InferenceSample(
            operation: .openAIEmbeddings, body: { #"{"model":"\#($0)","input":"a"\#($1)}"# }, whole: "",
            wholeChecks: [.json, .member("object", #""list""#), .has("data.0.embedding.0", "usage.prompt_tokens")],
            unknown: #"model "nosuch" not found, try pulling it first"#, missing: .unknown("model '' not found"),
            missingBody: "EOF"),
        InferenceSample(
            operation: .responses, body: { #"{"model":"\#($0)","input":"hi"\#($1)}"# }, whole: "",
            streamed: #","stream":true"#,
            wholeChecks: [.json, .member("object", #""response""#), .member("status", #""completed""#)],
            streamChecks: [.events, .says("event: response.created\n"), .says("event: response.completed\n")],
            unknown: "model 'nosuch' not found", missing: .error(400, "model is required"), missingBody: "EOF"),
        InferenceSample(
            operation: .messages,
            body: { #"{"model":"\#($0)","max_tokens":9,"messages":[{"role":"user","content":"hi"}]\#($1)}"# },
            whole: "", streamed: #","stream":true"#,
            wholeChecks: [.json, .member("type", #""message""#), .has("content.0.text", "stop_reason", "usage")],
            streamChecks: [.events, .says("event: message_start\n"), .says("event: message_stop\n")],
            unknown: "model 'nosuch' not found", missing: .error(400, "model is required"), missingBody: "EOF"),
        InferenceSample(
            operation: .transcriptions,
            body: { String(decoding: Form().field("model", $0).file(Array("RIFF".utf8)).ended, as: UTF8.self) + $1 },
            whole: "", wholeChecks: [.json, .has("text")], unknown: "model 'nosuch' not found",
            missing: .error(400, "model is required"), missingBody: "", fields: Form.contentType),
        InferenceSample(
            operation: .systemOne,
            body: { #"{"model":"\#($0)","state":"a","questions":{"q":{"type":"noul","instructions":"b"}}\#($1)}"# },
            whole: "", wholeChecks: [.json, .has("answers.q.noul", "usage.input_tokens")],
            unknown: "model 'nosuch' not found", missing: .error(400, "model is required"), missingBody: "EOF")
    ]
}
