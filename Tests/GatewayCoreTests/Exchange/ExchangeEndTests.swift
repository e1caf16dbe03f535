// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("How an exchange ends")
struct ExchangeEndTests {
    @Test(
        "the status that was passed on says what the attempt came to",
        arguments: [
            (200, true, AttemptOutcome.answered), (204, false, .answered), (400, true, .answered),
            (403, false, .answered), (404, false, .routeMissing), (404, true, .modelNotFound), (429, true, .answered),
            (500, true, .answered500(client: 9)), (500, false, .answered500(client: 9)), (501, true, .answered),
            (502, false, .failed(.status502)), (503, true, .busy(retryAfter: nil)), (504, true, .failed(.status504))
        ])
    func statusAtEnd(status: Int, json: Bool, outcome: AttemptOutcome) {
        let course = Course(at: .streaming)
        #expect(course.responseEnds(status, json: json) == .finish(end: outcome))
    }

    @Test("an answer without its closing event is cut, though its framing was whole", arguments: [false, true])
    func incomplete(followed: Bool) {
        let course = Course(at: .streaming)
        #expect(course.responseEnds(complete: false, followed: followed) == .cut(end: .failed(.incompleteAnswer)))
    }

    @Test("bytes behind the end are the runner's failure, not the client's")
    func followed() {
        let course = Course(at: .streaming)
        #expect(course.responseEnds(followed: true) == .finish(end: .failed(.malformedResponse)))
    }

    static let timeouts = Exchange.Timeouts(
        connect: .seconds(2), firstByte: .seconds(600), streamIdle: .seconds(360), wholeAnswer: .seconds(30))

    @Test(
        "deadlines of a streamed answer",
        arguments: [
            (Course.Phase.waiting, nil, nil), (.connecting, 2.0, RunnerFailure.connectTimedOut),
            (.awaitingHead, 600, .firstByteTimedOut), (.sent, 600, .firstByteTimedOut),
            (.streaming, 360, .streamTimedOut), (.ended, nil, nil)
        ])
    func streamed(phase: Course.Phase, seconds: Double?, failure: RunnerFailure?) {
        let course = Course(at: phase)
        #expect(course.timeLimit(Self.timeouts) == seconds.map(Interval.seconds))
        #expect(course.failureAtDeadline == failure)
        #expect(course.bytesRenewDeadline)
    }

    @Test(
        "deadlines of a plain answer: one, that bytes don't renew",
        arguments: [
            (Course.Phase.waiting, nil, nil), (.connecting, 2.0, RunnerFailure.connectTimedOut),
            (.awaitingHead, 30, .answerTimedOut), (.sent, 30, .answerTimedOut), (.streaming, 30, .answerTimedOut),
            (.ended, nil, nil)
        ])
    func plain(phase: Course.Phase, seconds: Double?, failure: RunnerFailure?) {
        let course = Course(at: phase, streams: false)
        #expect(course.timeLimit(Self.timeouts) == seconds.map(Interval.seconds))
        #expect(course.failureAtDeadline == failure)
        #expect(!course.bytesRenewDeadline)
    }

    @Test("what is no inference has the connection's deadline only", arguments: Course.Phase.allCases)
    func noInference(phase: Course.Phase) {
        let course = Course(at: phase, needsSlot: false, streams: false)
        #expect(course.timeLimit(Self.timeouts) == (phase == .connecting ? .seconds(2) : nil))
    }

    @Test("a limit of nothing is no limit", arguments: Course.Phase.allCases)
    func noLimits(phase: Course.Phase) {
        let none = Exchange.Timeouts(connect: nil, firstByte: nil, streamIdle: nil, wholeAnswer: nil)
        #expect(Course(at: phase).timeLimit(none) == nil)
    }

    @Test(
        "what the client is told: 504 for deadlines, else 502, with the runner's name",
        arguments: RunnerHealthTests.failures)
    func told(failure: RunnerFailure) {
        let deadlines: [RunnerFailure] = [
            .connectTimedOut, .firstByteTimedOut, .streamTimedOut, .answerTimedOut, .status504
        ]
        let error = ExchangeFailure.runnerFailed(failure, runner: 1).asError(model: "m") { "runner \($0) (gpu2:1)" }
        #expect(error.status == (deadlines.contains(failure) ? 504 : 502))
        #expect(error.sentence.hasPrefix("runner 1 (gpu2:1) "))
        #expect(error.origin == .runner)
        #expect(!error.closesConnection)
    }
}
