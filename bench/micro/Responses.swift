// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// A runner's connection as far as it is pure.
private final class ResponseReader: BodySink {
    let loop = Loop.forBenchmarks
    let parser: HTTPParser
    private var closing = ClosingEventScanner(kind: .ndjson)
    var output = OutputBuffer()
    private let date = Array("Wed, 25 Nov 2026 01:30:00 GMT".utf8)
    private let requestID = Array("01020304-1234567".utf8)

    init() {
        parser = HTTPParser(.response, limits: .init(headBytes: 65536, fields: 256), settings: loop.parserSettings)
        parser.sink = self
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        loop.splice.append(bytes)
    }

    /// Leaves the parser in the middle of the message.
    func beginMessage() {
        let outcome = read(Samples.responseHead)
        precondition(outcome == .head)
    }

    func read(_ bytes: [UInt8]) -> HTTPParser.Outcome {
        bytes.withUnsafeBytes { all in
            var consumed = 0
            return parser.execute(all, consumed: &consumed)
        }
    }

    var head: ResponseHead { parser.responseHead }

    func render(_ head: ResponseHead, framing: BodyFraming) -> Int {
        output.removeAll()
        ClientHead(runnerFraming: framing, clientVersion: .http11, clientKeepsAlive: true).render(
            head, clientVersion: .http11, runner: 1, requestID: requestID, fields: [], date: date, into: &output)
        return output.count
    }

    /// One read of the runner's socket to what is written to the client's.
    func passToken() -> Int {
        loop.splice.begin()
        let outcome = read(Samples.tokenChunk)
        precondition(outcome == .needsMore)
        closing.bytesPassed(loop.splice.body)
        return loop.splice.finish(chunked: true, isLast: false).count
    }
}

extension Benchmark {
    /// A runner's response head.
    static var response: [Benchmark] {
        [
            Benchmark(name: "response/parse", runs: 2000) {
                let reader = ResponseReader()
                let last = Array("0\r\n\r\n".utf8)
                return {
                    reader.beginMessage()
                    precondition(reader.read(last) == .messageEnd)
                    return reader.head.headers.count
                }
            },
            Benchmark(name: "response/check", runs: 2000) {
                let head = parsed().1
                return { (try? ResponseRules.check(head, client: 0))?.framing == .chunked ? 1 : 0 }
            },
            Benchmark(name: "response/render", runs: 2000) {
                let (reader, head) = parsed()
                return { reader.render(head, framing: .chunked) }
            }
        ]
    }

    private static func parsed() -> (ResponseReader, ResponseHead) {
        let reader = ResponseReader()
        reader.beginMessage()
        return (reader, reader.head)
    }

    /// What a streamed token costs, and what a read of 64 KB full of tokens does.
    static var token: [Benchmark] {
        [
            Benchmark(name: "token/parse", runs: 5000) {
                let reader = ResponseReader()
                reader.beginMessage()
                return {
                    reader.loop.splice.begin()
                    precondition(reader.read(Samples.tokenChunk) == .needsMore)
                    return reader.loop.splice.bodyCount
                }
            },
            closingEvent("token/closing-event-ndjson", .ndjson, in: Samples.token, runs: 5000),
            closingEvent("token/closing-event-sse", .serverSentEvents, in: Array(Samples.event.utf8), runs: 5000),
            Benchmark(name: "token/splice", runs: 5000) {
                let splice = SpliceBuffer()
                return {
                    splice.begin()
                    Samples.token.withUnsafeBytes { splice.append($0) }
                    return splice.finish(chunked: true, isLast: false).count
                }
            },
            Benchmark(name: "token/whole", runs: 5000) {
                let reader = ResponseReader()
                reader.beginMessage()
                return { reader.passToken() }
            },
            closingEvent(
                "read-64KB/closing-event-ndjson", .ndjson, in: Samples.filled(Samples.line, to: 65536), runs: 50),
            closingEvent(
                "read-64KB/closing-event-sse", .serverSentEvents, in: Samples.filled(Samples.event, to: 65536),
                runs: 50)
        ]
    }

    private static func closingEvent(
        _ name: String, _ kind: ClosingEventScanner.Kind, in bytes: [UInt8], runs: Int
    ) -> Benchmark {
        Benchmark(name: name, runs: runs) {
            var scanner = ClosingEventScanner(kind: kind)
            return {
                bytes.withUnsafeBytes { scanner.bytesPassed($0) }
                return scanner.wasSeen ? 0 : 1
            }
        }
    }
}
