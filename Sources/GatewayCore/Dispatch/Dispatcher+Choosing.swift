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
        for index in runners.indices where takesWork(index, for: request) {
            let isTried = request.tried.contains(index)
            if runners[index].health.isInRotation {
                if !isTried { return .some }
                someInRotation = true
            } else if !isTried {
                if mayBeTriedEjected(index, for: request) {
                    someReachable = true
                } else if unreachable == nil {
                    unreachable = index
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
        for index in runners.indices where takesWork(index, for: request) {
            guard runners[index].health.isInRotation else { continue }
            someInRotation = true
            consider(index, for: request, now: now, needsSlot: needsSlot, best: &best)
        }
        if !someInRotation {
            for index in runners.indices where takesWork(index, for: request) {
                guard mayBeTriedEjected(index, for: request) else { continue }
                consider(index, for: request, now: now, needsSlot: needsSlot, best: &best)
            }
        }
        return best?.index
    }

    private func consider(
        _ index: Int, for request: SlotRequest, now: Instant, needsSlot: Bool, best: inout Candidate?
    ) {
        guard !request.tried.contains(index), !needsSlot || runners[index].isFree(at: now) else { return }
        let candidate = Candidate(
            index: index, load: runners[index].load(at: now), weight: runners[index].settings.weight,
            isLoaded: request.loaded.contains(index), rank: selection.rank(of: runners[index]))
        if let current = best, !candidate.isBetter(than: current, policy: settings.policy) { return }
        best = candidate
    }

    /// Health and slots aside.
    private func takesWork(_ index: Int, for request: SlotRequest) -> Bool {
        guard request.holders.contains(index), runners[index].settings.isEnabled else { return false }
        return (runners[index].settings.weight > 0 || request.isPinned) && runners[index].health.state != .misconfigured
    }

    private func mayBeTriedEjected(_ index: Int, for request: SlotRequest) -> Bool {
        request.isPinned || !runners[index].health.isUnreachable
    }

    /// An older waiter could use this runner, free since time passed: a new exchange must not overtake it.
    func isAwaited(_ runner: Int) -> Bool {
        queue.requests.contains { $0.holders.contains(runner) && !$0.tried.contains(runner) }
    }

    mutating func lend(_ runner: Int) -> Lease {
        selection.chose(runner, weight: runners[runner].settings.weight, among: &runners)
        runners[runner].inflight += 1
        return Lease(runner: runner, ledger: ledger)
    }

    mutating func reclaimLostLeases() {
        guard !ledger.lost.isEmpty else { return }
        for runner in ledger.lost { runners[runner].inflight -= 1 }
        lostLeases += ledger.lost.count
        ledger.lost.removeAll()
    }
}
