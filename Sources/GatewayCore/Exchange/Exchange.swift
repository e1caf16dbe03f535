// SPDX-License-Identifier: MIT

/// One proxied request, from the moment its model is known to its end: which attempt runs at which runner, whether a
/// failure moves it, and what the client gets. It holds the lease of its attempt.
///
/// Each event returns one action; the shell carries it out after the call. Streaming bytes don't pass through here.
public struct Exchange: ~Copyable {
    /// What decides its way, fixed when it begins.
    public struct Traits: Equatable, Sendable {
        /// Takes a slot, and waits for one if need be. Without (show): any holder, at once.
        public var needsSlot: Bool
        /// The answer is streamed: `first_byte` and `stream_idle` apply, else `whole_answer`.
        public var streams: Bool
        /// A runner's own "model not found" is answered in our words (under the prefix, Open WebUI's status), not in
        /// the runner's; so is a route that it lacks, because Open WebUI shows nothing that isn't JSON.
        public var rewordsUnknownModel: Bool
        /// The body is larger than what is held of it, and is passed on while it arrives. It takes a connection of its
        /// own, because one that was kept alive and turns out to be dead could not be replaced.
        public var streamsBody: Bool

        public init(
            needsSlot: Bool, streams: Bool, rewordsUnknownModel: Bool = false, streamsBody: Bool = false
        ) {
            self.needsSlot = needsSlot
            self.streams = streams
            self.rewordsUnknownModel = rewordsUnknownModel
            self.streamsBody = streamsBody
        }
    }

    enum State: Equatable {
        /// Asked the dispatcher, or waits in its queue. Transitions: `connecting`, `ended`.
        case waiting
        /// A connection to the runner is being opened. Transitions: `awaitingHead`, `waiting`, `ended`.
        case connecting(Attempt)
        /// The request is being sent or is sent; no byte of a response came. Transitions: `streaming`, `connecting` (a
        /// stale connection replaced), `waiting`, `ended`.
        case awaitingHead(Attempt, isReused: Bool, isSent: Bool)
        /// The client has the response's head; nothing can be moved any more. Transitions: `ended`.
        case streaming(Attempt)
        /// Nothing is left to do, and no event but repeated ends may come.
        case ended
    }

    /// One try at one runner.
    struct Attempt: Equatable {
        let runner: Int
        /// A kept-alive connection that died unanswered has been replaced already.
        var wasReplaced = false
    }

    /// What the shell has to do next. `end` fields say what the attempt came to; with them the lease is given back.
    public enum Action: Equatable, Sendable {
        case none
        /// Ask the dispatcher: `isMove` after a failure.
        case acquire(isMove: Bool)
        /// Get a connection to the runner; `fresh`: not a kept-alive one.
        case connect(runner: Int, fresh: Bool)
        case sendRequest
        /// Pass the response's head on, then its body as it comes.
        case forwardHead
        /// Give the attempt up and ask the dispatcher for another runner.
        case move(end: AttemptOutcome)
        /// Every holder is busy: give the attempt up and wait in the queue as if new.
        case waitAgain(end: AttemptOutcome)
        /// Answer with an error of ours; nothing was sent to the client.
        case fail(ExchangeFailure, end: AttemptOutcome?)
        /// The response is whole: the runner's connection may be used again.
        case finish(end: AttemptOutcome)
        /// The response can't be completed: cut the client's connection without the final chunk.
        case cut(end: AttemptOutcome)
        /// The client is gone: leave the queue, close the runner's connection.
        case abandon(end: AttemptOutcome?)
    }

    public let traits: Traits
    private(set) var state = State.waiting
    /// Held from `granted` to the attempt's end; nil for exchanges that take no slot.
    private var lease: Lease?
    /// Moves so far; waiting again for busy runners is none.
    public private(set) var moves = 0
    private var maximumMoves = 2
    /// Counted as a move already, and no runner found yet.
    private var isMoving = false
    /// False once a part of the request's body went to a runner and is not held any more: it can't be sent again, so
    /// this attempt is the last.
    public private(set) var bodyIsWhole = true
    /// What the client is told if no runner is left after a move; nil after a 503.
    private var lastFailure: ExchangeFailure?

    public init(traits: Traits) {
        self.traits = traits
    }

    /// The runner of the running attempt.
    public var runner: Int? {
        switch state {
        case .waiting, .ended: nil
        case .connecting(let attempt), .awaitingHead(let attempt, _, _), .streaming(let attempt): attempt.runner
        }
    }

    public var hasEnded: Bool {
        if case .ended = state { true } else { false }
    }

    /// The client may still get another runner's answer.
    public var isMovable: Bool {
        switch state {
        case .waiting, .connecting, .awaitingHead: true
        case .streaming, .ended: false
        }
    }
}

// MARK: - Dispatching

extension Exchange {
    /// The first thing to do.
    public mutating func begin() -> Action { .acquire(isMove: false) }

    /// A slot was granted, or, without one, a runner was picked.
    public mutating func granted(runner: Int, lease: consuming Lease?) -> Action {
        switch state {
        case .waiting:
            isMoving = false
            state = .connecting(Attempt(runner: runner))
            self.lease = lease
            return .connect(runner: runner, fresh: traits.streamsBody)
        case .connecting, .awaitingHead, .streaming, .ended:
            preconditionFailure("a slot was granted to an exchange that does not wait for one")
        }
    }

    /// The dispatcher refused. After a move the client is told how the last runner failed.
    public mutating func refused(_ refusal: Dispatcher.Refusal) -> Action {
        switch state {
        case .waiting:
            if isMoving { moves -= 1 }
            state = .ended
            if let failure = lastFailure, refusal == .noCandidateLeft { return .fail(failure, end: nil) }
            return .fail(.refused(refusal), end: nil)
        case .connecting, .awaitingHead, .streaming, .ended:
            preconditionFailure("a refusal for an exchange that does not wait")
        }
    }
}

// MARK: - The attempt

extension Exchange {
    public mutating func connected(isReused: Bool) -> Action {
        switch state {
        case .connecting(let attempt):
            state = .awaitingHead(attempt, isReused: isReused, isSent: false)
            return .sendRequest
        case .waiting, .awaitingHead, .streaming, .ended:
            preconditionFailure("a connection for an exchange that asked for none")
        }
    }

    /// The last byte of the request has left.
    public mutating func requestSent() {
        switch state {
        case .awaitingHead(let attempt, let isReused, _):
            state = .awaitingHead(attempt, isReused: isReused, isSent: true)
        case .waiting, .connecting, .streaming, .ended: break
        }
    }

    /// A part of the body is passed on of which nothing is kept.
    public mutating func bodyPartGivenAway() {
        switch state {
        case .awaitingHead, .streaming: bodyIsWhole = false
        case .waiting, .connecting, .ended: preconditionFailure("a part of a body for no runner")
        }
    }

    /// Some of a response came, though no whole head of a final one: the runner has had the request, so its connection
    /// was no stale one.
    public mutating func responseBegan() {
        switch state {
        case .awaitingHead(let attempt, _, let isSent):
            state = .awaitingHead(attempt, isReused: false, isSent: isSent)
        case .waiting, .connecting, .streaming, .ended: break
        }
    }

    /// The head of a final response (1xx are dropped before). `hasAlternative`: the dispatcher knows an untried candidate.
    public mutating func responseHeadReceived(_ head: ResponseSummary, hasAlternative: Bool) -> Action {
        switch state {
        case .awaitingHead(let attempt, _, _):
            let outcome = head.outcomeThatMoves
            if let outcome, hasAlternative, bodyIsWhole, moves < maximumMoves {
                lastFailure = failure(toldAfter: outcome, at: attempt.runner)
                return .move(end: outcome)
            }
            if traits.needsSlot, bodyIsWhole, case .busy = outcome {
                return .waitAgain(end: .busy(retryAfter: head.retryAfter))
            }
            if traits.rewordsUnknownModel, outcome == .modelNotFound {
                return .fail(.modelNotFound, end: .modelNotFound)
            }
            if traits.rewordsUnknownModel, outcome == .routeMissing {
                return .fail(.routeMissing(runner: attempt.runner), end: .routeMissing)
            }
            state = .streaming(attempt)
            return .forwardHead
        case .waiting, .connecting, .streaming, .ended:
            preconditionFailure("a response head that nothing waits for")
        }
    }

    /// The response ended as its framing says. `isComplete`: with its closing event, if its kind has one.
    /// `isFollowedByBytes`: behind its end stood bytes that belong to nothing.
    public mutating func responseEnded(_ head: ResponseSummary, isComplete: Bool, isFollowedByBytes: Bool) -> Action {
        switch state {
        case .streaming:
            guard isComplete else { return .cut(end: .failed(.incompleteAnswer)) }
            return .finish(end: isFollowedByBytes ? .failed(.malformedResponse) : head.outcomeAtEnd)
        case .waiting, .connecting, .awaitingHead, .ended:
            preconditionFailure("an end of a response that has not begun")
        }
    }

    /// The runner's connection failed, or a deadline passed, or it sent what is no HTTP.
    public mutating func runnerFailed(_ failure: RunnerFailure) -> Action {
        switch state {
        case .connecting(let attempt):
            return moveOrFail(failure, at: attempt.runner)
        case .awaitingHead(var attempt, let isReused, let isSent):
            // A kept-alive connection can be closed by the runner just as we write to it: that says nothing about the
            // runner, so it is replaced once, and this is no move.
            if failure == .reset, isReused, bodyIsWhole, !attempt.wasReplaced {
                attempt.wasReplaced = true
                state = .connecting(attempt)
                return .connect(runner: attempt.runner, fresh: true)
            }
            // A prompt that crashes runners must not kill three.
            if failure == .reset, isSent { maximumMoves = min(maximumMoves, moves + 1) }
            return moveOrFail(failure, at: attempt.runner)
        case .streaming:
            return .cut(end: .failed(failure))
        case .waiting, .ended:
            preconditionFailure("a runner failed for an exchange that has none")
        }
    }

    /// No connection can be opened for want of a file descriptor: no runner's fault, and the same with every other one.
    public mutating func noDescriptorFree() -> Action {
        switch state {
        case .connecting: return .fail(.noDescriptorFree, end: .withdrawn)
        case .waiting, .awaitingHead, .streaming, .ended:
            preconditionFailure("a connection that nobody asked for could not be opened")
        }
    }

    private mutating func moveOrFail(_ failure: RunnerFailure, at runner: Int) -> Action {
        let told = ExchangeFailure.runnerFailed(failure, runner: runner)
        guard bodyIsWhole, moves < maximumMoves else { return .fail(told, end: .failed(failure)) }
        lastFailure = told
        return .move(end: .failed(failure))
    }

    /// The response that was a reason to move is gone, so the client is told about it in our words. Not about a 503:
    /// that refusal says itself that runners are busy.
    private func failure(toldAfter outcome: AttemptOutcome, at runner: Int) -> ExchangeFailure? {
        switch outcome {
        case .failed(let failure): .runnerFailed(failure, runner: runner)
        case .modelNotFound: traits.rewordsUnknownModel ? .modelNotFound : nil
        case .routeMissing: .routeMissing(runner: runner)
        case .answered, .answered500, .busy, .clientGone, .withdrawn: nil
        }
    }
}

// MARK: - The client

extension Exchange {
    /// The client closed or reset its connection, or stopped reading for too long.
    public mutating func clientGone() -> Action {
        switch state {
        case .waiting: return .abandon(end: nil)
        case .connecting: return .abandon(end: .clientGone(inPrefill: false))
        case .awaitingHead(_, _, let isSent): return .abandon(end: .clientGone(inPrefill: isSent && traits.needsSlot))
        case .streaming: return .abandon(end: .clientGone(inPrefill: false))
        case .ended: return .none
        }
    }

    /// The gateway stops, or has no use for the exchange any more.
    public mutating func withdrawn() -> Action {
        switch state {
        case .waiting: .abandon(end: nil)
        case .connecting, .awaitingHead, .streaming: .abandon(end: .withdrawn)
        case .ended: .none
        }
    }
}

// MARK: - The lease

extension Exchange {
    /// While the attempt has one.
    public mutating func withLease(_ body: (inout Lease) -> Void) {
        switch lease.take() {
        case .some(var held):
            body(&held)
            lease = consume held
        case .none: break
        }
    }
}

// MARK: - Ends

extension Exchange {
    /// Ends the attempt to make room for the next; its lease goes to the dispatcher.
    public mutating func takeLeaseForMove(countsAsMove: Bool) -> Lease? {
        if countsAsMove { moves += 1 }
        isMoving = countsAsMove
        state = .waiting
        return lease.take()
    }

    /// Ends the exchange; the lease, if it holds one, goes to the dispatcher.
    public mutating func takeLeaseAtEnd() -> Lease? {
        state = .ended
        return lease.take()
    }
}

// MARK: - Deadlines

extension Exchange {
    /// The limits of an attempt, from the configuration; nil: no limit.
    public struct Timeouts: Equatable, Sendable {
        public var connect, firstByte, streamIdle, wholeAnswer: TimeLimit

        public init(connect: TimeLimit, firstByte: TimeLimit, streamIdle: TimeLimit, wholeAnswer: TimeLimit) {
            self.connect = connect
            self.firstByte = firstByte
            self.streamIdle = streamIdle
            self.wholeAnswer = wholeAnswer
        }
    }

    /// How long the runner may be silent in this phase. An answer that isn't streamed has one limit, set when the
    /// request was sent, and neither its head nor its bytes renew it (`bytesRenewDeadline`). What is no inference has
    /// none.
    public func timeLimit(_ timeouts: Timeouts) -> TimeLimit {
        switch state {
        case .waiting, .ended: nil
        case .connecting: timeouts.connect
        case .awaitingHead: limit(timeouts, ifStreamed: timeouts.firstByte)
        case .streaming: limit(timeouts, ifStreamed: timeouts.streamIdle)
        }
    }

    private func limit(_ timeouts: Timeouts, ifStreamed limit: TimeLimit) -> TimeLimit {
        guard traits.needsSlot else { return nil }
        return traits.streams ? limit : timeouts.wholeAnswer
    }

    public var bytesRenewDeadline: Bool { traits.streams }

    /// The failure that a passed deadline is in this phase; nil where none runs.
    public var failureAtDeadline: RunnerFailure? {
        switch state {
        case .waiting, .ended: nil
        case .connecting: .connectTimedOut
        case .awaitingHead: traits.streams ? .firstByteTimedOut : .answerTimedOut
        case .streaming: traits.streams ? .streamTimedOut : .answerTimedOut
        }
    }
}
