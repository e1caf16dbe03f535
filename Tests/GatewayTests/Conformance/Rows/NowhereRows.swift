// SPDX-License-Identifier: MIT

import GatewayCore

/// Paths that lead nowhere: Ollama's own words at the root, the shape of the path's family under the prefix.
extension RowBook {
    static let nowhere: [Row] = [
        nowhere("/nowhere", "no path at all"), nowhere("/api", "no route by itself"),
        nowhere("/v1", "no route by itself"),
        nowhere("/v1/nowhere", "in OpenAI's shape", .openAI),
        nowhere("/v1/images/generations", "not Ollama's", .openAI),
        nowhere("/v1/messages/count_tokens", "in Anthropic's shape", .anthropic),
        nowhere("/api/web_search", "not Ollama's: it stands behind experimental"),
        nowhere("/models/download", "Open WebUI's own, not served"),
        nowhere("/models/upload/0", "Open WebUI's own, not served"),
        nowhere("/api/chat/0/0", "two indices"), nowhere("/API/chat", "paths know letter cases"),
        nowhere("/verify", "the prefix's own", on: [.root]), nowhere("/config", "the prefix's own", on: [.root]),
        nowhere("/api/unload", "the prefix's own", on: [.root]), nowhere("/stats", "the prefix's own", on: [.root]),
        nowhere("/metrics", "the root's own", on: [.prefix])
    ].flatMap(\.self)

    private static func nowhere(
        _ path: String, _ title: String, _ family: ErrorFamily = .native, on surfaces: [Surface] = Surface.allCases
    ) -> [Row] {
        let preflight = Row(
            .options, .landing, title + ": preflight", .one, on: surfaces, path: path, fields: preflightFields,
            [.status(204), .header("Access-Control-Allow-Origin", origin)])
        var row = Row(.get, .landing, title, .one, on: surfaces, path: path, [.plain(404, "404 page not found")])
        row.methods = [.get, .head, .post, .put, .patch, .delete]
        return [row, preflight].map {
            var row = $0
            row.family = family
            row.isNowhere = true
            return row
        }
    }
}
