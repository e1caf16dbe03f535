// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

/// A client that sends exactly the bytes it is told, and keeps what comes: raw, and parsed.
final class RawClient: ByteStream, BodySink {
    struct Response {
        var head: ResponseHead
        /// Pieces of the body as the parser met them: one per chunk, or per read where a chunk came in several.
        var pieces: [[UInt8]] = []
        var isComplete = false

        var status: Int { head.status }
        var body: String { String(decoding: pieces.joined(), as: UTF8.self) }
        /// Lines of the body, without the empty one behind the last.
        var lines: [String] { body.split(separator: "\n").map(String.init) }
        var json: JSON? { try? JSON(parsing: Array(pieces.joined())) }

        /// The value of the first field of that name, in lower case.
        func header(_ lowercaseName: String) -> String? {
            head.headers.fields.first { head.headers.nameText($0).lowercased() == lowercaseName }
                .map { head.headers.text($0) }
        }
    }

    enum Closeness: Equatable {
        case open
        /// FIN.
        case ended
        case failed(UVError)
    }

    private(set) var isConnected = false
    private(set) var tlsFailure: TLSFailure?
    private(set) var closeness = Closeness.open
    /// Everything, as it came.
    private(set) var received: [UInt8] = []
    /// How many reads it came in.
    private(set) var reads = 0
    private(set) var responses: [Response] = []
    private(set) var parseFailure: ParseFailure?
    private let parser: HTTPParser
    private var unsent: [UInt8] = []
    private var isInBody = false

    /// Connects at once; what is sent before it is connected leaves then.
    ///
    /// - Parameter tls: it speaks TLS and asks for `localhost`.
    init(_ loop: Loop, port: Int, host: String = "127.0.0.1", tls: TLSClientContext? = nil) throws {
        parser = HTTPParser(.response, limits: .init(headBytes: 65536, fields: 200), settings: loop.parserSettings)
        super.init(loop: loop)
        parser.sink = self
        if let tls { secure(by: tls, host: "localhost") }
        connect(to: try #require(SocketAddress(literal: host, port: port)))
    }

    // MARK: Sending

    func send(_ bytes: [UInt8]) {
        if isConnected { write(bytes) } else { unsent += bytes }
    }

    func send(_ text: String) {
        if text.hasPrefix("HEAD ") { expectHeadResponse() }
        send(Array(text.utf8))
    }

    /// The next response has no body, whatever its head says.
    func expectHeadResponse() {
        parser.expectResponse(withoutBody: true)
    }

    func get(_ target: String, _ fields: String = "", method: String = "GET") {
        send("\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
    }

    func post(_ target: String, _ body: String, _ fields: String = "") {
        send(
            "POST \(target) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
    }

    // MARK: Waiting

    /// Turns the loop until that many responses are whole.
    func readResponses(_ count: Int = 1, sourceLocation: SourceLocation = #_sourceLocation) {
        readUntil("\(count) whole responses", sourceLocation: sourceLocation) {
            self.responses.count >= count && self.responses[count - 1].isComplete
        }
    }

    func readUntil(
        _ what: String = "what the client waits for", within seconds: Double = Loop.patience,
        sourceLocation: SourceLocation = #_sourceLocation, _ condition: () -> Bool
    ) {
        loop.run(until: condition, within: seconds, what, sourceLocation: sourceLocation)
    }

    /// Turns the loop until the peer has closed or reset.
    func readToEnd(sourceLocation: SourceLocation = #_sourceLocation) {
        readUntil("the end of the connection", sourceLocation: sourceLocation) { self.closeness != .open }
    }

    var text: String { String(decoding: received, as: UTF8.self) }
    /// The response that came last.
    var last: Response? { responses.last }
    var isReset: Bool {
        if case .failed(let error) = closeness { error.isReset } else { false }
    }

    // MARK: Events

    override func didConnect() {
        isConnected = true
        startReading()
        write(unsent)
        unsent = []
    }

    override func didRead(_ bytes: UnsafeRawBufferPointer) {
        received.append(contentsOf: bytes)
        reads += 1
        guard parseFailure == nil else { return }
        var rest = bytes
        while true {
            var consumed = 0
            let outcome = parser.execute(rest, consumed: &consumed)
            rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
            switch outcome {
            case .needsMore: return
            case .head: responses.append(Response(head: parser.responseHead))
            case .messageEnd: responseEnded()
            case .failed(let failure):
                parseFailure = failure
                return
            }
        }
    }

    private func responseEnded() {
        responses[responses.count - 1].isComplete = true
        // A 100 Continue comes before the response proper.
        if responses[responses.count - 1].status == 100 { responses.removeLast() }
        parser.expectResponse(withoutBody: false)
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        responses[responses.count - 1].pieces.append(Array(bytes))
    }

    override func didEnd() {
        if parseFailure == nil, !parser.isBetweenMessages, parser.finish() { responseEnded() }
        closeness = .ended
    }

    override func didFail(_ error: UVError) {
        closeness = .failed(error)
    }

    override func didFail(_ failure: TLSFailure) {
        tlsFailure = failure
        closeness = .failed(UVError(code: 0))
    }
}
