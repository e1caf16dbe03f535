// SPDX-License-Identifier: MIT

import GatewayCore

/// The call of a tool in the shapes of the routes: arguments are an object to Ollama and Anthropic, a string to OpenAI.
struct ToolCallFormat {
    private let name: String
    private let arguments: String
    private let argumentsAsString: String
    private let number: Int

    init(_ call: AnswerShape.Call, number: Int) {
        name = ToolCallFormat.text(.string(call.name))
        arguments = ToolCallFormat.text(call.arguments)
        argumentsAsString = ToolCallFormat.text(.string(arguments))
        self.number = number
    }

    private static func text(_ json: JSON) -> String { String(decoding: json.bytes, as: UTF8.self) }

    // Small numbers, as Ollama's: nobody may take them for unique.
    private var identity: String { "call_\(number % 999)" }

    /// `tool_calls` of `/api/chat`.
    var native: String {
        #"[{"id":"\#(identity)","function":{"index":0,"name":\#(name),"arguments":\#(arguments)}}]"#
    }

    /// `tool_calls` of `/v1/chat/completions`.
    var openAI: String {
        #"[{"id":"\#(identity)","index":0,"type":"function","function":{"name":\#(name),"#
            + #""arguments":\#(argumentsAsString)}}]"#
    }

    /// A block of `/v1/messages`; where its input comes in events, it begins empty.
    func block(withInput: Bool) -> String {
        #"{"type":"tool_use","id":"\#(identity)","name":\#(name),"input":\#(withInput ? arguments : "{}")}"#
    }

    var inputDelta: String { #"{"type":"input_json_delta","partial_json":\#(argumentsAsString)}"# }

    /// An item of `/v1/responses`.
    func item(status: String, withArguments: Bool) -> String {
        #"{"id":"fc_\#(number % 999)","type":"function_call","status":"\#(status)","call_id":"\#(identity)","#
            + #""name":\#(name),"arguments":\#(withArguments ? argumentsAsString : #""""#)}"#
    }

    /// Members of the events about the arguments of an item of `/v1/responses`.
    func argumentsEvent(_ member: String) -> String {
        #""item_id":"fc_\#(number % 999)","output_index":0,"\#(member)":\#(argumentsAsString)"#
    }
}
