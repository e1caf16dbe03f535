// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Who made a call, and hears what becomes of it.
protocol RunnerCallOwner: AnyObject {
    /// The runner took the connection; the request follows.
    func callConnected(_ call: RunnerCall)
    /// What was held for the runner has left.
    func callDrained(_ call: RunnerCall)
    /// The head of the answer is here. Says whether the owner wants what follows line by line.
    func callTakesLines(_ call: RunnerCall) -> Bool
    /// Lines that one read brought, and no call ended in between.
    func callReceived(_ call: RunnerCall, lines: [[UInt8]])
    /// The answer is here, whole: in `body`, unless it came in lines.
    func callAnswered(_ call: RunnerCall)
    /// The call ended for this reason of ours.
    func callBroke(_ call: RunnerCall, _ reason: String)
    func callFailed(_ call: RunnerCall, _ failure: RunnerFailure)
    /// There is no file descriptor for a connection, so the runner was not asked.
    func callNotPossible(_ call: RunnerCall)
}

/// One management request to one runner, on a connection of its own that nobody uses before or after: it is never
/// repeated, so it can't have a connection that may be stale. There is no deadline but that of connecting, since a pull
/// may be silent for as long as a disk takes; only a runner that doesn't take an upload is given up.
final class RunnerCall: ResponseConsumer {
    /// What is asked.
    struct Question {
        enum Body {
            case whole([UInt8])
            /// Sent piece by piece.
            case inPieces(BodyFraming)
        }

        var method: Method
        var path: String
        var headers: HeaderFields
        var body: Body
        var requestID: [UInt8]
    }

    /// Its number.
    let runner: Int
    private(set) var head = ResponseHead()
    private(set) var framing = BodyFraming.none
    private(set) var body: [UInt8] = []
    /// The answer comes, or came, in lines.
    private(set) var isInLines = false
    private let gateway: Gateway
    private let question: Question
    /// nil once the call is over.
    private var owner: (any RunnerCallOwner)?
    private var connection: RunnerConnection?
    private var isConnected = false
    private var splitter = LineSplitter()
    private var unsentAtLastLook = 0

    /// Of an answer in one piece; a web page that `web_fetch` brings is the largest there is.
    private static let maximumAnswerBytes = 16 << 20

    init(gateway: Gateway, runner: Int, _ question: Question, owner: any RunnerCallOwner) {
        self.gateway = gateway
        self.runner = runner
        self.question = question
        self.owner = owner
    }

    func begin() {
        let connection = gateway.runners[runner].pool.obtain(for: self, fresh: true)
        self.connection = connection
        connection.begin(within: gateway.timeouts.connect)
    }

    /// Nobody wants to hear of it any more.
    func cancel() {
        _ = end()
    }

    var isOver: Bool { owner == nil }

    private func end() -> (any RunnerCallOwner)? {
        defer { owner = nil }
        connection?.release(reusable: false)
        connection = nil
        return owner
    }

    // MARK: Sending

    override func connected(isReused: Bool) {
        guard let connection else { return }
        isConnected = true
        var bytes = OutputBuffer()
        gateway.runners[runner].template.render(
            method: question.method, path: question.path, client: question.headers, framing: requestFraming,
            requestID: question.requestID, into: &bytes)
        connection.expectResponse(withoutBody: question.method == .head)
        switch question.body {
        case .whole(let body): _ = connection.send(head: &bytes, body: hasBody ? body : [], isChunked: false)
        case .inPieces: connection.beginUpload(head: bytes)
        }
        owner?.callConnected(self)
    }

    private var hasBody: Bool { question.method != .get && question.method != .head }

    private var requestFraming: BodyFraming {
        switch question.body {
        case .whole(let body): hasBody ? .counted(body.count) : .none
        case .inPieces(let framing): framing
        }
    }

    /// Sends a piece of the body, framed. Says whether the socket took it all; otherwise `callDrained` follows.
    func upload(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let connection, isConnected else { return true }
        if connection.write(bytes) { return true }
        unsentAtLastLook = connection.heldBytes
        connection.setDeadline(in: gateway.timeouts.clientWrite)
        return false
    }

    /// Bytes that the runner's socket did not take yet.
    var heldBytes: Int { connection?.heldBytes ?? 0 }

    override func requestSent() {
        connection?.setDeadline(.distantFuture)
        owner?.callDrained(self)
    }

    // MARK: Receiving

    override func headReceived(_ head: ResponseHead, _ checked: ResponseRules.CheckedResponse) {
        self.head = head
        framing = checked.framing
        isInLines = owner?.callTakesLines(self) ?? false
    }

    override func readParsed(isLast: Bool, hasMoreBytes: Bool) {
        let piece = gateway.loop.splice.body
        if isInLines {
            receiveLines(piece, isLast: isLast)
        } else if body.count + piece.count <= RunnerCall.maximumAnswerBytes {
            body.append(contentsOf: piece)
        } else {
            end()?.callBroke(self, "its answer is larger than 16 MiB.")
        }
        if isLast { end()?.callAnswered(self) }
    }

    private func receiveLines(_ piece: UnsafeRawBufferPointer, isLast: Bool) {
        var lines = splitter.lines(in: piece)
        if isLast, let line = splitter.takeLastLine() { lines.append(line) }
        owner?.callReceived(self, lines: lines)
        if splitter.isOverlong { end()?.callBroke(self, "a line of its answer is longer than 64 KiB.") }
    }

    /// While the client takes no more, the runner waits.
    func pause() {
        connection?.stopReading()
    }

    func resume() {
        guard isConnected else { return }
        connection?.startReading()
    }

    // MARK: Failures

    override func connectionFailed(_ failure: RunnerFailure, reason: String) {
        connection = nil
        guard let owner = end() else { return }
        gateway.callFailed(at: runner, failure, reason: reason)
        owner.callFailed(self, failure)
    }

    /// As with exchanges, idle connections give theirs up first.
    override func noDescriptorFree() {
        connection = nil
        guard !isOver else { return }
        if gateway.closeIdleRunnerConnections() { return begin() }
        gateway.shortOfDescriptors()
        end()?.callNotPossible(self)
    }

    override func deadlineReached() {
        guard let connection, isConnected else {
            return connectionFailed(.connectTimedOut)
        }
        // As long as it takes something, it may go on.
        guard connection.heldBytes < unsentAtLastLook else {
            end()?.callBroke(self, "it took nothing of the upload for timeouts.client_write.")
            return
        }
        unsentAtLastLook = connection.heldBytes
        connection.setDeadline(in: gateway.timeouts.clientWrite)
    }

    private func connectionFailed(_ failure: RunnerFailure) {
        guard let owner = end() else { return }
        gateway.callFailed(at: runner, failure, reason: "the deadline passed")
        owner.callFailed(self, failure)
    }
}
