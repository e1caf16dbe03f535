// SPDX-License-Identifier: MIT

/// Which header fields travel on, and the bytes of heads rebuilt from what was parsed. Nothing is copied through that
/// was not parsed first, so what was checked is what is forwarded.
public enum EndToEnd {
    /// The names in `Connection` that matter to this hop only (RFC 9110 section 7.6.1).
    struct ConnectionOptions {
        /// In lower case. A set, since a head has room for thousands of them, and each field is looked up.
        private var named: Set<[UInt8]> = []

        init(_ headers: borrowing HeaderFields) {
            // Nearly every client sends `keep-alive` or `close`, which name nothing that would be forwarded.
            headers.forEachListElement(.connection) { option in
                let isUsual = ASCII.equalsIgnoringCase(option, "close") || HeaderName(option) == .keepAlive
                if !isUsual { named.insert(option.map(ASCII.lowered)) }
            }
        }

        func names(_ name: UnsafeRawBufferPointer) -> Bool {
            !named.isEmpty && named.contains(name.map(ASCII.lowered))
        }
    }

    fileprivate static func equalIgnoringCase(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where ASCII.lowered(left[index]) != ASCII.lowered(right[index]) { return false }
        return true
    }

    /// Fields of a request that don't go to the runner: hop-by-hop ones, what authenticates the client to us or says who
    /// it is, what Ollama would refuse (`Origin`), and what we write ourselves.
    static func isForwardedToRunner(_ name: HeaderName) -> Bool {
        switch name {
        case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .proxyAuthenticate,
            .proxyAuthorization, .expect, .contentLength, .host, .authorization, .xAPIKey, .origin, .cookie, .referer,
            .forwarded, .xForwarded, .xOpenWebUIUser, .xDMR, .via, .xRequestID, .acceptEncoding:
            false
        case .accept, .accessControlRequestMethod, .accessControlRequestHeaders, .contentEncoding, .contentType, .date,
            .ifMatch, .retryAfter, .userAgent, .other:
            true
        }
    }

    /// Fields of a response that don't go to the client.
    static func isForwardedToClient(_ name: HeaderName) -> Bool {
        switch name {
        case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .proxyAuthenticate,
            .contentLength, .xDMR, .xRequestID:
            false
        case .accept, .acceptEncoding, .accessControlRequestHeaders, .accessControlRequestMethod, .authorization,
            .contentEncoding, .contentType, .cookie, .date, .expect, .forwarded, .host, .ifMatch, .origin,
            .proxyAuthorization, .referer, .retryAfter, .userAgent, .via, .xAPIKey, .xForwarded, .xOpenWebUIUser,
            .other:
            true
        }
    }
}

/// What of a request's head is the same for every request to one runner, who share it by reference.
public final class RunnerHeadTemplate: Sendable {
    /// E.g. `/base`, or nothing.
    let basePath: [UInt8]
    /// `Host`, which belongs first (RFC 9112 section 3.2), `Accept-Encoding` and `Authorization` lines and the runner's
    /// own, ready.
    let firstLines: [UInt8]
    /// Names of the runner's own lines: a client's field of that name stays behind.
    let ownNames: [[UInt8]]
    /// Our own `Via` line and the name of the field that follows it.
    let viaLine: [UInt8]

    /// `authority`: the runner's `host:port`. `key`: its bearer key, or empty. `headers`: that it gets with every request;
    /// names and values were checked. `via`: our pseudonym, e.g. `dmr-1f…`.
    public init(
        authority: String, basePath: String, key: String, headers: [(name: String, value: [UInt8])] = [], via: String
    ) {
        self.basePath = Array(basePath.utf8)
        var lines = "Host: \(authority)\r\nAccept-Encoding: identity\r\n"
        if !key.isEmpty { lines += "Authorization: Bearer \(key)\r\n" }
        firstLines = Array(lines.utf8) + headers.flatMap { Array("\($0.name): ".utf8) + $0.value + [0x0D, 0x0A] }
        ownNames = headers.map { Array($0.name.utf8) }
        viaLine = Array("Via: 1.1 \(via)\r\nX-Request-Id: ".utf8)
    }

    /// Appends the head for the runner: its own path, the fixed lines, the client's end-to-end fields, and the framing.
    /// The client's own `Via` comes first, and ours follows it (RFC 9110 section 7.6.3). `left`: of the end-to-end
    /// fields, one that is not true any more.
    public func render(
        method: Method, path: String, client: HeaderFields, leavingOut left: HeaderName? = nil, framing: BodyFraming,
        requestID: [UInt8], into output: inout OutputBuffer
    ) {
        output.append(text: method.name)
        output.append(" ")
        output.append(basePath)
        output.append(text: path)
        output.append(" HTTP/1.1\r\n")
        output.append(firstLines)
        if client.contains(.via) { client.forEach { if $0.name == .via { output.append($0, of: client) } } }
        output.append(viaLine)
        output.append(requestID)
        output.append("\r\n")
        let options = EndToEnd.ConnectionOptions(client)
        let hasOwn = !ownNames.isEmpty
        client.forEach { field in
            guard EndToEnd.isForwardedToRunner(field.name), field.name != left else { return }
            let staysBehind = client.withName(field) { options.names($0) || hasOwn && isOwn($0) }
            if !staysBehind { output.append(field, of: client) }
        }
        output.append(framing)
        output.append("\r\n")
    }

    private func isOwn(_ name: UnsafeRawBufferPointer) -> Bool {
        ownNames.contains { own in own.withUnsafeBytes { EndToEnd.equalIgnoringCase($0, name) } }
    }
}

/// The head of a runner's response, rebuilt for the client.
public struct ClientHead: Sendable {
    /// How the client's body is delimited; decides whether the connection can go on.
    public let framing: BodyFraming
    public let keepsAlive: Bool

    /// HTTP/1.0 has no chunks: what isn't counted lasts until the close.
    public init(runnerFraming: BodyFraming, clientVersion: HTTPVersion, clientKeepsAlive: Bool) {
        switch runnerFraming {
        case .none, .counted: framing = runnerFraming
        case .chunked, .untilClose: framing = clientVersion == .http10 ? .untilClose : .chunked
        }
        keepsAlive = clientKeepsAlive && framing != .untilClose
    }

    /// `runner`: the index of the one that answers; nil: several do. `fields`: added to the runner's own.
    public func render(
        _ head: ResponseHead, clientVersion: HTTPVersion, runner: Int?, requestID: [UInt8],
        fields: [OwnResponse.Field], date: [UInt8],
        into output: inout OutputBuffer
    ) {
        // As Go's server, and our own answers, name the client's version.
        output.append(clientVersion == .http10 ? "HTTP/1.0 " : "HTTP/1.1 ")
        output.append(decimal: head.status)
        output.append(" ")
        output.append(text: ReasonPhrase.of(head.status))
        output.append("\r\n")
        let headers = head.headers
        let options = EndToEnd.ConnectionOptions(headers)
        var hasDate = false
        headers.forEach { field in
            guard EndToEnd.isForwardedToClient(field.name) else { return }
            if headers.withName(field, { options.names($0) }) { return }
            hasDate = hasDate || field.name == .date
            output.append(field, of: headers)
        }
        if !hasDate {
            output.append("Date: ")
            output.append(date)
            output.append("\r\n")
        }
        if let runner {
            output.append("X-DMR-Runner: ")
            output.append(decimal: runner)
            output.append("\r\n")
        }
        output.append("X-Request-Id: ")
        output.append(requestID)
        output.append("\r\n")
        for field in fields {
            output.append(text: field.name)
            output.append(": ")
            output.append(text: field.value)
            output.append("\r\n")
        }
        output.append(framing)
        if !keepsAlive {
            output.append("Connection: close\r\n")
        } else if clientVersion == .http10 {
            output.append("Connection: keep-alive\r\n")
        }
        output.append("\r\n")
    }
}

extension OutputBuffer {
    /// The field that delimits a message's body.
    fileprivate mutating func append(_ framing: BodyFraming) {
        switch framing {
        case .none, .untilClose: break
        case .counted(let count):
            append("Content-Length: ")
            append(decimal: count)
            append("\r\n")
        case .chunked: append("Transfer-Encoding: chunked\r\n")
        }
    }
}
