// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Who made a call, and hears what becomes of it.
protocol RunnerCallOwner: AnyObject {
    /// The runner took the connection; the request follows.
    func callConnected(_ call: RunnerCall)
    /// The answer is here, whole.
    func callAnswered(_ call: RunnerCall)
    /// The answer can't be taken, for this reason of ours.
    func callBroke(_ call: RunnerCall, _ reason: String)
    func callFailed(_ call: RunnerCall, _ failure: RunnerFailure)
}

/// One management request to one runner, on a connection of its own that nobody uses before or after: it is never
/// repeated, so it can't have a connection that may be stale. There is no deadline but that of connecting, since a pull
/// may be silent for as long as a disk takes.
final class RunnerCall: ResponseConsumer {
    /// What is asked.
    struct Question {
        var method: Method
        var path: String
        var headers: HeaderFields
        var body: [UInt8]
        var requestID: [UInt8]
    }

    /// Its number.
    let runner: Int
    private(set) var head = ResponseHead()
    private(set) var framing = BodyFraming.none
    private(set) var body: [UInt8] = []
    private let gateway: Gateway
    private let question: Question
    /// nil once the call is over.
    private var owner: (any RunnerCallOwner)?
    private var connection: RunnerConnection?

    /// Of an answer in one piece; a web page that `web_fetch` brings is the largest there is.
    private static let maximumAnswerBytes = 16 << 20

    init(gateway: Gateway, runner: Int, _ question: Question, owner: any RunnerCallOwner) {
        self.gateway = gateway
        self.runner = runner
        self.question = question
        self.owner = owner
    }

    func begin() {
        do throws(UVError) {
            let connection = try gateway.runners[runner].pool.obtain(for: self, fresh: true)
            self.connection = connection
            connection.begin(within: gateway.timeouts.connect)
        } catch {
            connectionFailed(.connectFailed, reason: error.description)
        }
    }

    /// Nobody wants to hear of it any more.
    func cancel() {
        _ = end()
    }

    private func end() -> (any RunnerCallOwner)? {
        defer { owner = nil }
        connection?.release(reusable: false)
        connection = nil
        return owner
    }

    // MARK: Events of the connection

    override func connected(isReused: Bool) {
        owner?.callConnected(self)
        guard let connection else { return }
        var bytes: [UInt8] = []
        let hasBody = question.method != .get && question.method != .head
        gateway.runners[runner].template.render(
            method: question.method, path: question.path, client: question.headers,
            framing: hasBody ? .counted(question.body.count) : .none, requestID: question.requestID, into: &bytes)
        connection.expectResponse(withoutBody: question.method == .head)
        _ = connection.send(head: &bytes, body: question.body, isChunked: false)
    }

    override func headReceived(_ head: ResponseHead, _ checked: ResponseRules.CheckedResponse) {
        self.head = head
        framing = checked.framing
    }

    override func readParsed(isLast: Bool, hasMoreBytes: Bool) {
        let piece = gateway.loop.splice.body
        guard body.count + piece.count <= RunnerCall.maximumAnswerBytes else {
            end()?.callBroke(self, "its answer is larger than 16 MiB")
            return
        }
        body.append(contentsOf: piece)
        if isLast { end()?.callAnswered(self) }
    }

    override func connectionFailed(_ failure: RunnerFailure, reason: String) {
        connection = nil
        gateway.callFailed(at: runner, failure, reason: reason)
        end()?.callFailed(self, failure)
    }

    override func deadlineReached() {
        let owner = end()
        gateway.callFailed(at: runner, .connectTimedOut, reason: "the deadline passed")
        owner?.callFailed(self, .connectTimedOut)
    }
}
