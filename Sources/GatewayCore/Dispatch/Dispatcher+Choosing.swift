// SPDX-License-Identifier: MIT

/// Who may take a request, and which of them does. Runs over every runner for every request, so it reads the runners in
/// place: a copy of one would cost a retain and a release.
extension Dispatcher {
    enum Standing {
        case some
        case unreachable(runner: Int)
        case none
    }

    /// Whether anybody could take the request at all, slots aside.
    func standing(of request: SlotRequest) -> Standing {
        var someInRotation = false
        var someReachable = false
        var unreachable: Int?
        for number in order where takesWork(number, for: request) {
            let isTried = request.tried.contains(number)
            if runners[number].health.isInRotation {
                if !isTried { return .some }
                someInRotation = true
            } else if !isTried {
                if mayBeTriedEjected(number, for: request) {
                    someReachable = true
                } else if unreachable == nil {
                    unreachable = number
                }
            }
        }
        if someReachable, !someInRotation { return .some }
        return unreachable.map { .unreachable(runner: $0) } ?? .none
    }

    /// The best candidate. Ejected runners are candidates only when no holder is in rotation (tried or not), and never
    /// while out of reach.
    func best(for request: SlotRequest, now: Instant, needsSlot: Bool) -> Int? {
        var best: Candidate?
        var someInRotation = false
        for number in order where takesWork(number, for: request) {
            guard runners[number].health.isInRotation else { continue }
            someInRotation = true
            consider(number, for: request, now: now, needsSlot: needsSlot, best: &best)
        }
        if !someInRotation {
            for number in order where takesWork(number, for: request) {
                guard mayBeTriedEjected(number, for: request) else { continue }
                consider(number, for: request, now: now, needsSlot: needsSlot, best: &best)
            }
        }
        return best?.number
    }

    /// Whether it may go there, slots aside.
    func isCandidate(_ number: Int, for request: SlotRequest) -> Bool {
        guard !request.tried.contains(number), takesWork(number, for: request) else { return false }
        if runners[number].health.isInRotation { return true }
        return mayBeTriedEjected(number, for: request)
            && !order.contains { takesWork($0, for: request) && runners[$0].health.isInRotation }
    }

    private func consider(
        _ number: Int, for request: SlotRequest, now: Instant, needsSlot: Bool, best: inout Candidate?
    ) {
        guard !request.tried.contains(number), !needsSlot || runners[number].isFree(at: now) else { return }
        let candidate = Candidate(
            number: number, load: load(of: number, at: now), weight: runners[number].settings.weight,
            isLoaded: request.loaded.contains(number),
            rank: selection.rank(pass: runners[number].pass, lastChosen: runners[number].lastChosen))
        if let current = best, !candidate.isBetter(than: current, policy: settings.policy) { return }
        best = candidate
    }

    /// What runners are compared by: leases, prefills that go on without a client, and the penalty of a failing one.
    /// Here, field by field, since the same as a method of the runner was compiled to a copy of it.
    private func load(of number: Int, at now: Instant) -> Int {
        let load = runners[number].inflight + runners[number].health.penalty(at: now)
        return now < runners[number].shadowsEnd ? load + runners[number].shadows(at: now) : load
    }

    /// Health and slots aside.
    private func takesWork(_ number: Int, for request: SlotRequest) -> Bool {
        guard request.holders.contains(number), runners[number].settings.isEnabled else { return false }
        return (runners[number].settings.weight > 0 || request.isPinned)
            && runners[number].health.state != .misconfigured
    }

    private func mayBeTriedEjected(_ number: Int, for request: SlotRequest) -> Bool {
        request.isPinned || !runners[number].health.isUnreachable
    }
}
