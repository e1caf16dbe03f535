// SPDX-License-Identifier: MIT

/// The part of a runner's response head that decides something.
public struct ResponseSummary: Equatable, Sendable {
    public var status: Int
    /// The Content-Type says JSON. Ollama's handlers answer JSON; a 404 that is not is a missing route, not a missing
    /// model.
    public var isJSON: Bool
    /// From `Retry-After`, if it was a number of seconds.
    public var retryAfter: Interval?
    /// Whose request it was, see `AttemptOutcome.answered500`.
    public var client: UInt64

    public init(status: Int, isJSON: Bool, retryAfter: Interval? = nil, client: UInt64 = 0) {
        self.status = status
        self.isJSON = isJSON
        self.retryAfter = retryAfter
        self.client = client
    }

    /// Another runner may do better: ask the dispatcher whether there is one.
    public var isReasonToMove: Bool { outcomeThatMoves != nil }

    /// What the attempt came to if this status is a reason to move; nil: it is the answer.
    var outcomeThatMoves: AttemptOutcome? {
        switch status {
        case 502: .failed(.status502)
        case 503: .busy(retryAfter: retryAfter)
        case 504: .failed(.status504)
        case 404: isJSON ? .modelNotFound : .routeMissing
        default: nil
        }
    }

    /// What the attempt came to when the answer was passed on whole.
    var outcomeAtEnd: AttemptOutcome {
        if let outcomeThatMoves { return outcomeThatMoves }
        return status == 500 ? .answered500(client: client) : .answered
    }
}
