// SPDX-License-Identifier: MIT

import GatewayCore

/// Failures, ejections and readmissions, counted again.
extension Witness {
    mutating func attemptEnded(
        _ outcome: AttemptOutcome, at runner: Int, before: RunnerHealth, after: RunnerHealth, now: Instant
    ) {
        var mayEject = false
        switch outcome {
        case .answered:
            runners[runner].failures = 0
            runners[runner].probeFailures = 0
            runners[runner].errors = 0
            runners[runner].answeredSinceTrouble = true
            if let allowance = runners[runner].allowance {
                runners[runner].allowance = allowance >= 8 ? nil : allowance * 2
            }
        case .answered500(let client): mayEject = countError(runner, Int(client), now: now)
        case .busy(let retryAfter):
            forgetErrors(runner)
            let length = max(retryAfter ?? .zero, .seconds(1))
            runners[runner].busyUntil = max(runners[runner].busyUntil, now + length)
        case .modelNotFound, .routeMissing: forgetErrors(runner)
        case .failed: mayEject = countFailure(runner, now: now)
        case .clientGone(let inPrefill):
            if inPrefill {
                runners[runner].shadows.removeAll { $0 <= now }
                if runners[runner].shadows.count < 64 { runners[runner].shadows.append(now + .seconds(10)) }
            }
        case .withdrawn: break
        }
        checkEjection(runner, mustEject: mayEject && before.isInRotation, before, after, now: now)
    }

    mutating func probeEnded(
        _ runner: Int, succeeded: Bool, before: RunnerHealth, after: RunnerHealth, now: Instant
    ) {
        guard succeeded else {
            runners[runner].probeFailures += 1
            guard before.state != .untried else {
                if after.isInRotation { fault(.ejection, "runner \(runner) never answered and stays in rotation") }
                runners[runner].ejectedUntil = now
                return
            }
            let mustEject = countFailure(runner, now: now)
            return checkEjection(runner, mustEject: mustEject && before.isInRotation, before, after, now: now)
        }
        if before.state == .up, runners[runner].failures == runners[runner].probeFailures {
            runners[runner].failures = 0
        }
        runners[runner].probeFailures = 0
        guard !before.isInRotation else {
            if !after.isInRotation { fault(.ejection, "a passing probe ejected runner \(runner)") }
            return
        }
        let isDue = runners[runner].ejectedUntil.map { now >= $0 } ?? runners[runner].isMisconfigured
        if isDue != after.isInRotation {
            fault(.ejection, "a probe \(isDue ? "did not readmit" : "readmitted too early") runner \(runner)")
        }
        if after.isInRotation { readmitted(runner, now: now) }
    }

    private mutating func readmitted(_ runner: Int, now: Instant) {
        tally.count(.readmissions)
        runners[runner].ejectedUntil = nil
        runners[runner].isMisconfigured = false
        runners[runner].allowance = 1
        runners[runner].failures = 0
        runners[runner].lastReadmission = now
        forgetErrors(runner)
    }

    private mutating func forgetErrors(_ runner: Int) {
        runners[runner].errors = 0
        runners[runner].errorsCameFromSeveral = false
    }

    /// Says whether it is enough to eject.
    private mutating func countFailure(_ runner: Int, now: Instant) -> Bool {
        runners[runner].failures += 1
        forgetErrors(runner)
        trouble(runner, now: now)
        return runners[runner].allowance != nil || runners[runner].failures >= setup.ejectAfter
    }

    private mutating func countError(_ runner: Int, _ client: Int, now: Instant) -> Bool {
        if runners[runner].errors == 0 {
            runners[runner].firstErrorOf = client
            runners[runner].errorsCameFromSeveral = false
        } else if client != runners[runner].firstErrorOf {
            runners[runner].errorsCameFromSeveral = true
        }
        runners[runner].errors += 1
        trouble(runner, now: now)
        return runners[runner].errors >= 3 * setup.ejectAfter && runners[runner].errorsCameFromSeveral
    }

    private mutating func trouble(_ runner: Int, now: Instant) {
        runners[runner].lastTrouble = now
        runners[runner].answeredSinceTrouble = false
    }

    private mutating func checkEjection(
        _ runner: Int, mustEject: Bool, _ before: RunnerHealth, _ after: RunnerHealth, now: Instant
    ) {
        guard before.isInRotation else {
            if after.isInRotation { fault(.ejection, "runner \(runner) is back without a probe") }
            return
        }
        guard mustEject != after.isInRotation else {
            let failures = "\(runners[runner].failures) failures, \(runners[runner].errors) 500s in a row"
            return fault(.ejection, "runner \(runner) is \(mustEject ? "still in" : "out of") rotation: \(failures)")
        }
        guard mustEject, case .ejected(let until) = after.state else { return }
        tally.count(.ejections)
        let length = until - now
        // 5, 10, 20 … 60 seconds; one is forgotten for each 60 s of good health.
        if length < .seconds(5) || length > .seconds(60) {
            fault(.ejection, "runner \(runner) is ejected for \(length.inSeconds) s")
        }
        if let last = runners[runner].lastEjection, now - runners[runner].lastReadmission < .seconds(60),
            length != min(last + last, .seconds(60))
        {
            fault(.ejection, "runner \(runner) is ejected for \(length.inSeconds) s after \(last.inSeconds) s before")
        }
        runners[runner].lastEjection = length
        runners[runner].ejectedUntil = until
        runners[runner].allowance = nil
        forgetErrors(runner)
    }
}

extension World {
    func noteAttemptEnd(
        _ outcome: AttemptOutcome, of course: Course, at runner: Int?, hadLease: Bool, before: RunnerHealth?
    ) {
        if hadLease != course.holdsLease {
            witness.fault(.leases, "client \(course.client) \(hadLease ? "had" : "did not have") a lease to return")
        }
        guard let runner, let before else { return }
        if course.holdsLease { witness.runners[runner].inflight -= 1 }
        course.holdsLease = false
        if outcome == .modelNotFound { witness.runners[runner].lacks.append(course.slot.model) }
        witness.attemptEnded(outcome, at: runner, before: before, after: dispatcher.health(of: runner), now: now)
    }

    func noteProbe(of runner: Int, succeeded: Bool, before: RunnerHealth) {
        witness.probeEnded(
            runner, succeeded: succeeded, before: before, after: dispatcher.health(of: runner), now: now)
    }
}
