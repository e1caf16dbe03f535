// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// What our parser makes of bytes that come in pieces.
struct ParserRun: Equatable {
    struct Message: Equatable {
        /// `POST /x http11`, or `200 http11`.
        var start: String
        var fields: [StrictMessage.Field]
        var body: [UInt8] = []
        /// Bytes from the beginning of all up to its end; nil: it hasn't ended.
        var end: Int?
    }

    var messages: [Message] = []
    var failure: ParseFailure?
}

/// Drives a parser as connections do, without a socket.
final class ParserDriver: BodySink {
    let parser: HTTPParser
    private let kind: HTTPParser.Kind
    private let limits: HTTPParser.Limits
    private var fedBytes = 0
    private var run = ParserRun()
    private var consumedBytes = 0
    /// Says after each head whether the connection goes on.
    private let headArrived: (HTTPParser) -> Bool
    private var isStopped = false

    init(
        _ kind: HTTPParser.Kind, limits: HTTPParser.Limits, headArrived: @escaping (HTTPParser) -> Bool
    ) {
        self.kind = kind
        self.limits = limits
        self.headArrived = headArrived
        parser = HTTPParser(kind, limits: limits, settings: ParserSettings())
        parser.sink = self
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        run.messages[run.messages.count - 1].body.append(contentsOf: bytes)
    }

    func feed(_ piece: [UInt8]) {
        fedBytes += piece.count
        piece.withUnsafeBytes { bytes in
            var rest = bytes
            var mayBeOver = false
            while !isStopped, !rest.isEmpty || mayBeOver {
                var consumed = 0
                let outcome = parser.execute(rest, consumed: &consumed)
                precondition((0...rest.count).contains(consumed), "it consumed what isn't there")
                rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
                consumedBytes += consumed
                mayBeOver = outcome == .head
                switch outcome {
                case .needsMore: precondition(rest.isEmpty, "it wants more and left some")
                case .head:
                    run.messages.append(message())
                    isStopped = !headArrived(parser)
                case .messageEnd: run.messages[run.messages.count - 1].end = consumedBytes
                case .failed(let failure):
                    run.failure = failure
                    isStopped = true
                }
            }
        }
    }

    /// When everything was fed. In a head that is too large, what is wrong first depends on how much of it came at once.
    var result: ParserRun {
        var run = run
        if run.failure != nil, fedBytes > limits.headBytes { run.failure = .headTooLarge }
        return run
    }

    /// The peer's FIN. Says whether a message has ended by it.
    func finish() -> Bool {
        guard !isStopped, !parser.isBetweenMessages, parser.finish() else { return false }
        run.messages[run.messages.count - 1].end = consumedBytes
        return true
    }

    private func message() -> ParserRun.Message {
        switch kind {
        case .request:
            let head = parser.requestHead
            let target = Inputs.line(head.target)
            return .init(
                start: "\(head.method.name) \(target) \(head.version)", fields: ParserDriver.fields(head.headers))
        case .response:
            let head = parser.responseHead
            return .init(start: "\(head.status) \(head.version)", fields: ParserDriver.fields(head.headers))
        }
    }

    static func fields(_ headers: HeaderFields) -> [StrictMessage.Field] {
        headers.fields.map { field in
            .init(name: headers.withName(field) { Array($0) }, value: headers.withValue(field) { Array($0) })
        }
    }
}
