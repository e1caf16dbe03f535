// SPDX-License-Identifier: MIT

import GatewayCore

/// What a request wants of its answer besides a length: a tool called, JSON of some form, thoughts in front.
struct AnswerShape: Equatable {
    /// A call of a tool, in the place of text.
    struct Call: Equatable {
        var name: String
        var arguments: JSON
    }

    var call: Call?
    /// The text, where it has to be JSON.
    var json: JSON?
    var thinks = false

    init() {}

    init(_ kind: InferenceRequest.Kind, _ json: JSON) {
        switch kind {
        case .generate, .chat, .openAIChat, .responses, .messages: break
        case .embed, .embeddings, .openAICompletion, .openAIEmbeddings, .transcription, .systemOne: return
        }
        call = AnswerShape.call(kind, json)
        if call == nil { self.json = AnswerShape.format(kind, json) }
        let effort = (json["reasoning_effort"] ?? json["reasoning"]?["effort"])?.string
        switch kind {
        case .generate, .chat:
            // A level, or true.
            thinks = json["think"]?.bool ?? (json["think"]?.string != nil)
        case .openAIChat: thinks = effort != nil && effort != "none"
        case .embed, .embeddings, .openAICompletion, .openAIEmbeddings, .responses, .messages, .transcription,
            .systemOne:
            break
        }
    }

    /// The first tool is called, once: who sends a tool's result back gets text.
    private static func call(_ kind: InferenceRequest.Kind, _ json: JSON) -> Call? {
        guard let tool = json["tools"]?.array?.first, !isAnsweringTool(json) else { return nil }
        // Ollama's and OpenAI's chats wrap what the other two have plainly.
        let function = tool["function"] ?? tool
        guard let name = function["name"]?.string, !name.isEmpty else { return nil }
        let schema = function["parameters"] ?? function["input_schema"] ?? .object([])
        return Call(name: name, arguments: MadeUpJSON(of: schema).value)
    }

    private static func isAnsweringTool(_ json: JSON) -> Bool {
        guard let last = (json["messages"] ?? json["input"])?.array?.last else { return false }
        if last["role"]?.string == "tool" || last["type"]?.string == "function_call_output" { return true }
        return (last["content"]?.array ?? []).contains { $0["type"]?.string == "tool_result" }
    }

    private static func format(_ kind: InferenceRequest.Kind, _ json: JSON) -> JSON? {
        switch kind {
        case .generate, .chat:
            if json["format"]?.string == "json" { return MadeUpJSON.anything }
            return json["format"]?.members == nil ? nil : json["format"].map { MadeUpJSON(of: $0).value }
        case .openAIChat: return format(json["response_format"], schema: json["response_format"]?["json_schema"])
        case .responses: return format(json["text"]?["format"], schema: json["text"]?["format"])
        case .embed, .embeddings, .openAICompletion, .openAIEmbeddings, .messages, .transcription, .systemOne:
            return nil
        }
    }

    private static func format(_ format: JSON?, schema: JSON?) -> JSON? {
        switch format?["type"]?.string {
        case "json_object": MadeUpJSON.anything
        case "json_schema": MadeUpJSON(of: schema?["schema"] ?? .object([])).value
        default: nil
        }
    }
}

/// A document that fits a schema, as far as schemas of tools and of structured answers go: types, properties, items,
/// enums, alternatives and references within the schema.
struct MadeUpJSON {
    let value: JSON

    /// Where any object will do.
    static let anything = JSON.object([.init("simulated", .bool(true))])

    /// References may nest without end; this many values are the most that one answer holds.
    private static let bound = 500

    init(of schema: JSON) {
        var left = MadeUpJSON.bound
        value = MadeUpJSON.example(of: schema, in: schema, depth: 0, left: &left)
    }

    private static func example(of schema: JSON, in root: JSON, depth: Int, left: inout Int) -> JSON {
        left -= 1
        guard left > 0, depth < 16 else { return .null }
        if let value = schema["const"] ?? schema["enum"]?.array?.first { return value }
        let referred = schema["$ref"]?.string.flatMap { target(of: $0, in: root) }
        let alternatives = ["anyOf", "oneOf", "allOf"].lazy.compactMap { schema[$0]?.array?.first }
        if let other = referred ?? alternatives.first {
            return example(of: other, in: root, depth: depth + 1, left: &left)
        }
        switch schema["type"]?.string ?? schema["type"]?.array?.first?.string {
        case "string": return .string("simulated")
        case "integer", "number": return schema["minimum"] ?? .integer(1)
        case "boolean": return .bool(true)
        case "null": return .null
        case "array":
            return .array([example(of: schema["items"] ?? .object([]), in: root, depth: depth + 1, left: &left)])
        default:
            var members: [JSON.Member] = []
            for property in schema["properties"]?.members ?? [] {
                members.append(
                    .init(property.key, example(of: property.value, in: root, depth: depth + 1, left: &left)))
            }
            return .object(members)
        }
    }

    /// `#/$defs/City`.
    private static func target(of reference: String, in root: JSON) -> JSON? {
        guard reference.hasPrefix("#/") else { return nil }
        return reference.dropFirst(2).split(separator: "/").reduce(root) { $0?[String($1)] }
    }
}
