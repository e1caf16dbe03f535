// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Coming back into rotation")
struct ReadmissionTests {
    private func ejected() -> Patient {
        let patient = Patient()
        patient.saw(.failed(.connectFailed), times: 3)
        return patient
    }

    @Test("takes the ejection's time AND a passing probe")
    func timeAndProbe() {
        let patient = ejected()
        patient.wait(4.9)
        #expect(!patient.probePasses(), "too early")
        #expect(!patient.health.isInRotation)
        patient.wait(100)
        #expect(!patient.health.isInRotation, "time alone does nothing")
        #expect(patient.probePasses())
        #expect(patient.health.state == .probation(allowance: 1))
    }

    @Test("an answer to an exchange that was tried anyway is no probe, but shows that it can be reached")
    func answerWhileOut() {
        let patient = ejected()
        patient.wait(10)
        #expect(patient.health.isUnreachable)
        patient.saw(.answered)
        #expect(!patient.health.isInRotation)
        #expect(!patient.health.isUnreachable)
    }

    @Test("a probe that passes too early shows at least that it can be reached")
    func reachableAgain() {
        let patient = ejected()
        #expect(patient.health.isUnreachable)
        patient.probePasses()
        #expect(!patient.health.isUnreachable)
        patient.probeFails()
        #expect(patient.health.isUnreachable)
    }

    @Test("the allowance doubles with each answer, then the probation is over")
    func allowance() {
        let patient = ejected()
        patient.wait(5)
        patient.probePasses()
        var allowances: [Int?] = [patient.health.allowance]
        for _ in 0..<4 {
            patient.saw(.answered)
            allowances.append(patient.health.allowance)
        }
        #expect(allowances == [1, 2, 4, 8, nil])
        #expect(patient.health.state == .up)
    }

    @Test("the first failure on probation ejects, for twice the time", arguments: RunnerHealthTests.failures)
    func relapse(failure: RunnerFailure) {
        let patient = ejected()
        patient.wait(5)
        patient.probePasses()
        patient.saw(.answered, times: 2)
        #expect(patient.saw(.failed(failure)))
        #expect(patient.secondsOut == 10)
    }

    @Test("so does a failing probe")
    func probeRelapse() {
        let patient = ejected()
        patient.wait(5)
        patient.probePasses()
        #expect(patient.probeFails())
        #expect(patient.secondsOut == 10)
    }

    @Test("passing probes on probation don't widen it: they are no inference")
    func probesOnProbation() {
        let patient = ejected()
        patient.wait(5)
        patient.probePasses()
        for _ in 0..<10 { #expect(!patient.probePasses()) }
        #expect(patient.health.allowance == 1)
    }

    @Test("a runner that never answered is out at its first failed probe, and back by probation at its first pass")
    func neverAnswered() {
        let patient = Patient()
        #expect(patient.probeFails())
        #expect(!patient.health.isInRotation)
        #expect(patient.health.isUnreachable)
        #expect(!patient.probeFails())
        #expect(patient.probePasses(), "no time to sit out")
        #expect(patient.health.state == .probation(allowance: 1))
        #expect(!patient.health.isUnreachable)
    }

    @Test("a runner that answered its first probe is up, without probation")
    func firstProbe() {
        let patient = Patient()
        #expect(!patient.probePasses())
        #expect(patient.health.state == .up)
    }

    @Test(
        "any answer counts as one: then it takes three failed probes",
        arguments: [
            AttemptOutcome.answered, .answered500(client: 1), .busy(retryAfter: nil), .modelNotFound
        ])
    func answeredOnce(outcome: AttemptOutcome) {
        let patient = Patient()
        patient.saw(outcome)
        #expect(!patient.probeFails())
        #expect(!patient.probeFails())
        #expect(patient.probeFails())
        #expect(patient.secondsOut == 5)
    }

    @Test("a passing probe forgives failed probes, not failed exchanges")
    func probesForgiveProbes() {
        let patient = Patient()
        patient.saw(.answered)
        for _ in 0..<10 {
            patient.probeFails()
            patient.probeFails()
            patient.probePasses()
        }
        #expect(patient.health.state == .up)
        patient.saw(.failed(.reset), times: 2)
        patient.probePasses()
        #expect(patient.saw(.failed(.reset)))
    }

    @Test("failed probes that an answer forgave don't forgive later failures")
    func oldProbeFailures() {
        let patient = Patient()
        patient.saw(.answered)
        patient.probeFails()
        patient.probeFails()
        patient.saw(.answered)
        patient.saw(.failed(.reset), times: 2)
        patient.probePasses()
        #expect(patient.saw(.failed(.reset)))
    }

    @Test("failures of exchanges and probes add up")
    func mixed() {
        let patient = Patient()
        patient.saw(.answered)
        patient.saw(.failed(.reset))
        patient.probeFails()
        #expect(patient.saw(.failed(.firstByteTimedOut)))
    }
}
