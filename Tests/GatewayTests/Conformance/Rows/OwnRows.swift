// SPDX-License-Identifier: MIT

import GatewayCore

/// The gateway's own face, and what is its admin's.
extension RowBook {
    static let own: [Row] = landing + health + connections + unbuilt

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
            ready("without a key", .keyed, 1, 1),
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

    /// What Open WebUI's admin page asks; no row changes anything or asks anybody.
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
