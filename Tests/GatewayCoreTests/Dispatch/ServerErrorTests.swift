// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Ollama answers 500 to bad requests, too.
@Suite("Status 500, 503 and the penalty")
struct ServerErrorTests {
    @Test("one client's bad requests never eject")
    func oneClient() {
        let patient = Patient()
        #expect(!patient.saw(.answered500(client: 7), times: 1000))
        #expect(patient.health.isInRotation)
    }

    @Test("nine in a row, to more than one client, do")
    func severalClients() {
        let patient = Patient()
        patient.saw(.answered500(client: 7), times: 7)
        #expect(!patient.saw(.answered500(client: 8)))
        #expect(patient.saw(.answered500(client: 7)))
        #expect(patient.secondsOut == 5)
    }

    @Test("a second client's single one ejects when the run was long enough already")
    func lateSecondClient() {
        let patient = Patient()
        patient.saw(.answered500(client: 7), times: 100)
        #expect(patient.saw(.answered500(client: 8)))
    }

    @Test(
        "any other answer or failure begins the run anew",
        arguments: [AttemptOutcome.answered, .busy(retryAfter: nil), .modelNotFound, .failed(.reset)])
    func interrupted(by outcome: AttemptOutcome) {
        let patient = Patient()
        for client in 0..<8 as Range<UInt64> { patient.saw(.answered500(client: client)) }
        patient.saw(outcome)
        for client in 0..<8 as Range<UInt64> { #expect(!patient.saw(.answered500(client: client))) }
        #expect(patient.saw(.answered500(client: 9)))
    }

    @Test("the run begins anew after an ejection")
    func afterEjection() {
        let patient = Patient()
        for client in 0..<9 as Range<UInt64> { patient.saw(.answered500(client: client)) }
        patient.wait(5)
        patient.probePasses()
        for client in 0..<8 as Range<UInt64> { #expect(!patient.saw(.answered500(client: client))) }
        #expect(patient.saw(.answered500(client: 9)))
    }

    @Test("the threshold follows eject_after", arguments: [1, 2, 5])
    func threshold(ejectAfter: Int) {
        let patient = Patient(settings: .init(ejectAfter: ejectAfter))
        for client in 1..<UInt64(3 * ejectAfter) { #expect(!patient.saw(.answered500(client: client))) }
        #expect(patient.saw(.answered500(client: 0)))
    }

    @Test("busy for as long as the runner says, else a second; never shorter, and never cut short by a later one")
    func busy() {
        let cases: [(Interval?, Double)] = [(nil, 1), (.zero, 1), (.seconds(3), 3), (.seconds(3600), 3600)]
        for (said, seconds) in cases {
            let patient = Patient()
            patient.saw(.busy(retryAfter: said))
            #expect(patient.health.isBusy(at: patient.now + .seconds(seconds - 0.001)))
            #expect(!patient.health.isBusy(at: patient.now + .seconds(seconds)))
        }
        let patient = Patient()
        patient.saw(.busy(retryAfter: .seconds(30)))
        patient.saw(.busy(retryAfter: nil))
        #expect(patient.health.busyUntil == patient.now + .seconds(30))
    }

    @Test("the penalty doubles with each failure, halves every two seconds and is bounded")
    func penalty() {
        let patient = Patient(settings: .init(ejectAfter: .max))
        #expect(patient.health.penalty(at: patient.now) == 0)
        patient.saw(.failed(.reset))
        #expect(patient.health.penalty(at: patient.now) == 2)
        patient.saw(.failed(.reset))
        #expect(patient.health.penalty(at: patient.now) == 6)
        #expect(patient.health.penalty(at: patient.now + .seconds(1.9)) == 6)
        #expect(patient.health.penalty(at: patient.now + .seconds(2)) == 3)
        #expect(patient.health.penalty(at: patient.now + .seconds(6)) == 0)
        patient.saw(.failed(.reset), times: 1000)
        #expect(patient.health.penalty(at: patient.now) == 1024)
        #expect(patient.health.penalty(at: patient.now + .seconds(1e9)) == 0)
    }

    @Test("an answer halves it at once")
    func answersHalve() {
        let patient = Patient()
        patient.saw(.answered500(client: 1), times: 3)
        #expect(patient.health.penalty(at: patient.now) == 14)
        patient.saw(.answered)
        #expect(patient.health.penalty(at: patient.now) == 7)
        patient.saw(.answered, times: 3)
        #expect(patient.health.penalty(at: patient.now) == 0)
    }

    @Test("500s in a row weigh more each time, though time passes between them")
    func runsWeigh() {
        let patient = Patient()
        var penalties: [Int] = []
        for _ in 0..<5 {
            patient.saw(.answered500(client: 1))
            penalties.append(patient.health.penalty(at: patient.now))
            patient.wait(60)
        }
        #expect(penalties == [2, 4, 8, 16, 32])
    }

    @Test("labels for metrics are distinct")
    func labels() {
        let labels = Set(RunnerHealthTests.failures.map(\.label))
        #expect(labels.count == RunnerHealthTests.failures.count)
    }
}
