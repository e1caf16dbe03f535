// SPDX-License-Identifier: MIT

import GatewayCore

/// Merged lists and the version: from memory, whatever runners do; nobody is asked.
extension RowBook {
    static let lists: [Row] = tags + ps + version + openAIModels

    static let tags: [Row] = [
        Row(
            .get, .tags, "an Ollama's list at the root", .one, on: [.root],
            [
                .ok, .json, .models("both:1b", "left:1b"), .member("models.0.name", #""both:1b""#),
                .has("models.0.modified_at", "models.0.size", "models.0.digest", "models.0.details.family"),
                .member("models.0.urls", nil), .member("models.0.tags", nil),
                .member("models.0.connection_type", nil)
            ]),
        Row(
            .get, .tags, "Open WebUI's additions under the prefix", .one, on: [.prefix],
            [
                .ok, .json, .models("both:1b", "left:1b"), .member("models.0.urls", "[0]"),
                .member("models.0.connection_type", #""docker""#), .member("models.0.expires_at", nil)
            ]),
        Row(.get, .tags, "one entry for a model of two", .twins, on: [.root], [.ok, .models("both:1b")]),
        Row(
            .get, .tags, "with the indices of both", .twins, on: [.prefix],
            [.ok, .models("both:1b"), .member("models.0.urls", "[0,1]")]),
        Row(.get, .tags, "newest first", .mixed, on: [.root], [.ok, .models("right:1b", "left:1b")]),
        Row(.get, .tags, "first seen first", .mixed, on: [.prefix], [.ok, .models("left:1b", "right:1b")]),
        Row(
            .get, .tags, "a dead runner's models stay listed", .dead, on: [.root],
            [.ok, .models("right:1b", "both:1b", "left:1b")]),
        Row(
            .get, .tags, "and its index, too", .dead, on: [.prefix],
            [.ok, .models("both:1b", "left:1b", "right:1b"), .member("models.0.urls", "[0,1]")]),
        Row(.get, .tags, "a disabled runner's models are not listed", .disabled, [.ok, .models("both:1b", "left:1b")]),
        Row(
            .get, .tags, "an older runner's are", .older, on: [.prefix],
            [.ok, .models("both:1b", "left:1b", "right:1b"), .member("models.0.urls", "[0,1]")]),
        Row(
            .get, .tags, "an older runner's are", .older, on: [.root], [.ok, .models("both:1b", "left:1b", "right:1b")]),
        Row(
            .get, .tags, "a prefix stands in both names at the root", .prefixed, on: [.root],
            [.ok, .models("gpu.right:1b", "left:1b"), .member("models.0.name", #""gpu.right:1b""#)]),
        Row(
            .get, .tags, "and in `model` alone under the prefix", .prefixed, on: [.prefix],
            [.ok, .models("left:1b", "gpu.right:1b"), .member("models.1.name", #""right:1b""#)]),
        Row(.get, .tags, "an empty list, and no `null`", .nobody, [.ok, .json, .body(#"{"models":[]}"#)]),
        Row(.get, .tags, "without the key it needs", .keyed, [.error(401)]),
        Row(.get, .tags, "the CLI's query", .one, path: "/api/tags?ts=1", [.ok, .models("both:1b", "left:1b")]),
        Row(
            .get, .tags, "pinned: that runner's, in the gateway's names", .prefixed, on: [.prefix],
            path: "/api/tags/1",
            [.ok, .json, .models("gpu.right:1b"), .member("models.0.urls", "[1]")]),
        Row(
            .get, .tags, "pinned to a dead one", .dead, on: [.prefix], path: "/api/tags/1",
            [.ok, .models("both:1b", "right:1b")]),
        Row(
            .get, .tags, "pinned to a disabled one", .disabled, on: [.prefix], path: "/api/tags/1",
            [.error(404, saying: "no runner 1")]),
        Row(
            .get, .tags, "a loaded model's expiry in Unix seconds", .one, on: [.prefix],
            [.ok, .models("both:1b", "left:1b"), .isNumber("models.0.expires_at"), .member("models.1.expires_at", nil)]
        ) {
            try $0.load("both:1b", on: 0)
        }
    ]

    static let ps: [Row] = [
        Row(.get, .ps, "nothing is loaded", .one, [.ok, .json, .body(#"{"models":[]}"#)]),
        Row(.get, .ps, "nothing is loaded", .twins, [.ok, .body(#"{"models":[]}"#)]),
        Row(.get, .ps, "nothing is known of it", .nobody, [.ok, .body(#"{"models":[]}"#)]),
        Row(.get, .ps, "an older runner that lacks the route", .older, [.ok, .body(#"{"models":[]}"#)]),
        Row(
            .get, .ps, "what Ollama's clients read", .one, on: [.root],
            [
                .ok, .json, .models("both:1b"),
                .has("models.0.digest", "models.0.size_vram", "models.0.context_length"),
                .isDate("models.0.expires_at"), .member("models.0.urls", nil)
            ]
        ) { try $0.load("both:1b", on: 0) },
        Row(
            .get, .ps, "the one that stays longest", .twins, on: [.root], [.ok, .models("both:1b")]
        ) {
            try $0.load("both:1b", on: 0)
            try $0.load("both:1b", on: 1)
        },
        Row(
            .get, .ps, "with the indices of both", .twins, on: [.prefix],
            [.ok, .models("both:1b"), .member("models.0.urls", "[0,1]"), .isDate("models.0.expires_at")]
        ) {
            try $0.load("both:1b", on: 0)
            try $0.load("both:1b", on: 1)
        },
        Row(.get, .ps, "longest remaining first", .mixed, on: [.root], [.ok, .models("right:1b", "left:1b")]) {
            try $0.load("left:1b", on: 0)
            try $0.load("right:1b", on: 1, keepAlive: "9000")
        },
        Row(.get, .ps, "what a dead runner had in memory is gone", .dead, [.ok, .models("left:1b")]) {
            try $0.load("left:1b", on: 0)
        },
        Row(.get, .ps, "a disabled runner's is not shown", .disabled, [.ok, .models()]) {
            try $0.load("right:1b", on: 1)
        },
        Row(.get, .ps, "a prefix stands in the name", .prefixed, [.ok, .models("gpu.right:1b")]) {
            try $0.load("right:1b", on: 1)
        },
        Row(.get, .ps, "pinned", .mixed, on: [.prefix], path: "/api/ps/1", [.ok, .models("right:1b")]) {
            try $0.load("left:1b", on: 0)
            try $0.load("right:1b", on: 1)
        },
        Row(
            .get, .ps, "pinned to a disabled one", .disabled, on: [.prefix], path: "/api/ps/1",
            [.error(404, saying: "no runner 1")])
    ]

    static let version: [Row] = [
        Row(.get, .version, "its own", .one, [.ok, .json, .body(#"{"version":"0.12.3"}"#)]),
        Row(.get, .version, "the lowest", .twins, [.ok, .body(#"{"version":"0.11.0"}"#)]),
        Row(.get, .version, "the lowest", .mixed, [.ok, .body(#"{"version":"0.11.0"}"#)]),
        Row(.get, .version, "the lowest of those that can be used", .dead, [.ok, .body(#"{"version":"0.12.3"}"#)]),
        Row(.get, .version, "a disabled one's doesn't count", .disabled, [.ok, .body(#"{"version":"0.12.3"}"#)]),
        Row(.get, .version, "the lowest", .older, [.ok, .body(#"{"version":"0.5.4"}"#)]),
        Row(.get, .version, "a number even so", .nobody, [.ok, .json, .body(#"{"version":"0.0.0"}"#)]),
        Row(.get, .version, "while the API is off", .off, [.ok, .body(#"{"version":"0.12.3"}"#)]),
        Row(.get, .version, "without a key", .keyed, [.ok, .body(#"{"version":"0.12.3"}"#)]),
        Row(
            .get, .version, "pinned", .mixed, on: [.prefix], path: "/api/version/1",
            [.ok, .body(#"{"version":"0.11.0"}"#)]),
        Row(
            .get, .version, "pinned to a disabled one", .disabled, on: [.prefix], path: "/api/version/1",
            [.error(404, saying: "no runner 1")])
    ]

    static let openAIModels: [Row] = [
        Row(
            .get, .openAIModels, "a list of the whole", .one,
            [
                .ok, .json,
                .body(
                    #"{"object":"list","data":[{"id":"both:1b","object":"model","created":1755000000,"#
                        + #""owned_by":"library"},{"id":"left:1b","object":"model","created":1755000000,"#
                        + #""owned_by":"library"}]}"#)
            ]),
        Row(.get, .openAIModels, "one entry for a model of two", .twins, [.ok, .models("both:1b")]),
        Row(.get, .openAIModels, "in the order of tags", .mixed, [.ok, .models("right:1b", "left:1b")]),
        Row(.get, .openAIModels, "a dead runner's stay", .dead, [.ok, .models("right:1b", "both:1b", "left:1b")]),
        Row(.get, .openAIModels, "a disabled one's don't", .disabled, [.ok, .models("both:1b", "left:1b")]),
        Row(.get, .openAIModels, "an older runner's do", .older, [.ok, .models("both:1b", "left:1b", "right:1b")]),
        Row(.get, .openAIModels, "with its prefix", .prefixed, [.ok, .models("gpu.right:1b", "left:1b")]),
        Row(
            .get, .openAIModels, "`null` for none, as Ollama", .nobody, [.ok, .body(#"{"object":"list","data":null}"#)]),
        Row(.get, .openAIModels, "without the key it needs", .keyed, [.error(401)]),
        Row(.get, .openAIModels, "pinned", .mixed, on: [.prefix], path: "/v1/models/0", [.ok, .models("left:1b")]),
        Row(
            .get, .openAIModels, "pinned to a disabled one", .disabled, on: [.prefix], path: "/v1/models/1",
            [.error(404, saying: "no runner 1")])
    ]
}
