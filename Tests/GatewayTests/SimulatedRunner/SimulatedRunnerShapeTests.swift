// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// What clients ask for besides text: tools, JSON of a form, thoughts; whole and streamed.
@Suite(.serialized) struct SimulatedRunnerShapeTests {
    let loop: Loop
    let runner: SimulatedRunner

    static let messages = #""messages":[{"role":"user","content":"hi"}]"#
    static let parameters = #"{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}}}"#
    static let tool = #"{"type":"function","function":{"name":"weather","parameters":\#(parameters)}}"#

    init() throws {
        loop = try Loop()
        runner = try SimulatedRunner(loop: loop, options: .instant())
    }

    private func answer(_ path: String, _ members: String, stream: Bool) throws -> RawClient.Response {
        let client = try RawClient(loop, port: runner.port)
        client.post(path, #"{"model":"demo","max_tokens":64,\#(members),"stream":\#(stream)}"#)
        client.readResponses()
        client.close()
        let response = try #require(client.responses.first)
        #expect(response.status == 200)
        return response
    }

    /// The lines of a stream, or the data of its events, as JSON.
    private func parts(_ response: RawClient.Response) throws -> [JSON] {
        try response.body.split(separator: "\n").compactMap { line -> JSON? in
            if line.hasPrefix("event: ") || line == "data: [DONE]" { return nil }
            return try JSON(parsing: Array((line.hasPrefix("data: ") ? line.dropFirst(6) : line).utf8))
        }
    }

    private func parsed(_ text: String?) throws -> JSON { try JSON(parsing: Array(try #require(text).utf8)) }

    private func isCall(_ name: JSON?, _ arguments: JSON?) -> Bool {
        name?.string == "weather" && arguments?["city"]?.string != nil && arguments?["days"]?.int != nil
    }

    // MARK: Tools

    @Test(arguments: [false, true]) func chatCallsTheFirstTool(stream: Bool) throws {
        defer { runner.close() }
        let lines = try parts(answer("/api/chat", #"\#(Self.messages),"tools":[\#(Self.tool)]"#, stream: stream))
        let calls = lines.compactMap { $0["message"]?["tool_calls"]?.array }.joined()
        #expect(calls.count == 1)
        let function = calls.first?["function"]
        #expect(isCall(function?["name"], function?["arguments"]))
        #expect(lines.last?["done"] == .bool(true) && lines.last?["done_reason"]?.string == "stop")
        #expect(lines.last?["eval_count"]?.int ?? 0 > 0)
    }

    @Test(arguments: [false, true]) func chatCompletionsCallTheFirstTool(stream: Bool) throws {
        defer { runner.close() }
        let members = #"\#(Self.messages),"tools":[\#(Self.tool)]"#
        let choices = try parts(answer("/v1/chat/completions", members, stream: stream)).compactMap {
            $0["choices"]?.array?.first
        }
        let calls = choices.compactMap { ($0["delta"] ?? $0["message"])?["tool_calls"]?.array }.joined()
        #expect(calls.count == 1)
        let function = calls.first?["function"]
        #expect(isCall(function?["name"], try parsed(function?["arguments"]?.string)))
        #expect(choices.last?["finish_reason"]?.string == "tool_calls")
    }

    @Test func messagesCallTheFirstTool() throws {
        defer { runner.close() }
        let members = #"\#(Self.messages),"tools":[{"name":"weather","input_schema":\#(Self.parameters)}]"#
        let whole = try parts(answer("/v1/messages", members, stream: false))[0]
        let block = whole["content"]?.array?.first
        #expect(isCall(block?["name"], block?["input"]))
        #expect(whole["stop_reason"]?.string == "tool_use")
        let events = try parts(answer("/v1/messages", members, stream: true))
        #expect(
            events.map { $0["type"]?.string } == [
                "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta",
                "message_stop"
            ])
        #expect(events[1]["content_block"]?["input"] == .object([]))
        #expect(isCall(events[1]["content_block"]?["name"], try parsed(events[2]["delta"]?["partial_json"]?.string)))
        #expect(events[4]["delta"]?["stop_reason"]?.string == "tool_use")
    }

    @Test func responsesCallTheFirstTool() throws {
        defer { runner.close() }
        let members = #""input":"hi","tools":[{"type":"function","name":"weather","parameters":\#(Self.parameters)}]"#
        let whole = try parts(answer("/v1/responses", members, stream: false))[0]
        let item = whole["output"]?.array?.first
        #expect(isCall(item?["name"], try parsed(item?["arguments"]?.string)))
        let events = try parts(answer("/v1/responses", members, stream: true))
        #expect(events.last?["response"]?["output"]?.array?.first?["name"]?.string == "weather")
        let delta = try #require(events.first { $0["type"]?.string == "response.function_call_arguments.delta" })
        #expect(isCall(.string("weather"), try parsed(delta["delta"]?.string)))
    }

    @Test(arguments: [
        ("/api/chat", #"{"role":"tool","content":"rain"}"#),
        ("/v1/chat/completions", #"{"role":"tool","tool_call_id":"call_1","content":"rain"}"#),
        ("/v1/messages", #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"rain"}]}"#)
    ])
    func whoBringsAToolsResultGetsText(path: String, last: String) throws {
        defer { runner.close() }
        let tool = path == "/v1/messages" ? #"{"name":"weather","input_schema":{}}"# : Self.tool
        let members = #""messages":[{"role":"user","content":"hi"},\#(last)],"tools":[\#(tool)]"#
        let body = try answer(path, members, stream: false).body
        #expect(body.contains("This answer is simulated"))
        #expect(!body.contains("weather"))
    }

    // MARK: JSON

    static let schema = """
        {"type":"object","properties":{"a\\"b":{"type":"string"},"n":{"type":"number","minimum":3},"b":{"type":"boolean"},
        "l":{"type":"array","items":{"$ref":"#/$defs/c"}},"e":{"enum":["x","y"]},"k":{"const":7},
        "o":{"anyOf":[{"type":["null","string"]}]}},"$defs":{"c":{"type":"object","properties":{"é":{"type":"integer"}}}}}
        """
    static let fitting = #"{"a\"b":"simulated","n":3,"b":true,"l":[{"é":1}],"e":"x","k":7,"o":null}"#

    @Test(arguments: [false, true], ["/api/chat", "/api/generate", "/v1/chat/completions", "/v1/responses"])
    func aSchemaGetsADocumentThatFitsIt(stream: Bool, path: String) throws {
        defer { runner.close() }
        let members =
            switch path {
            case "/v1/responses": #""input":"hi","text":{"format":{"type":"json_schema","schema":\#(Self.schema)}}"#
            case "/v1/chat/completions":
                #"\#(Self.messages),"response_format":{"type":"json_schema","json_schema":{"schema":\#(Self.schema)}}"#
            default: #"\#(Self.messages),"prompt":"hi","format":\#(Self.schema)"#
            }
        let parts = try parts(answer(path, members, stream: stream))
        let text = parts.compactMap { part -> String? in
            let choice = part["choices"]?.array?.first
            let output = part["output"]?.array?.first?["content"]?.array?.first?["text"]
            let delta = part["type"]?.string == "response.output_text.delta" ? part["delta"] : nil
            return
                (part["message"]?["content"] ?? part["response"] ?? (choice?["delta"] ?? choice?["message"])?[
                    "content"] ?? output ?? delta)?.string
        }.joined()
        #expect(try parsed(text) == parsed(Self.fitting))
    }

    @Test func aSchemaThatRefersToItselfEnds() throws {
        defer { runner.close() }
        let schema =
            ##"{"type":"object","properties":{"a":{"$ref":"#"},"b":{"$ref":"#/"},"c":{"$ref":"#/properties/c"}}}"##
        let body = try answer("/api/generate", #""prompt":"hi","format":\#(schema)"#, stream: false).body
        #expect(body.utf8.count < 20_000)
    }

    // MARK: Thoughts

    @Test func thoughtsComeFirstAndApart() throws {
        defer { runner.close() }
        let rows: [(String, String, (JSON) -> (JSON?, JSON?))] = [
            ("/api/chat", #""think":true"#, { ($0["message"]?["thinking"], $0["message"]?["content"]) }),
            ("/api/generate", #""prompt":"hi","think":"low""#, { ($0["thinking"], $0["response"]) }),
            (
                "/v1/chat/completions", #""reasoning_effort":"low""#,
                {
                    let choice = $0["choices"]?.array?.first
                    let message = choice?["delta"] ?? choice?["message"]
                    return (message?["reasoning"], message?["content"])
                }
            )
        ]
        for (path, member, fields) in rows {
            let members = "\(Self.messages),\(member)"
            let whole = fields(try parts(answer(path, members, stream: false))[0])
            let streamed = try parts(answer(path, members, stream: true)).map(fields)
            #expect(whole.0?.string?.isEmpty == false && whole.1?.string?.isEmpty == false)
            #expect(streamed.compactMap { $0.0?.string }.joined() == whole.0?.string)
            #expect(streamed.compactMap { $0.1?.string }.joined() == whole.1?.string)
        }
    }

    @Test(arguments: [#""think":false"#, #""think":null"#, #""options":{}"#])
    func whoDoesNotAskGetsNoThoughts(member: String) throws {
        defer { runner.close() }
        #expect(!(try answer("/api/chat", "\(Self.messages),\(member)", stream: false).body.contains("thinking")))
    }

    // MARK: Scores

    @Test func everyKindOfQuestionIsAnswered() throws {
        defer { runner.close() }
        let members = """
            "state":"a","questions":{"c":{"type":"choice","criteria":{"x":null,"y":"z"}},
            "n":{"type":"noul"},"s":{"type":"score","criteria":["bad","good"]}}
            """
        let answers = try parts(answer("/v1/systemone", members, stream: true))[0]["answers"]
        #expect(answers?["c"]?["choice"]?.string == "x")
        #expect(answers?["n"]?["noul"]?.double == 0.5)
        #expect(answers?["s"]?["legend"]?["1"]?.string == "good")
    }
}
