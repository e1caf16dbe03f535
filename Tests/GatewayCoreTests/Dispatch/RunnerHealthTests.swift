// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("A runner's health")
struct RunnerHealthTests {
    /// A runner's health with its clock.
    final class Patient {
        var health = RunnerHealth()
        let settings: RunnerHealth.Settings
        var now = Instant(nanoseconds: 1_000_000_000_000)

        init(settings: RunnerHealth.Settings = .init()) {
            self.settings = settings
        }

        @discardableResult
        func saw(_ outcome: AttemptOutcome, times: Int = 1) -> Bool {
            var wasEjected = false
            for _ in 0..<times { wasEjected = health.attemptEnded(outcome, settings: settings, now: now) }
            return wasEjected
        }

        @discardableResult func probeFails() -> Bool { health.probeFailed(settings: settings, now: now) }
        @discardableResult func probePasses() -> Bool { health.probeSucceeded(now: now) }
        func wait(_ seconds: Double) { now = now + .seconds(seconds) }

        var secondsOut: Double? {
            if case .ejected(let until) = health.state { (until - now).inSeconds } else { nil }
        }

        /// Out, its time over, back, and well.
        func recover(wellFor seconds: Double) {
            wait(secondsOut ?? 0)
            probePasses()
            saw(.answered, times: 8)
            wait(seconds)
        }
    }

    static let failures: [RunnerFailure] = [
        .connectFailed, .connectTimedOut, .reset, .malformedResponse, .firstByteTimedOut, .streamTimedOut,
        .answerTimedOut, .status502, .status504, .incompleteAnswer
    ]

    @Test("three failures in a row eject, of any kind", arguments: failures)
    func ejection(failure: RunnerFailure) {
        let patient = Patient()
        patient.saw(.answered)
        #expect(!patient.saw(.failed(failure)))
        #expect(!patient.saw(.failed(failure)))
        #expect(patient.health.isInRotation)
        #expect(patient.saw(.failed(failure)))
        #expect(patient.secondsOut == 5)
        #expect(patient.health.isUnreachable == (failure == .connectFailed || failure == .connectTimedOut))
    }

    @Test("an answer between them forgives")
    func forgiven() {
        let patient = Patient()
        for _ in 0..<10 {
            patient.saw(.failed(.reset), times: 2)
            patient.saw(.answered)
        }
        #expect(patient.health.state == .up)
    }

    @Test(
        "what says nothing, or only that it is busy or lacks a model, neither forgives nor counts",
        arguments: [
            AttemptOutcome.withdrawn, .clientGone(inPrefill: true), .clientGone(inPrefill: false), .modelNotFound,
            .routeMissing, .busy(retryAfter: nil), .answered500(client: 1)
        ])
    func neutral(outcome: AttemptOutcome) {
        let patient = Patient()
        patient.saw(outcome, times: 50)
        #expect(patient.health.isInRotation)
        patient.saw(.failed(.reset), times: 2)
        patient.saw(outcome)
        #expect(patient.saw(.failed(.reset)))
    }

    @Test("eject_after is respected", arguments: [1, 2, 7])
    func ejectAfter(count: Int) {
        let patient = Patient(settings: .init(ejectAfter: count))
        for _ in 1..<count { #expect(!patient.saw(.failed(.reset))) }
        #expect(patient.saw(.failed(.reset)))
    }

    @Test("without a limit nothing ejects: no failures, and no 500s (an overflow once trapped here)")
    func neverEjected() {
        let patient = Patient(settings: .init(ejectAfter: .max))
        for client in 0..<100 as Range<UInt64> {
            #expect(!patient.saw(.answered500(client: client)))
            #expect(!patient.saw(.failed(.reset)))
        }
        #expect(patient.health.isInRotation)
    }

    @Test("each ejection lasts twice as long, up to the maximum")
    func doubling() {
        let patient = Patient()
        var lengths: [Double?] = []
        for _ in 0..<7 {
            patient.saw(.failed(.reset), times: 3)
            lengths.append(patient.secondsOut)
            patient.recover(wellFor: 0)
        }
        #expect(lengths == [5, 10, 20, 40, 60, 60, 60])
    }

    @Test("one ejection is forgotten for each maximum of good health")
    func forgetting() {
        let patient = Patient()
        for _ in 0..<3 {
            patient.saw(.failed(.reset), times: 3)
            patient.recover(wellFor: 0)
        }
        patient.wait(59)
        patient.saw(.failed(.reset), times: 3)
        #expect(patient.secondsOut == 40)
        patient.recover(wellFor: 125)
        patient.saw(.failed(.reset), times: 3)
        #expect(patient.secondsOut == 20)
        patient.recover(wellFor: 1e6)
        patient.saw(.failed(.reset), times: 3)
        #expect(patient.secondsOut == 5)
    }

    @Test("no maximum: doubling goes on and never overflows")
    func noMaximum() {
        let patient = Patient(
            settings: .init(ejectBase: Interval(nanoseconds: .max / 2), ejectMaximum: Interval(nanoseconds: .max)))
        for _ in 0..<5 {
            patient.saw(.failed(.reset), times: 3)
            #expect(!patient.health.isInRotation)
            patient.health.probeCameBack()
            patient.probePasses()
        }
    }

    @Test("more failures while it is out change nothing")
    func failuresWhileOut() {
        let patient = Patient()
        patient.saw(.failed(.reset), times: 3)
        patient.wait(2)
        #expect(!patient.saw(.failed(.reset), times: 10))
        for client in 0..<20 as Range<UInt64> { #expect(!patient.saw(.answered500(client: client))) }
        #expect(patient.secondsOut == 3)
    }

    @Test("a misconfigured runner stays that, whatever its answers are")
    func misconfigured() {
        let patient = Patient()
        patient.health.probeCameBack()
        patient.saw(.failed(.reset), times: 5)
        for client in 0..<20 as Range<UInt64> { patient.saw(.answered500(client: client)) }
        patient.probeFails()
        patient.saw(.answered)
        #expect(patient.health.state == .misconfigured)
        #expect(patient.probePasses())
        #expect(patient.health.state == .probation(allowance: 1))
    }
}

typealias Patient = RunnerHealthTests.Patient
