// SPDX-License-Identifier: MIT

/// What a runner's response head must keep to, beyond what llhttp checks with all lenient flags off.
public enum ResponseRules {
    public struct CheckedResponse: Equatable, Sendable {
        public var framing: BodyFraming
        /// The connection may carry another request after this response.
        public var keepsAlive: Bool
        public var summary: ResponseSummary
    }

    public struct Malformed: Error, Equatable, Sendable {
        public var reason: String
    }

    /// A 1xx that we did not ask for is dropped (RFC 9110 section 15.2); 101 would hand the connection to a protocol
    /// that nobody asked for.
    public static func isInterim(_ head: ResponseHead) -> Bool {
        (100..<200).contains(head.status) && head.status != 101
    }

    /// - Throws: `Malformed`; the connection is never used again.
    public static func check(_ head: ResponseHead, client: UInt64) throws(Malformed) -> CheckedResponse {
        guard (200...599).contains(head.status) else { throw Malformed(reason: "status \(head.status)") }
        var saysClose = false
        var saysKeepAlive = false
        head.headers.forEachListElement(.connection) { option in
            if ASCII.equalsIgnoringCase(option, "close") { saysClose = true }
            if ASCII.equalsIgnoringCase(option, "keep-alive") { saysKeepAlive = true }
        }
        let framing = try framing(of: head)
        // RFC 9112 section 9.3: "close" wins over anything; HTTP/1.0 closes unless it says that it doesn't.
        let isPersistent = !saysClose && (head.version == .http11 || saysKeepAlive)
        return CheckedResponse(
            framing: framing, keepsAlive: isPersistent && framing != .untilClose,
            summary: ResponseSummary(
                status: head.status, isJSON: head.headers.hasContentType("application/json"),
                retryAfter: retryAfter(head.headers), client: client)
        )
    }

    /// RFC 9112 section 6.3, for responses to requests other than HEAD and CONNECT.
    private static func framing(of head: ResponseHead) throws(Malformed) -> BodyFraming {
        let lengths = head.headers.count(of: .contentLength)
        let codings = head.headers.count(of: .transferEncoding)
        guard lengths <= 1 else { throw Malformed(reason: "Content-Length came \(lengths) times") }
        guard codings <= 1 else { throw Malformed(reason: "Transfer-Encoding came \(codings) times") }
        guard lengths == 0 || codings == 0 else { throw Malformed(reason: "both Content-Length and Transfer-Encoding") }
        if head.status == 204 || head.status == 304 { return .none }
        if let field = head.headers.first(.contentLength) {
            guard let count = head.headers.withValue(field, { ASCII.decimal($0) }) else {
                throw Malformed(reason: "Content-Length is no number")
            }
            return .counted(count)
        }
        guard let field = head.headers.first(.transferEncoding) else { return .untilClose }
        let isChunked = head.headers.withValue(field) { ASCII.equalsIgnoringCase($0, "chunked") }
        guard isChunked, head.version == .http11 else {
            throw Malformed(reason: "a transfer coding other than chunked")
        }
        return .chunked
    }

    /// Seconds only; a date would need a clock, and no runner sends one. At most an hour is believed.
    private static func retryAfter(_ headers: HeaderFields) -> Interval? {
        guard let field = headers.first(.retryAfter) else { return nil }
        return headers.withValue(field) { ASCII.decimal($0) }.map { .seconds(Double(min($0, 3600))) }
    }
}
