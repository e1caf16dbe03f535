// SPDX-License-Identifier: MIT

import GatewayCore

/// One answer in the making. A class, so that sending a token changes fields in place and copies nothing.
final class Generation {
    let request: InferenceRequest
    let slots: ModelSlots
    /// When the request was complete.
    let arrived: Instant
    /// Its place in the runner's records, counted from the first ever; nil: not recorded.
    let record: Int?
    /// What a request wants of its answer; nil: pseudo-words and nothing else, as most do.
    let content: ShapedContent?
    /// Content tokens of the whole answer, thoughts included.
    let tokens: Int
    /// The client's or ours: `length` when the client's limit ended it.
    let reason: StaticString
    /// Nanoseconds from token to token; 0: no waiting.
    let interval: Int64
    /// Those that act on this request.
    let faults: SimulatedFaults
    /// Nanoseconds within the loop's millisecond: streams that began in one must not send all in the same moment.
    let offset: Int64
    let format: AnswerFormat

    var holdsSlot = false
    /// When the model is loaded.
    var loaded: Instant
    /// When the first token is due: loaded, prompt read.
    var ready: Instant
    /// Tokens sent so far.
    var sent = 0
    /// Head bytes that have not left; they go out with the first token, as Ollama's do.
    var head: [UInt8] = []
    var headSent = 0

    init(
        _ request: InferenceRequest, slots: ModelSlots, options: SimulatedRunnerOptions, faults: SimulatedFaults,
        created: Int, number: Int, record: Int?, now: Instant, offset: Interval
    ) {
        self.request = request
        self.slots = slots
        self.faults = faults
        self.record = record
        self.offset = min(999_999, max(0, offset.nanoseconds))
        arrived = now
        loaded = now
        ready = now
        let isWithoutTokens = request.kind.isEmbedding || request.isLoadOnly || request.kind == .systemOne
        content =
            isWithoutTokens || request.shape == AnswerShape()
            ? nil : ShapedContent(request.shape, limit: request.tokenLimit, usual: options.answerTokens)
        tokens = isWithoutTokens ? 0 : content?.tokens ?? request.tokenLimit ?? options.answerTokens
        reason = content?.reason ?? (request.tokenLimit == nil ? "stop" : "length")
        let rate = slots.model.tokensPerSecond ?? options.tokensPerSecond
        interval = rate > 0 ? Interval.seconds(1 / rate).nanoseconds : 0
        format = AnswerFormat(request, created: created, number: number)
    }

    var faultless: Bool { faults == SimulatedFaults() }

    /// When the next token is due. The closing line follows the last token at once; an answer in one piece comes when
    /// all its tokens are made.
    var due: Instant {
        let place = request.streams ? min(sent, tokens - 1) : tokens
        let (wait, overflow) = interval.multipliedReportingOverflow(by: Int64(max(0, place)))
        guard !overflow else { return .distantFuture }
        return ready + Interval(nanoseconds: wait) + Interval(nanoseconds: request.streams && wait > 0 ? offset : 0)
    }

    /// Its own figures, as Ollama reports them.
    func figures(at now: Instant) -> AnswerFigures {
        AnswerFigures(
            total: now - arrived, load: loaded - arrived, prefill: ready - loaded,
            evaluation: now - min(now, ready), promptTokens: request.promptTokens,
            tokens: content?.counted ?? tokens)
    }
}

/// Times and counts for the end of an answer.
struct AnswerFigures {
    var total, load, prefill, evaluation: Interval
    var promptTokens, tokens: Int
}
