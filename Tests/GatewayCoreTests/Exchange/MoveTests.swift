// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Moving to another runner")
struct MoveTests {
    /// Fails at runners 0, 1, … until it isn't moved any more; says how often it was and what came then.
    private func failing(_ failures: [RunnerFailure], sent: Bool = true) -> (moves: Int, last: Exchange.Action) {
        let course = Course()
        var last = Exchange.Action.none
        for (runner, failure) in failures.enumerated() {
            if failure == .connectFailed || failure == .connectTimedOut {
                course.grant(runner)
            } else {
                course.begin(runner, sent: sent)
            }
            last = course.fails(failure)
            guard case .move(let end) = last else { break }
            #expect(end == .failed(failure))
            course.leave()
        }
        return (course.moves, last)
    }

    @Test(
        "twice at most, then the last failure is told",
        arguments: [RunnerFailure.connectFailed, .connectTimedOut, .malformedResponse, .firstByteTimedOut])
    func twice(failure: RunnerFailure) {
        let (moves, last) = failing([failure, failure, failure, failure])
        #expect(moves == 2)
        #expect(last == .fail(.runnerFailed(failure, runner: 2), end: .failed(failure)))
    }

    @Test("once after a reset behind a completely sent request: a prompt that crashes runners must not kill three")
    func onceAfterReset() {
        let (moves, last) = failing([.reset, .reset, .reset])
        #expect(moves == 1)
        #expect(last == .fail(.runnerFailed(.reset, runner: 1), end: .failed(.reset)))
    }

    @Test("whatever happens after that one")
    func onceAfterResetThenOther() {
        let (moves, last) = failing([.reset, .connectFailed, .reset])
        #expect(moves == 1)
        #expect(last == .fail(.runnerFailed(.connectFailed, runner: 1), end: .failed(.connectFailed)))
    }

    @Test("it is one after the reset: a runner that could not be reached before it doesn't count against it")
    func resetAfterConnectFailure() {
        let (moves, last) = failing([.connectFailed, .reset, .reset])
        #expect(moves == 2)
        #expect(last == .fail(.runnerFailed(.reset, runner: 2), end: .failed(.reset)))
    }

    @Test("twice after resets while the request was still being sent")
    func resetWhileSending() {
        #expect(failing([.reset, .reset, .reset], sent: false).moves == 2)
    }

    @Test(
        "on a response that another runner may better, if there is another",
        arguments: [
            (502, false, AttemptOutcome.failed(.status502)), (502, true, .failed(.status502)),
            (503, true, .busy(retryAfter: .seconds(7))), (503, false, .busy(retryAfter: .seconds(7))),
            (504, false, .failed(.status504)), (404, true, .modelNotFound),
            (404, false, .routeMissing)
        ])
    func onStatus(status: Int, json: Bool, outcome: AttemptOutcome) {
        let course = Course(at: .sent)
        #expect(course.head(status, json: json, retryAfter: .seconds(7), alternative: true) == .move(end: outcome))
    }

    @Test(
        "not on any other response",
        arguments: [
            (200, true), (204, false), (301, false), (400, true), (401, true), (403, false), (405, true),
            (408, true), (413, true), (429, true), (500, true), (500, false), (501, true), (505, true), (599, true)
        ])
    func notOnStatus(status: Int, json: Bool) {
        #expect(Course(at: .sent).head(status, json: json, alternative: true) == .forwardHead)
    }

    @Test("nobody else: the runner's own 502, 504 and 404 are passed on", arguments: [502, 504, 404])
    func nobodyElse(status: Int) {
        #expect(Course(at: .sent).head(status) == .forwardHead)
    }

    @Test("two moves done: the third runner's own answer is passed on", arguments: [502, 504, 404])
    func movesUsedUp(status: Int) {
        let course = Course()
        for runner in 0..<2 {
            course.begin(runner)
            #expect(course.head(status, alternative: true) != .forwardHead)
            course.leave()
        }
        course.begin(2)
        #expect(course.head(status, alternative: true) == .forwardHead)
        #expect(course.moves == 2)
    }

    @Test("moves on failures and on responses count together")
    func mixed() {
        let course = Course()
        course.grant(0)
        #expect(course.fails(.connectFailed) == .move(end: .failed(.connectFailed)))
        course.leave()
        course.begin(1)
        #expect(course.head(502, alternative: true) == .move(end: .failed(.status502)))
        course.leave()
        course.begin(2)
        #expect(course.fails(.reset) == .fail(.runnerFailed(.reset, runner: 2), end: .failed(.reset)))
    }

    @Test("every holder busy: it waits again, which is no move, as often as that happens")
    func waitsAgain() {
        let course = Course()
        for _ in 0..<5 {
            course.begin(0)
            #expect(course.head(503, retryAfter: .seconds(2)) == .waitAgain(end: .busy(retryAfter: .seconds(2))))
            course.leave(countsAsMove: false)
        }
        #expect(course.moves == 0)
        #expect(course.refused(.timedOut(retryAfter: 3)) == .fail(.refused(.timedOut(retryAfter: 3)), end: nil))
    }

    @Test("busy after two moves: it waits, too, though others are left")
    func waitsAfterMoves() {
        let course = Course()
        for runner in 0..<2 {
            course.begin(runner)
            _ = course.head(503, alternative: true)
            course.leave()
        }
        course.begin(2)
        #expect(course.head(503, alternative: true) == .waitAgain(end: .busy(retryAfter: nil)))
    }

    @Test("without a slot there is nothing to wait for: the 503 is passed on")
    func busyWithoutSlot() {
        let course = Course(needsSlot: false)
        course.begin(0)
        #expect(course.head(503) == .forwardHead)
    }

    @Test("under the prefix a runner's own \"not found\" gets our words, if nobody else is left")
    func reworded() {
        let course = Course(rewordsUnknownModel: true)
        course.begin(0)
        #expect(course.head(404, alternative: true) == .move(end: .modelNotFound))
        course.leave()
        course.begin(1)
        #expect(course.head(404) == .fail(.modelNotFound, end: .modelNotFound))
        let error = ExchangeFailure.modelNotFound.asError(model: "x") { "\($0)" }
        #expect(error.status == 400)
        #expect(error.sentence == "model 'x' not found")
    }

    @Test("a runner that is older than the route has its own words at the root, and ours under the prefix")
    func missingRoute() {
        let root = Course(at: .sent)
        #expect(root.head(404, json: false) == .forwardHead)
        let prefixed = Course(rewordsUnknownModel: true)
        prefixed.begin(0)
        #expect(prefixed.head(404, json: false) == .fail(.routeMissing(runner: 0), end: .routeMissing))
        let error = ExchangeFailure.routeMissing(runner: 0).asError(model: "x") { "runner \($0)" }
        #expect(error.status == 404)
        #expect(error.sentence.hasPrefix("runner 0 doesn't serve this route"))
    }
}
