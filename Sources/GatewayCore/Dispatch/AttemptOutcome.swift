// SPDX-License-Identifier: MIT

/// What an attempt at a runner came to, as far as it says something about the runner.
public enum AttemptOutcome: Equatable, Sendable {
    /// An answer with its closing event, or one that needs none, and no server error.
    case answered
    /// Ollama uses 500 for bad requests, too: it makes the runner less attractive and is no failure. `client` tells
    /// callers apart (a hash of key or address), since one client's bad requests must not eject a runner.
    case answered500(client: UInt64)
    /// 503: the runner wants no new work for this long (nil: it did not say, one second).
    case busy(retryAfter: Interval?)
    /// The runner does not have the model that it listed. No failure; its list is read again.
    case modelNotFound
    /// A 404 that is no handler's: the runner is older than the route, or something other than Ollama. No failure, and
    /// nothing is known of its models.
    case routeMissing
    case failed(RunnerFailure)
    /// The client went away. In prefill a runner computes on for seconds (measured with Ollama 0.5.4), so a shadow of
    /// the lease stays behind.
    case clientGone(inPrefill: Bool)
    /// The attempt ended for a reason of ours that says nothing about the runner.
    case withdrawn
}

/// What counts as a failure of a runner.
public enum RunnerFailure: Equatable, Sendable {
    case connectFailed, connectTimedOut, reset, malformedResponse, firstByteTimedOut, streamTimedOut, answerTimedOut
    case status502, status504
    /// The answer ended without its closing event: Ollama ends a stream so when its model runner has died.
    case incompleteAnswer

    /// The runner could not be talked to at all.
    public var isUnreachable: Bool {
        switch self {
        case .connectFailed, .connectTimedOut: true
        case .reset, .malformedResponse, .firstByteTimedOut, .streamTimedOut, .answerTimedOut, .status502, .status504,
            .incompleteAnswer:
            false
        }
    }

    /// For metrics and logs.
    public var label: String {
        switch self {
        case .connectFailed: "connect_failed"
        case .connectTimedOut: "connect_timeout"
        case .reset: "reset"
        case .malformedResponse: "malformed_response"
        case .firstByteTimedOut: "first_byte_timeout"
        case .streamTimedOut: "stream_idle_timeout"
        case .answerTimedOut: "whole_answer_timeout"
        case .status502: "status_502"
        case .status504: "status_504"
        case .incompleteAnswer: "incomplete_answer"
        }
    }
}
