// SPDX-License-Identifier: MIT

import GatewayCore
import HostileCases
import Transport

extension FuzzTarget {
    static let response = FuzzTarget(name: "response", violation: ResponseTarget.violation) {
        HostileAnswer.all.flatMap { [[UInt8(ascii: "0")] + $0.bytes, [UInt8(ascii: "1")] + $0.bytes] }
    }
}

/// A runner's answer, from its bytes to the head that a client gets. The first byte of the input says by its lowest bit
/// whether it answers a HEAD.
enum ResponseTarget {
    @Sendable static func violation(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let isHead = first & 1 == 1
        let bytes = Array(input.dropFirst())
        let whole = read([bytes], isHead)
        if let problem = Cutting.violation(bytes, whole, { read($0, isHead) }) { return problem }
        var start = 0
        for message in whole.run.messages {
            // Where the rules refuse it, its framing doesn't matter any more.
            let isRefused = whole.refusal != nil && message == whole.run.messages.last
            let kind = StrictMessage.Kind.response(toHead: isHead, ends: whole.endedByClose)
            let strict: StrictMessage
            do throws(StrictMessage.Wrong) {
                strict = try StrictMessage(bytes[start...], kind, headOnly: isRefused || message.end == nil)
            } catch {
                return "it was read, but is no HTTP: \(error.why)"
            }
            guard strict.fields == message.fields else { return "the fields are \(strict.fields)" }
            guard let end = message.end, !isRefused else {
                if whole.run.failure == nil, !isRefused, (try? StrictMessage(bytes[start...], kind)) != nil {
                    return "it has ended, and more is waited for"
                }
                break
            }
            guard strict.count == end - start else { return "it ends at \(start + strict.count), not at \(end)" }
            guard strict.body == message.body else { return "the body is \(Inputs.line(strict.body))" }
            start = end
        }
        guard let final = whole.final, let message = whole.run.messages.last else { return nil }
        for version in [HTTPVersion.http10, .http11] {
            for keepsAlive in [false, true] {
                if let problem = forwarded(final, message, version, keepsAlive, isHead) { return problem }
            }
        }
        return nil
    }

    // MARK: Reading

    private struct Reading: Equatable {
        var run: ParserRun
        var refusal: String?
        var endedByClose: Bool
        var final: Final?
    }

    private struct Final: Equatable {
        var head: ResponseHead
        var checked: ResponseRules.CheckedResponse

        static func == (left: Final, right: Final) -> Bool {
            left.checked == right.checked && left.head.status == right.head.status
        }
    }

    /// As `RunnerConnection` reads: interim responses, and one that is none.
    private static func read(_ pieces: [[UInt8]], _ isHead: Bool) -> Reading {
        var refusal: String?
        var final: Final?
        let driver = ParserDriver(.response, limits: .init(headBytes: 65536, fields: 256)) { parser in
            // What follows the answer is another matter: the connection closes.
            guard final == nil else { return false }
            if ResponseRules.isInterim(parser.responseHead) { return true }
            do throws(ResponseRules.Malformed) {
                final = Final(
                    head: parser.responseHead, checked: try ResponseRules.check(parser.responseHead, client: 0))
                return true
            } catch {
                refusal = error.reason
                return false
            }
        }
        driver.parser.expectResponse(withoutBody: isHead)
        for piece in pieces { driver.feed(piece) }
        var ended = false
        if final?.checked.framing == .untilClose, driver.result.messages.last?.end == nil { ended = driver.finish() }
        var run = driver.result
        // What was wrong first is for the log.
        if run.failure != nil { run.failure = .malformed("") }
        // Bytes behind the answer are a failure; what they are is of no interest.
        if let index = run.messages.firstIndex(where: { !$0.start.hasPrefix("1") }), run.messages[index].end != nil {
            run.messages.removeSubrange((index + 1)...)
            run.failure = nil
        }
        return Reading(run: run, refusal: refusal, endedByClose: ended, final: final)
    }

    // MARK: Forwarding

    private static let dropped: Set<String> = [
        "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "proxy-authenticate"
    ]
    private static let ours: Set<String> = [
        "date", "x-dmr-runner", "x-request-id", "connection", "content-length", "transfer-encoding", "access-control"
    ]

    private static func forwarded(
        _ final: Final, _ message: ParserRun.Message, _ version: HTTPVersion, _ keepsAlive: Bool, _ isHead: Bool
    ) -> String? {
        let head = ClientHead(
            runnerFraming: final.checked.framing, clientVersion: version, clientKeepsAlive: keepsAlive)
        var rendered = OutputBuffer()
        head.render(
            final.head, clientVersion: version, runner: 3, requestID: Array("id-1".utf8),
            fields: [.init("Access-Control", "x")], date: Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8), into: &rendered)
        var bytes = Array(rendered.bytes)
        let body = message.end == nil || isHead ? [] : message.body
        let framing: BodyFraming =
            if case .counted = head.framing { message.end == nil ? .counted(0) : head.framing } else { head.framing }
        guard message.end != nil || framing != .counted(0) else { return nil }
        if !isHead, final.head.status != 204, final.head.status != 304 { bytes += wire(body, framing) }
        let strict: StrictMessage
        do throws(StrictMessage.Wrong) {
            strict = try StrictMessage(bytes[...], .response(toHead: isHead, ends: !head.keepsAlive))
        } catch {
            return "what the client gets is no HTTP: \(error.why)"
        }
        guard strict.count == bytes.count else { return "what the client gets is more than one response" }
        guard strict.body == body else { return "the client gets another body" }
        guard strict.start[1] == Array("\(final.head.status)".utf8) else { return "the client gets another status" }
        let closes = strict.values("connection") == [Array("close".utf8)]
        guard closes != head.keepsAlive else { return "the client isn't told whether the connection goes on" }
        for field in strict.fields where !ours.contains(field.lowered) {
            guard message.fields.contains(field) else { return "\(field.lowered) came from nowhere" }
            guard !dropped.contains(field.lowered), !field.lowered.hasPrefix("x-dmr-") else {
                return "\(field.lowered) belongs to this hop"
            }
        }
        return nil
    }

    private static func wire(_ body: [UInt8], _ framing: BodyFraming) -> [UInt8] {
        guard framing == .chunked else { return body }
        let chunk = body.isEmpty ? [] : Array("\(String(body.count, radix: 16))\r\n".utf8) + body + [0x0D, 0x0A]
        return chunk + Array("0\r\n\r\n".utf8)
    }
}
