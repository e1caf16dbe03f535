// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Every kind of error that the gateway answers itself, in the shape of every family, on both surfaces.
@Suite(.serialized) struct ErrorFamilyTests {
    struct Kind: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var status: Int
        /// Under the prefix, where it differs.
        var prefixStatus: Int?
        var model = "demo"
        var fields = ""
        var change: @Sendable (inout Configuration) -> Void = { _ in }
        /// Of the only runner, for each connection.
        var steps: [ScriptedRunner.Step] = [.waitForRequest]
        var retryAfter = false
    }

    static let kinds = [
        Kind(testDescription: "no model", status: 400, model: "", steps: []),
        Kind(testDescription: "unknown model", status: 404, prefixStatus: 400, model: "nobody"),
        Kind(
            testDescription: "no key", status: 401,
            change: { $0.adminKey = Secret(Array("an-admin-key-of-24-letters".utf8)) }),
        Kind(
            testDescription: "a key without the scope", status: 403, fields: "Authorization: Bearer dmr_reader\r\n",
            change: {
                let digest = Array("dmr_reader".utf8).withUnsafeBytes { Cryptography.sha256($0) }
                $0.access.keys = [.init(name: "reader", sha256: digest, scopes: [.read])]
            }),
        Kind(testDescription: "a wrong key", status: 401, fields: "Authorization: Bearer dmr_wrong\r\n"),
        Kind(testDescription: "compressed", status: 415, fields: "Content-Encoding: br\r\n"),
        Kind(testDescription: "too large", status: 413, change: { $0.limits.jsonBodyBytes = 20 }),
        Kind(testDescription: "a body that is held already", status: 503, change: { $0.limits.bodyMemory = 5 }),
        Kind(testDescription: "a runner that dies", status: 502, steps: [.waitForRequest, .reset]),
        Kind(
            testDescription: "a runner that says nothing", status: 504,
            change: {
                $0.timeouts.wholeAnswer = .milliseconds(30)
                $0.timeouts.firstByte = .milliseconds(30)
            }),
        Kind(
            testDescription: "a full queue", status: 503,
            change: {
                $0.runners[0].maxInflight = 1
                $0.limits.queue = 1
                $0.timeouts.queue = .milliseconds(30)
            }, steps: [.waitForRequest, .respond(503, "busy")], retryAfter: true),
        Kind(testDescription: "a loop", status: 508, fields: "Via: 1.1 dmr-1, 1.1 dmr-2, 1.1 dmr-3, 1.1 dmr-4\r\n"),
        Kind(testDescription: "switched off", status: 503, change: { $0.isEnabled = false })
    ]

    static let paths: [(String, ErrorFamily)] = [
        ("/api/chat", .native), ("/v1/chat/completions", .openAI), ("/v1/responses", .openAI),
        ("/v1/messages", .anthropic), ("/v1/audio/transcriptions", .openAI)
    ]

    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test(arguments: kinds, paths)
    func hasItsShape(kind: Kind, path: (name: String, family: ErrorFamily)) throws {
        for base in ["", "/docker-model-runner"] {
            let runner = try ScriptedRunner(loop, always: kind.steps)
            let gateway = try GatewayUnderTest(loop, [runner], kind.change)
            defer { gateway.stop() }
            let client = try gateway.client()
            if path.name.hasSuffix("transcriptions") {
                client.transcribe(
                    Form().field("model", kind.model).file(Form.audio(100)).ended, base: base, kind.fields)
            } else {
                client.post(base + path.name, #"{"model":"\#(kind.model)","messages":[{"role":"user"}]}"#, kind.fields)
            }
            client.readResponses()
            let answer = try #require(client.last)
            let status = base.isEmpty ? kind.status : kind.prefixStatus ?? kind.status
            #expect(answer.status == status)
            #expect(answer.contentType == "application/json; charset=utf-8")
            if status == 401 { #expect(answer.header("www-authenticate") == "Bearer") }
            if status == 503 { #expect(answer.header("x-should-retry") == "false") }
            if kind.retryAfter { #expect(answer.header("retry-after").flatMap { Int($0) } ?? 0 > 0) }
            let json = try #require(answer.json)
            let text = sentence(json, path.family, status, answer.header("x-request-id") ?? "")
            #expect(text?.isEmpty == false)
            #expect(json["detail"]?.string == (base.isEmpty ? nil : text))
        }
    }

    /// The sentence, if the object is the family's, member for member.
    private func sentence(_ json: JSON, _ family: ErrorFamily, _ status: Int, _ requestID: String) -> String? {
        let names = (json.members ?? []).map(\.key).filter { $0 != "detail" }
        switch family {
        case .native, .plain:
            #expect(names == ["error"])
            return json["error"]?.string
        case .openAI:
            #expect(names == ["error"])
            let error = json["error"]
            #expect((error?.members ?? []).map(\.key) == ["message", "type", "param", "code"])
            let types = [400: "invalid_request_error", 404: "not_found_error"]
            #expect(error?["type"]?.string == types[status] ?? "api_error")
            return error?["message"]?.string
        case .anthropic:
            #expect(names == ["type", "error", "request_id"])
            #expect(json["type"]?.string == "error")
            #expect(json["request_id"]?.string == "req_" + requestID)
            let error = json["error"]
            #expect((error?.members ?? []).map(\.key) == ["type", "message"])
            let types = [
                400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
                404: "not_found_error", 429: "rate_limit_error", 503: "overloaded_error"
            ]
            #expect(error?["type"]?.string == types[status] ?? "api_error")
            return error?["message"]?.string
        }
    }
}
