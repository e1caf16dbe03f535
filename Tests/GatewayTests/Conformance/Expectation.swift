// SPDX-License-Identifier: MIT

import GatewayCore

/// A row that was played.
struct PlayedRow {
    var row: Row
    var surface: Surface
    var method: GatewayCore.Method
    var answer: RawClient.Response

    var json: JSON? { answer.json }
}

/// Something an answer has to be: the text is for docs/conformance.md.
struct Expectation: Sendable {
    let text: String
    /// Only an answer with a body can show it.
    var isAboutBody = true
    /// nil: as expected.
    let problem: @Sendable (PlayedRow) -> String?

    private init(
        _ text: String, isAboutBody: Bool = true, _ problem: @escaping @Sendable (PlayedRow) -> String?
    ) {
        self.text = text
        self.isAboutBody = isAboutBody
        self.problem = problem
    }
}

// MARK: - Heads

extension Expectation {
    static let ok = status(200)

    static func status(_ status: Int) -> Expectation {
        Expectation("\(status)", isAboutBody: false) {
            $0.answer.status == status ? nil : "status \($0.answer.status), expected \(status): \($0.answer.body)"
        }
    }

    static let json = type("application/json; charset=utf-8", as: "JSON")
    static let ndjson = type("application/x-ndjson", as: "NDJSON")
    static let events = type("text/event-stream", as: "server-sent events")
    static let text = type("text/plain", as: "plain text")

    static func type(_ type: String, as name: String? = nil) -> Expectation {
        Expectation(name ?? "`\(type)`", isAboutBody: false) {
            $0.answer.contentType == type
                ? nil : "Content-Type \($0.answer.contentType ?? "absent"), expected \(type)"
        }
    }

    static func header(_ name: String, _ value: String) -> Expectation {
        Expectation("`\(name): \(value)`", isAboutBody: false) {
            let found = $0.answer.header(name.lowercased())
            return found == value ? nil : "\(name): \(found ?? "absent"), expected \(value)"
        }
    }

    static func hasHeader(_ name: String) -> Expectation {
        Expectation("`\(name)`", isAboutBody: false) {
            $0.answer.header(name.lowercased()) == nil ? "no \(name)" : nil
        }
    }

    static func lacks(_ name: String) -> Expectation {
        Expectation("no `\(name)`", isAboutBody: false) {
            $0.answer.header(name.lowercased()).map { "\(name): \($0), expected none" }
        }
    }

    /// What came is in doubt, or not wanted: the connection ends behind the answer. Without this it is kept.
    static let closes = header("Connection", "close")
    /// Or not: whether the rest of a body that nobody wants is read.
    static let mayClose = Expectation("may close", isAboutBody: false) { _ in nil }

    /// `X-DMR-Runner`.
    static func by(_ runner: Int...) -> Expectation {
        Expectation("by \(runner.map(String.init).joined(separator: " or "))", isAboutBody: false) {
            $0.answer.runner.map(runner.contains) == true
                ? nil : "X-DMR-Runner \($0.answer.header("x-dmr-runner") ?? "absent"), expected \(runner)"
        }
    }
}

// MARK: - Bodies

extension Expectation {
    /// Exactly these bytes.
    static func body(_ body: String) -> Expectation {
        Expectation(body.isEmpty ? "no body" : "`\(body)`") {
            $0.answer.body == body ? nil : "body \($0.answer.body), expected \(body)"
        }
    }

    static func says(_ part: String) -> Expectation {
        Expectation("says `\(part.replacing("\n", with: "\\n"))`") {
            $0.answer.body.contains(part) ? nil : "body \($0.answer.body) does not say \(part)"
        }
    }

    /// The value at a path such as `models.0.urls`, as compact JSON; nil: there is none.
    static func member(_ path: String, _ value: String?) -> Expectation {
        Expectation(value.map { "`\(path)` = `\($0)`" } ?? "no `\(path)`") {
            let found = $0.json?.at(path).map { String(decoding: $0.bytes, as: UTF8.self) }
            return found == value ? nil : "\(path) is \(found ?? "absent") in \($0.answer.body)"
        }
    }

    static func has(_ paths: String...) -> Expectation {
        Expectation("has " + paths.map { "`\($0)`" }.joined(separator: ", ")) { played in
            let missing = paths.filter { played.json?.at($0) == nil }
            return missing.isEmpty ? nil : "no \(missing) in \(played.answer.body)"
        }
    }

    static func isText(_ path: String) -> Expectation {
        Expectation("`\(path)` a text") {
            $0.json?.at(path)?.string == nil ? "\(path) is no text in \($0.answer.body)" : nil
        }
    }

    static func isNumber(_ path: String) -> Expectation {
        Expectation("`\(path)` a number") {
            $0.json?.at(path)?.int == nil ? "\(path) is no number in \($0.answer.body)" : nil
        }
    }

    static func isDate(_ path: String) -> Expectation {
        Expectation("`\(path)` a date") {
            $0.json?.at(path)?.string.flatMap { WallTime($0) } == nil
                ? "\(path) is no date in \($0.answer.body)" : nil
        }
    }

    /// The models of a list, in order, by `model` or `id`.
    static func models(_ names: String...) -> Expectation {
        Expectation(names.isEmpty ? "no models" : names.map { "`\($0)`" }.joined(separator: ", ")) {
            let list = $0.json?["models"] ?? $0.json?["data"]
            let found = list?.array?.map { ($0["model"] ?? $0["id"])?.string ?? "" } ?? ["no list"]
            return found == names ? nil : "models \(found), expected \(names)"
        }
    }

    /// Chunked, one JSON document a line, and the last of them holds this.
    static func lines(endingWith last: String) -> Expectation {
        Expectation("lines, the last with `\(last)`") { played in
            guard played.answer.header("transfer-encoding") == "chunked" else { return "not chunked" }
            let lines = played.answer.lines
            if let wrong = lines.first(where: { (try? JSON(parsing: Array($0.utf8))) == nil }) {
                return "a line that is no JSON: \(wrong)"
            }
            let end = lines.last ?? ""
            guard end.contains(last) else { return "the last line is \(end)" }
            return lines.dropLast().contains { $0.contains(last) } ? "\(last) stands in more than one line" : nil
        }
    }

    /// A stream of events that ends so, with nothing behind it.
    static func stream(endingWith last: String) -> Expectation {
        Expectation("ends with `\(last.replacing("\n", with: "\\n"))`") {
            $0.answer.body.hasSuffix(last) ? nil : "the stream ends with \($0.answer.body.suffix(200))"
        }
    }
}

// MARK: - Errors

extension Expectation {
    /// An error of the gateway, in the shape of the route's family on its surface: the whole body.
    static func error(_ status: Int, _ sentence: String) -> Expectation {
        Expectation("\(status) “\(sentence)”", isAboutBody: false) { played in
            problem(played, status) { $0 == sentence ? nil : "“\($0)”, expected “\(sentence)”" }
        }
    }

    /// The same where the words are ours, and only a part of them matters.
    static func error(_ status: Int, saying part: String = "") -> Expectation {
        Expectation(part.isEmpty ? "\(status)" : "\(status) “…\(part)…”", isAboutBody: false) { played in
            problem(played, status) { $0.contains(part) && !$0.isEmpty ? nil : "“\($0)” does not say “\(part)”" }
        }
    }

    /// A runner's own words, in its shape; under the prefix they have a second name.
    static func runnersWords(_ sentence: String) -> Expectation {
        Expectation("the runner's “\(sentence)”") { played in
            let error = played.json?["error"]
            guard (error?.string ?? error?["message"]?.string) == sentence else {
                return "it says \(played.answer.body)"
            }
            let detail = played.json?["detail"]?.string
            return detail == (played.surface == .prefix ? sentence : nil)
                ? nil : "detail is \(detail ?? "absent") in \(played.answer.body)"
        }
    }

    /// About a model: 404 at the root, as Ollama; 400 under the prefix, as Open WebUI's router.
    static func unknown(_ sentence: String) -> Expectation {
        Expectation("404, prefix 400, “\(sentence)”", isAboutBody: false) { played in
            problem(played, played.surface == .root ? 404 : 400) {
                $0 == sentence ? nil : "“\($0)”, expected “\(sentence)”"
            }
        }
    }

    /// Ollama's plain words at the root, JSON under the prefix.
    static func plain(_ status: Int, _ words: String) -> Expectation {
        Expectation("\(status) `\(words)`, prefix JSON", isAboutBody: false) { played in
            if played.surface == .prefix { return problem(played, status) { $0.isEmpty ? "no words" : nil } }
            let answer = played.answer
            guard answer.status == status else { return "status \(answer.status), expected \(status)" }
            guard answer.contentType == (words.isEmpty ? nil : "text/plain") else {
                return "Content-Type \(answer.contentType ?? "absent")"
            }
            return played.method == .head || answer.body == words ? nil : "body \(answer.body), expected \(words)"
        }
    }

    private static func problem(
        _ played: PlayedRow, _ status: Int, _ sentenceProblem: (String) -> String?
    ) -> String? {
        let answer = played.answer
        guard answer.status == status else { return "status \(answer.status), expected \(status): \(answer.body)" }
        let isPlain = played.surface == .root && played.row.family == .plain
        let type = isPlain ? "text/plain; charset=utf-8" : "application/json; charset=utf-8"
        guard answer.contentType == type else { return "Content-Type \(answer.contentType ?? "absent")" }
        if status == 503, answer.header("x-should-retry") != "false" { return "a 503 without x-should-retry: false" }
        guard played.method != .head else { return nil }
        if isPlain { return sentenceProblem(answer.body) }
        guard let json = played.json else { return "the body is no JSON: \(answer.body)" }
        return shapeProblem(json, played, status) ?? sentenceProblem(sentence(of: json, played) ?? "")
    }

    private static func sentence(of json: JSON, _ played: PlayedRow) -> String? {
        switch played.row.family {
        case .native, .plain: json["error"]?.string
        case .openAI, .anthropic: json["error"]?["message"]?.string
        }
    }

    /// The shapes of oa section 7, written down once more so that no mistake is its own proof.
    private static func shapeProblem(_ json: JSON, _ played: PlayedRow, _ status: Int) -> String? {
        let sentence = JSON.string(sentence(of: json, played) ?? "")
        var members: [JSON.Member]
        switch played.row.family {
        case .native, .plain: members = [.init("error", sentence)]
        case .openAI:
            let type = [400: "invalid_request_error", 404: "not_found_error"][status] ?? "api_error"
            members = [
                .init(
                    "error",
                    .object([
                        .init("message", sentence), .init("type", .string(type)), .init("param", .null),
                        .init("code", .null)
                    ]))
            ]
        case .anthropic:
            let types = [
                400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
                404: "not_found_error", 429: "rate_limit_error", 503: "overloaded_error"
            ]
            let id = json["request_id"]?.string ?? ""
            guard id.hasPrefix("req_"), id.count > 8 else { return "request_id is “\(id)”" }
            let error = JSON.object([
                .init("type", .string(types[status] ?? "api_error")), .init("message", sentence)
            ])
            members = [
                .init("type", .string("error")), .init("error", error), .init("request_id", .string(id))
            ]
        }
        if played.surface == .prefix { members.append(.init("detail", sentence)) }
        return json == .object(members) ? nil : "the shape of \(played.answer.body)"
    }
}

extension JSON {
    /// Names and places with points between them.
    func at(_ path: String) -> JSON? {
        path.split(separator: ".").reduce(Optional(self)) { value, step in
            if let place = Int(step), let array = value?.array {
                return array.indices.contains(place) ? array[place] : nil
            }
            return value?[String(step)]
        }
    }
}
