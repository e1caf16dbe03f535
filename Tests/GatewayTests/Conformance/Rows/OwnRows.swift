// SPDX-License-Identifier: MIT

import GatewayCore

/// The gateway's own face, and what is its admin's.
extension RowBook {
    static let own: [Row] = landing + health + connections + saved + unbuilt

    static let landing: [Row] = Situation.allCases.flatMap { situation in
        [
            Row(
                .get, .landing, "exactly Ollama's words", situation, on: [.root],
                [.ok, .type("text/plain; charset=utf-8"), .body("Ollama is running"), .header("Content-Length", "17")]),
            Row(
                .get, .landing, "as Open WebUI's router", situation, on: [.prefix],
                [.ok, .json, .body(#"{"status":true}"#)])
        ]
    }

    static let health: [Row] =
        Situation.allCases.map { situation in
            Row(.get, .healthz, "while the loop turns", situation, [.ok, .body(#"{"status":"ok"}"#)])
        } + [
            ready("asked once", .one, 1, 1), ready("both", .twins, 2, 2), ready("both", .mixed, 2, 2),
            ready("one is enough", .dead, 2, 1), ready("one is enough", .disabled, 2, 1),
            ready("an older one counts", .older, 2, 2), ready("both", .prefixed, 2, 2),
            ready("without a key", .keyed, 1, 1), ready("without a key", .saved, 1, 1),
            ready("the switch doesn't count", .off, 1, 1), ready("runners don't count", .nobody, 1, 0),
            Row(
                .get, .readyz, "with one that can be used", .dead, path: "/readyz?runners=1",
                [.ok, .member("ready", "true")]),
            Row(
                .get, .readyz, "if one has to be usable", .nobody, path: "/readyz?runners=1",
                [.status(503), .member("ready", "false")])
        ]

    private static func ready(_ title: String, _ situation: Situation, _ configured: Int, _ usable: Int) -> Row {
        Row(
            .get, .readyz, title, situation,
            [
                .ok, .json,
                .body(
                    #"{"ready":true,"draining":false,"runners":{"configured":\#(configured),"usable":\#(usable)}}"#)
            ])
    }

    /// What Open WebUI's admin page asks, where there is no file to change.
    static let connections: [Row] =
        admin(
            .get, .config, "/config", "with an admin's key", nil,
            [
                .ok, .json, .header("Cache-Control", "no-store"), .member("ENABLE_DOCKER_MODEL_RUNNER_API", "true")
            ])
        + admin(
            .post, .configUpdate, "/config/update", "with an admin's key: a part is missing", "{}",
            [.error(422, saying: "DOCKER_MODEL_RUNNER_BASE_URLS is missing")])
        + admin(
            .post, .verify, "/verify", "with an admin's key: a cloud's metadata",
            #"{"url":"http://169.254.169.254"}"#, [.error(400, saying: "link-local")])
        + admin(
            .get, .keys, "/keys", "with an admin's key: those of the file", nil,
            [.ok, .json, .header("Cache-Control", "no-store"), .body(#"{"keys":[]}"#)])
        + admin(
            .post, .keys, "/keys", "with an admin's key: no file that could be changed", #"{"name":"laptop"}"#,
            [.error(409, saying: "no configuration file")])
        + admin(
            .delete, .key, "/keys/laptop", "with an admin's key: no file that could be changed", nil,
            [.error(409, saying: "no configuration file")])

    /// What an admin's calls change, where there is a file to keep it in. `URL0` is the runner's address.
    static let saved: [Row] = [
        save(
            "a new URL, with its settings by index", #"["URL0","http://127.0.0.1:9"]"#,
            #"{"1":{"prefix_id":"gpu","enable":false,"tags":[{"name":"fast"}],"auth_type":"none"}}"#,
            [
                .ok, .json, .hasHeader("ETag"), .member("\(urls).1", #""http://127.0.0.1:9""#),
                .member("\(configs).1.prefix_id", #""gpu""#), .member("\(configs).1.enable", "false"),
                .member("\(configs).1.tags", #"[{"name":"fast"}]"#),
                .member("\(configs).1.auth_type", #""none""#)
            ]),
        save(
            "settings by URL, as older versions send them", #"["URL0"]"#, #"{"URL0":{"prefix_id":"gpu"}}"#,
            [.ok, .member("\(configs).0.prefix_id", #""gpu""#), .member("\(configs).0.key", mask)]),
        save(
            "fields that are not sent stay, and so does the switch", #"["URL0"]"#, #"{"0":{"weight":3}}"#,
            [
                .ok, .member("\(configs).0.weight", "3"), .member("\(configs).0.key", mask),
                .member(enable, "true")
            ]),
        save("null is as good as absent", #"["URL0"]"#, "{}", enable: "null", [.ok, .member(enable, "true")]),
        save("the switch", #"["URL0"]"#, "{}", enable: "false", [.ok, .member(enable, "false")]),
        save("a slash behind a URL", #"["URL0/"]"#, "{}", [.ok, .member("\(configs).0.key", mask)]),
        save("no URL is left", "[]", "{}", [.ok, .member(urls, "[]"), .member(configs, "{}")]),
        save(
            "a mask that comes back", #"["URL0"]"#, #"{"0":{"key":\#(mask)}}"#,
            [.ok, .member("\(configs).0.key", mask)]),
        save(
            "a mask for another address", #"["http://127.0.0.1:9"]"#, #"{"0":{"key":\#(mask)}}"#,
            [.error(400, saying: "mask")]),
        save(
            "one wrong field: nothing is changed", #"["URL0"]"#, #"{"0":{"prefix_id":"gpu","weight":-1}}"#,
            [.error(400, saying: "weight")]),
        save(
            "a URL that is none", #"["URL0","ftp://a"]"#, "{}",
            [.error(400, saying: "DOCKER_MODEL_RUNNER_BASE_URLS[1]")]),
        save(
            "an old If-Match", #"["URL0"]"#, "{}", fields: "If-Match: \"0123456789abcdef\"\r\n",
            [.error(412, saying: "read it again")]),
        Row(
            .post, .configUpdate, "no body", .saved, fields: ConformanceSite.keyFields, body: "", [.error(400)]),
        Row(
            .get, .config, "with an admin's key: a secret as a mask", .saved, fields: ConformanceSite.keyFields,
            [
                .ok, .json, .hasHeader("ETag"), .member("\(configs).0.key", mask),
                .member("\(configs).0.connection_type", #""docker""#), .member("\(configs).0.model_ids", "[]")
            ]),
        Row(
            .post, .verify, "who answers there: its version and nothing else", .saved,
            fields: ConformanceSite.keyFields, body: #"{"url":"URL0","key":"x"}"#,
            [.ok, .json, .body(#"{"version":"0.12.3"}"#)]),
        Row(
            .post, .verify, "no key, and fields that mean nothing", .saved, fields: ConformanceSite.keyFields,
            body: #"{"url":"URL0/","key":null,"config":{}}"#, [.ok, .body(#"{"version":"0.12.3"}"#)]),
        Row(
            .post, .verify, "nobody answers there", .saved, fields: ConformanceSite.keyFields,
            body: #"{"url":"http://127.0.0.1:1"}"#, [.error(502)]),
        Row(
            .post, .verify, "no URL", .saved, fields: ConformanceSite.keyFields, body: "{}",
            [.error(422, saying: "url")]),
        Row(
            .post, .keys, "a new key, shown this once", .saved, fields: ConformanceSite.keyFields,
            body: #"{"name":"laptop","models":["both*"]}"#,
            [
                .status(201), .json, .header("Cache-Control", "no-store"), .isText("key"),
                .member("entry.name", #""laptop""#), .member("entry.sha256", nil)
            ], isFresh: true),
        Row(
            .post, .keys, "a field that there isn't", .saved, fields: ConformanceSite.keyFields,
            body: #"{"name":"laptop","admin":true}"#, [.error(400, saying: "admin")]),
        Row(
            .delete, .key, "a key that there isn't", .saved, path: "/keys/laptop", fields: ConformanceSite.keyFields,
            [.error(404, saying: "no key of that name")])
    ]

    private static let enable = "ENABLE_DOCKER_MODEL_RUNNER_API"
    private static let urls = "DOCKER_MODEL_RUNNER_BASE_URLS"
    private static let configs = "DOCKER_MODEL_RUNNER_API_CONFIGS"
    /// printf the-key | sha256sum | head -c 8
    private static let mask = #""dmr-masked:ad44dc8e""#

    private static func save(
        _ title: String, _ urls: String, _ configs: String, enable: String? = nil, fields: String = "",
        _ expected: [Expectation]
    ) -> Row {
        let flag = enable.map { #""\#(RowBook.enable)":\#($0),"# } ?? ""
        return Row(
            .post, .configUpdate, title, .saved, fields: ConformanceSite.keyFields + fields,
            body: #"{\#(flag)"\#(RowBook.urls)":\#(urls),"\#(RowBook.configs)":\#(configs)}"#, expected, isFresh: true)
    }

    private static func admin(
        _ method: GatewayCore.Method, _ operation: GatewayCore.Operation, _ path: String, _ title: String,
        _ body: String?, _ expected: [Expectation]
    ) -> [Row] {
        [
            Row(
                method, operation, title, .keyed, path: path, fields: ConformanceSite.keyFields, body: body, expected),
            Row(method, operation, "without a key", .keyed, path: path, body: body, [.error(401)]),
            Row(
                method, operation, "from loopback, where no key is configured", .one, path: path, body: body,
                [.error(401)])
        ]
    }

    /// Known, and not served by this version: said, not guessed.
    static let unbuilt: [Row] =
        [
            Row(.get, .metrics, "not served yet", .one, [.error(501, saying: "/metrics")]),
            Row(.get, .ui, "not served yet", .one, [.error(501, saying: "/ui")])
        ]
        + [
            (GatewayCore.Method.get, GatewayCore.Operation.stats, "/stats", nil),
            (.get, .decisions, "/decisions?last=3", nil)
        ].flatMap { (method, operation, path, body) -> [Row] in
            admin(
                method, operation, path, "with an admin's key: not served yet", body,
                [.error(501, saying: "doesn't serve")])
        }
}
