// SPDX-License-Identifier: MIT

import GatewayCore

/// The bytes around the tokens of one answer, in the shape of its route (Ollama's, or OpenAI's under `/v1`).
///
/// What is the same in every line is made once: a line is `before`, a time stamp if it has one, `middle`, the token,
/// `after`.
struct AnswerFormat {
    let before: [UInt8]
    let hasStamp: Bool
    /// Stands in front of `middle` in the first line only.
    let first: [UInt8]
    let middle: [UInt8]
    /// In the place of `middle`, for a token that is thought and not said.
    let thought: [UInt8]
    let after: [UInt8]
    private let kind: InferenceRequest.Kind
    /// What the answer is in the place of text.
    private let call: ToolCallFormat?
    private let wantsText: Bool
    private let events: EventFormat
    private let model: String
    private let identity: String
    private let includesUsage: Bool

    init(_ request: InferenceRequest, created: Int, number: Int) {
        kind = request.kind
        wantsText = request.wantsText
        includesUsage = request.includesUsage
        call = request.shape.call.map { ToolCallFormat($0, number: number) }
        var quoted: [UInt8] = []
        JSON.writeString(request.model, to: &quoted)
        model = String(decoding: quoted, as: UTF8.self)
        events = EventFormat(quotedModel: model, created: created, number: number, promptTokens: request.promptTokens)
        switch request.kind {
        case .responses, .messages, .transcription, .systemOne:
            identity = ""
            before = []
            hasStamp = false
            first = Array((request.kind == .messages ? events.messageOpening : events.responseOpening).utf8)
            middle = Array((request.kind == .messages ? events.messageDelta : events.responseDelta).utf8)
            thought = []
            after = Array((request.kind == .messages ? "\"}}\n\n" : "\"}\n\n").utf8)
        case .generate, .chat, .embed, .embeddings, .openAIEmbeddings:
            identity = ""
            before = Array("{\"model\":\(model),\"created_at\":\"".utf8)
            hasStamp = true
            first = []
            let isChat = request.kind == .chat
            let opening = isChat ? #"","message":{"role":"assistant","content":""# : #"","response":""#
            middle = Array(opening.utf8)
            thought = Array((opening + #"","thinking":""#).utf8)
            after = Array((isChat ? "\"},\"done\":false}\n" : "\",\"done\":false}\n").utf8)
        case .openAIChat, .openAICompletion:
            let isChat = request.kind == .openAIChat
            // Small numbers, as Ollama's: nobody may take them for unique.
            identity =
                "\"id\":\"\(isChat ? "chatcmpl" : "cmpl")-\(number % 999)\",\"object\":\"%\",\"created\":\(created),"
                + "\"model\":\(model),\"system_fingerprint\":\"fp_ollama\","
            let opening = isChat ? #""choices":[{"index":0,"delta":{"# : #""choices":[{"text":""#
            before = Array(("data: {" + AnswerFormat.named(identity, isChat, chunk: true) + opening).utf8)
            hasStamp = false
            first = Array((isChat ? #""role":"assistant","# : "").utf8)
            middle = Array((isChat ? #""content":""# : "").utf8)
            thought = Array(#""content":"","reasoning":""#.utf8)
            after = Array(
                (isChat ? "\"},\"finish_reason\":null}]}\n\n" : "\",\"index\":0,\"finish_reason\":null}]}\n\n").utf8)
        }
    }

    /// Bytes of a token's line, generously: a time stamp has 30, no pseudo-word more than 100.
    var longestLine: Int { before.count + first.count + max(middle.count, thought.count) + after.count + 130 }

    private static func named(_ identity: String, _ isChat: Bool, chunk: Bool) -> String {
        let object = isChat ? (chunk ? "chat.completion.chunk" : "chat.completion") : "text_completion"
        return identity.split(separator: "%", maxSplits: 1).joined(separator: object)
    }

    /// The last line, or the last events with `[DONE]`, which share a write as Ollama's do.
    ///
    /// - Parameter content: the text once more, or as much of it as `EventFormat` repeats.
    func closing(_ content: String, _ figures: AnswerFigures, reason: String, stamp: String) -> [UInt8] {
        switch kind {
        case .responses:
            let ending = call.map { events.responseCallClosing($0, figures) }
            return Array((ending ?? events.responseClosing(content, figures)).utf8)
        case .messages:
            let ending = call.map { events.messageCallClosing($0, figures) }
            return Array((ending ?? events.messageClosing(figures, reason: reason)).utf8)
        case .transcription, .systemOne: return []
        case .generate, .chat, .embed, .embeddings, .openAIEmbeddings:
            var text = native("", figures, reason: reason, stamp: stamp) + "\n"
            if let call {
                let message = #"{"role":"assistant","content":"","tool_calls":\#(call.native)}"#
                text = "{\"model\":\(model),\"created_at\":\"\(stamp)\",\"message\":\(message),\"done\":false}\n" + text
            }
            return Array(text.utf8)
        case .openAIChat, .openAICompletion:
            let isChat = kind == .openAIChat
            let opening = "data: {" + AnswerFormat.named(identity, isChat, chunk: true)
            let choice = isChat ? #"{"index":0,"delta":{},"# : #"{"text":"","index":0,"#
            var text = ""
            if let call {
                let delta = #"{"role":"assistant","content":"","tool_calls":\#(call.openAI)}"#
                text = opening + #""choices":[{"index":0,"delta":\#(delta),"finish_reason":null}]}"# + "\n\n"
            }
            text += opening + "\"choices\":[\(choice)\"finish_reason\":\"\(openAIReason(reason))\"}]}\n\n"
            if includesUsage { text += opening + "\"choices\":[],\(usage(figures))}\n\n" }
            return Array((text + "data: [DONE]\n\n").utf8)
        }
    }

    private func openAIReason(_ reason: String) -> String { call == nil ? reason : "tool_calls" }

    /// The whole answer as one object.
    func whole(
        _ content: String, thoughts: String = "", _ figures: AnswerFigures, reason: String, stamp: String
    ) -> [UInt8] {
        switch kind {
        case .responses:
            let object = call.map { events.responseOfCall($0, figures) } ?? events.response(content, figures)
            return Array((object + "\n").utf8)
        case .messages:
            let object =
                call.map { events.messageOfCall($0, figures) } ?? events.message(content, figures, reason: reason)
            return Array((object + "\n").utf8)
        case .transcription: return Array((wantsText ? content : #"{"text":"\#(content)"}"# + "\n").utf8)
        case .systemOne: return []
        case .generate, .chat, .embed, .embeddings, .openAIEmbeddings:
            return Array(
                native(content, thoughts: thoughts, calls: call?.native, figures, reason: reason, stamp: stamp).utf8)
        case .openAIChat, .openAICompletion:
            let isChat = kind == .openAIChat
            var message = #"{"role":"assistant","content":"\#(content)""#
            if !thoughts.isEmpty { message += #","reasoning":"\#(thoughts)""# }
            if let call { message += ",\"tool_calls\":" + call.openAI }
            let choice =
                isChat
                ? #"{"index":0,"message":\#(message)},"#
                : #"{"text":"\#(content)","index":0,"#
            let head = AnswerFormat.named(identity, isChat, chunk: false)
            let end = "\"finish_reason\":\"\(openAIReason(reason))\"}],\(usage(figures))}\n"
            return Array("{\(head)\"choices\":[\(choice)\(end)".utf8)
        }
    }

    /// How a stream ends whose model runner died: the native routes say so, `/v1` loses the words (measured, 0.5.4).
    func brokenEnd() -> [UInt8] {
        switch kind {
        case .responses, .messages, .transcription, .systemOne: return []
        case .generate, .chat, .embed, .embeddings, .openAIEmbeddings:
            return Array(
                "{\"error\":\"an error was encountered while running the model: unexpected EOF\"}\n".utf8)
        case .openAIChat, .openAICompletion:
            let isChat = kind == .openAIChat
            let head = AnswerFormat.named(identity, isChat, chunk: true).split(separator: model, maxSplits: 1)
                .joined(separator: "\"\"")
            let choice = isChat ? #"{"index":0,"delta":{"role":"assistant","content":""},"# : #"{"text":"","index":0,"#
            return Array("data: {\(head)\"choices\":[\(choice)\"finish_reason\":null}]}\n\n".utf8)
        }
    }

    /// The reply to a request that only loads or unloads the model.
    func loadReply(isUnload: Bool, stamp: String) -> [UInt8] {
        let content = kind == .chat ? #""message":{"role":"assistant","content":""}"# : #""response":"""#
        let reason = isUnload ? "unload" : "load"
        return Array(
            "{\"model\":\(model),\"created_at\":\"\(stamp)\",\(content),\"done\":true,\"done_reason\":\"\(reason)\"}"
                .utf8)
    }

    /// `content` and `thoughts` are ours: they need no escaping.
    private func native(
        _ content: String, thoughts: String = "", calls: String? = nil, _ figures: AnswerFigures, reason: String,
        stamp: String
    ) -> String {
        var text = "{\"model\":\(model),\"created_at\":\"\(stamp)\","
        text += kind == .chat ? #""message":{"role":"assistant","content":"\#(content)""# : #""response":"\#(content)""#
        if !thoughts.isEmpty { text += #","thinking":"\#(thoughts)""# }
        if let calls { text += ",\"tool_calls\":" + calls }
        if kind == .chat { text += "}" }
        text += ",\"done\":true,\"done_reason\":\"\(reason)\""
        if kind == .generate { text += ",\"context\":[1,2,3]" }
        let times: [(String, Int64)] = [
            ("total_duration", figures.total.nanoseconds), ("load_duration", figures.load.nanoseconds),
            ("prompt_eval_count", Int64(figures.promptTokens)),
            ("prompt_eval_duration", figures.prefill.nanoseconds), ("eval_count", Int64(figures.tokens)),
            ("eval_duration", figures.evaluation.nanoseconds)
        ]
        for (name, value) in times where value > 0 { text += ",\"\(name)\":\(value)" }
        return text + "}"
    }

    private func usage(_ figures: AnswerFigures) -> String {
        "\"usage\":{\"prompt_tokens\":\(figures.promptTokens),\"completion_tokens\":\(figures.tokens),"
            + "\"total_tokens\":\(figures.promptTokens + figures.tokens)}"
    }
}
