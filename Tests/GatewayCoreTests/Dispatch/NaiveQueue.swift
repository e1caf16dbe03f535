// SPDX-License-Identifier: MIT

@testable import GatewayCore

/// The queue's rules again, as simple as can be: everything is looked for anew, in arrays.
struct NaiveQueue {
    struct Entry {
        let request: SlotRequest
        let isMove: Bool
    }

    struct Turn {
        let id: Claimant.ID
        let priority: Claimant.Priority
        var share: Int
        var left: Int
    }

    private(set) var entries: [Entry] = []
    /// In the order of turns; both priorities.
    private(set) var turns: [Turn] = []
    /// By runner: slots in a row that went to others than background exchanges that could have used them.
    private var passed: [Int: Int] = [:]

    private var hasBackground: Bool { turns.contains { $0.priority == .background } }

    private static func belongs(_ entry: Entry, to turn: Turn) -> Bool {
        !entry.isMove && entry.request.claimant.id == turn.id && entry.request.claimant.priority == turn.priority
    }

    mutating func add(_ request: SlotRequest, isMove: Bool) {
        entries.append(Entry(request: request, isMove: isMove))
        guard !isMove, !turns.contains(where: { NaiveQueue.belongs(entries[entries.count - 1], to: $0) }) else {
            return
        }
        let claimant = request.claimant
        turns.append(Turn(id: claimant.id, priority: claimant.priority, share: claimant.share, left: claimant.share))
    }

    @discardableResult
    mutating func remove(_ id: ExchangeID) -> Bool {
        let before = entries.count
        entries.removeAll { $0.request.id == id }
        turns.removeAll { turn in !entries.contains { NaiveQueue.belongs($0, to: turn) } }
        return entries.count < before
    }

    /// By age; of equals the one that was put there first.
    private func oldest(_ isEligible: (Entry) -> Bool) -> Entry? {
        entries.filter(isEligible).min { $0.request.arrivedAt < $1.request.arrivedAt }
    }

    /// Who is next, of those that could have a slot now.
    ///
    /// - Parameter runners: with a free slot, ascending.
    func next(_ runners: [Int], _ canUse: (SlotRequest, Int) -> Bool) -> SlotRequest? {
        func canUseOne(_ entry: Entry) -> Bool { runners.contains { canUse(entry.request, $0) } }
        if let entry = oldest({ $0.isMove && canUseOne($0) }) { return entry.request }
        for runner in runners where passed[runner, default: 0] >= 15 {
            if let request = first(.background, { canUse($0.request, runner) }) { return request }
        }
        return first(.interactive, canUseOne) ?? first(.background, canUseOne)
    }

    private func first(_ priority: Claimant.Priority, _ isEligible: (Entry) -> Bool) -> SlotRequest? {
        for turn in turns where turn.priority == priority {
            if let entry = oldest({ NaiveQueue.belongs($0, to: turn) && isEligible($0) }) { return entry.request }
        }
        return nil
    }

    mutating func grant(_ request: SlotRequest, at runner: Int, _ canUse: (SlotRequest, Int) -> Bool) {
        guard let entry = entries.first(where: { $0.request.id == request.id }) else { return }
        let others = entries.filter { !$0.isMove && canUse($0.request, runner) }
        if request.claimant.priority == .background {
            passed[runner] = 0
        } else if others.contains(where: { $0.request.claimant.priority == .background }) {
            passed[runner, default: 0] += 1
        }
        let isContested = others.contains {
            $0.request.claimant.priority == request.claimant.priority && $0.request.claimant.id != request.claimant.id
        }
        if isContested, let place = turns.firstIndex(where: { NaiveQueue.belongs(entry, to: $0) }) {
            turns[place].left -= 1
            if turns[place].left == 0 {
                var turn = turns.remove(at: place)
                turn.left = turn.share
                turns.append(turn)
            }
        }
        remove(request.id)
    }

    /// Who has to leave a full queue for a newcomer.
    func loser(to newcomer: Claimant) -> [ExchangeID] {
        func waiting(_ id: Claimant.ID) -> Int { entries.count { !$0.isMove && $0.request.claimant.id == id } }
        func youngest(of turn: Turn) -> ExchangeID? {
            let own = entries.filter { NaiveQueue.belongs($0, to: turn) }
            return own.enumerated().max {
                ($0.element.request.arrivedAt, $0.offset) < ($1.element.request.arrivedAt, $1.offset)
            }?.element.request.id
        }
        func most(_ turns: [Turn], _ count: (Turn) -> Int) -> [Turn] {
            let most = turns.map { Double(count($0)) / Double($0.share) }.max()
            return turns.filter { Double(count($0)) / Double($0.share) == most }
        }
        if newcomer.priority == .interactive, hasBackground {
            let background = turns.filter { $0.priority == .background }
            return most(background) { turn in entries.count { NaiveQueue.belongs($0, to: turn) } }.compactMap(youngest)
        }
        return most(turns) { waiting($0.id) }.compactMap { turn in
            let own = Double(waiting(newcomer.id) + 1) / Double(newcomer.share)
            guard Double(waiting(turn.id)) / Double(turn.share) > own else { return nil }
            return youngest(of: turns.first { $0.id == turn.id && $0.priority == .background } ?? turn)
        }
    }
}
