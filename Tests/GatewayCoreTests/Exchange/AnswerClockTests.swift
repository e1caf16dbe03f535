// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("How long a runner may be silent, and who keeps whom waiting")
struct AnswerClockTests {
    private let start = Instant(nanoseconds: 1_000_000_000)
    private func at(_ seconds: Double) -> Instant { start + .seconds(seconds) }

    @Test("each chunk of a stream renews the deadline")
    func renewed() {
        var clock = AnswerClock()
        #expect(clock.phaseBegan(limit: .seconds(5), isRenewed: true, now: at(0)) == at(5))
        #expect(clock.passed(wasTaken: true, now: at(3)) == .setDeadline(at(8)))
        #expect(clock.passed(wasTaken: true, now: at(7)) == .setDeadline(at(12)))
    }

    @Test("an answer in one piece has one deadline, which neither its head nor its bytes renew")
    func wholeAnswer() {
        var clock = AnswerClock()
        #expect(clock.phaseBegan(limit: .seconds(5), isRenewed: false, now: at(0)) == at(5))
        #expect(clock.phaseBegan(limit: .seconds(5), isRenewed: false, now: at(2)) == at(5))
        #expect(clock.passed(wasTaken: true, now: at(3)) == .goOn)
    }

    @Test("a client that doesn't take all pauses the runner, and the pause is not its fault")
    func paused() {
        var clock = AnswerClock()
        _ = clock.phaseBegan(limit: .seconds(5), isRenewed: false, now: at(0))
        #expect(clock.passed(wasTaken: false, now: at(1)) == .pause)
        #expect(clock.isPaused)
        #expect(clock.drained(now: at(61)) == at(65))
        #expect(!clock.isPaused)
        #expect(clock.drained(now: at(62)) == nil, "nobody was kept waiting")
    }

    @Test("behind a pause a stream's limit begins anew")
    func pausedStream() {
        var clock = AnswerClock()
        _ = clock.phaseBegan(limit: .seconds(5), isRenewed: true, now: at(0))
        #expect(clock.passed(wasTaken: false, now: at(1)) == .pause)
        #expect(clock.drained(now: at(61)) == at(66))
    }

    @Test("without a limit there is no deadline, and the next attempt begins from nothing")
    func noLimit() {
        var clock = AnswerClock()
        #expect(clock.phaseBegan(limit: nil, isRenewed: true, now: at(0)) == .distantFuture)
        #expect(clock.passed(wasTaken: true, now: at(1)) == .goOn)
        #expect(clock.passed(wasTaken: false, now: at(2)) == .pause)
        #expect(clock.drained(now: at(3)) == .distantFuture)
        _ = clock.phaseBegan(limit: .seconds(5), isRenewed: false, now: at(0))
        clock.attemptEnded()
        #expect(clock.phaseBegan(limit: .seconds(5), isRenewed: false, now: at(9)) == at(14))
    }
}
