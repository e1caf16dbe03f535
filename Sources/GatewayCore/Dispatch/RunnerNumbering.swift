// SPDX-License-Identifier: MIT

/// Where a runner stands: its number, by which everything inside knows it, and its index, which people see.
public struct RunnerPlace: Equatable, Sendable {
    /// The same for as long as the process runs and the runner is configured.
    public var number: Int
    /// Its entry's place in the configuration: `url_idx`. Several runners can share one (`dns:`).
    public var index: Int

    public init(number: Int, index: Int) {
        self.number = number
        self.index = index
    }
}

/// Which number each runner has. A changed configuration moves runners to other indices, while leases, connections and
/// exchanges go on: those hold numbers, which only this decides.
public struct RunnerNumbering: Equatable, Sendable {
    /// What a changed configuration does to numbers; ascending.
    public struct Change: Equatable, Sendable {
        public var stay: [Int] = []
        /// Not configured any more; what refers to them may go on.
        public var retired: [Int] = []
        /// Fresh ones, and ones that had been retired.
        public var new: [Int] = []

        public init(stay: [Int] = [], retired: [Int] = [], new: [Int] = []) {
            self.stay = stay
            self.retired = retired
            self.new = new
        }
    }

    /// Every configured runner, the lowest index first.
    public private(set) var places: [RunnerPlace] = []
    /// By number: whose it is, or was before it was retired.
    private var owners: [Owner] = []

    private struct Owner: Equatable {
        var identity: String
        var isRetired: Bool
    }

    /// - Parameter members: by index, what tells each runner of that entry from others: its URL.
    public init(_ members: [[String]]) {
        _ = reconfigure(members) { _ in false }
    }

    /// A runner stays the same if its identity does; equal ones are matched in order.
    ///
    /// - Parameter isReferredTo: whether a lease, a connection or an exchange still knows a retired number: then nobody
    ///   else gets it. A runner that comes back gets its own either way, so that what it still does is counted.
    public mutating func reconfigure(_ members: [[String]], isReferredTo: (Int) -> Bool) -> Change {
        var unmatched: [String: [Int]] = [:]
        for place in places.reversed() { unmatched[owners[place.number].identity, default: []].append(place.number) }
        var change = Change()
        var newcomers: [(place: Int, identity: String)] = []
        places = []
        for (index, identities) in members.enumerated() {
            for identity in identities {
                let number = unmatched[identity]?.popLast()
                if let number { change.stay.append(number) } else { newcomers.append((places.count, identity)) }
                places.append(RunnerPlace(number: number ?? -1, index: index))
            }
        }
        // One that is retired only now is not given away in the same breath: its connections have yet to close.
        let leaving = unmatched.values.joined().sorted()
        for (place, identity) in newcomers {
            places[place].number = number(for: identity, isReferredTo)
            change.new.append(places[place].number)
        }
        for number in leaving { owners[number].isRetired = true }
        change.stay.sort()
        change.new.sort()
        change.retired = leaving
        return change
    }

    private mutating func number(for identity: String, _ isReferredTo: (Int) -> Bool) -> Int {
        let free = owners.indices.filter { owners[$0].isRetired }
        let number =
            free.first { owners[$0].identity == identity } ?? free.first { !isReferredTo($0) } ?? owners.count
        let owner = Owner(identity: identity, isRetired: false)
        if number == owners.count { owners.append(owner) } else { owners[number] = owner }
        return number
    }
}
