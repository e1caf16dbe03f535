// SPDX-License-Identifier: MIT

/// When an attempt's runner has to have sent something, and whether it is the client that keeps it waiting: what the
/// splice decides, chunk by chunk.
public struct AnswerClock: Equatable, Sendable {
    /// How long the runner may be silent in this phase; nil: as long as it likes, or until `answerDeadline`.
    private var silenceLimit: Interval?
    /// Of an answer that is not streamed: it runs from the request to the end, and nothing renews it.
    private var answerDeadline: Instant?
    /// Since when the runner waits for the client; nil: it doesn't.
    private var pausedAt: Instant?

    public init() {}

    public var isPaused: Bool { pausedAt != nil }

    /// What the splice does next with the runner's connection.
    public enum Step: Equatable, Sendable {
        case goOn
        case setDeadline(Instant)
        /// Not to be read until the client has taken what is held for it, and without a deadline: while it is the client
        /// that keeps it waiting, the runner's silence is no fault of its own.
        case pause
    }

    /// A phase begins: the request is on its way, has left, or its answer has begun. Returns the runner's deadline.
    public mutating func phaseBegan(limit: TimeLimit, isRenewed: Bool, now: Instant) -> Instant {
        if isRenewed {
            silenceLimit = limit
            return limit.map { now + $0 } ?? .distantFuture
        }
        silenceLimit = nil
        answerDeadline = answerDeadline ?? limit.map { now + $0 }
        return answerDeadline ?? .distantFuture
    }

    /// A read went on to the client. `wasTaken`: its socket took all of it.
    public mutating func passed(wasTaken: Bool, now: Instant) -> Step {
        guard wasTaken else {
            pausedAt = now
            return .pause
        }
        return silenceLimit.map { .setDeadline(now + $0) } ?? .goOn
    }

    /// The client took everything that was held for it. Returns the deadline of a runner that may go on; nil: none was
    /// kept waiting.
    public mutating func drained(now: Instant) -> Instant? {
        guard let pausedAt else { return nil }
        self.pausedAt = nil
        answerDeadline = answerDeadline.map { $0 + (now - pausedAt) }
        return silenceLimit.map { now + $0 } ?? answerDeadline ?? .distantFuture
    }

    /// The next attempt begins from nothing.
    public mutating func attemptEnded() {
        self = AnswerClock()
    }
}
