// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("A move that finds nobody, and stale connections")
struct MoveRefusedTests {
    @Test("tells how the last runner failed", arguments: RunnerHealthTests.failures)
    func lastFailure(failure: RunnerFailure) {
        let course = Course(at: .sent)
        _ = course.fails(failure)
        course.leave()
        #expect(course.refused(.noCandidateLeft) == .fail(.runnerFailed(failure, runner: 0), end: nil))
        #expect(course.hasEnded)
    }

    @Test("without a file descriptor there is no move, and nobody to blame")
    func noDescriptor() {
        let course = Course(at: .connecting)
        #expect(course.noDescriptorFree() == .fail(.noDescriptorFree, end: .withdrawn))
        let error = ExchangeFailure.noDescriptorFree.asError(model: "m") { "runner \($0)" }
        #expect(error.status == 503 && error.origin == .gateway && error.retryAfter == 1)
    }

    @Test("of two failures, the later one")
    func later() {
        let course = Course(at: .connecting)
        _ = course.fails(.connectFailed)
        course.leave()
        course.begin(4)
        _ = course.fails(.firstByteTimedOut)
        course.leave()
        #expect(course.refused(.noCandidateLeft) == .fail(.runnerFailed(.firstByteTimedOut, runner: 4), end: nil))
    }

    @Test(
        "a response that was given up for the move is told in our words",
        arguments: [(502, RunnerFailure.status502), (504, .status504)])
    func givenUpResponse(status: Int, failure: RunnerFailure) {
        let course = Course(at: .sent)
        _ = course.head(status, alternative: true)
        course.leave()
        #expect(course.refused(.noCandidateLeft) == .fail(.runnerFailed(failure, runner: 0), end: nil))
    }

    @Test("after a 503 the refusal is told: that runners are busy is no failure of theirs")
    func afterBusy() {
        let course = Course(at: .connecting)
        _ = course.fails(.connectFailed)
        course.leave()
        course.begin(1)
        _ = course.head(503, alternative: true)
        course.leave()
        #expect(course.refused(.noCandidateLeft) == .fail(.refused(.noCandidateLeft), end: nil))
    }

    @Test("a wait that was too long is told as that, whatever happened before")
    func timedOut() {
        let course = Course(at: .connecting)
        _ = course.fails(.connectFailed)
        course.leave()
        #expect(course.refused(.timedOut(retryAfter: 2)) == .fail(.refused(.timedOut(retryAfter: 2)), end: nil))
    }

    // MARK: Stale connections

    @Test(
        "a kept-alive connection that dies unanswered is replaced by a fresh one, once, and this is no move",
        arguments: [true, false])
    func replaced(sent: Bool) {
        let course = Course()
        course.begin(5, isReused: true, sent: sent)
        #expect(course.fails(.reset) == .connect(runner: 5, fresh: true))
        #expect(course.moves == 0)
        #expect(course.leasesOut == 1, "the slot is kept")
        #expect(course.connected(isReused: false) == .sendRequest)
        #expect(course.fails(.reset) == .move(end: .failed(.reset)))
    }

    @Test("not a second time, even if the pool hands out another old one")
    func notTwice() {
        let course = Course()
        course.begin(5, isReused: true)
        _ = course.fails(.reset)
        _ = course.connected(isReused: true)
        #expect(course.fails(.reset) == .move(end: .failed(.reset)))
    }

    @Test("its death says nothing about the prompt: two moves are left")
    func movesLeft() {
        let course = Course()
        course.begin(0, isReused: true)
        _ = course.fails(.reset)
        for runner in 1...2 {
            #expect(course.fails(.connectFailed) == .move(end: .failed(.connectFailed)))
            course.leave()
            course.grant(runner)
        }
        #expect(course.moves == 2)
    }

    @Test("a later runner's stale connection is replaced, too")
    func laterRunner() {
        let course = Course()
        course.begin(0, isReused: true)
        _ = course.fails(.reset)
        _ = course.fails(.connectFailed)
        course.leave()
        course.begin(1, isReused: true)
        #expect(course.fails(.reset) == .connect(runner: 1, fresh: true))
    }

    @Test("nor one that died behind an interim response or half a head: the runner has had the request")
    func responseBegan() {
        let course = Course()
        course.begin(0, isReused: true)
        course.responseBegan()
        #expect(course.fails(.reset) == .move(end: .failed(.reset)))
        course.leave()
        course.begin(1)
        #expect(
            course.fails(.reset) == .fail(.runnerFailed(.reset, runner: 1), end: .failed(.reset)),
            "it was sent completely")
    }

    @Test("an answer that begins at another time changes nothing", arguments: Course.Phase.allCases)
    func strayBegin(phase: Course.Phase) {
        let course = Course(at: phase)
        let movable = course.isMovable
        course.responseBegan()
        #expect(course.isMovable == movable)
    }

    @Test("a move that found nobody was none")
    func movesCounted() {
        let course = Course(at: .connecting)
        _ = course.fails(.connectFailed)
        course.leave()
        course.grant(1)
        _ = course.fails(.connectFailed)
        course.leave()
        _ = course.refused(.noCandidateLeft)
        #expect(course.moves == 1)
    }

    @Test("nothing but a reset is a sign of a stale connection", arguments: RunnerHealthTests.failures)
    func otherFailures(failure: RunnerFailure) {
        let course = Course()
        course.begin(0, isReused: true)
        let action = course.fails(failure)
        #expect((action == .connect(runner: 0, fresh: true)) == (failure == .reset))
    }

    @Test("once the client has the head, a reset cuts")
    func afterHead() {
        let course = Course()
        course.begin(0, isReused: true)
        _ = course.head(200)
        #expect(course.fails(.reset) == .cut(end: .failed(.reset)))
    }
}
