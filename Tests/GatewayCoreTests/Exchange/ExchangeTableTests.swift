// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Every state with every event that may come in it; what may not come traps.
@Suite("An exchange, state by state")
struct ExchangeTableTests {
    @Test("a regular way, from the first event to the last")
    func regular() {
        let course = Course()
        #expect(course.first() == .acquire(isMove: false))
        #expect(course.runner == nil)
        #expect(course.grant(3) == .connect(runner: 3, fresh: false))
        #expect(course.runner == 3)
        #expect(course.connected() == .sendRequest)
        course.requestSent()
        #expect(course.isMovable)
        #expect(course.head(200) == .forwardHead)
        #expect(!course.isMovable)
        #expect(course.responseEnds() == .finish(end: .answered))
        #expect(course.leasesOut == 1)
        #expect(course.end())
        #expect(course.leasesOut == 0)
        #expect(course.hasEnded)
        #expect(course.runner == nil)
        #expect(course.moves == 0)
    }

    @Test("without a slot (show) the same, and no lease")
    func withoutSlot() {
        let course = Course(needsSlot: false)
        #expect(course.grant(3) == .connect(runner: 3, fresh: false))
        #expect(course.connected() == .sendRequest)
        #expect(course.head(200) == .forwardHead)
        #expect(course.responseEnds() == .finish(end: .answered))
        #expect(!course.end())
        #expect(course.leasesOut == 0)
    }

    @Test(
        "the client goes away",
        arguments: [
            (Course.Phase.waiting, Exchange.Action.abandon(end: nil)),
            (.connecting, .abandon(end: .clientGone(inPrefill: false))),
            (.awaitingHead, .abandon(end: .clientGone(inPrefill: false))),
            (.sent, .abandon(end: .clientGone(inPrefill: true))),
            (.streaming, .abandon(end: .clientGone(inPrefill: false))), (.ended, .none)
        ])
    func clientGone(phase: Course.Phase, action: Exchange.Action) {
        #expect(Course(at: phase).clientGone() == action)
    }

    @Test("the client of a request that takes no slot leaves no prefill behind", arguments: Course.Phase.allCases)
    func clientOfShowGone(phase: Course.Phase) {
        #expect(Course(at: phase, needsSlot: false).clientGone() != .abandon(end: .clientGone(inPrefill: true)))
    }

    @Test(
        "the gateway stops",
        arguments: [
            (Course.Phase.waiting, Exchange.Action.abandon(end: nil)), (.connecting, .abandon(end: .withdrawn)),
            (.awaitingHead, .abandon(end: .withdrawn)), (.sent, .abandon(end: .withdrawn)),
            (.streaming, .abandon(end: .withdrawn)), (.ended, .none)
        ])
    func withdrawn(phase: Course.Phase, action: Exchange.Action) {
        #expect(Course(at: phase).withdrawn() == action)
    }

    @Test("the runner fails", arguments: RunnerHealthTests.failures)
    func runnerFails(failure: RunnerFailure) {
        for phase in [Course.Phase.connecting, .awaitingHead, .sent] {
            #expect(Course(at: phase).fails(failure) == .move(end: .failed(failure)))
        }
        #expect(Course(at: .streaming).fails(failure) == .cut(end: .failed(failure)))
    }

    @Test("the request's last byte may leave late, even behind the answer", arguments: Course.Phase.allCases)
    func sentLate(phase: Course.Phase) {
        let course = Course(at: phase)
        course.requestSent()
        #expect(course.hasEnded == (phase == .ended))
    }

    @Test(
        "refused before anything was tried: the refusal is told",
        arguments: [
            Dispatcher.Refusal.noHolder, .noCandidateLeft, .queueFull(retryAfter: 3), .timedOut(retryAfter: 4),
            .unreachable(runner: 1, retryAfter: 5)
        ])
    func refused(refusal: Dispatcher.Refusal) {
        let course = Course()
        #expect(course.refused(refusal) == .fail(.refused(refusal), end: nil))
        #expect(course.hasEnded)
    }

    @Test("a move gives the lease back and waits", arguments: [Course.Phase.connecting, .awaitingHead, .sent])
    func leaving(phase: Course.Phase) {
        let course = Course(at: phase)
        #expect(course.leasesOut == 1)
        #expect(course.leave())
        #expect(course.leasesOut == 0)
        #expect(course.runner == nil)
        #expect(course.isMovable)
        #expect(course.moves == 1)
        #expect(course.grant(1) == .connect(runner: 1, fresh: false))
        #expect(course.leasesOut == 1)
    }

    @Test("an end gives the lease back, in every state, once", arguments: Course.Phase.allCases)
    func ending(phase: Course.Phase) {
        let course = Course(at: phase)
        #expect(course.end() == (phase != .waiting && phase != .ended))
        #expect(!course.end())
        #expect(course.leasesOut == 0)
        #expect(course.hasEnded)
        #expect(course.clientGone() == .none)
    }

    @Test("what can't happen traps: a second slot for one exchange")
    func impossible() async {
        await #expect(processExitsWith: .failure) {
            var exchange = Exchange(traits: .init(needsSlot: false, streams: true))
            _ = exchange.granted(runner: 0, lease: nil)
            _ = exchange.granted(runner: 1, lease: nil)
        }
    }
}
