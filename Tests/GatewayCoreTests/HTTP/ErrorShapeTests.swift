// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Exact bytes of our errors, per family, surface and status (oa sections 2 and 7, ow section 6).
@Suite struct ErrorShapeTests {
    func response(_ error: GatewayError, _ family: ErrorFamily, _ surface: Surface) -> OwnResponse {
        OwnResponse(error: error, family: family, surface: surface, requestID: "7f")
    }

    func body(_ error: GatewayError, _ family: ErrorFamily, _ surface: Surface) -> String {
        String(decoding: response(error, family, surface).body, as: UTF8.self)
    }

    @Test(arguments: [400, 401, 403, 404, 408, 413, 415, 417, 429, 431, 500, 501, 502, 503, 504, 508])
    func nativeAndPlainErrorsAreTheirText(status: Int) {
        let error = GatewayError(status, "Why \"x\".")
        #expect(body(error, .native, .root) == #"{"error":"Why \"x\"."}"#)
        #expect(body(error, .native, .prefix) == #"{"error":"Why \"x\".","detail":"Why \"x\"."}"#)
        #expect(body(error, .plain, .root) == "Why \"x\".")
        #expect(body(error, .plain, .prefix) == #"{"error":"Why \"x\".","detail":"Why \"x\"."}"#)
        #expect(response(error, .native, .root).contentType == "application/json; charset=utf-8")
        #expect(response(error, .plain, .root).contentType == "text/plain; charset=utf-8")
        #expect(response(error, .plain, .prefix).contentType == "application/json; charset=utf-8")
        for surface in Surface.allCases {
            for family in ErrorFamily.allCases { #expect(response(error, family, surface).status == status) }
        }
    }

    @Test(arguments: [
        (400, "invalid_request_error"), (404, "not_found_error"), (401, "api_error"), (403, "api_error"),
        (413, "api_error"), (429, "api_error"), (500, "api_error"), (502, "api_error"), (503, "api_error"),
        (504, "api_error"), (508, "api_error")
    ])
    func openAIErrorsAreObjects(status: Int, type: String) {
        let error = GatewayError(status, "Why.")
        let object = #"{"error":{"message":"Why.","type":"\#(type)","param":null,"code":null}"#
        #expect(body(error, .openAI, .root) == object + "}")
        #expect(body(error, .openAI, .prefix) == object + #","detail":"Why."}"#)
    }

    @Test(arguments: [
        (400, "invalid_request_error"), (401, "authentication_error"), (403, "permission_error"),
        (404, "not_found_error"), (429, "rate_limit_error"), (503, "overloaded_error"), (529, "overloaded_error"),
        (413, "api_error"), (500, "api_error"), (501, "api_error"), (502, "api_error"), (504, "api_error")
    ])
    func anthropicErrorsAreObjectsWithARequestID(status: Int, type: String) {
        let error = GatewayError(status, "Why.")
        let object = #"{"type":"error","error":{"type":"\#(type)","message":"Why."},"request_id":"req_7f""#
        #expect(body(error, .anthropic, .root) == object + "}")
        #expect(body(error, .anthropic, .prefix) == object + #","detail":"Why."}"#)
    }

    @Test func pathsOfNoRouteAnswerAsOllamaAtTheRootAndInJSONUnderThePrefix() {
        for family in ErrorFamily.allCases {
            let missing = response(.notFound(.root), family, .root)
            #expect(missing.status == 404 && missing.contentType == "text/plain" && missing.fields.isEmpty)
            #expect(missing.body == Array("404 page not found".utf8))
            let wrong = response(.methodNotAllowed(.root, allow: "GET, HEAD"), family, .root)
            #expect(wrong.status == 405 && wrong.contentType == "text/plain")
            #expect(wrong.body == Array("405 method not allowed".utf8))
            #expect(wrong.fields == [.init("Allow", "GET, HEAD")])
        }
        let text = "There is nothing at this path; check its spelling."
        #expect(body(.notFound(.prefix), .native, .prefix) == #"{"error":"\#(text)","detail":"\#(text)"}"#)
        let wrong = response(.methodNotAllowed(.prefix, allow: "POST"), .native, .prefix)
        #expect(wrong.fields == [.init("Allow", "POST")] && wrong.contentType == "application/json; charset=utf-8")
    }

    @Test func aForbiddenPageGetsAnEmptyBodyAtTheRootAndWordsUnderThePrefix() {
        let error = GatewayError(403, "Why.", isPlainText: true)
        #expect(response(error, .native, .root) == OwnResponse(403))
        #expect(body(error, .native, .prefix) == #"{"error":"Why.","detail":"Why."}"#)
        #expect(body(GatewayError(403, "Why."), .native, .root) == #"{"error":"Why."}"#)
    }

    @Test func anEmptySentenceIsTheStatusInWords() {
        #expect(body(GatewayError(502, ""), .native, .root) == #"{"error":"Bad Gateway"}"#)
        #expect(response(GatewayError(404, "", isPlainText: true), .native, .root) == OwnResponse(404))
    }

    @Test func statusesBringTheirHeaders() {
        #expect(response(GatewayError(401, "w"), .native, .root).fields == [.init("WWW-Authenticate", "Bearer")])
        #expect(
            response(GatewayError(503, "w", retryAfter: 7), .openAI, .prefix).fields
                == [.init("Retry-After", "7"), .init("x-should-retry", "false")])
        #expect(response(GatewayError(503, "w"), .native, .root).fields == [.init("x-should-retry", "false")])
        #expect(response(GatewayError(429, "w", retryAfter: 3), .native, .root).fields == [.init("Retry-After", "3")])
        #expect(response(GatewayError(502, "w"), .native, .root).fields.isEmpty)
        #expect(response(GatewayError(400, "w", closesConnection: true), .native, .root).closesConnection)
        #expect(!response(GatewayError(400, "w"), .native, .root).closesConnection)
    }

    @Test func routesThatAreNotBuiltNameThemselvesAndNothingOfTheClients() {
        let pinned = GatewayError.notBuilt(Route(.blobs, on: .prefix, pin: 3, pathArgument: "secret"))
        #expect(pinned.status == 501 && pinned.sentence.contains("/api/blobs/:digest"))
        #expect(!pinned.sentence.contains("secret"))
        #expect(GatewayError.notBuilt(Route(.pull)).sentence.contains("/api/pull yet"))
    }
}
