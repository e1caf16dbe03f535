// SPDX-License-Identifier: MIT

/// How a request's body is delimited (RFC 9112 section 6.3), and nothing else: where two readers could differ, the
/// request is refused and the connection closes, because what follows may be a body or a smuggled request.
enum RequestFraming {
    static func framing(of head: RequestHead) throws(GatewayError) -> BodyFraming {
        let lengths = head.headers.count(of: .contentLength)
        let codings = head.headers.count(of: .transferEncoding)
        if codings > 0 {
            if lengths > 0 {
                throw doubt("The request has both Content-Length and Transfer-Encoding; send only one of them.")
            }
            return try chunked(head, count: codings)
        }
        guard lengths > 0, let field = head.headers.first(.contentLength) else { return .none }
        guard lengths == 1 else { throw doubt("The request has more than one Content-Length; send it once.") }
        guard let length = head.headers.withValue(field, ASCII.decimal) else {
            throw doubt("Content-Length must be a decimal number of at most 18 digits.")
        }
        return .counted(length)
    }

    private static func chunked(_ head: RequestHead, count: Int) throws(GatewayError) -> BodyFraming {
        guard head.version == .http11 else {
            throw doubt("HTTP/1.0 has no Transfer-Encoding; send Content-Length, or use HTTP/1.1.")
        }
        guard count == 1, let field = head.headers.first(.transferEncoding),
            head.headers.withValue(field, { ASCII.equalsIgnoringCase($0, "chunked") })
        else {
            throw doubt("The only Transfer-Encoding taken here is a single 'chunked'; send the body without any other.")
        }
        return .chunked
    }

    private static func doubt(_ sentence: String) -> GatewayError {
        GatewayError(400, sentence, closesConnection: true)
    }
}
