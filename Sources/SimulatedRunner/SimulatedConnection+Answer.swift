// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// How an answer leaves: heads, whole bodies, and streams token by token, each token in one write.
extension SimulatedConnection {
    static let jsonType = "application/json; charset=utf-8"
    /// Writes in one go where there is no waiting between them; then the loop's other connections have a turn.
    private static let burst = 512

    // MARK: In one piece

    /// A whole response; a HEAD gets only its head.
    func answer(_ status: Int, type: String?, _ content: [UInt8], extra: String = "") {
        var bytes = head(status, type: type, framing: .counted(content.count), extra: extra)
        if parser.requestHead.method != .head { bytes += content }
        write(bytes)
        answered()
    }

    /// In the shape of the route's family, as Ollama's handlers answer.
    func refuse(_ refusal: Refusal, family: ErrorFamily = .native) {
        let message = JSON.string(refusal.message)
        let kind: String
        switch refusal.status {
        case 400: kind = "invalid_request_error"
        case 404: kind = "not_found_error"
        case 503: kind = family == .anthropic ? "overloaded_error" : "api_error"
        default: kind = "api_error"
        }
        let error: JSON
        switch family {
        case .native, .plain: error = .object([.init("error", message)])
        case .openAI:
            let object = JSON.object([
                .init("message", message), .init("type", .string(kind)), .init("param", .null), .init("code", .null)
            ])
            error = .object([.init("error", object)])
        case .anthropic:
            error = .object([
                .init("type", .string("error")),
                .init("error", .object([.init("type", .string(kind)), .init("message", message)])),
                .init("request_id", .string("req_\(number)"))
            ])
        }
        answer(refusal.status, type: SimulatedConnection.jsonType, error.bytes)
    }

    /// What came is no request that could be answered and followed by another.
    func refuseConnection(_ status: Int, _ words: String) {
        closesAfterwards = true
        answer(status, type: "text/plain; charset=utf-8", Array(words.utf8))
    }

    func head(_ status: Int, type: String?, framing: BodyFraming, extra: String = "") -> [UInt8] {
        var text = "HTTP/1.1 \(status) \(SimulatedConnection.phrase(status))\r\n"
        if let type { text += "Content-Type: \(type)\r\n" }
        text += extra
        var bytes = Array((text + "Date: ").utf8)
        bytes += runner.clock.httpDate()
        switch framing {
        case .counted(let count): bytes += "\r\nContent-Length: \(count)\r\n".utf8
        case .chunked: bytes += "\r\nTransfer-Encoding: chunked\r\n".utf8
        case .none, .untilClose: bytes += "\r\n".utf8
        }
        if closesAfterwards { bytes += "Connection: close\r\n".utf8 }
        bytes += "\r\n".utf8
        return bytes
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 301: "Moved Permanently"
        case 307: "Temporary Redirect"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 413: "Request Entity Too Large"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        default: "Status"
        }
    }

    var stamp: String { runner.clock.withStamp { String(decoding: $0, as: UTF8.self) } }

    // MARK: Inference

    /// Loaded, prompt read: the answer may begin.
    func prepared() {
        guard let generation else { return }
        if !generation.request.streams, generation.due > loop.now { return setDeadline(generation.due) }
        phase = .atHeadGate
        if runner.mayBegin(self) { beginAnswer() }
    }

    func beginAnswer() {
        guard let generation else { return }
        let request = generation.request
        if request.isLoadOnly || !request.streams {
            let body = wholeBody(generation)
            generation.head =
                head(200, type: request.wholeType, framing: .counted(body.count)) + body
        } else {
            let type = request.kind.family == .native ? "application/x-ndjson" : "text/event-stream"
            generation.head = head(200, type: type, framing: isChunked ? .chunked : .untilClose)
        }
        if generation.faults.slowHead != nil {
            phase = .dribbling
            return dribble()
        }
        phase = .streaming
        sendWhatIsDue()
    }

    private var isChunked: Bool { parser.requestHead.version == .http11 }

    private func wholeBody(_ generation: Generation) -> [UInt8] {
        let request = generation.request
        let figures = generation.figures(at: loop.now)
        if request.isLoadOnly { return generation.format.loadReply(isUnload: false, stamp: stamp) }
        if request.kind.isEmbedding {
            return Embeddings(request, model: generation.slots.model)
                .reply(figures, quotedModel: String(decoding: JSON.string(request.model).bytes, as: UTF8.self))
        }
        if let scores = request.scores { return SystemOne.reply(scores, model: request.model, figures) }
        let content = generation.content?.text(runner.text) ?? runner.text.text(tokens: generation.tokens)
        let thoughts = generation.content?.thoughts(runner.text) ?? ""
        return generation.format.whole(
            content, thoughts: thoughts, figures, reason: generation.reason.description, stamp: stamp)
    }

    /// The next byte of a slow head. What follows the head comes at its own pace.
    func dribble() {
        guard let generation, let pause = generation.faults.slowHead else { return }
        guard generation.headSent < generation.head.count else {
            generation.head = []
            phase = .streaming
            return sendWhatIsDue()
        }
        write([generation.head[generation.headSent]])
        generation.headSent += 1
        // Never at once, or it would all leave in one turn of the loop.
        setDeadline(loop.now + max(pause, .milliseconds(1)))
    }

    /// Sends every token whose time has come, until the socket is full, a gate is shut, or a fault strikes.
    func sendWhatIsDue() {
        guard let generation else { return }
        if generation.request.isLoadOnly || !generation.request.streams {
            write(generation.head)
            return answered()
        }
        var room = SimulatedConnection.burst
        while !isClosing, heldBytes == 0 {
            if strikes(generation) { return }
            let now = loop.now
            if !runner.options.gatesTokens, generation.due > now, generation.due > loop.exactNow {
                return waitForToken(generation)
            }
            guard room > 0 else { return setDeadline(now + Interval(nanoseconds: 1)) }
            guard runner.maySend(self) else { return }
            if generation.sent == generation.tokens { return sendClosing(generation) }
            room -= 1
            sendTokens(generation, tokensAtOnce(generation))
        }
    }

    private func waitForToken(_ generation: Generation) {
        guard !isWaitingForToken else { return }
        isWaitingForToken = true
        runner.tokenClock.wake(self, at: generation.due)
    }

    /// One, unless there is nothing that could come between two tokens: no time, no gate, no fault.
    private func tokensAtOnce(_ generation: Generation) -> Int {
        let options = runner.options
        guard options.tokensPerWrite > 1, generation.interval == 0, !options.gatesTokens, generation.faultless else {
            return 1
        }
        return min(options.tokensPerWrite, generation.tokens - generation.sent)
    }

    /// Head (the first time), chunk size, lines, chunk end: put together in the loop's buffer, one write, no allocation.
    private func sendTokens(_ generation: Generation, _ count: Int) {
        let format = generation.format
        let splice = loop.splice
        splice.begin()
        var rest = count
        // The buffer holds one read's worth; a model's name may make lines long.
        let roomForOne = Loop.readBufferBytes - format.longestLine
        repeat {
            format.before.withUnsafeBytes { splice.append($0) }
            if format.hasStamp { runner.clock.withStamp { splice.append($0) } }
            if generation.sent == 0 { format.first.withUnsafeBytes { splice.append($0) } }
            if let content = generation.content {
                (content.isThought(generation.sent) ? format.thought : format.middle)
                    .withUnsafeBytes { splice.append($0) }
                content.token(at: generation.sent, runner.text).withUnsafeBytes { splice.append($0) }
            } else {
                format.middle.withUnsafeBytes { splice.append($0) }
                runner.text.token(at: generation.sent).withUnsafeBytes { splice.append($0) }
            }
            format.after.withUnsafeBytes { splice.append($0) }
            generation.sent += 1
            runner.tokensSent += 1
            if let record = generation.record { runner.noteToken(of: record) }
            rest -= 1
        } while rest > 0 && splice.bodyCount <= roomForOne
        write(piece(of: generation, isLast: false))
    }

    private func sendClosing(_ generation: Generation) {
        let figures = generation.figures(at: loop.now)
        let repeats = generation.request.kind == .responses
        let content =
            repeats
            ? generation.content?.text(runner.text)
                ?? runner.text.text(tokens: min(generation.tokens, EventFormat.repeatedTokens)) : ""
        finish(
            generation,
            with: generation.format.closing(content, figures, reason: generation.reason.description, stamp: stamp))
    }

    private func finish(_ generation: Generation, with lastBytes: [UInt8]) {
        let splice = loop.splice
        splice.begin()
        lastBytes.withUnsafeBytes { splice.append($0) }
        write(piece(of: generation, isLast: true))
        answered()
    }

    /// What lies in the splice, behind the head if that has not been sent.
    private func piece(of generation: Generation, isLast: Bool) -> UnsafeRawBufferPointer {
        if !generation.head.isEmpty {
            outgoingHead.append(generation.head)
            generation.head = []
        }
        return loop.splice.finish(head: &outgoingHead, chunked: isChunked, isLast: isLast)
    }

    /// A fault that belongs to this place of the answer. True: it has struck.
    private func strikes(_ generation: Generation) -> Bool {
        let faults = generation.faults
        if generation.sent == faults.resetAfterTokens {
            cut(resetting: true)
        } else if generation.sent == faults.closeAfterTokens {
            cut()
        } else if generation.sent == faults.cleanEndAfterTokens {
            finish(generation, with: generation.format.brokenEnd())
        } else if generation.sent == faults.stallAfterTokens {
            phase = .silent
            if !generation.head.isEmpty {
                write(generation.head)
                generation.head = []
            }
        } else {
            return false
        }
        return true
    }
}
