// SPDX-License-Identifier: MIT

import BenchFigures
import GatewayCore
import Transport

/// What a load run does, and for how long: everything in it has an end.
struct LoadPlan {
    enum Pace {
        /// Each connection sends its next request when its last one is answered.
        case closed
        /// Requests start when the schedule says so, on whatever connection is free.
        case open(rate: Double, StartSchedule.Spacing)
        /// One request each, then the connections do nothing.
        case idle
    }

    /// Connections are dealt out to them in turn.
    var addresses: [SocketAddress] = []
    /// Nil: plain text.
    var security: LoadSecurity?
    var request = LoadRequest()
    var connections = 1
    var pace = Pace.closed
    /// In a closed loop: each request has a connection of its own, and its latency counts from when that began.
    var isFresh = false
    /// Nothing is recorded before all connections have had an answer's first byte and this has passed.
    var warmUp = Interval.zero
    var duration = Interval.seconds(5)
    /// Ends the run earlier; nil: only the time does.
    var requestLimit: Int?
    /// A connection that waits this long for a byte has timed out.
    var silence = Interval.seconds(30)
    /// The first connections send another request, and stop reading at its first token.
    var stuck = 0
    var stuckRequest = LoadRequest()
    /// Processes whose use is measured.
    var targets: [Int32] = []
    var includesChildren = false
    var countsSyscalls = false

    /// Connections that are being made at one time: more would overrun a backlog, which is not what is measured.
    static let connectingAtOnce = 64
    static let largestDuration = 3600.0
}

/// How the connections of a run speak TLS.
struct LoadSecurity {
    /// Whom they believe.
    var trust: TLSTrust
    /// What they ask for by name, and what the certificate has to be for, if anybody looks.
    var host: String
    /// They go on with sessions of earlier connections, which spares both sides most of a handshake.
    var resumes = false
}

/// One request, the same every time.
struct LoadRequest {
    enum Shape: String, CaseIterable {
        /// `POST /api/chat`, streamed as NDJSON or in one piece.
        case chat
        /// `POST /api/generate`, likewise.
        case generate
        /// `POST /v1/chat/completions`, streamed as SSE or in one piece.
        case openai
    }

    var shape = Shape.chat
    var model = "demo"
    var streams = false
    var tokens = 8
    var promptBytes = 100

    var format: TokenLines.Format {
        guard streams else { return .none }
        switch shape {
        case .chat, .generate: return .ndjson
        case .openai: return .sse
        }
    }

    var path: String {
        switch shape {
        case .chat: "/api/chat"
        case .generate: "/api/generate"
        case .openai: "/v1/chat/completions"
        }
    }

    /// Head and body, made once.
    func bytes(host: String) -> [UInt8] {
        let prompt = LoadRequest.prompt(promptBytes)
        var members = [JSON.Member("model", .string(model))]
        switch shape {
        case .chat, .openai:
            let message = JSON.object([.init("role", .string("user")), .init("content", .string(prompt))])
            members.append(.init("messages", .array([message])))
        case .generate: members.append(.init("prompt", .string(prompt)))
        }
        members.append(.init("stream", .bool(streams)))
        switch shape {
        case .chat, .generate: members.append(.init("options", .object([.init("num_predict", .integer(tokens))])))
        case .openai: members.append(.init("max_tokens", .integer(tokens)))
        }
        let body = JSON.object(members).bytes
        // The fields that curl sends and a client library besides: a head of common size.
        let head = """
            POST \(path) HTTP/1.1\r
            Host: \(host)\r
            User-Agent: dmr-bench\r
            Accept: */*\r
            Content-Type: application/json\r
            Content-Length: \(body.count)\r
            \r

            """
        return Array(head.utf8) + body
    }

    /// Words, so that a scanner meets what it meets in life, and no escapes.
    private static func prompt(_ bytes: Int) -> String {
        let words = "Why is the sky blue, and why does it turn red when the sun goes down over the sea? "
        var text = String(repeating: words, count: bytes / words.utf8.count + 1)
        text.removeLast(max(0, text.utf8.count - max(1, bytes)))
        return text
    }
}
