// SPDX-License-Identifier: MIT

import GatewayCore

/// `/v1/audio/transcriptions`: what a form asks for. It is read whole and plainly, apart from the gateway's scanner, so
/// that tests of the one don't rely on the other.
extension InferenceRequest {
    /// - Throws: `Refusal` with Ollama's status and words.
    init(form body: [UInt8], _ headers: HeaderFields) throws(Refusal) {
        let fields = try InferenceRequest.fields(of: body, headers)
        let text = { (name: String) in fields[name].map { String(decoding: $0, as: UTF8.self) } ?? "" }
        guard !text("model").isEmpty else { throw Refusal(status: 400, message: "model is required") }
        guard let file = fields["file"] else {
            throw Refusal(status: 400, message: "file is required: http: no such file")
        }
        kind = .transcription
        model = text("model")
        streams = false
        isLoadOnly = false
        // Nobody listens: a second of it is taken for a token.
        promptTokens = max(1, file.count / 32_000)
        tokenLimit = nil
        keepAlive = nil
        includesUsage = false
        inputs = []
        dimensions = nil
        isBase64 = false
        wantsText = text("response_format") == "text"
    }

    private static func fields(
        of body: [UInt8], _ headers: HeaderFields
    ) throws(Refusal) -> [String: ArraySlice<UInt8>] {
        let type = headers.text(of: .contentType) ?? ""
        guard let start = type.firstRange(of: "boundary=") else {
            throw Refusal(status: 400, message: "failed to parse multipart form: no boundary")
        }
        let boundary = type[start.upperBound...].prefix { $0 != ";" }.filter { $0 != "\"" }
        let delimiter = Array("\r\n--\(boundary)".utf8)
        var fields: [String: ArraySlice<UInt8>] = [:]
        // As if a line had ended in front of the first boundary.
        let text = Array("\r\n".utf8) + body
        guard var at = place(of: delimiter, in: text[...]) else {
            throw Refusal(status: 400, message: "failed to parse multipart form: multipart: NextPart: EOF")
        }
        while true {
            at += delimiter.count
            if text[at...].starts(with: "--".utf8) { return fields }
            guard let end = place(of: delimiter, in: text[at...]),
                let blank = place(of: Array("\r\n\r\n".utf8), in: text[at..<end])
            else { throw Refusal(status: 400, message: "failed to parse multipart form: unexpected EOF") }
            let header = String(decoding: text[at..<blank], as: UTF8.self)
            if let name = header.firstMatch(of: /[; ]name="?([^";\r]+)/) {
                fields[String(name.1)] = fields[String(name.1)] ?? text[min(end, blank + 4)..<end]
            }
            at = end
        }
    }

    private static func place(of word: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        var at = bytes.startIndex
        while let next = bytes[at...].firstIndex(of: word[0]) {
            if bytes[next...].starts(with: word) { return next }
            at = next + 1
        }
        return nil
    }
}
