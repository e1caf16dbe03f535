// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// One client of a simulated runner: reads requests one after the other and answers each before the next. This file is
/// about the connection; `+Requests` decides what a request gets, `+Answer` sends it.
final class SimulatedConnection: ByteStream, BodySink {
    /// What the connection waits for; its one deadline belongs to that.
    enum Phase {
        /// A request, or the rest of one. Deadline: `closeIdleAfter`.
        case reading
        /// A slot of the model.
        case queued
        /// The model's load and the prompt. Deadline: when the first token is due.
        case preparing
        /// `releaseHead`.
        case atHeadGate
        /// The next byte of a slow head. Deadline: when it leaves.
        case dribbling
        /// The next token, of the token clock.
        case streaming
        /// The next line of progress. Deadline: when it is due.
        case progressing
        /// Nothing: a fault keeps it silent.
        case silent
        /// The client's FIN after ours. Deadline: when it is cut.
        case ending
    }

    /// Strong: it ends with the connection, which the runner forgets when it is closed.
    let runner: SimulatedRunner
    let number: Int
    let parser: HTTPParser
    var phase = Phase.reading
    /// The inference request being answered.
    var generation: Generation?
    /// The stream of a pull, push or create.
    var progress: Progress?
    /// An inference request is counted as in flight.
    var isCounted = false
    /// The response is the connection's last.
    var closesAfterwards = false
    var body: [UInt8] = []
    /// Head bytes as they came, if records are kept.
    var headBytes: [UInt8] = []
    /// Of a response, on its way out.
    var outgoingHead = OutputBuffer(capacity: 1)
    var record: Int?
    /// The token clock will wake it.
    var isWaitingForToken = false

    /// Bytes of requests behind the one being answered.
    private var pipelined: [UInt8] = []
    private var isParsing = false
    private var isInBody = false
    private var bodyTooLarge = false

    static let bodyLimit = 64 << 20
    static let pipelineLimit = 64 << 10

    init(runner: SimulatedRunner) {
        self.runner = runner
        number = runner.connectionsAccepted
        parser = HTTPParser(
            .request, limits: .init(headBytes: 64 << 10, fields: 200), settings: runner.loop.parserSettings)
        super.init(loop: runner.loop)
        parser.sink = self
        runner.connectionsAccepted += 1
        runner.opened(self)
    }

    func begin() {
        startReading()
    }

    private func waitForRequest() {
        phase = .reading
        setDeadline(in: runner.options.faults.closeIdleAfter)
    }

    // MARK: Reading

    override func didRead(_ bytes: UnsafeRawBufferPointer) {
        switch phase {
        case .reading: parse(bytes)
        case .ending: break
        case .queued, .preparing, .atHeadGate, .dribbling, .streaming, .progressing, .silent:
            guard pipelined.count + bytes.count <= SimulatedConnection.pipelineLimit else { return cut() }
            pipelined.append(contentsOf: bytes)
        }
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) {
        isParsing = true
        defer { isParsing = false }
        setDeadline(.distantFuture)
        var rest = bytes
        while !isClosing {
            var consumed = 0
            let outcome = parser.execute(rest, consumed: &consumed)
            if runner.options.keepsRecords, !isInBody { headBytes.append(contentsOf: rest.prefix(consumed)) }
            rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
            switch outcome {
            case .needsMore:
                if parser.isBetweenMessages { waitForRequest() }
                return
            case .head:
                headArrived()
                // Answered already: what follows is nobody's.
                if case .ending = phase { return }
            case .messageEnd:
                isInBody = false
                requestArrived()
                if case .reading = phase { continue }
                if case .ending = phase { return }
                pipelined.append(contentsOf: rest)
                return
            case .failed(let failure):
                let error = failure.asClientError
                return refuseConnection(error.status, error.sentence)
            }
        }
    }

    private func headArrived() {
        isInBody = true
        body.removeAll(keepingCapacity: true)
        let headers = parser.requestHead.headers
        closesAfterwards = parser.requestHead.version == .http10
        headers.forEachListElement(.connection) {
            if ASCII.equalsIgnoringCase($0, "close") { closesAfterwards = true }
        }
        if let field = headers.first(.expect),
            headers.withValue(field, { ASCII.equalsIgnoringCase($0, "100-continue") })
        {
            write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
        let route = SimulatedRoute(parser.requestHead.method, target: parser.requestHead.target)
        if case .management(.blob(let digest)) = route, parser.requestHead.method == .post { uploadBegan(digest) }
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        guard body.count + bytes.count <= SimulatedConnection.bodyLimit else {
            bodyTooLarge = true
            return
        }
        body.append(contentsOf: bytes)
    }

    private func requestArrived() {
        runner.requestsSeen += 1
        record = keepRecord()
        guard !bodyTooLarge else { return refuseConnection(413, "the request body is larger than 64 MB") }
        respond(to: parser.requestHead)
    }

    func keepRecord() -> Int? {
        guard runner.options.keepsRecords else { return nil }
        defer { headBytes.removeAll(keepingCapacity: true) }
        // Empty lines in front of a request belong to nobody (RFC 9112 section 2.2).
        headBytes.removeFirst(headBytes.prefix { $0 == 0x0D || $0 == 0x0A }.count)
        return runner.keep(
            RecordedRequest(connection: number, head: parser.requestHead, headBytes: headBytes, body: body))
    }

    // MARK: Ending a request, ending the connection

    /// The response is out, whole: the slot is free and the next request's turn has come.
    func answered() {
        leaveRequest()
        if closesAfterwards { return endConnection() }
        waitForRequest()
        guard !isParsing, !pipelined.isEmpty else { return }
        let next = pipelined
        pipelined = []
        next.withUnsafeBytes { parse($0) }
    }

    /// Ends with FIN, after everything held; what still comes is thrown away, lest it become a reset that overtakes
    /// the response.
    func endConnection() {
        guard !isClosing else { return }
        phase = .ending
        endWriting()
        setDeadline(loop.now + .seconds(1))
    }

    /// Closes at once; no answer is finished.
    func cut(resetting: Bool = false) {
        leaveRequest()
        if resetting { reset() } else { close() }
    }

    /// Gives back everything that the request in flight holds.
    private func leaveRequest() {
        runner.leaveGates(self)
        progress = nil
        if isCounted {
            isCounted = false
            runner.inflight -= 1
        }
        guard let generation else { return }
        self.generation = nil
        if generation.holdsSlot {
            generation.holdsSlot = false
            keepModel(generation)
            runner.release(generation.slots)
        } else {
            generation.slots.waiting.removeAll { $0 === self }
        }
    }

    private func keepModel(_ generation: Generation) {
        let seconds = generation.request.keepAlive ?? runner.options.keepAlive
        generation.slots.keep(from: loop.now, seconds: seconds)
    }

    /// The client went away. In prefill its slot may stay busy until the prompt is read.
    private func clientLeft() {
        if isCounted, phaseIsBusy { runner.aborted += 1 }
        if let generation, generation.holdsSlot, runner.options.prefillGoesOn, case .preparing = phase {
            generation.holdsSlot = false
            keepModel(generation)
            runner.abandonPrefill(generation.slots, until: generation.ready)
        }
        cut()
    }

    private var phaseIsBusy: Bool {
        switch phase {
        case .reading, .ending: false
        case .queued, .preparing, .atHeadGate, .dribbling, .streaming, .progressing, .silent: true
        }
    }

    override func didEnd() { clientLeft() }
    override func didFail(_ error: UVError) { clientLeft() }
    override func didClose() {
        leaveRequest()
        runner.closed(self)
    }

    override func didDrain() {
        if case .streaming = phase { sendWhatIsDue() }
        if case .progressing = phase { progressOn() }
    }

    override func deadlineReached(at now: Instant) {
        switch phase {
        case .preparing: prepared()
        case .dribbling: dribble()
        case .streaming: sendWhatIsDue()
        case .progressing: progressOn()
        case .ending where heldBytes > 0: setDeadline(now + .seconds(1))
        case .reading, .ending: cut()
        case .queued, .atHeadGate, .silent: break
        }
    }

    func tokenIsDue() {
        isWaitingForToken = false
        if case .streaming = phase { sendWhatIsDue() }
    }

    /// A permit for one of the gates is there.
    func goOn() {
        switch phase {
        case .atHeadGate: if runner.mayBegin(self) { beginAnswer() }
        case .streaming: sendWhatIsDue()
        case .progressing: progressOn()
        case .reading, .queued, .preparing, .dribbling, .silent, .ending: break
        }
    }
}
