// SPDX-License-Identifier: MIT

import GatewayCore

/// Who gets what, held against the interface's words.
extension World {
    // MARK: Who may

    /// It takes such work, slots and health aside.
    private func takesWork(_ runner: Int, _ course: Course) -> Bool {
        let record = witness.runners[runner]
        guard course.slot.holders.contains(runner), record.isEnabled, !record.isMisconfigured, !record.isRetired
        else { return false }
        return record.weight > 0 || course.ask.pin == runner
    }

    /// Whether the exchange may be sent there, slots aside: an ejected runner only while no holder is in rotation.
    func isCandidate(_ runner: Int, _ course: Course) -> Bool {
        guard takesWork(runner, course), !course.tried.contains(runner) else { return false }
        let health = dispatcher.health(of: runner)
        if health.isInRotation { return true }
        for other in peers.indices where takesWork(other, course) && dispatcher.health(of: other).isInRotation {
            return false
        }
        return course.ask.pin == runner || !health.isUnreachable
    }

    func hasFreeSlot(_ runner: Int) -> Bool {
        let record = witness.runners[runner]
        guard now >= record.busyUntil else { return false }
        if let cap = record.cap, record.inflight >= cap { return false }
        if let allowance = record.allowance, record.inflight >= allowance { return false }
        return true
    }

    /// Its caller has as many slots as it may have.
    func isAtOwnCap(_ course: Course) -> Bool {
        guard let cap = setup.allotments?[course.ask.identity].maxInflight, cap != .max else { return false }
        return live.count { $0.holdsLease && $0.ask.identity == course.ask.identity } >= cap
    }

    // MARK: Grants

    func checkGrant(_ course: Course, _ runner: Int, fromQueue: Bool, isMove: Bool) {
        let record = witness.runners[runner]
        if let cap = record.cap, record.inflight >= cap {
            witness.fault(
                .cap, "client \(course.client) got slot \(record.inflight + 1) of runner \(runner), cap \(cap)")
        }
        if isAtOwnCap(course) {
            witness.fault(.cap, "client \(course.client) got one more slot than its caller may have")
        }
        if let allowance = record.allowance, record.inflight >= allowance {
            witness.fault(
                .probation, "runner \(runner) has \(record.inflight) leases in probation and may have \(allowance)")
        }
        if now < record.busyUntil {
            let rest = (record.busyUntil - now).inSeconds
            witness.fault(.busy, "client \(course.client) got runner \(runner), busy for another \(rest) s")
        }
        if course.tried.contains(runner) {
            witness.fault(.move, "client \(course.client) got runner \(runner) a second time")
        } else if !isCandidate(runner, course) {
            witness.fault(.candidate, "client \(course.client) got runner \(runner), which may not get it")
        }
        if fromQueue || !isMove { checkOrder(course, runner) }
        if fromQueue { checkTurn(of: course, at: runner) }
        witness.tally.count(fromQueue ? .grantsFromQueue : .grantsAtOnce)
        if !dispatcher.health(of: runner).isInRotation { witness.tally.count(.grantsWhileEjected) }
        course.queued = nil
        witness.runners[runner].inflight += 1
        course.holdsLease = true
    }

    /// Nobody who waits in front of it could have used the slot.
    private func checkOrder(_ course: Course, _ runner: Int) {
        for other in live {
            guard other !== course, let place = other.queued else { continue }
            guard isInFront(other, place, of: course), isCandidate(runner, other), !isAtOwnCap(other) else { continue }
            return witness.fault(
                .queueOrder, "client \(course.client) got a slot of runner \(runner) before client \(other.client)")
        }
    }

    private func isInFront(_ other: Course, _ place: (isMove: Bool, serial: Int), of course: Course) -> Bool {
        guard let own = course.queued else { return true }
        if place.isMove != own.isMove { return place.isMove }
        // Callers take turns: see `checkTurn`.
        if !own.isMove, other.account != course.account { return false }
        if other.arrivedAt != course.arrivedAt { return other.arrivedAt < course.arrivedAt }
        return place.serial < own.serial
    }

    // MARK: The choice

    /// Called for every runner chosen, just behind its grant.
    func noteChoice(_ course: Course, _ runner: Int, hasLease: Bool) {
        if !hasLease {
            if course.tried.contains(runner) {
                witness.fault(.move, "client \(course.client) got runner \(runner) a second time")
            } else if !isCandidate(runner, course) {
                witness.fault(.candidate, "client \(course.client) got runner \(runner), which may not get it")
            }
        }
        if !course.wasOwed { checkChoice(course, runner, hasLease: hasLease) }
        course.wasOwed = false
        course.tried.append(runner)
        witness.choices += 1
        witness.runners[runner].lastChosen = witness.choices
    }

    private func checkChoice(_ course: Course, _ runner: Int, hasLease: Bool) {
        if hasLease { witness.runners[runner].inflight -= 1 }
        defer { if hasLease { witness.runners[runner].inflight += 1 } }
        var weights = 0
        for other in peers.indices where other != runner {
            guard isCandidate(other, course), !hasLease || hasFreeSlot(other) else {
                witness.runners[other].passedOver = 0
                continue
            }
            weights += max(1, witness.runners[other].weight)
            witness.runners[other].passedOver += 1
            switch setup.policy {
            case .leastInflight: checkLoads(course, runner, other)
            case .roundRobin: checkRotation(other)
            }
        }
        witness.runners[runner].passedOver = 0
    }

    /// Weighted by turns: however the others' weights are, its own turn comes.
    private func checkRotation(_ other: Int) {
        let record = witness.runners[other]
        var bound = 2 * peers.count
        for index in peers.indices where index != other {
            bound += witness.runners[index].weight / max(1, record.weight)
        }
        if record.passedOver > bound {
            witness.fault(.starvation, "runner \(other) was passed over \(record.passedOver) times in its rotation")
        }
    }

    private func checkLoads(_ course: Course, _ runner: Int, _ other: Int) {
        let mine = witness.runners[runner]
        let theirs = witness.runners[other]
        guard let bound = theirs.penaltyBound(at: now) else { return }
        let least = (mine.inflight + mine.shadowCount(at: now) + mine.penaltyFloor(at: now)) * theirs.weight
        let most = (theirs.inflight + theirs.shadowCount(at: now) + bound) * mine.weight
        if least > most {
            witness.fault(
                .choice, "client \(course.client) got runner \(runner) though runner \(other) is less loaded")
        }
        guard least == most, mine.penaltyBound(at: now) == 0 else { return }
        let isLoaded = course.slot.loaded.contains(runner)
        if isLoaded != course.slot.loaded.contains(other) {
            if !isLoaded { witness.fault(.choice, "runner \(other) has the model loaded, \(runner) was chosen") }
        } else if mine.lastChosen > theirs.lastChosen {
            witness.fault(.choice, "runner \(other) is next in rotation, \(runner) was chosen")
        }
    }
}
