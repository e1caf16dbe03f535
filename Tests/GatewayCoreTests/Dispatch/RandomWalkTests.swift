// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Thousands of seeded events, with what must always hold checked after each.
@Suite("Random walks of the dispatcher")
struct RandomWalkTests {
    private struct Walk {
        let desk: Desk
        let caps: [Int?]
        var random: SeededGenerator
        var waiting: [UInt64: SlotRequest] = [:]
        var nextID: UInt64 = 0
        var fates: [UInt64: Int] = [:]
        var faults: [String] = []
        let queueLimit: Int

        init(seed: UInt64, policy: SelectionPolicy) {
            var generator = SeededGenerator(seed: seed)
            caps = (0..<6).map { _ in Bool.random(using: &generator) ? Int.random(in: 0...4, using: &generator) : nil }
            queueLimit = 12
            var runners: [RunnerSlots.Settings] = []
            for cap in caps {
                runners.append(
                    .init(
                        isEnabled: Int.random(in: 0..<8, using: &generator) > 0, cap: cap,
                        weight: Int.random(in: 0...4, using: &generator)))
            }
            desk = Desk(runners, .init(policy: policy, queueLimit: queueLimit, queueTimeout: .seconds(20)), seed: seed)
            random = generator
        }

        mutating func ended(_ id: UInt64) { fates[id, default: 0] += 1 }

        mutating func step() {
            switch Int.random(in: 0..<16, using: &random) {
            case 0..<6: ask()
            case 6..<10: endOne()
            case 10: move()
            case 11: cancel()
            case 12: desk.wait(Double.random(in: 0...2, using: &random))
            case 13: probe()
            case 14: newLists()
            default: desk.dispatcher.firstByteArrived(from: Int.random(in: 0..<6, using: &random))
            }
            settle()
            check()
        }

        private mutating func ask() {
            nextID += 1
            let holders = (0..<6).filter { _ in Bool.random(using: &random) }
            let loaded = holders.filter { _ in Bool.random(using: &random) }
            let request = desk.request(
                nextID, holders: holders, loaded: loaded, model: "\(holders)",
                isPinned: holders.count == 1 && Bool.random(using: &random))
            take(desk.ask(request), request)
        }

        private mutating func take(_ answer: Desk.Answer, _ request: SlotRequest) {
            switch answer {
            case .granted(let runner):
                if !request.holders.contains(runner) { faults.append("granted a runner that lists nothing") }
                if request.tried.contains(runner) { faults.append("granted a tried runner") }
            case .queued: waiting[request.id.number] = request
            case .refused: ended(request.id.number)
            }
        }

        private mutating func outcome() -> AttemptOutcome {
            let all: [AttemptOutcome] = [
                .answered, .answered, .answered, .answered, .answered500(client: nextID % 3),
                .busy(retryAfter: .seconds(1)), .modelNotFound, .failed(.reset), .failed(.connectFailed),
                .clientGone(inPrefill: true), .withdrawn
            ]
            return all.randomElement(using: &random) ?? .answered
        }

        private mutating func endOne() {
            guard let id = desk.holders.randomElement(using: &random) else { return }
            desk.end(id, outcome())
            ended(id)
        }

        private mutating func move() {
            guard let id = desk.holders.randomElement(using: &random), let runner = desk.runner(of: id) else { return }
            desk.end(id, .failed(.reset))
            let request = desk.request(id, tried: [runner])
            take(desk.ask(request, isMove: true), request)
        }

        private mutating func cancel() {
            guard let id = waiting.keys.sorted().randomElement(using: &random) else { return }
            if !desk.cancel(id) { faults.append("\(id) waited and can't be cancelled") }
            waiting[id] = nil
            ended(id)
        }

        private mutating func probe() {
            let runner = Int.random(in: 0..<6, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6: _ = desk.probePasses(runner)
            case 6..<9: _ = desk.probeFails(runner)
            default: desk.dispatcher.probeCameBack(runner)
            }
        }

        private mutating func newLists() {
            var found: [String: RunnerSet] = [:]
            for request in waiting.values { found[request.model] = request.holders }
            desk.dispatcher.listsChanged { found[$0.model].map { ($0, RunnerSet()) } }
        }

        private mutating func settle() {
            for (id, _) in desk.refused() {
                if waiting.removeValue(forKey: id) == nil { faults.append("\(id) refused, but did not wait") }
                ended(id)
            }
            for given in desk.drain() {
                guard let request = waiting.removeValue(forKey: given.id) else {
                    faults.append("\(given.id) granted, but did not wait")
                    continue
                }
                take(.granted(given.runner), request)
            }
        }

        /// Whoever waits would be granted a free slot if it asked as a move does, before all others.
        mutating func checkThatWaitingHasAReason() {
            for request in waiting.values.sorted(by: { $0.id.number < $1.id.number }) {
                var again = request
                again.id = ExchangeID(1_000_000 + request.id.number)
                if desk.ask(again, isMove: true).runner != nil { faults.append("waits beside a free slot") }
                _ = desk.cancel(again.id.number)
            }
        }

        private mutating func check() {
            for runner in 0..<6 {
                if desk.inflight(of: runner) != desk.heldLeases(of: runner) { faults.append("in flight ≠ leases") }
                if let cap = caps[runner], desk.inflight(of: runner) > cap { faults.append("above its cap") }
            }
            if desk.waiting != waiting.count { faults.append("another number waits") }
            if desk.waiting > queueLimit { faults.append("the queue is over its bound") }
            if let wake = desk.nextWakeUp, wake <= desk.now { faults.append("asks to be woken in the past") }
            let lost = desk.dispatcher.lostLeases
            if lost != 0 { faults.append("a lease was lost") }
        }
    }

    @Test(
        "in flight = leases, caps and bounds hold, nobody waits beside a free slot, every exchange ends once",
        arguments: SelectionPolicy.allCases, [11, 12, 13, 14, 15, 16, 17, 18] as [UInt64])
    func walk(policy: SelectionPolicy, seed: UInt64) {
        var walk = Walk(seed: seed, policy: policy)
        for number in 0..<1500 where walk.faults.isEmpty {
            walk.step()
            if number % 10 == 0 { walk.checkThatWaitingHasAReason() }
        }
        for id in walk.desk.holders {
            walk.desk.end(id)
            walk.ended(id)
        }
        for id in walk.waiting.keys {
            if walk.desk.cancel(id) { walk.ended(id) }
        }
        #expect(walk.faults.isEmpty)
        #expect(walk.desk.totalInflight == 0)
        #expect(walk.fates.count == Int(walk.nextID))
        #expect(walk.fates.values.allSatisfy { $0 == 1 })
        #expect(walk.nextID > 300)
    }
}
