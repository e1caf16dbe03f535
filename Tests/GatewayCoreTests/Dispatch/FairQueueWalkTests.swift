// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Seeded events of several claimants at a few runners: who is granted, refused or displaced is what `NaiveQueue` says.
@Suite("Random walks of claimants")
struct FairQueueWalkTests {
    private struct Walk {
        let desk: Desk
        let caps: [Int?]
        let queueLimit: Int
        let claimants: [Claimant]
        var random: SeededGenerator
        var naive = NaiveQueue()
        var running: [UInt64: (request: SlotRequest, runner: Int)] = [:]
        var nextID: UInt64 = 0
        var faults: [String] = []
        var grantsFromQueue = 0
        var displaced = 0
        var backgroundOutOfTurn = 0
        var waitsForItself = 0

        init(seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            caps = (0..<3).map { _ in Int.random(in: 1...3, using: &generator) }
            queueLimit = [8, 20, 60].randomElement(using: &generator) ?? 8
            desk = Desk(
                caps.map { .init(cap: $0) }, .init(queueLimit: queueLimit, queueTimeout: nil), seed: seed)
            let key = Claimant.test(99, cap: 4)
            claimants = (0..<6).map { number in
                let allotment = Claimant.Allotment(
                    share: [1, 1, 2, 5].randomElement(using: &generator) ?? 1,
                    maxInflight: [.max, .max, 1, 2].randomElement(using: &generator) ?? .max,
                    priority: Int.random(in: 0..<5, using: &generator) == 0 ? .background : .interactive)
                return number < 2
                    ? Claimant(user: "\(number)".utf8, of: key, allotment)
                    : Claimant(id: .init(address: .v4(UInt32(number))), allotment)
            }
            random = generator
        }

        private func isAtCap(_ claimant: Claimant) -> Bool {
            let all = running.values.map(\.request.claimant)
            if let cap = claimant.cap, all.count(where: { $0.id == cap.holder }) >= cap.limit { return true }
            if let cap = claimant.keyCap, all.count(where: { $0.keyCap == cap }) >= cap.limit { return true }
            return false
        }

        private func hasSlot(_ runner: Int) -> Bool {
            running.values.count { $0.runner == runner } < caps[runner] ?? .max
        }

        private func canUse(_ request: SlotRequest, _ runner: Int) -> Bool {
            !isAtCap(request.claimant) && request.holders.contains(runner) && hasSlot(runner)
                && !request.tried.contains(runner)
        }

        private func canUse(_ request: SlotRequest) -> Bool {
            caps.indices.contains { canUse(request, $0) }
        }

        private var next: SlotRequest? { naive.next(caps.indices.filter(hasSlot), canUse) }

        mutating func step() {
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<10: ask()
            case 10..<17: endOne()
            case 17: move()
            case 18: cancel()
            default: desk.wait(1)
            }
            settle()
            if desk.waiting != naive.entries.count { faults.append("another number waits") }
            if desk.waiting > queueLimit { faults.append("the queue is over its bound") }
        }

        private mutating func ask() {
            nextID += 1
            let claimant = claimants.randomElement(using: &random) ?? .nobody
            var headers = HeaderFields()
            if Int.random(in: 0..<6, using: &random) == 0 { headers.append("X-DMR-Priority", "background") }
            let holders = [[0], [1], [0, 1, 2], [2]].randomElement(using: &random) ?? [0]
            // One that waits again came earlier.
            let age = Int.random(in: 0..<8, using: &random) == 0 ? 2.0 : 0
            take(
                desk.request(
                    nextID, holders: holders, arrivedAt: desk.now + .seconds(-age),
                    claimant: Claimant(
                        of: Identity(rights: .all, claimant: claimant), address: nil, headers: headers)),
                isMove: false)
        }

        private mutating func take(_ request: SlotRequest, isMove: Bool) {
            let atOnce = canUse(request)
            if isAtCap(request.claimant), request.holders.numbers.contains(where: hasSlot) { waitsForItself += 1 }
            let isFull = naive.entries.count >= queueLimit
            let losers = naive.loser(to: request.claimant)
            switch desk.ask(request, isMove: isMove) {
            case .granted(let runner):
                if !atOnce || !hasSlot(runner) { faults.append("\(request.id) granted at once") }
                running[request.id.number] = (request, runner)
            case .queued:
                if atOnce { faults.append("\(request.id) queued beside a slot it could use") }
                if isFull {
                    let told = desk.displaced()
                    displaced += 1
                    if told.count != 1 || !told.allSatisfy({ losers.contains(ExchangeID($0)) }) {
                        faults.append("\(told) had to go, and not one of \(losers)")
                    }
                    for id in told { naive.remove(ExchangeID(id)) }
                }
                naive.add(request, isMove: isMove)
            case .refused:
                if atOnce || !isFull || !losers.isEmpty { faults.append("\(request.id) refused") }
            }
        }

        private mutating func endOne() {
            guard let id = running.keys.sorted().randomElement(using: &random) else { return }
            desk.end(id)
            running[id] = nil
        }

        private mutating func move() {
            guard let id = running.keys.sorted().randomElement(using: &random), let was = running[id] else { return }
            guard was.request.tried.isEmpty, was.request.holders.count > 1 else { return }
            desk.end(id, .withdrawn)
            running[id] = nil
            var request = was.request
            request.tried.insert(was.runner)
            take(request, isMove: true)
        }

        private mutating func cancel() {
            guard let entry = naive.entries.randomElement(using: &random) else { return }
            if !desk.cancel(entry.request.id.number) { faults.append("\(entry.request.id) can't be cancelled") }
            naive.remove(entry.request.id)
        }

        private mutating func settle() {
            let (refused, given) = desk.turns()
            if !refused.isEmpty { faults.append("refused: \(refused.keys.sorted())") }
            for given in given {
                guard let expected = next, expected.id.number == given.id else {
                    faults.append("\(given.id) was granted instead of \(String(describing: next?.id))")
                    return
                }
                if !hasSlot(given.runner) { faults.append("above its cap") }
                let interactiveCould = naive.entries.contains {
                    !$0.isMove && $0.request.claimant.priority == .interactive && canUse($0.request, given.runner)
                }
                if expected.claimant.priority == .background, interactiveCould { backgroundOutOfTurn += 1 }
                naive.grant(expected, at: given.runner, canUse)
                running[given.id] = (expected, given.runner)
                grantsFromQueue += 1
            }
            if let left = next { faults.append("\(left.id) waits beside a slot it could use") }
        }
    }

    @Test("everybody gets what a brute-force queue gives", arguments: 1...24 as ClosedRange<UInt64>)
    func walk(seed: UInt64) {
        var walk = Walk(seed: seed)
        var done = 0
        while done < 1500, walk.faults.isEmpty {
            walk.step()
            done += 1
        }
        #expect(walk.faults.isEmpty, "step \(done)")
        for id in walk.running.keys { walk.desk.end(id) }
        for entry in walk.naive.entries { _ = walk.desk.cancel(entry.request.id.number) }
        #expect(walk.desk.claimantsKept == 0)
        #expect(walk.desk.waiting == 0 && walk.desk.totalInflight == 0)
        #expect(walk.grantsFromQueue > 100)
    }

    @Test("every rule of the queue is put to the test by it")
    func coverage() {
        var (displaced, outOfTurn, waitsForItself) = (0, 0, 0)
        for seed in 1...8 as ClosedRange<UInt64> {
            var walk = Walk(seed: seed)
            for _ in 0..<1500 where walk.faults.isEmpty { walk.step() }
            displaced += walk.displaced
            outOfTurn += walk.backgroundOutOfTurn
            waitsForItself += walk.waitsForItself
        }
        #expect(displaced > 100)
        #expect(outOfTurn > 10)
        #expect(waitsForItself > 100)
    }
}
