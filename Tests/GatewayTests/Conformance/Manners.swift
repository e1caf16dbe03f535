// SPDX-License-Identifier: MIT

import GatewayCore

/// What holds for every route, whatever it does: derived, so that a new route has these rows before anybody writes one.
extension RowBook {
    static let origin = "http://localhost:3000"
    static let preflightFields =
        "Origin: \(origin)\r\nAccess-Control-Request-Method: POST\r\n"
        + "Access-Control-Request-Headers: authorization,content-type\r\n"

    static let manners: [Row] = GatewayCore.Operation.allCases.flatMap { operation in
        Surface.allCases.flatMap { surface in
            operation.entry.methods(on: surface).isEmpty ? [] : manners(of: operation, on: surface)
        }
    }

    private static func manners(of operation: GatewayCore.Operation, on surface: Surface) -> [Row] {
        guard let plain = plainRow(of: operation, on: surface) else { return [] }
        var rows = spellings(of: plain, on: surface) + wrongMethods(of: plain, on: surface)
        rows += origins(of: plain, on: surface) + options(of: plain, on: surface)
        rows += misplacedPins(of: plain, on: surface) + refusedEverywhere(plain, on: surface)
        for place in rows.indices { rows[place].isManner = true }
        return rows
    }

    /// The route's first row on that surface, one for all its methods.
    static func plainRow(of operation: GatewayCore.Operation, on surface: Surface) -> Row? {
        written.first { $0.operation == operation && $0.surfaces.contains(surface) && $0.given == nil && !$0.isNowhere }
    }

    /// A loop of gateways, and the switch: `/`, version and what is the gateway's own answer while it is off.
    private static func refusedEverywhere(_ plain: Row, on surface: Surface) -> [Row] {
        func refused(_ title: String, _ situation: Situation, _ fields: String, _ expected: Expectation) -> Row {
            var row = plain
            row.surfaces = [surface]
            row.title = title
            row.situation = situation
            row.fields += fields
            row.expected = [expected, .mayClose]
            row.asked = .nobody
            row.isFresh = false
            row.times = 1
            return row
        }
        let hops = (1...4).map { "1.1 dmr-\($0)" }.joined(separator: ", ")
        let loop = refused("behind four other gateways", plain.situation, "Via: \(hops)\r\n", .error(508))
        let isOwn = plain.operation.entry.routeClass == .own || plain.operation == .version
        return [loop] + (isOwn ? [] : [refused("while the API is off", .off, "", .error(503, saying: "switched off"))])
    }

    /// Nobody is redirected, whatever slashes stand where.
    private static func spellings(of plain: Row, on surface: Surface) -> [Row] {
        var row = plain
        row.surfaces = [surface]
        row.title = "with doubled and trailing slashes"
        let query = plain.path.firstIndex(of: "?").map { plain.path[$0...] } ?? ""
        let path = surface.path + plain.path.dropLast(query.count)
        row.path = "=" + path.replacing("/", with: "//") + "/" + query
        return [row]
    }

    private static func wrongMethods(of plain: Row, on surface: Surface) -> [Row] {
        let allowed = plain.operation.entry.methods(on: surface)
        var row = plain
        row.surfaces = [surface]
        row.methods = methods.filter { !allowed.takes($0) }
        row.title = "another method"
        row.body = nil
        row.expected = [.plain(405, "405 method not allowed"), .header("Allow", allowed.allow)]
        row.asked = .nobody
        row.times = 1
        row.isFresh = false
        return [row]
    }

    private static func origins(of plain: Row, on surface: Surface) -> [Row] {
        var allowed = plain
        allowed.surfaces = [surface]
        allowed.title = "from an allowed origin"
        allowed.fields += "Origin: \(origin)\r\n"
        allowed.expected += [.header("Access-Control-Allow-Origin", origin), .header("Vary", "Origin")]
        var foreign = plain
        foreign.surfaces = [surface]
        foreign.title = "from a foreign origin"
        foreign.fields += "Origin: https://evil.example\r\n"
        foreign.expected = [.plain(403, ""), .lacks("Access-Control-Allow-Origin")]
        foreign.asked = .nobody
        foreign.isFresh = false
        foreign.times = 1
        return [allowed, foreign]
    }

    private static func options(of plain: Row, on surface: Surface) -> [Row] {
        let allow = plain.operation.entry.methods(on: surface).allow
        func row(_ title: String, _ fields: String, _ expected: [Expectation]) -> Row {
            var row = Row(
                .options, plain.operation, title, .one, on: [surface], path: plain.path, fields: fields, expected,
                isFresh: false)
            row.surfaces = [surface]
            return row
        }
        return [
            row(
                "preflight from an allowed origin", preflightFields,
                [
                    .status(204), .body(""), .lacks("Content-Length"),
                    .header("Access-Control-Allow-Origin", origin),
                    .header("Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"),
                    .hasHeader("Access-Control-Allow-Headers"), .header("Access-Control-Max-Age", "43200"),
                    .header("Vary", "Origin")
                ]),
            row(
                "preflight from a foreign origin", "Origin: https://evil.example\r\n",
                [.plain(403, ""), .lacks("Access-Control-Allow-Origin")]),
            row("without an origin, to a name", "", [.status(204), .body(""), .lacks("Access-Control-Allow-Origin")]),
            row(
                "without an origin, to an address", "Host: 127.0.0.1\r\n",
                [.plain(405, "405 method not allowed"), .header("Allow", allow)])
        ]
    }

    /// What has no list to answer from asks the runner that was named, whatever is known of it.
    private static func deadPins(_ row: Row) -> [Row] {
        var row = row
        row.situation = .dead
        switch row.operation.entry.routeClass {
        case .target, .any: break
        case .own, .merged, .one: return []
        }
        // It has one way to fail.
        if row.operation == .unload { row.expected = [.status(500)] }
        return [row]
    }

    /// An index behind the path is a pin under the prefix only, and on routes that know pins.
    private static func misplacedPins(of plain: Row, on surface: Surface) -> [Row] {
        // Behind the landing page and the models there is another route.
        guard plain.operation != .landing, plain.operation != .openAIModels || surface == .prefix else { return [] }
        let isPinnable = surface == .prefix && plain.operation.entry.isPinnable
        let path = plain.path.prefix { $0 != "?" }
        func row(_ title: String, _ behind: String, _ expected: Expectation) -> Row {
            var row = plain
            row.surfaces = [surface]
            row.title = title
            row.path = path + behind
            // What comes of an upload that nobody wants is not read.
            row.expected = plain.operation == .blobs ? [expected, .mayClose] : [expected]
            row.asked = .nobody
            row.isFresh = false
            row.times = 1
            return row
        }
        guard isPinnable else {
            // The last part of these paths is the client's.
            if plain.operation == .keys { return [] }
            return [row("an index behind it", "/0", .plain(404, "404 page not found"))]
        }
        let isModel = plain.operation == .openAIModels
        var disabled = row("pinned to a disabled runner", "/1", .error(404, saying: "no runner 1"))
        disabled.situation = .disabled
        return deadPins(row("pinned to a dead runner: tried", "/1", .status(502))) + [
            disabled,
            row("pinned to an index that nobody has", "/7", .error(404, saying: "no runner 7")),
            row(
                "pinned to a negative index", "/-1",
                isModel ? .unknown("model '-1' not found") : .plain(404, "")),
            row(
                "pinned to what is no number", "/gpu",
                isModel ? .unknown("model 'gpu:latest' not found") : .plain(404, ""))
        ]
    }
}
