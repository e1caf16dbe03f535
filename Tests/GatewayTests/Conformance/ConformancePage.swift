// SPDX-License-Identifier: MIT

import GatewayCore

/// docs/conformance.md: the rows as a page for people. The same rows make the same page.
enum ConformancePage {
    /// In the tree that this was built from.
    static let path =
        #filePath.split(separator: "/").dropLast(4).reduce(into: "") { $0 += "/" + $1 } + "/docs/conformance.md"

    static var text: String {
        let routes = Operation.allCases.filter { operation in
            Surface.allCases.contains { !operation.entry.methods(on: $0).isEmpty }
        }
        return opening + situations + manners(routes) + routes.map(section).joined() + nowhere + "\n"
    }

    private static var opening: String {
        """
        # Conformance

        What every route answers, in which situation, and which runners are asked for it: \(RowBook.written.count) \
        rows written down and \(RowBook.all.count - RowBook.written.count) derived, which together are \
        \(RowBook.count) requests over real sockets, against simulated runners.

        Written by the tests in `Tests/GatewayTests/Conformance` with `DMR_RECORD=1`; another test compares. Change \
        rows there, not here.

        Where a row says nothing of them, these hold, too: nothing is redirected; a HEAD has its GET's status and \
        fields, and no body; a 405 says `Allow`, a 401 `WWW-Authenticate: Bearer`, a 503 of ours \
        `x-should-retry: false`; a runner's answer has `X-DMR-Runner` and `X-Request-Id`; the connection is kept. \
        What a runner is asked has the client's own bytes for a body, but for a stripped prefix, one `Via` and one \
        `X-Request-Id`, and none of the client's `Origin`, `Authorization`, `x-api-key` and `Cookie`. \
        Errors have the shape of the route's family, and under the prefix `detail` with the same text. \
        *Root* is Ollama's surface, *prefix* is `/docker-model-runner`, *both* are the two.

        """
    }

    private static var situations: String {
        table(
            "Situations", ["situation", "who is there"],
            Situation.allCases.map { [$0.name, $0.meaning] },
            below: "`*`: and models are loaded, blobs uploaded or runners signed out, as the row says.")
    }

    /// The derived rows, which are the same for all routes.
    private static func manners(_ routes: [GatewayCore.Operation]) -> String {
        let rows = routes.map { operation in
            let entry = operation.entry
            let methods = Surface.allCases.map { entry.methods(on: $0) }
            return ["`\(entry.pattern)`"] + methods.map { $0.isEmpty ? "–" : $0.allow } + [
                entry.isPinnable ? "yes" : ""
            ]
        }
        return table(
            "Every route", ["path", "at the root", "under the prefix", "pins"], rows,
            below: """
                For each of them, on each of its surfaces: every other method is 405 with `Allow`; doubled and \
                trailing slashes change nothing; an allowed origin gets the same answer, with \
                `Access-Control-Allow-Origin` and `Vary: Origin`; a foreign origin gets 403, and nobody is asked; \
                OPTIONS is 204 with Ollama's fields for a preflight from an allowed origin, 403 from a foreign one, \
                and without an origin 204 where `Host` is a name of this machine, else 405 with `Allow`. An index \
                behind a path is 404 at the root, and under the prefix where there are no pins, no such runner, or no \
                number. What is pinned to a dead runner is tried there, unless a list answers it. Behind more than \
                three other gateways it is 508; while the API is off it is 503, but for `/`, the version and what is \
                the gateway's own.
                """)
    }

    private static var nowhere: String {
        table(
            "Paths that lead nowhere", ["path", "surface", "methods", "", "answer"],
            RowBook.nowhere.map { row in
                [
                    "`\(row.path)`", name(row.surfaces), row.methods.map(\.name).joined(separator: ", "), row.title,
                    row.expected.map(\.text).joined(separator: " · ")
                ]
            })
    }

    private static func name(_ surfaces: [Surface]) -> String {
        surfaces.count == 2 ? "both" : surfaces.map(\.name).joined()
    }

    private static func section(_ operation: GatewayCore.Operation) -> String {
        let rows = RowBook.rows(of: operation).filter { !$0.isManner }
        return table(
            "`\(operation.entry.pattern)`", ["method", "surface", "situation", "request", "answer", "runners asked"],
            rows.map { row in
                [
                    row.methods.map(\.name).joined(separator: ", "),
                    name(row.surfaces),
                    row.situation.name + (row.given == nil ? "" : "*"),
                    row.title + (row.path == operation.entry.pattern ? "" : " `\(shortened(row.path))`"),
                    row.expected.map(\.text).joined(separator: " · "), row.asked.text
                ]
            })
    }

    /// Digests are long and say nothing.
    private static func shortened(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { part in
            let digits = part.dropFirst(7).prefix(while: \.isHexDigit)
            guard part.hasPrefix("sha256"), digits.count > 20 else { return String(part) }
            return part.prefix(11) + "…" + part.dropFirst(7 + digits.count)
        }.joined(separator: "/")
    }

    private static func table(
        _ title: String, _ columns: [String], _ rows: [[String]], below: String = ""
    ) -> String {
        var text = "\n## \(title)\n\n| \(columns.joined(separator: " | ")) |\n"
        text += "|" + String(repeating: "---|", count: columns.count) + "\n"
        for row in rows {
            text +=
                "| " + row.map { shortenedDigests($0).replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
        }
        return text + (below.isEmpty ? "" : "\n\(below)\n")
    }

    private static func shortenedDigests(_ cell: String) -> String {
        cell.split(separator: " ", omittingEmptySubsequences: false).map { shortened(String($0)) }
            .joined(separator: " ")
    }
}
