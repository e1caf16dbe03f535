// SPDX-License-Identifier: MIT

/// A full queue: a flood may fill it only as long as nobody else needs a place.
extension WaitQueue {
    /// The waiter that has to go so that one of `newcomer` may wait; nil: none has to, and it may not.
    ///
    /// Before an interactive exchange a background one goes. Else the claimant that has the most waiting for its share
    /// loses its youngest, unless the newcomer would then be that claimant itself. Exchanges that moved stay: they had
    /// their turn.
    func placeToGive(to newcomer: Claimant) -> Int? {
        if newcomer.priority == .interactive, let claim = heaviest(background, by: { claims[$0].waiters.count }) {
            return claims[claim].waiters.last
        }
        let rings = [heaviest(interactive, by: waiting), heaviest(background, by: waiting)].compactMap { $0 }
        guard let claim = rings.max(by: { isLighter($0, $1, by: waiting) }) else { return nil }
        let loser = claims[claim].claimant
        guard waiting(claim) * newcomer.share > (waiting(newcomer.id) + 1) * loser.share else { return nil }
        return claims[self.claim(loser.id, .background) ?? claim].waiters.last
    }

    /// The claim with the most per share.
    private func heaviest(_ ring: LinkedList, by count: (Int) -> Int) -> Int? {
        guard !ring.isEmpty else { return nil }
        var heaviest = ring.first
        var claim = claims.next(heaviest)
        while claim != LinkedList.none {
            if isLighter(heaviest, claim, by: count) { heaviest = claim }
            claim = claims.next(claim)
        }
        return heaviest
    }

    private func isLighter(_ one: Int, _ other: Int, by count: (Int) -> Int) -> Bool {
        count(one) * claims[other].claimant.share < count(other) * claims[one].claimant.share
    }

    /// Of both priorities.
    private func waiting(_ claim: Int) -> Int {
        background.isEmpty || interactive.isEmpty ? claims[claim].waiters.count : waiting(claims[claim].claimant.id)
    }

    private func waiting(_ id: Claimant.ID) -> Int {
        (claim(id, .interactive).map { claims[$0].waiters.count } ?? 0)
            + (claim(id, .background).map { claims[$0].waiters.count } ?? 0)
    }
}
