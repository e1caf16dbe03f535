// SPDX-License-Identifier: MIT

/// The named events of `/v1/responses` and `/v1/messages`, and the objects that these answer with in one piece.
struct EventFormat {
    private let model: String
    private let created: Int
    private let number: Int
    private let promptTokens: Int

    /// The end of a response repeats its text four times; of a longer one only the beginning, lest it not fit a write.
    static let repeatedTokens = 1000

    init(quotedModel: String, created: Int, number: Int, promptTokens: Int) {
        model = quotedModel
        self.created = created
        self.number = number
        self.promptTokens = promptTokens
    }

    // Small numbers, as Ollama's: nobody may take them for unique.
    private var responseID: String { "resp_\(number % 999)" }
    private var messageID: String { "msg_\(number % 999)" }

    private func event(_ name: String, _ members: String) -> String {
        "event: \(name)\ndata: {\"type\":\"\(name)\"\(members.isEmpty ? "" : ",")\(members)}\n\n"
    }

    // MARK: /v1/responses

    private func response(status: String, output: String, usage: String) -> String {
        "{\"id\":\"\(responseID)\",\"object\":\"response\",\"created_at\":\(created),\"status\":\"\(status)\","
            + "\"model\":\(model),\"output\":[\(output)],\"usage\":\(usage),\"error\":null,"
            + "\"incomplete_details\":null,\"instructions\":null,\"metadata\":{},\"parallel_tool_calls\":true,"
            + "\"temperature\":1,\"tool_choice\":\"auto\",\"tools\":[],\"top_p\":1}"
    }

    private func part(_ content: String) -> String {
        "{\"type\":\"output_text\",\"text\":\"\(content)\",\"annotations\":[]}"
    }

    private func item(status: String, _ parts: String) -> String {
        "{\"id\":\"\(messageID)\",\"type\":\"message\",\"status\":\"\(status)\",\"role\":\"assistant\","
            + "\"content\":[\(parts)]}"
    }

    private var place: String { "\"item_id\":\"\(messageID)\",\"output_index\":0,\"content_index\":0" }

    private func usage(_ figures: AnswerFigures) -> String {
        "{\"input_tokens\":\(figures.promptTokens),\"input_tokens_details\":{\"cached_tokens\":0},"
            + "\"output_tokens\":\(figures.tokens),\"output_tokens_details\":{\"reasoning_tokens\":0},"
            + "\"total_tokens\":\(figures.promptTokens + figures.tokens)}"
    }

    func response(_ content: String, _ figures: AnswerFigures) -> String {
        response(status: "completed", output: item(status: "completed", part(content)), usage: usage(figures))
    }

    private var responseStart: String {
        let started = "\"response\":" + response(status: "in_progress", output: "", usage: "null")
        return event("response.created", started) + event("response.in_progress", started)
    }

    var responseOpening: String {
        responseStart
            + event("response.output_item.added", "\"output_index\":0,\"item\":\(item(status: "in_progress", ""))")
            + event("response.content_part.added", "\(place),\"part\":\(part(""))")
    }

    var responseDelta: String {
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\(place),\"delta\":\""
    }

    func responseClosing(_ content: String, _ figures: AnswerFigures) -> String {
        event("response.output_text.done", "\(place),\"text\":\"\(content)\"")
            + event("response.content_part.done", "\(place),\"part\":\(part(content))")
            + event(
                "response.output_item.done", "\"output_index\":0,\"item\":\(item(status: "completed", part(content)))")
            + event("response.completed", "\"response\":\(response(content, figures))")
    }

    // MARK: Calls of tools

    func responseOfCall(_ call: ToolCallFormat, _ figures: AnswerFigures) -> String {
        response(
            status: "completed", output: call.item(status: "completed", withArguments: true), usage: usage(figures))
    }

    func responseCallClosing(_ call: ToolCallFormat, _ figures: AnswerFigures) -> String {
        let item = { (status: String, withArguments: Bool) in
            "\"output_index\":0,\"item\":" + call.item(status: status, withArguments: withArguments)
        }
        return responseStart + event("response.output_item.added", item("in_progress", false))
            + event("response.function_call_arguments.delta", call.argumentsEvent("delta"))
            + event("response.function_call_arguments.done", call.argumentsEvent("arguments"))
            + event("response.output_item.done", item("completed", true))
            + event("response.completed", "\"response\":\(responseOfCall(call, figures))")
    }

    func messageOfCall(_ call: ToolCallFormat, _ figures: AnswerFigures) -> String {
        message(call.block(withInput: true), reason: "\"tool_use\"", tokens: figures.tokens)
    }

    func messageCallClosing(_ call: ToolCallFormat, _ figures: AnswerFigures) -> String {
        messageStart + event("content_block_start", "\"index\":0,\"content_block\":\(call.block(withInput: false))")
            + event("content_block_delta", "\"index\":0,\"delta\":\(call.inputDelta)")
            + messageEnd(figures, reason: "\"tool_use\"")
    }

    // MARK: /v1/messages

    private func message(_ content: String, reason: String, tokens: Int) -> String {
        "{\"id\":\"\(messageID)\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\(model),"
            + "\"content\":[\(content)],\"stop_reason\":\(reason),\"stop_sequence\":null,"
            + "\"usage\":{\"input_tokens\":\(promptTokens),\"output_tokens\":\(tokens)}}"
    }

    private func stopReason(_ reason: String) -> String { reason == "length" ? "\"max_tokens\"" : "\"end_turn\"" }

    func message(_ content: String, _ figures: AnswerFigures, reason: String) -> String {
        message(
            "{\"type\":\"text\",\"text\":\"\(content)\"}", reason: stopReason(reason), tokens: figures.tokens)
    }

    private var messageStart: String {
        event("message_start", "\"message\":\(message("", reason: "null", tokens: 0))")
    }

    var messageOpening: String {
        messageStart
            + event("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
    }

    var messageDelta: String {
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
            + "\"delta\":{\"type\":\"text_delta\",\"text\":\""
    }

    func messageClosing(_ figures: AnswerFigures, reason: String) -> String {
        messageEnd(figures, reason: stopReason(reason))
    }

    private func messageEnd(_ figures: AnswerFigures, reason: String) -> String {
        let delta = "\"delta\":{\"stop_reason\":\(reason),\"stop_sequence\":null}"
        return event("content_block_stop", "\"index\":0")
            + event("message_delta", "\(delta),\"usage\":{\"output_tokens\":\(figures.tokens)}")
            + event("message_stop", "")
    }
}
