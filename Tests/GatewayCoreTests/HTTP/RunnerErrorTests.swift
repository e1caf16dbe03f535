// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What a runner's error is turned into under the prefix.
@Suite struct RunnerErrorTests {
    struct Case: Sendable {
        var came: String
        var family = ErrorFamily.native
        var goes: String
    }

    static let cases = [
        Case(came: #"{"error":"a \"b\""}"#, goes: #"{"error":"a \"b\"","detail":"a \"b\""}"#),
        Case(
            came: #"{"error":"unauthorized","signin_url":"https://a"}"#,
            goes: #"{"error":"unauthorized","signin_url":"https://a","detail":"unauthorized"}"#),
        Case(
            came: #"{"error":{"message":"m","type":"t","param":null,"code":7}}"#, family: .openAI,
            goes: #"{"error":{"message":"m","type":"t","param":null,"code":7},"detail":"m"}"#),
        Case(
            came: #"{"type":"error","error":{"type":"t","message":"m"},"request_id":"req_1"}"#, family: .anthropic,
            goes: #"{"type":"error","error":{"type":"t","message":"m"},"request_id":"req_1","detail":"m"}"#),
        // Ollama's own exceptions on /v1 (oa section 7).
        Case(came: #"{"error":"native"}"#, family: .openAI, goes: #"{"error":"native","detail":"native"}"#),
        // Another gateway, or Open WebUI, stands between.
        Case(came: #"{"error":"a","detail":"b"}"#, goes: #"{"error":"a","detail":"b"}"#),
        Case(came: "<html>", goes: #"{"error":"ours","detail":"ours"}"#),
        Case(came: "", goes: #"{"error":"ours","detail":"ours"}"#),
        Case(came: #"{"error":"cu"#, goes: #"{"error":"ours","detail":"ours"}"#),
        Case(came: #"{"message":"a"}"#, goes: #"{"error":"ours","detail":"ours"}"#),
        Case(came: #"["error"]"#, goes: #"{"error":"ours","detail":"ours"}"#),
        Case(
            came: "no", family: .openAI,
            goes: #"{"error":{"message":"ours","type":"api_error","param":null,"code":null},"detail":"ours"}"#),
        Case(
            came: "no", family: .anthropic,
            goes:
                #"{"type":"error","error":{"type":"api_error","message":"ours"},"request_id":"req_7","detail":"ours"}"#)
    ]

    @Test(arguments: cases) func itHasADetailAndAllElse(test: Case) {
        let response = RunnerError.response(
            500, Array(test.came.utf8), orElse: "ours", family: test.family, requestID: "7")
        #expect(response.status == 500)
        #expect(response.contentType == OwnResponse.json)
        #expect(String(decoding: response.body, as: UTF8.self) == test.goes)
    }

    @Test func oneThatIsTooLongHasNoWords() {
        let text = String(repeating: "x", count: RunnerError.maximumBytes - 12)
        for (extra, isWhole) in [("", true), ("x", false)] {
            let body = Array(#"{"error":"\#(text)\#(extra)"}"#.utf8)
            #expect((body.count <= RunnerError.maximumBytes) == isWhole)
            let response = RunnerError.response(500, body, orElse: "ours", family: .native)
            #expect((response.body.count > text.utf8.count) == isWhole)
        }
    }

    /// It is the runner's, not the gateway's: neither asks for a key of ours, nor says when we shall be free.
    @Test(arguments: [401, 503]) func noFieldOfOursIsAdded(status: Int) {
        for body in ["", #"{"error":"a"}"#] {
            #expect(RunnerError.response(status, Array(body.utf8), orElse: "ours", family: .native).fields.isEmpty)
            let later = RunnerError.response(
                status, Array(body.utf8), orElse: "ours", family: .native, retryAfter: .seconds(7))
            #expect(later.fields == [.init("Retry-After", "7")])
        }
    }
}
