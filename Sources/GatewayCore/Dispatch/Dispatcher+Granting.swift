// SPDX-License-Identifier: MIT

/// Which waiter a free slot goes to.
extension Dispatcher {
    /// The first in the queue's order whom some free slot suits, taken out of the queue.
    public mutating func takeGrant(now: Instant) -> Grant? {
        reclaimLostLeases()
        guard !queue.isEmpty else { return nil }
        noteFree(at: now)
        guard !free.isEmpty, let turn = nextTurn(now: now) else { return nil }
        noteBackground(turn)
        let (id, claimant) = queue.grant(turn.waiter, isContested: isContested(turn))
        return Grant(id: id, lease: lend(turn.runner, to: claimant))
    }

    private mutating func noteFree(at now: Instant) {
        free.removeAll()
        for number in order where runners[number].isFree(at: now) { free.insert(number) }
    }

    /// Background exchanges come last, but for the one slot in sixteen that is theirs.
    private func nextTurn(now: Instant) -> WaitersTurn? {
        var search = Search(now: now)
        if let turn = find(in: queue.moved, ofOneClaimant: false, &search) { return turn }
        if let turn = turnOwedToBackground() { return turn }
        return find(in: queue.interactive, &search) ?? find(in: queue.background, &search)
    }

    private func turnOwedToBackground() -> WaitersTurn? {
        guard !queue.background.isEmpty else { return nil }
        for runner in order where runners[runner].owesBackground && free.contains(runner) {
            if let waiter = waiter(for: runner, in: queue.background) {
                return WaitersTurn(waiter: waiter, runner: runner)
            }
        }
        return nil
    }

    /// Before the grant changes who could have used the slot.
    private mutating func noteBackground(_ turn: WaitersTurn) {
        guard !queue.background.isEmpty else { return }
        let isServed = queue.waiters[turn.waiter].request.claimant.priority == .background
        guard isServed || waiter(for: turn.runner, in: queue.background) != nil else { return }
        runners[turn.runner].countBackground(isServed: isServed)
    }

    private func isContested(_ turn: WaitersTurn) -> Bool {
        let claim = queue.waiters[turn.waiter].claim
        guard claim != LinkedList.none else { return false }
        let ring =
            switch queue.claims[claim].claimant.priority {
            case .interactive: queue.interactive
            case .background: queue.background
            }
        return ring.count > 1 && waiter(for: turn.runner, in: ring, butNotOf: claim) != nil
    }

    private struct WaitersTurn {
        let waiter: Int
        let runner: Int
    }

    private struct Search {
        let now: Instant
        /// For these holders nobody was found: most waiters have the same.
        var vain = RunnerSet()
    }

    /// By claimant. One at its cap waits, and those behind it don't.
    private func find(in ring: LinkedList, _ search: inout Search) -> WaitersTurn? {
        var claim = ring.first
        while claim != LinkedList.none {
            if !cappedLeases.isAtCap(queue.claims[claim].claimant),
                let turn = find(in: queue.claims[claim].waiters, ofOneClaimant: true, &search)
            {
                return turn
            }
            claim = queue.claims.next(claim)
        }
        return nil
    }

    private func find(in list: LinkedList, ofOneClaimant: Bool, _ search: inout Search) -> WaitersTurn? {
        var waiter = list.first
        while waiter != LinkedList.none {
            if queue.waiters[waiter].request.holders.intersects(free),
                ofOneClaimant || !cappedLeases.isAtCap(queue.waiters[waiter].request.claimant),
                let runner = runner(for: queue.waiters[waiter].request, &search)
            {
                return WaitersTurn(waiter: waiter, runner: runner)
            }
            waiter = queue.waiters.next(waiter)
        }
        return nil
    }

    private func runner(for request: SlotRequest, _ search: inout Search) -> Int? {
        let isLikeOthers = !request.isPinned && request.tried.isEmpty
        if isLikeOthers, request.holders == search.vain { return nil }
        let runner = best(for: request, now: search.now, needsSlot: true)
        if runner == nil, isLikeOthers { search.vain = request.holders }
        return runner
    }

    /// Somebody who waits could use this runner, free since time passed: a new exchange must not overtake it.
    func isAwaited(_ runner: Int) -> Bool {
        guard !queue.isEmpty else { return false }
        return waiter(for: runner, in: queue.moved, ofOneClaimant: false) != nil
            || waiter(for: runner, in: queue.interactive) != nil || waiter(for: runner, in: queue.background) != nil
    }

    /// The first in turn that could use this runner's slot.
    private func waiter(for runner: Int, in ring: LinkedList, butNotOf excluded: Int = LinkedList.none) -> Int? {
        var claim = ring.first
        while claim != LinkedList.none {
            if claim != excluded, !cappedLeases.isAtCap(queue.claims[claim].claimant),
                let waiter = waiter(for: runner, in: queue.claims[claim].waiters, ofOneClaimant: true)
            {
                return waiter
            }
            claim = queue.claims.next(claim)
        }
        return nil
    }

    private func waiter(for runner: Int, in list: LinkedList, ofOneClaimant: Bool) -> Int? {
        var waiter = list.first
        while waiter != LinkedList.none {
            if isCandidate(runner, for: queue.waiters[waiter].request),
                ofOneClaimant || !cappedLeases.isAtCap(queue.waiters[waiter].request.claimant)
            {
                return waiter
            }
            waiter = queue.waiters.next(waiter)
        }
        return nil
    }

    mutating func lend(_ runner: Int, to claimant: Claimant) -> Lease {
        selection.chose(runner, weight: runners[runner].settings.weight, among: &runners)
        runners[runner].inflight += 1
        return Lease(runner: runner, charge: cappedLeases.add(claimant), ledger: ledger)
    }

    mutating func reclaimLostLeases() {
        guard !ledger.lost.isEmpty else { return }
        for lost in ledger.takeLost() {
            runners[lost.runner].inflight -= 1
            cappedLeases.remove(lost.charge)
            lostLeases += 1
        }
    }
}
