// SPDX-License-Identifier: MIT

/// Why a client gets an error of ours instead of a runner's answer.
public enum ExchangeFailure: Error, Equatable, Sendable {
    case runnerFailed(RunnerFailure, runner: Int)
    case refused(Dispatcher.Refusal)
    /// Every runner that listed the model says that it doesn't have it.
    case modelNotFound
    /// The runner is older than the route, and so is everybody else who could have been asked.
    case routeMissing(runner: Int)
    /// The gateway has no file descriptor left for a connection to a runner.
    case noDescriptorFree

    /// `name` says how a person knows a runner, e.g. `runner 1 (gpu2:11434)`.
    public func asError(model: String, name: (Int) -> String) -> GatewayError {
        switch self {
        case .runnerFailed(let failure, let runner):
            GatewayError(
                failure.isDeadline ? 504 : 502, "\(name(runner)) \(failure.sentence)", origin: .runner)
        case .modelNotFound: GatewayError(400, "model '\(model)' not found")
        case .routeMissing(let runner): GatewayError(404, .missingRoute(name(runner)), origin: .runner)
        case .noDescriptorFree: .noDescriptorFree
        case .refused(let refusal): refusal.asError(model: model, name: name)
        }
    }
}

extension GatewayError {
    public static let noDescriptorFree = GatewayError(
        503, "The gateway has no file descriptor left for a connection to a runner (ulimit -n): try again later.",
        origin: .gateway, retryAfter: 1)
}

extension String {
    /// A runner that answers 404 where Ollama has a route.
    static func missingRoute(_ runner: String) -> String {
        "\(runner) doesn't serve this route: it may be an older version than the others."
    }
}

extension RunnerFailure {
    /// Passed deadlines are answered 504, everything else 502.
    var isDeadline: Bool {
        switch self {
        case .connectTimedOut, .firstByteTimedOut, .streamTimedOut, .answerTimedOut, .status504: true
        case .connectFailed, .reset, .malformedResponse, .status502, .incompleteAnswer: false
        }
    }

    /// Completes "runner 1 (gpu2:11434) …".
    var sentence: String {
        switch self {
        case .connectFailed: "could not be reached: is it running, and is its address right?"
        case .connectTimedOut: "did not accept a connection within timeouts.connect."
        case .reset: "closed the connection before it answered."
        case .malformedResponse: "answered with something that is not valid HTTP."
        case .firstByteTimedOut: "sent nothing within timeouts.first_byte."
        case .streamTimedOut: "sent nothing for timeouts.stream_idle."
        case .answerTimedOut: "did not finish its answer within timeouts.whole_answer."
        case .status502: "answered 502."
        case .status504: "answered 504."
        case .incompleteAnswer: "ended its answer before it was complete."
        }
    }
}

extension Dispatcher.Refusal {
    public func asError(model: String, name: (Int) -> String) -> GatewayError {
        switch self {
        case .unreachable(let runner, let retryAfter):
            GatewayError(
                503, "The model '\(model)' was last listed by \(name(runner)), which can't be reached now.",
                origin: .runner, retryAfter: retryAfter)
        case .noHolder, .noCandidateLeft:
            GatewayError(
                503, "No runner that takes new work lists the model '\(model)' any more.", origin: .gateway,
                retryAfter: 5)
        case .queueFull(let retryAfter):
            GatewayError(
                503, "All runners are busy and the queue is full (limits.queue): try again later.", origin: .gateway,
                retryAfter: retryAfter)
        case .timedOut(let retryAfter):
            GatewayError(
                503, "All runners with the model '\(model)' were busy for longer than timeouts.queue: try again later.",
                origin: .gateway, retryAfter: retryAfter)
        }
    }
}
