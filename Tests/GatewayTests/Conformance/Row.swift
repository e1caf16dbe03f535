// SPDX-License-Identifier: MIT

import GatewayCore

/// One line of the contract: this request, in this situation, gets that answer, and these runners are asked that.
struct Row: Sendable {
    var operation: Operation
    var surfaces: [Surface]
    var situation: Situation
    /// GET rows are played with HEAD, too.
    var methods: [GatewayCore.Method]
    /// What is special about the request, for a reader.
    var title: String
    /// Below the surface, with its query.
    var path: String
    var fields: String
    var body: [UInt8]?
    var expected: [Expectation]
    var asked: Asked
    /// The request changes what runners hold, so it gets a site of its own.
    var isFresh: Bool
    /// Done before the request.
    var given: (@Sendable (ConformanceSite) throws -> Void)?
    /// What runners get for a body, where it isn't the client's.
    var sent: String?
    /// So often in a row, with the same answer each time: the dispatcher must not get around a runner by luck.
    var times = 1
    /// Derived from the table of routes, not written down.
    var isManner = false
    /// Whose error shape is read: the route's, or that of a path that leads nowhere.
    var family: ErrorFamily
    /// The path leads nowhere; `operation` means nothing.
    var isNowhere = false

    init(
        _ method: GatewayCore.Method, _ operation: Operation, _ title: String, _ situation: Situation,
        on surfaces: [Surface] = Surface.allCases, path: String? = nil, fields: String = "", body: String? = nil,
        bytes: [UInt8]? = nil, _ expected: [Expectation], asks asked: Asked = .nobody, isFresh: Bool? = nil,
        times: Int = 1, sent: String? = nil, given: (@Sendable (ConformanceSite) throws -> Void)? = nil
    ) {
        self.operation = operation
        family = operation.entry.family
        self.surfaces = surfaces.filter { !operation.entry.methods(on: $0).isEmpty }
        self.situation = situation
        methods = method == .get ? [.get, .head] : [method]
        self.title = title
        self.path = path ?? operation.entry.pattern
        self.fields = fields
        self.body = bytes ?? body.map { Array($0.utf8) }
        self.expected = expected
        self.asked = asked
        self.isFresh = isFresh ?? (given != nil || operation.changesRunners && method != .head)
        self.given = given
        self.times = times
        self.sent = sent
    }

    /// The body that a runner gets: the client's, without the prefix of its models.
    var sentBody: [UInt8] {
        if let sent { return Array(sent.utf8) }
        guard situation == .prefixed, let body else { return body ?? [] }
        return Array(String(decoding: body, as: UTF8.self).replacing("gpu.", with: "").utf8)
    }

    /// How a failure names it.
    func name(_ method: GatewayCore.Method, _ surface: Surface) -> String {
        "\(method.name) \(target(on: surface)) [\(situation.name)] \(title)"
    }
}

extension Surface {
    /// In front of a route's path.
    var path: String {
        switch self {
        case .root: ""
        case .prefix: "/docker-model-runner"
        }
    }

    var name: String {
        switch self {
        case .root: "root"
        case .prefix: "prefix"
        }
    }
}

extension Operation {
    /// A row of it can't share its runners with the next.
    var changesRunners: Bool { entry.routeClass == .target }
}

/// Which runners are asked what, the gateway's own probes left out.
struct Asked: Sendable {
    enum Who: Sendable {
        /// These requests, by index, in order.
        case each([Int: [String]])
        /// One of them, this once.
        case oneOf([Int], String)
        /// Each time at that one, sometimes after the other had to say that it can't.
        case eventually(Int, by: Int, String)
    }

    /// `nil` lines stand for the route's own method and path.
    private let who: @Sendable (Row, GatewayCore.Method) -> Who
    let text: String

    static let nobody = Asked(who: { _, _ in .each([:]) }, text: "–")

    static func runner(_ index: Int, _ lines: String...) -> Asked {
        runners([index], lines)
    }

    static func runners(_ indices: [Int], _ lines: [String] = []) -> Asked {
        Asked(
            who: { row, method in
                let lines = lines.isEmpty ? Array(repeating: row.upstreamLine(method), count: row.times) : lines
                return .each(Dictionary(uniqueKeysWithValues: indices.map { ($0, lines) }))
            },
            text: named(indices, "and") + told(lines))
    }

    /// Different requests for different runners.
    static func each(_ lines: [Int: [String]]) -> Asked {
        Asked(
            who: { _, _ in .each(lines) },
            text: lines.sorted { $0.key < $1.key }.map { "\($0.key)" + told($0.value) }.joined(separator: "; "))
    }

    static func oneOf(_ indices: Int..., line: String? = nil) -> Asked {
        Asked(
            who: { row, method in .oneOf(indices, line ?? row.upstreamLine(method)) },
            text: named(indices, "or") + told(line.map { [$0] } ?? []))
    }

    static func eventually(_ index: Int, by other: Int) -> Asked {
        Asked(
            who: { row, method in .eventually(index, by: other, row.upstreamLine(method)) },
            text: "\(other), then \(index)")
    }

    private static func named(_ indices: [Int], _ word: String) -> String {
        indices.map(String.init).joined(separator: " \(word) ")
    }

    private static func told(_ lines: [String]) -> String {
        lines.isEmpty ? "" : ": " + lines.map { "`\($0)`" }.joined(separator: ", ")
    }

    /// nil: as expected.
    func problem(_ row: Row, _ method: GatewayCore.Method, _ asked: [Int: [String]]) -> String? {
        switch who(row, method) {
        case .each(let expected):
            return expected == asked ? nil : "runners were asked \(asked), expected \(expected)"
        case .eventually(let index, let other, let line):
            let answered = Array(repeating: line, count: row.times)
            let isSo = asked[index] == answered && asked[other]?.allSatisfy { $0 == line } == true && asked.count == 2
            return isSo ? nil : "runners were asked \(asked), expected \(answered) at \(index), by way of \(other)"
        case .oneOf(let indices, let line):
            let isOne = asked.count == 1 && indices.contains { asked[$0] == [line] }
            return isOne ? nil : "runners were asked \(asked), expected \(line) at one of \(indices)"
        }
    }
}

extension Row {
    /// What a runner is asked: the same path at its root, without a pin.
    func upstreamLine(_ method: GatewayCore.Method) -> String {
        let method = method == .head && operation != .blobs ? .get : method
        return "\(method.name) \(operation.entry.pattern)"
    }
}
