// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// A gateway in one of the table's situations, and the runners behind it.
final class ConformanceSite {
    let situation: Situation
    let loop: Loop
    let under: GatewayUnderTest
    /// Where there is a file.
    private let configured: ConfiguredGateway?
    private(set) var simulated: [Int: SimulatedRunner] = [:]
    private(set) var old: ScriptedRunner?
    /// Holds a dead runner's port, so that nobody else's test gets it.
    private let closed: ClosedPort?

    static let adminKey = "an-admin-key-of-24-letters"
    static let keyFields = "Authorization: Bearer \(adminKey)\r\n"

    init(_ situation: Situation) throws {
        // Its own, so that what another site has open is not taken for left behind.
        let loop = try Loop()
        self.loop = loop
        self.situation = situation
        var runners: [any RunnerUnderTest] = []
        closed = situation == .dead || situation == .nobody ? try ClosedPort() : nil
        for (index, names) in situation.models.enumerated() {
            if situation == .older, index == 0 {
                let old = try ConformanceSite.makeOld(loop, names)
                self.old = old
                runners.append(old)
            } else if situation == .nobody {
                runners.append(try #require(closed))
            } else {
                let isDead = situation == .dead && index == 1
                var options = SimulatedRunnerOptions.instant(
                    // The second runner's are newer.
                    models: names.map { SimulatedModel($0, modifiedAt: 1_755_000_000 + index) })
                options.keepsRecords = true
                options.version = index == 0 ? "0.12.3" : "0.11.0"
                let runner = try SimulatedRunner(loop: loop, port: isDead ? closed?.port ?? 0 : 0, options: options)
                simulated[index] = runner
                runners.append(runner)
            }
        }
        if situation == .saved {
            let file = #"{"runners":[{"url":"URL0","key":"the-key"}]}"#
            let configured = try ConfiguredGateway(loop, file, runners)
            self.configured = configured
            under = configured.under
            settle()
            return
        }
        configured = nil
        under = try GatewayUnderTest(loop, runners) { configuration in
            configuration.health.ejectAfter = 1
            switch situation {
            case .one, .twins, .mixed, .older, .saved: break
            case .dead, .nobody: configuration.health.probeInterval = .milliseconds(5)
            case .disabled: configuration.runners[1].isEnabled = false
            case .prefixed: configuration.runners[1].prefixID = "gpu"
            case .off: configuration.isEnabled = false
            case .keyed: configuration.adminKey = Secret(Array(ConformanceSite.adminKey.utf8))
            }
        }
        settle()
    }

    /// Ollama as it was: lists, but neither newer routes nor `/api/ps`.
    private static func makeOld(_ loop: Loop, _ names: [String]) throws -> ScriptedRunner {
        let lacking = ScriptedRunner.Step.respond(404, "404 page not found", "Content-Type: text/plain\r\n")
        let old = try ScriptedRunner(
            loop, models: names, always: Array(repeating: [.waitForRequest, lacking], count: 50).flatMap(\.self))
        old.version = "0.5.4"
        old.missingLists = ["/api/ps"]
        return old
    }

    /// Until what the gateway knows is what the situation says.
    private func settle() {
        let gateway = under.gateway
        switch situation {
        case .nobody: loop.run(until: { gateway.dispatcher.usableRunners.isEmpty }, "the ejection")
        case .dead:
            awaitVersions()
            simulated[1]?.close()
            loop.run(until: { gateway.dispatcher.usableRunners.numbers == [0] }, "the ejection of the dead runner")
        case .one, .twins, .mixed, .disabled, .older, .prefixed, .keyed, .saved, .off: awaitVersions()
        }
    }

    /// The version comes last in the first round.
    private func awaitVersions() {
        let catalog = { self.under.gateway.catalog }
        let enabled = under.gateway.catalog.enabledRunners.numbers
        loop.run(until: { enabled.allSatisfy { catalog().version(of: $0) != nil } }, "all versions")
    }

    func stop() {
        under.stop()
    }

    // MARK: Given

    /// The model is in that runner's memory, and the gateway has read that.
    func load(_ model: String, on runner: Int, keepAlive: String = "300") throws {
        try ask(runner, "POST /api/generate", #"{"model":"\#(model)","keep_alive":\#(keepAlive)}"#)
        under.readAgain(.ps)
    }

    /// The runner has a blob with this content.
    func upload(_ content: String, to runner: Int) {
        simulated[runner]?.options.library.blobs.insert(BlobTests.digest(Array(content.utf8)))
    }

    private func ask(_ runner: Int, _ line: String, _ body: String) throws {
        let client = try RawClient(loop, port: try #require(simulated[runner]).port)
        let parts = line.split(separator: " ")
        client.send(
            "\(parts[0]) \(parts[1]) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        client.readResponses()
        client.close()
    }

    // MARK: Playing

    /// Everything that is wrong; empty: as the row says.
    ///
    /// - Parameter get: the answer to the GET of the same row, for a HEAD to be compared with.
    func play(
        _ row: Row, _ method: GatewayCore.Method, on surface: Surface, after get: RawClient.Response? = nil
    ) throws -> (problems: [String], answer: RawClient.Response?) {
        try row.given?(self)
        let before = marks
        var problems: [String] = []
        var last: RawClient.Response?
        for _ in 0..<row.times {
            let client = try under.client()
            client.send(head(row, method, surface))
            if let body = body(row) { client.send(body) }
            client.readResponses()
            guard let answer = client.responses.first, answer.isComplete else {
                return (["no answer: \(client.text)"], nil)
            }
            last = answer
            let played = PlayedRow(row: row, surface: surface, method: method, answer: answer)
            for expectation in row.expected where method != .head || !expectation.isAboutBody {
                if let problem = expectation.problem(played) { problems.append(problem) }
            }
            problems += manners(played, client)
            client.close()
        }
        let asked = asked(since: before)
        if let problem = row.asked.problem(row, method, asked.mapValues { $0.map(\.line) }) { problems.append(problem) }
        problems += asked.values.joined().flatMap { $0.problems(row) }
        if method == .head, let get, let last {
            for name in ["content-type", "content-length"] where get.header(name) != last.header(name) {
                problems.append(
                    "\(name) \(last.header(name) ?? "absent"), that of GET is \(get.header(name) ?? "absent")")
            }
        }
        return (problems, last)
    }

    private func head(_ row: Row, _ method: GatewayCore.Method, _ surface: Surface) -> String {
        let host = row.fields.contains("Host: ") ? "" : "Host: localhost\r\n"
        let length = body(row).map { "Content-Length: \($0.count)\r\n" } ?? ""
        return "\(method.name) \(row.target(on: surface)) HTTP/1.1\r\n\(host)\(length)\(row.fields)\r\n"
    }

    /// Of a row that speaks of runners themselves: `URL0` stands for the first one's address.
    private func body(_ row: Row) -> [UInt8]? {
        guard situation == .saved, let body = row.body, let url = simulated[0]?.url else { return row.body }
        return Array(String(decoding: body, as: UTF8.self).replacing("URL0", with: url).utf8)
    }

    /// What holds for every answer.
    private func manners(_ played: PlayedRow, _ client: RawClient) -> [String] {
        let answer = played.answer
        var problems: [String] = []
        if (300..<400).contains(answer.status) { problems.append("a redirect") }
        for name in ["server", "location", "access-control-allow-credentials"] where answer.header(name) != nil {
            problems.append("a field \(name)")
        }
        if answer.header("date") == nil { problems.append("no Date") }
        for name in ["content-type", "content-length", "date", "x-dmr-runner"] {
            let count = answer.head.headers.fields.count {
                answer.head.headers.nameText($0).lowercased() == name
            }
            if count > 1 { problems.append("\(count) fields \(name)") }
        }
        if answer.header("x-dmr-runner") != nil, answer.header("x-request-id") == nil {
            problems.append("a runner's answer without X-Request-Id")
        }
        if answer.status == 405, answer.header("allow") == nil { problems.append("a 405 without Allow") }
        if answer.status == 401, answer.runner == nil, answer.header("www-authenticate") != "Bearer" {
            problems.append("a 401 without WWW-Authenticate")
        }
        let mayClose = [Expectation.closes.text, Expectation.mayClose.text]
        let closes = played.row.expected.contains { mayClose.contains($0.text) }
        if answer.header("connection") == "close", !closes { problems.append("the connection was not kept") }
        if played.method == .head, !client.text.hasSuffix("\r\n\r\n") { problems.append("a HEAD with a body") }
        return problems
    }

    // MARK: What runners were asked

    /// How many requests each has had.
    private var marks: [Int: Int] {
        var marks = simulated.mapValues(\.requestsSeen)
        if let old { marks[0] = old.connections.reduce(0) { $0 + $1.requests.count } }
        return marks
    }

    private func asked(since marks: [Int: Int]) -> [Int: [AskedRequest]] {
        var asked: [Int: [AskedRequest]] = [:]
        for (index, runner) in simulated {
            let new = runner.requestsSeen - (marks[index] ?? 0)
            asked[index] = runner.records.suffix(new).map { AskedRequest(head: $0.head, body: $0.body) }
                .filter { !ConformanceSite.probes.contains($0.line) }
        }
        if let old {
            asked[0] = old.connections.flatMap(\.requests).dropFirst(marks[0] ?? 0)
                .map { AskedRequest(head: $0.head, body: $0.body) }
        }
        return asked.filter { !$0.value.isEmpty }
    }

    private static let probes = ["GET /api/tags", "GET /api/ps", "GET /api/version"]
}

/// A request of the gateway's to a runner.
private struct AskedRequest {
    var head: RequestHead
    var body: [UInt8]

    var line: String { "\(head.method.name) \(String(decoding: head.target, as: UTF8.self))" }

    /// What holds for every one of them: the client's bytes but for a stripped prefix, and no field that was meant for us.
    func problems(_ row: Row) -> [String] {
        var problems: [String] = []
        if head.method != .head, head.method != .get, body != row.sentBody {
            problems.append("\(line) with the body \(String(decoding: body, as: UTF8.self))")
        }
        func values(_ name: String) -> [String] {
            head.headers.fields.filter { head.headers.nameText($0).lowercased() == name }.map { head.headers.text($0) }
        }
        for name in ["origin", "authorization", "x-api-key", "cookie", "expect"] where !values(name).isEmpty {
            problems.append("\(line) with the client's \(name)")
        }
        if values("via").count != 1 || values("via").first?.hasPrefix("1.1 dmr-") != true {
            problems.append("\(line) with Via \(values("via"))")
        }
        if values("x-request-id").count != 1 { problems.append("\(line) without X-Request-Id") }
        if values("host").first?.hasPrefix("127.0.0.1:") != true { problems.append("\(line) to \(values("host"))") }
        return problems
    }
}

extension Row {
    func target(on surface: Surface) -> String {
        // A target that is no path, or has its own spelling of one, stands as it is.
        path.hasPrefix("=") ? String(path.dropFirst()) : surface.path + path
    }
}
