// SPDX-License-Identifier: MIT

/// The exchanges that wait for a slot, in the order in which they may have one: those that moved, by age; then those of
/// each claimant by age, the claimants in turn. An exchange is here, or holds a lease, or has ended: never two of them.
///
/// **Turns** are deficit round robin in which each slot costs one: claimants stand in a ring, the first of them gets as
/// many slots in a row as its share says and then goes to the end. One that can't use the slot that is free keeps its
/// place and what it has left, and a slot that no other claimant could use costs nothing. Whoever stops waiting gives
/// its place up: nothing is saved.
///
/// **The bound**: while a claimant waits, and until it has had as many contested slots as its share, each other one of
/// its priority gets at most as many as *its* share of those that the first could have used. For behind who has gone to
/// the end nobody has more than a share left, and who has used that up comes behind it.
///
/// Interactive and background exchanges have a ring each. Which slots are free, and whom they suit, is known to
/// `Dispatcher+Granting`; here is nothing that depends on runners.
struct WaitQueue {
    struct Waiter {
        var request: SlotRequest
        /// The place of its claim; none: it moved.
        let claim: Int
        fileprivate let age: Int
    }

    /// What one claimant has waiting of one priority.
    struct Claim {
        /// As its last request had it, so that a changed configuration counts for those that wait already.
        fileprivate(set) var claimant: Claimant
        fileprivate(set) var waiters = LinkedList()
        /// Slots it may have before it goes to the ring's end.
        fileprivate(set) var credits: Int
    }

    private struct Account: Hashable {
        let id: Claimant.ID
        let priority: Claimant.Priority
    }

    private(set) var waiters = LinkedElements<Waiter>()
    private(set) var claims = LinkedElements<Claim>()
    /// Exchanges that had their turn and lost their runner, the oldest first.
    private(set) var moved = LinkedList()
    /// Of claims.
    private(set) var interactive = LinkedList()
    private(set) var background = LinkedList()
    private var places: [ExchangeID: Int] = [:]
    private var accounts: [Account: Int] = [:]
    /// The places of all waiters, the oldest first.
    private var ages = LinkedElements<Int>()
    private var byAge = LinkedList()

    var count: Int { byAge.count }
    var isEmpty: Bool { byAge.isEmpty }
    /// Claims that something is kept of.
    var claimCount: Int { accounts.count }

    func claim(_ id: Claimant.ID, _ priority: Claimant.Priority) -> Int? {
        accounts[Account(id: id, priority: priority)]
    }

    // MARK: Coming

    /// Among its claimant's by age: one that waits again, since its runner was busy, keeps the place that it came with.
    mutating func insert(_ request: SlotRequest) {
        let claim = openClaim(of: request.claimant)
        let age = insertByAge(request.arrivedAt)
        let younger = younger(than: request.arrivedAt, in: claims[claim].waiters)
        note(
            waiters.insert(
                Waiter(request: request, claim: claim, age: age), before: younger, in: &claims[claim].waiters))
    }

    /// For an exchange that had its turn and lost its runner: before all that had none, by age among its like, since a
    /// dead runner sends many at once.
    mutating func putFirst(_ request: SlotRequest) {
        let age = insertByAge(request.arrivedAt)
        let younger = younger(than: request.arrivedAt, in: moved)
        note(
            waiters.insert(
                Waiter(request: request, claim: LinkedList.none, age: age), before: younger, in: &moved))
    }

    private mutating func note(_ place: Int) {
        ages[waiters[place].age] = place
        places[waiters[place].request.id] = place
    }

    private func younger(than arrival: Instant, in list: LinkedList) -> Int {
        var younger = LinkedList.none
        var place = list.last
        while place != LinkedList.none, waiters[place].request.arrivedAt > arrival {
            younger = place
            place = waiters.previous(place)
        }
        return younger
    }

    private mutating func insertByAge(_ arrival: Instant) -> Int {
        var younger = LinkedList.none
        var age = byAge.last
        while age != LinkedList.none, waiters[ages[age]].request.arrivedAt > arrival {
            younger = age
            age = ages.previous(age)
        }
        return ages.insert(LinkedList.none, before: younger, in: &byAge)
    }

    /// What the configuration gives to a claimant may have changed since its exchanges came.
    mutating func noteAllotment(of claimant: Claimant) {
        guard !isEmpty, let place = claim(claimant.id, claimant.priority), claims[place].claimant != claimant else {
            return
        }
        claims[place].claimant = claimant
        claims[place].credits = min(claims[place].credits, claimant.share)
    }

    private mutating func openClaim(of claimant: Claimant) -> Int {
        if let place = claim(claimant.id, claimant.priority) { return place }
        let claim = Claim(claimant: claimant, credits: claimant.share)
        let place =
            switch claimant.priority {
            case .interactive: claims.insert(claim, in: &interactive)
            case .background: claims.insert(claim, in: &background)
            }
        accounts[Account(id: claimant.id, priority: claimant.priority)] = place
        return place
    }

    // MARK: Going

    /// It gets a slot, on the account of the claimant that is returned with it.
    ///
    /// - Parameter isContested: another claimant of its priority could have used it, too.
    mutating func grant(_ place: Int, isContested: Bool) -> (id: ExchangeID, claimant: Claimant) {
        let claim = waiters[place].claim
        guard claim != LinkedList.none else {
            let request = remove(at: place)
            return (request.id, request.claimant)
        }
        let claimant = claims[claim].claimant
        if isContested { charge(claim) }
        return (remove(at: place).id, claimant)
    }

    private mutating func charge(_ claim: Int) {
        claims[claim].credits -= 1
        guard claims[claim].credits == 0 else { return }
        claims[claim].credits = claims[claim].claimant.share
        switch claims[claim].claimant.priority {
        case .interactive: claims.moveToEnd(claim, of: &interactive)
        case .background: claims.moveToEnd(claim, of: &background)
        }
    }

    mutating func remove(_ id: ExchangeID) -> Bool {
        guard let place = places[id] else { return false }
        _ = remove(at: place)
        return true
    }

    mutating func remove(at place: Int) -> SlotRequest {
        let claim = waiters[place].claim
        let waiter: Waiter
        if claim == LinkedList.none {
            waiter = waiters.remove(place, from: &moved)
        } else {
            waiter = waiters.remove(place, from: &claims[claim].waiters)
            if claims[claim].waiters.isEmpty { close(claim) }
        }
        _ = ages.remove(waiter.age, from: &byAge)
        places[waiter.request.id] = nil
        return waiter.request
    }

    private mutating func close(_ claim: Int) {
        let claimant = claims[claim].claimant
        accounts[Account(id: claimant.id, priority: claimant.priority)] = nil
        switch claimant.priority {
        case .interactive: _ = claims.remove(claim, from: &interactive)
        case .background: _ = claims.remove(claim, from: &background)
        }
    }

    /// Takes out the oldest if it has waited for `limit`, which all have in common.
    mutating func takeExpired(limit: Interval, now: Instant) -> SlotRequest? {
        guard let oldestArrival, now - oldestArrival >= limit else { return nil }
        return remove(at: ages[byAge.first])
    }

    // MARK: All of them

    var oldestArrival: Instant? {
        byAge.isEmpty ? nil : waiters[ages[byAge.first]].request.arrivedAt
    }

    /// The place of the oldest that matches.
    func oldest(where isMatch: (SlotRequest) -> Bool) -> Int? {
        var age = byAge.first
        while age != LinkedList.none {
            if isMatch(waiters[ages[age]].request) { return ages[age] }
            age = ages.next(age)
        }
        return nil
    }

    func forEach(_ body: (SlotRequest) -> Void) {
        _ = oldest { request in
            body(request)
            return false
        }
    }

    mutating func update(_ update: (inout SlotRequest) -> Void) {
        var age = byAge.first
        while age != LinkedList.none {
            update(&waiters[ages[age]].request)
            age = ages.next(age)
        }
    }
}
