// SPDX-License-Identifier: MIT

/// How many leases each claimant has that has a cap. Nothing is kept of one without a lease, or without a cap, which
/// costs a comparison then.
struct CappedLeases {
    private struct Count {
        let holder: Claimant.ID
        var leases: Int
    }

    private var counts: [Count] = []
    private var places: [Claimant.ID: Int] = [:]
    private var free: [Int] = []

    /// Claimants that something is kept of.
    var holderCount: Int { places.count }

    func leases(of holder: Claimant.ID) -> Int {
        places[holder].map { counts[$0].leases } ?? 0
    }

    /// It may have no further lease now: its own cap is reached, or that of its key.
    func isAtCap(_ claimant: Claimant) -> Bool {
        claimant.hasCap && (isReached(claimant.cap) || isReached(claimant.keyCap))
    }

    private func isReached(_ cap: Claimant.Cap?) -> Bool {
        guard let cap else { return false }
        return leases(of: cap.holder) >= cap.limit
    }

    mutating func add(_ claimant: Claimant) -> Charge {
        guard claimant.hasCap else { return Charge() }
        return Charge(own: add(claimant.cap), key: add(claimant.keyCap))
    }

    private mutating func add(_ cap: Claimant.Cap?) -> Int32 {
        guard let cap else { return Charge.none }
        if let place = places[cap.holder] {
            counts[place].leases += 1
            return Int32(place)
        }
        let count = Count(holder: cap.holder, leases: 1)
        let place = free.popLast() ?? counts.count
        if place == counts.count { counts.append(count) } else { counts[place] = count }
        places[cap.holder] = place
        return Int32(place)
    }

    /// Counts where nothing has been counted yet: the cap wasn't there when the lease was given.
    mutating func complete(_ charge: inout Charge, of claimant: Claimant) {
        if charge.own == Charge.none { charge.own = add(claimant.cap) }
        if charge.key == Charge.none { charge.key = add(claimant.keyCap) }
    }

    mutating func remove(_ charge: Charge) {
        remove(charge.own)
        remove(charge.key)
    }

    private mutating func remove(_ place: Int32) {
        guard place != Charge.none else { return }
        let place = Int(place)
        counts[place].leases -= 1
        guard counts[place].leases == 0 else { return }
        places[counts[place].holder] = nil
        free.append(place)
    }

    /// Where a lease is counted, which it carries with it: whatever becomes of it, it is counted back there.
    struct Charge: Sendable {
        static let none: Int32 = -1
        fileprivate(set) var own = Charge.none
        fileprivate(set) var key = Charge.none
    }
}
