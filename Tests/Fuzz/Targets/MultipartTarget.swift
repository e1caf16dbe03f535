// SPDX-License-Identifier: MIT

import GatewayCore

extension FuzzTarget {
    static let multipart = FuzzTarget(name: "multipart", violation: MultipartTarget.violation) {
        let part = { (name: String, value: String) in
            "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        let file =
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
            + "Content-Type: audio/wav\r\n\r\nRIFF\r\n--\r\n--bb\r\n"
        let bodies = [
            part("model", "whisper") + file + "--b--\r\n", file + part("stream", "true") + part("model", "x") + "--b--",
            "preamble\r\n" + part("model", "") + "--b--\r\nepilogue", part("model", "a") + part("model", "b") + "--b--",
            part("prompt", "\r\n--b ") + part("model", "c\r\n-") + "--b \t\r\n\r\n\r\n--b--",
            "--b\r\nContent-Disposition: form-data; name*=\"model\"\r\n\r\n1\r\n--b--"
        ]
        return ["b", "\"b\"", "b; charset=utf-8"].flatMap { boundary in
            bodies.map { Array("multipart/form-data; boundary=\(boundary)\n\($0)".utf8) }
        }
    }
}

/// The scanner of forms against a reader that has all of a form in front of it. The first line of the input is the
/// Content-Type.
enum MultipartTarget {
    private enum Outcome: Equatable {
        case fields(ScannedBody)
        case refused(ScanError)
    }

    @Sendable static func violation(_ input: [UInt8]) -> String? {
        let contentType = input.prefix { $0 != 0x0A }
        let body = Array(input.dropFirst(contentType.count + 1))
        var headers = HeaderFields()
        headers.append("Content-Type", String(decoding: contentType, as: UTF8.self))
        guard let boundary = try? MultipartBoundary(headers) else { return nil }
        let whole = scan([body], boundary)
        if let problem = Cutting.violation(body, whole, { scan($0, boundary) }) { return problem }
        guard case .fields(let fields) = whole else { return nil }
        // What the boundary is the plain reader finds out by itself.
        guard let name = plainBoundary(contentType) else { return nil }
        guard let parts = PlainForm.parts(body, name) else { return body.isEmpty ? nil : "it is no form" }
        let models = parts.filter { $0.name == Array("model".utf8) }
        guard models.count <= 1 else { return "two models were taken" }
        if let model = models.first {
            guard let found = fields.model, Array(found.text.utf8) == model.content else {
                return "the model isn't found"
            }
            guard found.range == model.range else { return "the model is at \(model.range), not \(found.range)" }
        }
        if let found = fields.model, Array(body[found.range]) != Array(found.text.utf8) { return "the model's place" }
        let streams = parts.filter { $0.name == Array("stream".utf8) }
        guard streams.count <= 1 else { return "two streams were taken" }
        if let stream = streams.first, fields.stream != (stream.content == Array("true".utf8)) { return "stream" }
        return nil
    }

    private static func scan(_ pieces: [[UInt8]], _ boundary: MultipartBoundary) -> Outcome {
        var scanner = MultipartScanner(boundary: boundary)
        do throws(ScanError) {
            for piece in pieces {
                let result = piece.withUnsafeBytes { bytes in
                    Result { () throws(ScanError) in try scanner.scan(bytes) }
                }
                try result.get()
            }
            return .fields(try scanner.finish())
        } catch {
            return .refused(error)
        }
    }

    /// Only where it is a plain token.
    private static func plainBoundary(_ contentType: ArraySlice<UInt8>) -> [UInt8]? {
        let text = String(decoding: contentType, as: UTF8.self)
        let lead = "multipart/form-data; boundary="
        guard text.hasPrefix(lead) else { return nil }
        let name = Array(text.utf8.dropFirst(lead.utf8.count))
        return !name.isEmpty && name.allSatisfy(StrictReader.isToken) ? name : nil
    }
}

/// A form as RFC 2046 section 5.1.1 has it, split at its delimiters.
private enum PlainForm {
    struct Part {
        /// Nil unless its disposition is `form-data; name="…"` and no more, the name a token.
        var name: [UInt8]?
        var content: [UInt8]
        var range: Range<Int>
    }

    /// Nil for what is no form.
    static func parts(_ body: [UInt8], _ boundary: [UInt8]) -> [Part]? {
        let mark = Array("--".utf8) + boundary
        // Behind the line that a preamble ends with, be it by LF alone.
        guard
            var at = body.indices.first(where: {
                ($0 == 0 || body[$0 - 1] == 0x0A) && body[$0...].starts(with: mark)
            })
        else { return nil }
        at += mark.count
        var parts: [Part] = []
        while !body[at...].starts(with: "--".utf8) {
            guard let start = skipLine(body, at), let headEnd = first(Array("\r\n\r\n".utf8), body, from: start - 2)
            else {
                return nil
            }
            // The delimiter's line end may be the empty line's first one, and that the next delimiter's.
            let content = headEnd + 4
            let head = headEnd >= start ? Array(body[start..<headEnd]) : []
            guard let end = nextDelimiter(body, mark, from: content - 2) else { return nil }
            let range = content..<max(content, end)
            parts.append(Part(name: name(head), content: Array(body[range]), range: range))
            at = end + 2 + mark.count
        }
        let tail = body[(at + 2)...].drop { $0 == 0x20 || $0 == 0x09 }
        return tail.isEmpty || tail.starts(with: [0x0D, 0x0A]) ? parts : nil
    }

    /// Behind white space and CR LF; nil if there is anything else.
    private static func skipLine(_ body: [UInt8], _ start: Int) -> Int? {
        let rest = body[start...].drop { $0 == 0x20 || $0 == 0x09 }
        return rest.starts(with: [0x0D, 0x0A]) ? rest.startIndex + 2 : nil
    }

    private static func first(_ pattern: [UInt8], _ body: [UInt8], from start: Int) -> Int? {
        body.indices[start...].first { body[$0...].starts(with: pattern) }
    }

    /// Of the CR LF in front of it. A line that only begins like one is content.
    private static func nextDelimiter(_ body: [UInt8], _ mark: [UInt8], from start: Int) -> Int? {
        var at = start
        while let found = first([0x0D, 0x0A] + mark, body, from: at) {
            let rest = body[(found + 2 + mark.count)...]
            if rest.starts(with: "--".utf8) || rest.first == 0x20 || rest.first == 0x09 || rest.first == 0x0D {
                return found
            }
            at = found + 1
        }
        return nil
    }

    private static func name(_ head: [UInt8]) -> [UInt8]? {
        let lead = Array("Content-Disposition: form-data; name=\"".utf8)
        guard head.starts(with: lead), head.last == UInt8(ascii: "\""), head.count > lead.count else { return nil }
        let name = Array(head[lead.count..<(head.count - 1)])
        return name.allSatisfy(StrictReader.isToken) ? name : nil
    }
}
