// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

/// A runner that misbehaves exactly as told: each connection replays a script. It answers `/api/tags`, `/api/ps`,
/// `/api/version` and `/` by itself, so that a gateway under test finds it.
///
/// A connection's script begins with its first request that is none of those (or when it is accepted, if
/// `startsAtAccept`); connections are numbered in that order.
final class ScriptedRunner {
    enum Step {
        /// Until the next request is there whole, body included.
        case waitForRequest
        case send([UInt8])
        /// Until `release(n)`.
        case waitForRelease
        /// FIN; goes on reading.
        case close
        /// FIN without the closing alert that TLS wants.
        case closeWithoutAlert
        case reset
        case stopReading
        case startReading

        static func send(_ text: String) -> Step { .send(Array(text.utf8)) }
        /// A whole response with a `Content-Length`.
        static func respond(_ body: String) -> Step { respond(200, body) }
        static func respond(_ status: Int, _ body: String, _ fields: String = "") -> Step {
            .send("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
        }
        /// The head of a stream as Ollama sends it.
        static var streamHead: Step {
            .send("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
        }
        static func chunk(_ text: String) -> Step {
            .send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
        }
        static var lastChunk: Step { .send("0\r\n\r\n") }
    }

    let loop: Loop
    let port: Int
    let url: String
    var models: [String]
    /// What `/api/ps` shows.
    var loaded: [String] = []
    /// Called behind each list that it answered by itself.
    var listAnswered: () -> Void = {}
    var version = "0.11.0"
    var answersLists = true
    /// Paths of lists that it answers as an Ollama that has no such route.
    var missingLists: Set<String> = []
    /// Stands in front of the lists' paths.
    var basePath = ""
    var startsAtAccept = false
    /// The steps of the connection of that number; when they are over it stays open and silent.
    var script: (Int) -> [Step]
    /// Those whose script has begun, in that order.
    fileprivate(set) var connections: [ScriptedConnection] = []
    fileprivate(set) var accepted = 0
    /// Of all its connections.
    fileprivate(set) var tlsFailures: [TLSFailure] = []
    /// Of those that spoke TLS whether they resumed a session, in the order of their first request.
    fileprivate(set) var resumptions: [Bool] = []
    /// Request lines of the lists that it answered by itself.
    fileprivate(set) var listsAnswered: [String] = []
    fileprivate var open: [ObjectIdentifier: ScriptedConnection] = [:]
    var openConnections: Int { open.count }
    private var listener: Listening?

    /// - Parameters:
    ///   - unixPath: it listens there, and on no port.
    ///   - tls: it speaks nothing else.
    init(
        _ loop: Loop, models: [String] = ["demo:latest"], host: String = "127.0.0.1", port: Int = 0,
        unixPath: String? = nil, tls: TLSServerContext? = nil, script: @escaping (Int) -> [Step]
    ) throws {
        self.loop = loop
        self.models = models
        self.script = script
        let listener =
            try unixPath.map { try Listening(loop: loop, unixPath: $0) }
            ?? Listening(loop: loop, address: try #require(SocketAddress(literal: host, port: port)))
        self.listener = listener
        self.port = listener.address?.port ?? 0
        let bracketed = host.contains(":") ? "[\(host)]" : host
        url = unixPath.map { "unix:\($0)" } ?? "http\(tls == nil ? "" : "s")://\(bracketed):\(self.port)"
        listener.runner = self
        listener.tls = tls
    }

    /// The same script for every connection.
    convenience init(
        _ loop: Loop, models: [String] = ["demo:latest"], host: String = "127.0.0.1", port: Int = 0,
        unixPath: String? = nil, tls: TLSServerContext? = nil, always steps: [Step]
    ) throws {
        try self.init(
            loop, models: models, host: host, port: port, unixPath: unixPath, tls: tls, script: { _ in steps })
    }

    deinit {
        listener?.close()
    }

    /// Lets the connection's `waitForRelease` pass, or its next one.
    func release(_ number: Int = 0) {
        guard connections.indices.contains(number) else { return }
        connections[number].releases += 1
        connections[number].goOn()
    }

    func stopListening() {
        listener?.close()
        listener = nil
    }

    func close() {
        stopListening()
        for connection in Array(open.values) { connection.close() }
    }

    fileprivate func list(for requestLine: String) -> String? {
        guard answersLists else { return nil }
        let entries = models.map {
            "{\"name\":\"\($0)\",\"model\":\"\($0)\",\"modified_at\":\"2026-01-01T00:00:00Z\",\"size\":1,"
                + "\"digest\":\"\(String(repeating: "ab", count: 32))\",\"details\":{\"family\":\"scripted\"}}"
        }
        let target = requestLine.split(separator: " ").dropFirst().first ?? ""
        guard target.hasPrefix(basePath) else { return nil }
        switch target.dropFirst(basePath.count) {
        case "/api/tags": return "{\"models\":[\(entries.joined(separator: ","))]}"
        case "/api/ps":
            let entries = loaded.map { "{\"name\":\"\($0)\",\"model\":\"\($0)\"}" }
            return "{\"models\":[\(entries.joined(separator: ","))]}"
        case "/api/version": return "{\"version\":\"\(version)\"}"
        case "/": return "Ollama is running"
        default: return nil
        }
    }
}

/// One connection of a `ScriptedRunner`.
final class ScriptedConnection: ByteStream, BodySink {
    struct Request {
        var head: RequestHead
        var body: [UInt8] = []
        var isComplete = false

        var line: String { "\(head.method.name) \(String(decoding: head.target, as: UTF8.self))" }
        var text: String { String(decoding: body, as: UTF8.self) }
        func header(_ lowercaseName: String) -> String? {
            head.headers.fields.first { head.headers.nameText($0).lowercased() == lowercaseName }
                .map { head.headers.text($0) }
        }
    }

    /// Everything, as it came.
    private(set) var received: [UInt8] = []
    private(set) var requests: [Request] = []
    /// The peer sent FIN.
    private(set) var isEnded = false
    private(set) var failure: UVError?
    private(set) var tlsFailure: TLSFailure?
    private(set) var parseFailure: ParseFailure?
    fileprivate var releases = 0
    /// nil once it has closed: the runner keeps it for the test to look at.
    private var runner: ScriptedRunner?
    private let parser: HTTPParser
    private var steps: ArraySlice<ScriptedRunner.Step> = []
    private var hasBegun = false
    private var hasCounted = false
    private var requestsTaken = 0
    private var requestsComplete: Int { requests.reduce(0) { $0 + ($1.isComplete ? 1 : 0) } }

    fileprivate init(_ runner: ScriptedRunner, isUnix: Bool) {
        self.runner = runner
        parser = HTTPParser(
            .request, limits: .init(headBytes: 1 << 20, fields: 1000), settings: runner.loop.parserSettings)
        super.init(loop: runner.loop, isUnix: isUnix)
        parser.sink = self
        runner.accepted += 1
        runner.open[ObjectIdentifier(self)] = self
    }

    /// The peer is gone, however.
    var isGone: Bool { isEnded || failure != nil }
    /// All its steps are done.
    var isOver: Bool { hasBegun && steps.isEmpty }

    fileprivate func accepted() {
        startReading()
        if runner?.startsAtAccept == true { beginScript() }
    }

    private func beginScript() {
        guard let runner else { return }
        hasBegun = true
        steps = runner.script(runner.connections.count)[...]
        runner.connections.append(self)
        goOn()
    }

    /// Does the steps that wait for nothing.
    fileprivate func goOn() {
        while !isClosing, let step = steps.first {
            switch step {
            case .waitForRequest:
                guard requestsComplete > requestsTaken else { return }
                requestsTaken += 1
            case .waitForRelease:
                guard releases > 0 else { return }
                releases -= 1
            case .send(let bytes): write(bytes)
            case .close: endWriting()
            case .closeWithoutAlert: endWritingRaw()
            case .reset: reset()
            case .stopReading: stopReading()
            case .startReading: startReading()
            }
            steps = steps.dropFirst()
        }
    }

    override func didRead(_ bytes: UnsafeRawBufferPointer) {
        received.append(contentsOf: bytes)
        var rest = bytes
        while !isClosing, parseFailure == nil {
            var consumed = 0
            let outcome = parser.execute(rest, consumed: &consumed)
            rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
            switch outcome {
            case .needsMore: return
            case .head: headArrived()
            case .messageEnd: requestArrived()
            case .failed(let failure): parseFailure = failure
            }
        }
    }

    private func headArrived() {
        let request = Request(head: parser.requestHead)
        requests.append(request)
        if !hasCounted, let security { runner?.resumptions.append(security.isResumed) }
        hasCounted = true
        if !hasBegun, runner?.list(for: request.line) == nil { beginScript() }
    }

    private func requestArrived() {
        requests[requests.count - 1].isComplete = true
        guard !hasBegun, let runner else { return goOn() }
        let request = requests.removeLast()
        guard let body = runner.list(for: request.line) else { return }
        if runner.missingLists.contains(where: { request.line == "GET \($0)" }) {
            let lacking = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\n"
            write(Array((lacking + "404 page not found").utf8))
            return received.removeAll()
        }
        runner.listsAnswered.append(request.line)
        defer { runner.listAnswered() }
        let sent = request.head.method == .head ? "" : body
        write(
            Array(
                ("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(sent)").utf8))
        received.removeAll()
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        requests[requests.count - 1].body.append(contentsOf: bytes)
    }

    override func didEnd() {
        isEnded = true
        // Nothing was in flight: as a server does with an idle connection. A script's is left to the script.
        if !hasBegun { close() }
    }

    override func didFail(_ error: UVError) {
        failure = error
        close()
    }

    override func didFail(_ failure: TLSFailure) {
        tlsFailure = failure
        runner?.tlsFailures.append(failure)
        close()
    }

    override func didClose() {
        runner?.open[ObjectIdentifier(self)] = nil
        runner = nil
    }
}

private final class Listening: Listener {
    weak var runner: ScriptedRunner?
    var tls: TLSServerContext?

    override init(loop: Loop, address: SocketAddress, backlog: Int32 = 1024) throws(UVError) {
        try super.init(loop: loop, address: address, backlog: backlog)
    }

    override init(loop: Loop, unixPath: String, backlog: Int32 = 1024) throws(UVError) {
        try super.init(loop: loop, unixPath: unixPath, backlog: backlog)
    }

    override func makeConnection() -> ByteStream? {
        runner.map { ScriptedConnection($0, isUnix: isUnix) }
    }

    override func didAccept(_ connection: ByteStream) {
        if let tls { connection.secure(by: tls) }
        (connection as? ScriptedConnection)?.accepted()
    }
}
