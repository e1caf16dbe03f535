// SPDX-License-Identifier: MIT

/// Errors in the shape the client's library reads (oa sections 2 and 7, ow section 6, gateway.md section 3 "Routes").
extension OwnResponse {
    /// - Parameters:
    ///   - family: the route's; for what has no route, `native`.
    ///   - requestID: ours, for Anthropic's `request_id`.
    public init(error: GatewayError, family: ErrorFamily, surface: Surface, requestID: String = "") {
        let family = error.isNative ? .native : family
        let sentence = error.sentence.isEmpty ? ReasonPhrase.of(error.status) : error.sentence
        self.init(error.status, fields: OwnResponse.fields(of: error), closesConnection: error.closesConnection)
        switch (surface, error.isPlainText) {
        case (.root, true):
            // Ollama's 403 of its Host and Origin checks says nothing; our words are for the log then.
            guard error.status != 403 else { return }
            contentType = OwnResponse.bareText
            body = Array(error.sentence.utf8)
            if body.isEmpty { contentType = nil }
        case (.root, false) where family == .plain:
            contentType = OwnResponse.text
            body = Array(sentence.utf8)
        case (.root, false), (.prefix, _):
            contentType = OwnResponse.json
            var members = OwnResponse.members(of: sentence, error.status, family, requestID)
            // Open WebUI reads `detail`, Ollama's clients `error`.
            if surface == .prefix { members.append(.init("detail", .string(sentence))) }
            body = JSON.object(members).bytes
        }
    }

    private static func fields(of error: GatewayError) -> [Field] {
        var fields: [Field] = []
        if let allow = error.allow { fields.append(Field("Allow", allow)) }
        if error.status == 401 { fields.append(Field("WWW-Authenticate", "Bearer")) }
        if let seconds = error.retryAfter { fields.append(Field("Retry-After", String(max(0, seconds)))) }
        // openai-python repeats a 5xx twice by itself, which would triple the load just when there is too much of it.
        if error.status == 503 { fields.append(Field("x-should-retry", "false")) }
        return fields
    }

    private static func members(
        of sentence: String, _ status: Int, _ family: ErrorFamily, _ requestID: String
    ) -> [JSON.Member] {
        let text = JSON.string(sentence)
        switch family {
        case .native, .plain:
            return [.init("error", text)]
        case .openAI:
            let error: [JSON.Member] = [
                .init("message", text), .init("type", .string(openAIType(status))), .init("param", .null),
                .init("code", .null)
            ]
            return [.init("error", .object(error))]
        case .anthropic:
            let error: [JSON.Member] = [.init("type", .string(anthropicType(status))), .init("message", text)]
            return [
                .init("type", .string("error")), .init("error", .object(error)),
                .init("request_id", .string("req_" + requestID))
            ]
        }
    }

    /// Ollama knows no finer types (oa section 7); openai-python goes by the status anyway.
    private static func openAIType(_ status: Int) -> String {
        switch status {
        case 400: "invalid_request_error"
        case 404: "not_found_error"
        default: "api_error"
        }
    }

    private static func anthropicType(_ status: Int) -> String {
        switch status {
        case 400: "invalid_request_error"
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 429: "rate_limit_error"
        case 503, 529: "overloaded_error"
        default: "api_error"
        }
    }
}
