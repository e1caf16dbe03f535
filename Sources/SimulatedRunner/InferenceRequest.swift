// SPDX-License-Identifier: MIT

import GatewayCore

/// An answer other than the one asked for.
struct Refusal: Error, Equatable {
    var status: Int
    var message: String
    /// In the native shape, whatever the route's family is.
    var isNative = false
}

/// What a simulated answer needs to know of an inference request.
struct InferenceRequest: Equatable {
    enum Kind: Equatable {
        case generate, chat, embed, embeddings, openAIChat, openAICompletion, openAIEmbeddings
        case responses, messages, transcription, systemOne

        /// Whose error shape the route's clients read.
        var family: ErrorFamily {
            switch self {
            case .openAIChat, .openAICompletion, .openAIEmbeddings, .responses, .transcription, .systemOne:
                .openAI
            case .messages: .anthropic
            case .generate, .chat, .embed, .embeddings: .native
            }
        }

        var isEmbedding: Bool {
            switch self {
            case .embed, .embeddings, .openAIEmbeddings: true
            case .generate, .chat, .openAIChat, .openAICompletion, .responses, .messages, .transcription, .systemOne:
                false
            }
        }

        /// The member that limits the answer's tokens.
        fileprivate func tokenLimit(_ json: JSON) -> JSON? {
            switch self {
            case .generate, .chat, .embed, .embeddings: json["options"]?["num_predict"]
            case .openAIChat, .openAICompletion, .openAIEmbeddings, .messages, .transcription, .systemOne:
                json["max_tokens"]
            case .responses: json["max_output_tokens"]
            }
        }
    }

    var kind: Kind
    /// As the client spelled it; lines of the answer repeat it.
    var model: String
    var streams: Bool
    /// Nothing to generate: the model is only loaded, or unloaded with `keep_alive` 0.
    var isLoadOnly: Bool
    var promptTokens: Int
    /// From `num_predict` or `max_tokens`; nil: the runner's own number.
    var tokenLimit: Int?
    /// Seconds; negative: forever; nil: the runner's own.
    var keepAlive: Double?
    var includesUsage: Bool
    var inputs: [String]
    var dimensions: Int?
    var isBase64: Bool
    /// A transcription as `text/plain`.
    var wantsText: Bool
    var shape = AnswerShape()
    /// The answers to the questions of `/v1/systemone`, made with the request.
    var scores: JSON?

    static let tokenBound = 1_000_000
    static let inputBound = 512

    /// - Throws: `Refusal` with Ollama's status and words.
    init(_ kind: Kind, body: [UInt8]) throws(Refusal) {
        guard !body.isEmpty else {
            throw Refusal(status: 400, message: kind.family == .native ? "missing request body" : "EOF")
        }
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: body).withFoldedKeys } catch {
            throw Refusal(status: 400, message: "invalid JSON: \(error.message) at byte \(error.position)")
        }
        guard json.members != nil else {
            throw Refusal(status: 400, message: "json: cannot unmarshal \(json.kind) into Go value")
        }
        self.kind = kind
        model = json["model"]?.string ?? ""
        streams = json["stream"]?.bool ?? (kind == .generate || kind == .chat)
        if kind.isEmbedding || kind == .systemOne { streams = false }
        inputs = InferenceRequest.inputs(of: json)
        let bytes = InferenceRequest.messageBytes(json) + inputs.reduce(0) { $0 + $1.utf8.count }
        promptTokens = max(1, bytes / 4)
        tokenLimit = kind.tokenLimit(json)?.int
        // Ollama takes a negative number as "until it is done". The upper bound is ours: no request may ask for an
        // answer that fills the memory.
        tokenLimit = tokenLimit.flatMap { $0 <= 0 ? nil : min($0, InferenceRequest.tokenBound) }
        guard inputs.count <= InferenceRequest.inputBound else {
            let words = "invalid input: at most \(InferenceRequest.inputBound) texts are simulated"
            throw Refusal(status: 400, message: words)
        }
        keepAlive = kind.family == .native ? try InferenceRequest.keepAlive(json["keep_alive"]) : nil
        includesUsage = json["stream_options"]?["include_usage"]?.bool ?? false
        dimensions = json["dimensions"]?.int
        isBase64 = json["encoding_format"]?.string == "base64"
        wantsText = false
        shape = AnswerShape(kind, json)
        if kind == .systemOne { scores = SystemOne.answers(to: json["questions"]) }
        isLoadOnly =
            switch kind {
            case .generate: (json["prompt"]?.string ?? "").isEmpty
            case .chat: (json["messages"]?.array ?? []).isEmpty
            case .embed, .embeddings, .openAIChat, .openAICompletion, .openAIEmbeddings, .responses, .messages,
                .transcription, .systemOne:
                false
            }
        if kind == .openAIChat, (json["messages"]?.array ?? []).isEmpty {
            throw Refusal(status: 400, message: "[] is too short - 'messages'")
        }
        if kind == .messages, !model.isEmpty { try InferenceRequest.checkMessages(json) }
        if model.isEmpty {
            throw kind == .generate || kind == .embed
                ? Refusal(status: 404, message: "model '' not found")
                : Refusal(status: 400, message: "model is required")
        }
    }

    private static func checkMessages(_ json: JSON) throws(Refusal) {
        guard (json["max_tokens"]?.int ?? 0) > 0 else {
            throw Refusal(status: 400, message: "max_tokens is required and must be positive")
        }
        guard !(json["messages"]?.array ?? []).isEmpty else {
            throw Refusal(status: 400, message: "messages is required")
        }
    }

    /// The Content-Type of an answer in one piece.
    var wholeType: String { wantsText ? "text/plain" : "application/json; charset=utf-8" }

    /// What Ollama says on this route for a model that it hasn't got.
    var unknownModel: Refusal {
        kind.isEmbedding
            ? Refusal(status: 404, message: "model \"\(model)\" not found, try pulling it first")
            : Refusal(status: 404, message: "model '\(model)' not found")
    }

    private static func inputs(of json: JSON) -> [String] {
        if let prompt = json["prompt"]?.string { return [prompt] }
        if let input = json["input"]?.string { return [input] }
        return (json["input"]?.array ?? []).compactMap(\.string)
    }

    private static func messageBytes(_ json: JSON) -> Int {
        var bytes = json["system"]?.string?.utf8.count ?? 0
        for message in json["messages"]?.array ?? [] {
            bytes += message["content"]?.string?.utf8.count ?? 0
            for part in message["content"]?.array ?? [] { bytes += part["text"]?.string?.utf8.count ?? 0 }
        }
        return bytes
    }

    /// A number of seconds, or a Go duration with units (`-1` without one is an error in Ollama, too).
    private static func keepAlive(_ value: JSON?) throws(Refusal) -> Double? {
        guard let value, value != .null else { return nil }
        if let seconds = value.double { return seconds }
        guard let text = value.string, let seconds = duration(text) else {
            throw Refusal(status: 400, message: "time: invalid duration \"\(value.string ?? value.kind)\"")
        }
        return seconds
    }

    /// `300ms`, `-1.5h`, `2h45m`, `0`.
    static func duration(_ text: String) -> Double? {
        var rest = Substring(text)
        let sign: Double = rest.hasPrefix("-") ? -1 : 1
        if rest.hasPrefix("-") || rest.hasPrefix("+") { rest = rest.dropFirst() }
        if rest == "0" { return 0 }
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !($0.isASCII && $0.isNumber || $0 == ".") }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let scale = units[String(unit)] else { return nil }
            total += number * scale
        }
        return sign * total
    }

    private static let units: [String: Double] = [
        "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600
    ]
}

extension JSON {
    /// As Go's decoder matches the keys of a request: letter case aside.
    var withFoldedKeys: JSON {
        guard let members else { return self }
        return .object(members.map { Member($0.key.lowercased(), $0.value) })
    }
}
