// SPDX-License-Identifier: MIT

import GatewayCore

/// What goes in: the bytes that real clients and runners send, made up where it doesn't matter.
enum Samples {
    /// As the `ollama` Python package asks.
    static let requestBody = Array(
        #"{"model":"llama3:8b","messages":[{"role":"user","content":"Why is the sky blue?"}],"stream":false}"#.utf8)

    static let request =
        Array(
            """
            POST /api/chat HTTP/1.1\r
            Host: localhost:11435\r
            Accept: application/json\r
            Accept-Encoding: gzip, deflate\r
            Connection: keep-alive\r
            User-Agent: ollama-python/0.4.7 (x86_64 linux) Python/3.11.2\r
            Content-Type: application/json\r
            Content-Length: \(requestBody.count)\r
            \r\n
            """.utf8) + requestBody

    /// As Ollama begins a stream.
    static let responseHead = Array(
        """
        HTTP/1.1 200 OK\r
        Content-Type: application/x-ndjson\r
        Date: Wed, 25 Nov 2026 01:30:00 GMT\r
        Transfer-Encoding: chunked\r
        \r\n
        """.utf8)

    static let line =
        #"{"model":"llama3:8b","created_at":"2026-11-25T01:30:00.123456789Z","#
        + #""message":{"role":"assistant","content":" blue"},"done":false}"# + "\n"
    static let event =
        #"data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1764034200,"model":"llama3:8b","#
        + #""system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":" blue"},"#
        + #""finish_reason":null}]}"# + "\n\n"

    static let token = Array(line.utf8)
    /// The token as a chunk, as it comes from the runner.
    static let tokenChunk = Array("\(String(line.utf8.count, radix: 16))\r\n\(line)\r\n".utf8)

    /// `unit` again and again, whole or cut, up to `count` bytes.
    static func filled(_ unit: String, to count: Int) -> [UInt8] {
        let unit = Array(unit.utf8)
        return (0..<count).map { unit[$0 % unit.count] }
    }

    static let now = Instant(nanoseconds: 1_000_000_000_000)
}

/// What fills a request's body.
enum Filling: String, CaseIterable {
    /// Sentences with escapes and a character beyond ASCII here and there.
    case prose
    /// One image.
    case base64
    /// Numbers, short strings, nested objects: the worst case of the three.
    case values

    /// A chat's body of about `count` bytes.
    func body(of count: Int) -> [UInt8] {
        let (head, end): (String, String)
        switch self {
        case .prose:
            (head, end) = (#"{"model":"llama3:8b","messages":[{"role":"user","content":""#, #""}]}"#)
        case .base64:
            (head, end) = (
                #"{"model":"llava:7b","messages":[{"role":"user","content":"What is this?","images":[""#, #""]}]}"#
            )
        case .values:
            (head, end) = (#"{"model":"llama3:8b","options":{"items":["#, #"0]}}"#)
        }
        let room = max(0, count - head.utf8.count - end.utf8.count)
        // Whole units, so that no escape and no value is cut.
        return Array(head.utf8) + Samples.filled(unit, to: room / unit.utf8.count * unit.utf8.count) + Array(end.utf8)
    }

    private var unit: String {
        switch self {
        case .prose:
            #"The café on the corner opens at seven.\nShe said: \"We only serve what we would eat ourselves.\" "#
        case .base64: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kg/+"
        case .values: #"12,-3.5e7,true,null,"ab",{"k":[1,2],"n":"x"},"#
        }
    }
}
