// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner

/// Models made of files: the files first, then the model where they are.
extension RowBook {
    static let blobsAndCreate: [Row] = blobs + create

    private static let weights = "weights"
    private static let digest = BlobTests.digest(Array(weights.utf8))
    private static let path = "/api/blobs/" + digest
    private static let hyphened = path.replacing("sha256:", with: "sha256-")
    private static let pinned = path + "/1"
    private static let wrong = "/api/blobs/sha256:" + String(repeating: "0", count: 64)
    private static let upload = "POST " + path
    private static let success = #"{"status":"success"}"#
    private static let made = #"{"model":"mine","files":{"a.gguf":"\#(digest)"}}"#

    static let blobs: [Row] = [
        Row(
            .post, .blobs, "stored", .one, path: path, body: weights, [.status(201), .body("")],
            asks: .runner(0, upload)),
        Row(.head, .blobs, "not there", .one, path: path, [.status(404)], asks: .runner(0, "HEAD " + path)),
        Row(.head, .blobs, "there", .one, path: path, [.ok], asks: .runner(0, "HEAD " + path)) {
            $0.upload(weights, to: 0)
        },
        Row(
            .post, .blobs, "to all, in one pass", .twins, path: path, body: weights, [.status(201), .body("")],
            asks: .runners([0, 1], [upload])),
        Row(
            .post, .blobs, "to all", .mixed, path: path, body: weights, [.status(201)],
            asks: .runners([0, 1], [upload])),
        Row(
            .head, .blobs, "200 only if all have it", .twins, path: path, [.status(404)],
            asks: .runners([0, 1], ["HEAD " + path])
        ) { $0.upload(weights, to: 0) },
        Row(.head, .blobs, "all have it", .twins, path: path, [.ok], asks: .runners([0, 1], ["HEAD " + path])) {
            $0.upload(weights, to: 0)
            $0.upload(weights, to: 1)
        },
        Row(
            .head, .blobs, "the digest with a hyphen, as it came", .one, path: hyphened, [.ok],
            asks: .runner(0, "HEAD " + hyphened)
        ) {
            $0.upload(weights, to: 0)
        },
        Row(
            .post, .blobs, "there already: answered before its body", .one, path: path, body: weights,
            [.ok, .body("")], asks: .runner(0, upload), sent: ""
        ) { $0.upload(weights, to: 0) },
        Row(
            .post, .blobs, "a dead one is skipped and named", .dead, path: path, body: weights,
            [.status(201), .json, .member("runners.0.status", "201"), .member("runners.1.status", "502")],
            asks: .runner(0, upload)),
        Row(.head, .blobs, "a dead one doesn't count", .dead, path: path, [.ok], asks: .runner(0, "HEAD " + path)) {
            $0.upload(weights, to: 0)
        },
        Row(
            .post, .blobs, "not to a disabled one", .disabled, path: path, body: weights, [.status(201)],
            asks: .runner(0, upload)),
        Row(
            .post, .blobs, "to all, whatever their prefix", .prefixed, path: path, body: weights, [.status(201)],
            asks: .runners([0, 1], [upload])),
        Row(
            .post, .blobs, "one that lacks the route: part success is told", .older, path: path, body: weights,
            [.status(404), .json, .member("runners.0.status", "404"), .member("runners.1.status", "201")],
            asks: .runners([0, 1], [upload])),
        Row(
            .post, .blobs, "another content than the digest says", .one, path: wrong, body: weights,
            [.status(400), .says("digest mismatch, expected")], asks: .runner(0, "POST " + wrong)),
        Row(
            .post, .blobs, "what is no digest", .one, path: "/api/blobs/sha256:12", body: weights,
            [.error(400, "invalid digest format"), .mayClose], isFresh: true),
        Row(.head, .blobs, "what is no digest", .one, path: "/api/blobs/sha256:12", [.status(400)]),
        Row(
            .post, .blobs, "pinned", .twins, on: [.prefix], path: pinned, body: weights, [.status(201), .by(1)],
            asks: .runner(1, upload)),
        Row(.head, .blobs, "pinned", .twins, on: [.prefix], path: pinned, [.ok], asks: .runner(1, "HEAD " + path)) {
            $0.upload(weights, to: 1)
        },
        Row(.post, .blobs, "nobody to store it", .nobody, path: path, body: weights, [.error(503), .mayClose]),
        Row(.post, .blobs, "without the key it needs", .keyed, path: path, body: weights, [.error(401)])
    ]

    static let create: [Row] = [
        Row(
            .post, .create, "from a model", .one, body: #"{"model":"mine","from":"both:1b"}"#,
            [.ok, .ndjson, .lines(endingWith: success)], asks: .runner(0)),
        Row(
            .post, .create, "in one piece", .one, body: #"{"model":"mine","from":"both:1b","stream":false}"#,
            [.ok, .type("application/json"), .body(success)], asks: .runner(0)),
        Row(
            .post, .create, "where its blobs are", .twins, body: made, [.ok, .by(1), .lines(endingWith: success)],
            asks: .each([0: ["HEAD " + path], 1: ["HEAD " + path, "POST /api/create"]])
        ) { $0.upload(weights, to: 1) },
        Row(
            .post, .create, "on all that have its blobs", .twins, body: made, [.ok, .lines(endingWith: success)],
            asks: .runners([0, 1], ["HEAD " + path, "POST /api/create"])
        ) {
            $0.upload(weights, to: 0)
            $0.upload(weights, to: 1)
        },
        Row(
            .post, .create, "nobody has its blobs", .twins, body: made, [.error(500, saying: "upload them first")],
            asks: .runners([0, 1], ["HEAD " + path])),
        Row(
            .post, .create, "where its from is", .mixed, body: #"{"model":"mine","from":"right:1b"}"#,
            [.ok, .by(1), .lines(endingWith: success)], asks: .runner(1)),
        Row(
            .post, .create, "a from that nobody lists is pulled, as by Ollama", .twins,
            body: #"{"model":"mine","from":"nosuch"}"#, [.ok, .says("pulling"), .lines(endingWith: success)],
            asks: .runners([0, 1])),
        Row(
            .post, .create, "prefixes go from both names", .prefixed,
            body: #"{"model":"gpu.mine","from":"gpu.right:1b"}"#, [.ok, .by(1), .lines(endingWith: success)],
            asks: .runner(1)),
        Row(
            .post, .create, "a dead holder is skipped and named", .dead, body: #"{"model":"mine","from":"both:1b"}"#,
            [.ok, .says("was skipped"), .lines(endingWith: success)], asks: .runner(0)),
        Row(
            .post, .create, "only who is enabled", .disabled, body: #"{"model":"mine","from":"both:1b"}"#,
            [.ok, .by(0), .lines(endingWith: success)], asks: .runner(0)),
        Row(
            .post, .create, "a holder that lacks the route fails it, named", .older,
            body: #"{"model":"mine","from":"both:1b"}"#, [.ok, .lines(endingWith: #""error""#), .says("runner 0")],
            asks: .runners([0, 1])),
        Row(
            .post, .create, "neither from nor files", .one, body: #"{"model":"mine"}"#,
            [.status(400), .runnersWords("neither 'from' or 'files' was specified")], asks: .runner(0)),
        Row(
            .post, .create, "a model that is no name", .one, body: #"{"model":"a//b","from":"both:1b"}"#,
            [.status(400), .runnersWords("invalid model name")], asks: .runner(0)),
        Row(
            .post, .create, "a digest that is none", .one, body: #"{"model":"mine","files":{"a":"sha256:12"}}"#,
            [.status(400), .runnersWords("invalid digest format")], asks: .runner(0)),
        Row(.post, .create, "no model", .one, body: #"{"from":"both:1b"}"#, [.error(400, "invalid model name")]),
        Row(.post, .create, "no body", .one, [.error(400, "missing request body")]),
        Row(
            .post, .create, "pinned", .twins, on: [.prefix], path: "/api/create/1",
            body: #"{"model":"mine","from":"both:1b"}"#, [.ok, .by(1), .lines(endingWith: success)], asks: .runner(1)),
        Row(
            .post, .create, "without the key it needs", .keyed, body: #"{"model":"mine","from":"both:1b"}"#,
            [.error(401)])
    ]
}
