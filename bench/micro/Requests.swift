// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// A client's connection as far as it is pure: parser in front, rules and scanner behind.
final class RequestReader: BodySink {
    let loop: Loop
    let parser: HTTPParser
    let rules: RequestIntake.Rules
    let template = RunnerHeadTemplate(authority: "gpu1:11434", basePath: "", key: "", via: "dmr-0123456789abcdef")
    let ids = RequestIDSource(randomness: [1, 2, 3, 4])
    private let caller = Caller(on: .loopback, address: .loopback4)
    private var rates = RequestRates()
    private var scanner = BodyScanner()
    private(set) var bodyBytes = 0
    var output = OutputBuffer()

    init(keys: [AccessKey] = []) {
        loop = Loop.forBenchmarks
        parser = HTTPParser(
            .request, limits: .init(headBytes: 32768, fields: 100), settings: loop.parserSettings)
        rules = RequestIntake.Rules(
            router: Router(pathPrefix: "/docker-model-runner"), access: AccessPolicy(keys: keys, means: .ofBenches),
            loopGuard: LoopGuard(randomness: [1, 2, 3, 4, 5, 6, 7, 8]), limits: RequestLimits(),
            bodyLimit: 64 << 20, isEnabled: true)
        parser.sink = self
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        bodyBytes += bytes.count
        try? scanner.scan(bytes)
    }

    /// Parses one message; `atHead` runs between its head and its body.
    func read(_ bytes: [UInt8], atHead: () -> Void = {}) {
        bytes.withUnsafeBytes { all in
            var rest = all
            var outcome = HTTPParser.Outcome.needsMore
            repeat {
                var consumed = 0
                outcome = parser.execute(rest, consumed: &consumed)
                rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
                if outcome == .head { atHead() }
            } while outcome == .head
            precondition(outcome == .messageEnd)
        }
    }

    var head: RequestHead { parser.requestHead }

    func intake(_ head: RequestHead) -> RequestIntake {
        RequestIntake(head, from: caller, rules: rules, rates: &rates, now: loop.now)
    }

    func modelRequest(_ intake: RequestIntake) -> ModelRequest? {
        defer { scanner = BodyScanner() }
        guard case .serve(let route, let identity) = intake.decision, let body = try? scanner.finish() else {
            return nil
        }
        return try? ModelRequest(body, route: route, identity: identity)
    }

    /// An answer of ours, up to the write.
    func render(_ answer: OwnResponse) -> Int {
        var bytes: [UInt8] = []
        answer.render(
            into: &bytes, isHead: false, version: .http11, keepAlive: true, date: RequestReader.date,
            requestID: "01020304-1234567")
        return bytes.count
    }

    private static let date = Array("Wed, 25 Nov 2026 01:30:00 GMT".utf8)

    func render(_ head: RequestHead, requestID: [UInt8]) -> Int {
        output.removeAll()
        template.render(
            method: head.method, path: "/api/chat", client: head.headers, framing: .counted(bodyBytes),
            requestID: requestID, into: &output)
        return output.count
    }
}

extension AccessMeans {
    fileprivate static let ofBenches = AccessMeans(
        sha256: { KeyDigest(sha256: Cryptography.sha256($0)) }, hmac: { _, _ in nil }, unixTime: { 0 })
}

extension Loop {
    /// Only a kernel without descriptors to spare could refuse.
    static var forBenchmarks: Loop {
        do throws(UVError) {
            return try Loop()
        } catch {
            preconditionFailure("no loop: \(error)")
        }
    }
}

extension Benchmark {
    /// From a client's bytes to the head that goes to a runner.
    static var request: [Benchmark] {
        [
            Benchmark(name: "request/parse", runs: 2000) {
                let reader = RequestReader()
                return {
                    reader.read(Samples.request)
                    return reader.head.headers.count
                }
            },
            Benchmark(name: "request/check", runs: 2000) {
                let (reader, head) = parsed()
                return { (try? RequestRules.check(head, limits: reader.rules.limits))?.keepAlive == true ? 1 : 0 }
            },
            Benchmark(name: "request/intake", runs: 2000) {
                let (reader, head) = parsed()
                return { reader.intake(head).keepsAlive ? 1 : 0 }
            },
            Benchmark(name: "request/intake-with-key", runs: 2000) {
                let token = Array("dmr_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG".utf8)
                let digest = KeyDigest(sha256: token.withUnsafeBytes { Cryptography.sha256($0) })
                let key = AccessKey(name: "team", digest: digest)
                var (reader, head) = parsed(keys: [key])
                head.headers.append("Authorization", "Bearer \(String(decoding: token, as: UTF8.self))")
                let withKey = head
                return { if case .serve = reader.intake(withKey).decision { 1 } else { 0 } }
            },
            Benchmark(name: "request/render", runs: 2000) {
                let (reader, head) = parsed()
                let id = reader.ids.id(for: ExchangeID(1234567), client: head.headers)
                return { reader.render(head, requestID: id) }
            },
            Benchmark(name: "request/whole", runs: 2000) {
                let reader = RequestReader()
                var number: UInt64 = 0
                return {
                    var intake: RequestIntake?
                    reader.read(Samples.request) { intake = reader.intake(reader.head) }
                    guard let intake, let model = reader.modelRequest(intake) else { return 0 }
                    number += 1
                    let id = reader.ids.id(for: ExchangeID(number), client: reader.head.headers)
                    return reader.render(reader.head, requestID: id) + model.model.range.count
                }
            }
        ]
    }

    private static func parsed(keys: [AccessKey] = []) -> (RequestReader, RequestHead) {
        let reader = RequestReader(keys: keys)
        reader.read(Samples.request)
        return (reader, reader.head)
    }
}
