// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Seeded walks in which the configuration changes again and again while leases are held and exchanges wait: runners
/// come, go, come back and change places.
@Suite struct ReconfigurationWalkTests {
    private struct Walk {
        let desk: Desk
        var random: SeededGenerator
        var numbering: RunnerNumbering
        var urls: [String]
        var entries: [RunnerSlots.Settings]
        /// Whose each lease is, by the runner's URL.
        var owners: [UInt64: String] = [:]
        var waiting: Set<UInt64> = []
        var nextID: UInt64 = 0
        var ended = 0
        var reused = 0
        var faults: [String] = []

        init(seed: UInt64) {
            urls = ["a", "b", "c"]
            entries = urls.map { _ in RunnerSlots.Settings(cap: 2) }
            numbering = RunnerNumbering(urls.map { [$0] })
            desk = Desk(entries, .init(queueLimit: 8), seed: seed)
            random = SeededGenerator(seed: seed)
        }

        func number(of index: Int) -> Int { numbering.places[index].number }
        func url(of number: Int) -> String? {
            numbering.places.first { $0.number == number }.map { urls[$0.index] }
        }
        var holders: [Int] { numbering.places.map(\.number) }

        mutating func step() {
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<6: ask()
            case 6..<9: end()
            case 9: desk.wait(1)
            default: reconfigure()
            }
            settle()
            check()
        }

        private mutating func ask() {
            nextID += 1
            let some = holders.filter { _ in Bool.random(using: &random) }
            switch desk.ask(desk.request(nextID, holders: some)) {
            case .granted(let runner): granted(nextID, runner)
            case .queued: waiting.insert(nextID)
            case .refused: ended += 1
            }
        }

        private mutating func granted(_ id: UInt64, _ runner: Int) {
            guard let url = url(of: runner), let place = numbering.places.first(where: { $0.number == runner }) else {
                return faults.append("a runner that is gone got a lease")
            }
            owners[id] = url
            let entry = entries[place.index]
            if !entry.isEnabled || entry.weight == 0 { faults.append("a runner that takes no work got a lease") }
            if let cap = entry.cap, desk.inflight(of: runner) > cap { faults.append("above its cap") }
        }

        private mutating func end() {
            guard let id = desk.holders.randomElement(using: &random) else { return }
            let all: [AttemptOutcome] = [.answered, .answered, .failed(.reset), .clientGone(inPrefill: true)]
            desk.end(id, all.randomElement(using: &random) ?? .answered)
            owners[id] = nil
            ended += 1
        }

        private mutating func reconfigure() {
            urls = ["a", "b", "c", "d", "e", "f"].shuffled(using: &random)
            urls.removeLast(Int.random(in: 1...6, using: &random))
            entries = urls.map { _ in
                RunnerSlots.Settings(
                    isEnabled: Int.random(in: 0..<6, using: &random) > 0, cap: Int.random(in: 1...3, using: &random),
                    weight: Int.random(in: 0...3, using: &random))
            }
            let known = desk.dispatcher.numberCount
            let change = numbering.reconfigure(urls.map { [$0] }) { desk.inflight(of: $0) > 0 }
            reused += change.new.count { $0 < known }
            desk.dispatcher.reconfigure(entries, places: numbering.places, settings: .init(queueLimit: 8))
            let holders = RunnerSet(holders)
            desk.dispatcher.listsChanged { _ in (holders, RunnerSet()) }
        }

        private mutating func settle() {
            for (id, _) in desk.refused() {
                if waiting.remove(id) == nil { faults.append("\(id) refused, but did not wait") }
                ended += 1
            }
            for given in desk.drain() {
                if waiting.remove(given.id) == nil { faults.append("\(given.id) granted, but did not wait") }
                granted(given.id, given.runner)
            }
        }

        private mutating func check() {
            for number in 0..<desk.dispatcher.numberCount where desk.inflight(of: number) != desk.heldLeases(of: number)
            {
                faults.append("in flight ≠ leases")
            }
            for (id, url) in owners {
                guard let number = desk.runner(of: id), let now = self.url(of: number) else { continue }
                if now != url { faults.append("\(url)'s number went to \(now) under a lease") }
            }
            if desk.waiting != waiting.count { faults.append("another number waits") }
            if Set(holders).count != urls.count { faults.append("a number twice") }
            let lost = desk.dispatcher.lostLeases
            if lost != 0 { faults.append("a lease was lost") }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func leasesStayWithTheirRunnersAndEveryExchangeEnds(seed: UInt64) {
        var walk = Walk(seed: seed)
        for _ in 0..<2000 where walk.faults.isEmpty { walk.step() }
        for id in walk.desk.holders { walk.desk.end(id) }
        #expect(walk.faults.isEmpty)
        #expect(walk.desk.totalInflight == 0)
        #expect(walk.ended + walk.owners.count + walk.waiting.count == Int(walk.nextID))
        #expect(walk.reused > 50, "numbers are used again")
        // Six runners, each at most once retired with leases: numbers don't grow with the changes.
        let numbers = walk.desk.dispatcher.numberCount
        #expect(numbers <= 18)
    }
}
