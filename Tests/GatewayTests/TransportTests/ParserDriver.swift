// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Feeds a parser and notes what it says, in one line per event, so that two ways of cutting the same bytes can be
/// compared.
final class ParserDriver: BodySink {
    let parser: HTTPParser
    private(set) var log: [String] = []
    private(set) var failure: ParseFailure?
    private var body: [UInt8] = []
    private let kind: HTTPParser.Kind

    init(_ kind: HTTPParser.Kind, _ loop: Loop, headBytes: Int = 4096, fields: Int = 20) {
        self.kind = kind
        parser = HTTPParser(kind, limits: .init(headBytes: headBytes, fields: fields), settings: loop.parserSettings)
        parser.sink = self
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        body.append(contentsOf: bytes)
    }

    func feed(_ text: String) {
        feed(Array(text.utf8)[...])
    }

    func feed(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { all in
            var rest = all
            while failure == nil {
                var consumed = 0
                let outcome = parser.execute(rest, consumed: &consumed)
                precondition((0...rest.count).contains(consumed))
                rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
                switch outcome {
                case .needsMore:
                    precondition(rest.isEmpty)
                    return
                case .head: log.append(head)
                case .messageEnd: ended("end")
                case .failed(let failure):
                    self.failure = failure
                    log.append("failed")
                }
            }
        }
    }

    /// The peer's FIN.
    func finish() -> Bool {
        let isWhole = parser.finish()
        ended(isWhole ? "end by close" : "cut")
        return isWhole
    }

    private func ended(_ how: String) {
        log.append("\(how) \(String(decoding: body, as: UTF8.self))")
        body = []
    }

    private var head: String {
        let fields: HeaderFields
        var line: String
        switch kind {
        case .request:
            let head = parser.requestHead
            fields = head.headers
            line = "\(head.method.name) \(String(decoding: head.target, as: UTF8.self)) \(head.version)"
        case .response:
            fields = parser.responseHead.headers
            line = "\(parser.responseHead.status) \(parser.responseHead.version)"
        }
        for field in fields.fields { line += " [\(fields.nameText(field))=\(fields.text(field))]" }
        return line
    }
}
