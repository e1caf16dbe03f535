// SPDX-License-Identifier: MIT

/// A failure that ends in a response of our own. One type for every boundary: what the client is told, whose fault it
/// was, and whether the connection can go on.
public struct GatewayError: Error, Equatable, Sendable {
    /// Whose fault it was; decides what is counted against whom.
    public enum Origin: Equatable, Sendable {
        case client, runner, gateway
    }

    /// HTTP status.
    public var status: Int
    /// What happened, where, and what to do next; one sentence or two, for a person.
    public var sentence: String
    public var origin: Origin
    /// Seconds, for `Retry-After`; with a 503 it also sets `x-should-retry: false`, because openai-python repeats a 503
    /// twice by itself.
    public var retryAfter: Int?
    /// For `Allow`, on a 405.
    public var allow: String?
    /// The body is plain text (or nothing, if the sentence is empty), as Ollama answers before its handlers: 404, 405,
    /// and the 403 of its Host and Origin checks.
    public var isPlainText: Bool
    /// Ollama raises it before it knows the route's family: the shape is the native one everywhere (oa section 7).
    public var isNative = false
    /// The connection's framing is in doubt: it closes behind the response.
    public var closesConnection: Bool
    /// A rule of access was against it. For the audit log; the client isn't told.
    public var refusal: AccessRefusal?
    /// The key's that the request came with, once it is known. For logs.
    public var keyName: String?

    public init(
        _ status: Int, _ sentence: String, origin: Origin = .client, retryAfter: Int? = nil, allow: String? = nil,
        isPlainText: Bool = false, closesConnection: Bool = false, refusal: AccessRefusal? = nil,
        keyName: String? = nil
    ) {
        self.status = status
        self.sentence = sentence
        self.origin = origin
        self.retryAfter = retryAfter
        self.allow = allow
        self.isPlainText = isPlainText
        self.closesConnection = closesConnection
        self.refusal = refusal
        self.keyName = keyName
    }

    /// Of a request that came with the key of that name.
    func with(keyName: String?) -> GatewayError {
        var error = self
        error.keyName = keyName
        return error
    }
}
