// SPDX-License-Identifier: MIT

import GatewayCore
import HostileCases
import Transport

extension FuzzTarget {
    static let request = FuzzTarget(name: "request", violation: RequestTarget.violation) {
        HostileGroup.all.flatMap(\.cases).map(\.bytes)
    }
}

/// A client's connection, from its bytes to the head that a runner gets: requests are read as RFC 9112 has them, what is
/// forwarded is exactly one request, and nothing of the client's gets there in disguise.
enum RequestTarget {
    @Sendable static func violation(_ bytes: [UInt8]) -> String? {
        let whole = read([bytes])
        if let problem = Cutting.violation(bytes, whole.run, { read($0).run }) { return problem }
        var start = 0
        for (index, message) in whole.run.messages.prefix(whole.heads.count).enumerated() {
            let (head, framing) = whole.heads[index]
            if let problem = strictly(message, head, bytes[start...], from: start) { return problem }
            if let problem = forwarded(head, message, framing) { return problem }
            guard let end = message.end else {
                // A whole message isn't waited for.
                if whole.run.failure == nil, (try? StrictMessage(bytes[start...], .request)) != nil {
                    return "it has ended, and more is waited for"
                }
                break
            }
            start = end
        }
        return nil
    }

    // MARK: Reading

    private struct Reading {
        var run: ParserRun
        /// Of those messages that the rules let through.
        var heads: [(RequestHead, BodyFraming)]
    }

    /// `more`: header fields beyond the usual limit, and bytes of each.
    private static func read(_ pieces: [[UInt8]], more: Int = 0) -> Reading {
        var heads: [(RequestHead, BodyFraming)] = []
        let limits = RequestLimits(headerBytes: 32768 + 100 * more, headers: 100 + more)
        let parserLimits = HTTPParser.Limits(headBytes: limits.headerBytes, fields: limits.headers)
        let driver = ParserDriver(.request, limits: parserLimits) { parser in
            let checked = try? RequestRules.check(parser.requestHead, limits: limits, takesZstd: true)
            guard let checked else { return false }
            heads.append((parser.requestHead, checked.framing))
            return true
        }
        for piece in pieces { driver.feed(piece) }
        return Reading(run: driver.result, heads: heads)
    }

    /// The plain reader sees the same message.
    private static func strictly(
        _ message: ParserRun.Message, _ head: RequestHead, _ bytes: ArraySlice<UInt8>, from start: Int
    ) -> String? {
        let strict: StrictMessage
        do throws(StrictMessage.Wrong) {
            strict = try StrictMessage(bytes, .request, headOnly: message.end == nil)
        } catch {
            return "it was read, but is no HTTP: \(error.why)"
        }
        let method = String(decoding: strict.start[0], as: UTF8.self)
        guard method == head.method.name || head.method == .unsupported else { return "the method is \(method)" }
        guard strict.start[1] == head.target else { return "the target is \(strict.start[1])" }
        guard strict.fields == message.fields else { return "the fields are \(strict.fields)" }
        guard let end = message.end else { return nil }
        guard strict.count == end - start else { return "it ends at \(start + strict.count), not at \(end)" }
        return strict.body == message.body ? nil : "the body is \(Inputs.line(strict.body))"
    }

    // MARK: Forwarding

    private static let template = RunnerHeadTemplate(
        authority: "runner:11434", basePath: "/base", key: "runners-key",
        headers: [("X-Own", Array("runner".utf8))], via: "dmr-fuzz")
    private static let ids = RequestIDSource(randomness: [1, 2, 3, 4])

    /// Never of the client's: RFC 9110 section 7.6.1, and what says who the client is.
    private static let ours: Set<String> = [
        "host", "accept-encoding", "authorization", "x-own", "via", "x-request-id", "content-length",
        "transfer-encoding"
    ]
    private static let dropped: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "proxy-authenticate",
        "proxy-authorization", "expect", "x-api-key", "origin", "cookie", "referer", "forwarded"
    ]
    private static let droppedPrefixes = ["x-forwarded-", "x-openwebui-user-", "x-dmr-"]

    private static func forwarded(
        _ head: RequestHead, _ message: ParserRun.Message, _ framing: BodyFraming
    ) -> String? {
        let body = message.end == nil ? [] : message.body
        let sent: BodyFraming = framing == .chunked ? .chunked : .counted(body.count)
        let bytes = render(head, sent) + wire(body, sent)
        let strict: StrictMessage
        do throws(StrictMessage.Wrong) {
            strict = try StrictMessage(bytes[...], .request)
        } catch {
            return "what is forwarded is no HTTP: \(error.why)"
        }
        guard strict.count == bytes.count else { return "what is forwarded is more than one request" }
        guard strict.body == body else { return "another body is forwarded" }
        let line = strict.start.map { String(decoding: $0, as: UTF8.self) }
        guard line == [head.method.name, "/base/api/chat", "HTTP/1.1"] else { return "another request is forwarded" }
        return smuggled(strict, message) ?? readAgain(bytes, head, sent)
    }

    private static func render(_ head: RequestHead, _ framing: BodyFraming) -> [UInt8] {
        var output = OutputBuffer()
        template.render(
            method: head.method, path: "/api/chat", client: head.headers, framing: framing,
            requestID: ids.id(for: ExchangeID(7), client: head.headers), into: &output)
        return Array(output.bytes)
    }

    private static func wire(_ body: [UInt8], _ framing: BodyFraming) -> [UInt8] {
        guard framing == .chunked else { return body }
        let chunk = body.isEmpty ? [] : Array("\(String(body.count, radix: 16))\r\n".utf8) + body + [0x0D, 0x0A]
        return chunk + Array("0\r\n\r\n".utf8)
    }

    /// Each field is either ours, as we write it, or the client's and may travel.
    private static func smuggled(_ strict: StrictMessage, _ client: ParserRun.Message) -> String? {
        let named = Set(
            client.fields.filter { $0.lowered == "connection" }.flatMap { $0.value.split(separator: 0x2C) }
                .map { String(decoding: StrictReader.trimmed($0), as: UTF8.self).lowercased() })
        for field in strict.fields where !ours.contains(field.lowered) {
            guard client.fields.contains(field) else { return "\(field.lowered) came from nowhere" }
            guard !dropped.contains(field.lowered), !named.contains(field.lowered),
                !droppedPrefixes.contains(where: { field.lowered.hasPrefix($0) })
            else { return "\(field.lowered) belongs to this hop" }
        }
        for name in ["host", "accept-encoding", "authorization", "x-own", "x-request-id"]
        where strict.values(name).count != 1 {
            return "\(name) comes \(strict.values(name).count) times"
        }
        guard strict.values("host") == [Array("runner:11434".utf8)],
            strict.values("authorization") == [Array("Bearer runners-key".utf8)],
            strict.values("via").last == Array("1.1 dmr-fuzz".utf8)
        else { return "a field of ours isn't ours" }
        return nil
    }

    /// Our own parser reads one request from what we wrote, and writes the same again but for one more `Via`.
    private static func readAgain(_ bytes: [UInt8], _ head: RequestHead, _ framing: BodyFraming) -> String? {
        let again = read([bytes], more: 10)
        guard again.run.failure == nil, again.run.messages.count == 1, again.run.messages[0].end == bytes.count else {
            // A method that we don't know by name goes to no runner.
            return head.method == .unsupported ? nil : "we can't read what we wrote"
        }
        guard again.heads.count == 1 else { return "the rules refuse what we wrote" }
        let twice = render(again.heads[0].0, again.heads[0].1)
        func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
            bytes.split(separator: 0x0A, omittingEmptySubsequences: false).filter { !$0.starts(with: "Via: ".utf8) }
        }
        let once = bytes.prefix(bytes.count - wire(again.run.messages[0].body, framing).count)
        return lines(twice).elementsEqual(lines(Array(once)), by: { $0.elementsEqual($1) })
            ? nil : "written a second time it is another head"
    }
}
