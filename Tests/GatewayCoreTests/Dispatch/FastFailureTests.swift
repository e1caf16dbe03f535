// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Without a penalty, a runner that fails at once has the fewest in flight and would be sent everything.
@Suite("A runner that fails fast")
struct FastFailureTests {
    /// 1,000 requests come every `gap` seconds; runner 0 fails at once, runner 1 answers after `length` seconds.
    private func failingShare(_ outcome: AttemptOutcome, gap: Double, length: Double) -> Double {
        let desk = Desk(caps: [nil, nil])
        var ends: [(id: UInt64, at: Instant)] = []
        var failed = 0
        for id in 0..<1000 as Range<UInt64> {
            desk.wait(gap)
            while let first = ends.first, first.at <= desk.now {
                desk.end(first.id)
                ends.removeFirst()
            }
            if desk.ask(id).runner == 0 {
                failed += 1
                desk.end(id, outcome)
            } else {
                ends.append((id, desk.now + .seconds(length)))
            }
        }
        return Double(failed) / 1000
    }

    @Test(
        "doesn't draw the traffic with its 500s, though all are one client's and it is never ejected",
        arguments: [(0.01, 1.0), (0.1, 2), (0.02, 0.5), (0.05, 10), (0.001, 0.1)])
    func serverErrors(gap: Double, length: Double) {
        #expect(failingShare(.answered500(client: 1), gap: gap, length: length) < 0.03)
    }

    @Test("sequential requests: it gets far less than its turn")
    func sequential() {
        #expect(failingShare(.answered500(client: 1), gap: 1, length: 0.5) < 0.1)
    }

    @Test("is ejected after three resets, and gets nothing more without a probe")
    func resets() {
        #expect(failingShare(.failed(.reset), gap: 0.1, length: 2) == 0.003)
    }

    /// Clients that ask again as soon as they have an answer, as benchmarks and batch jobs do.
    @Test("doesn't draw impatient clients either", arguments: [2, 8, 32])
    func closedLoop(clients: Int) {
        let desk = Desk(caps: [nil, nil])
        var ends: [(id: UInt64, at: Instant)] = []
        var failed = 0
        for id in 0..<1000 as Range<UInt64> {
            if ends.count == clients, let first = ends.min(by: { $0.at < $1.at }) {
                desk.now = max(desk.now, first.at)
                desk.end(first.id)
                ends.removeAll { $0.id == first.id }
            }
            desk.wait(0.001)
            if desk.ask(id).runner == 0 {
                failed += 1
                desk.end(id, .answered500(client: 1))
            } else {
                ends.append((id, desk.now + .seconds(1)))
            }
        }
        #expect(failed < 50)
    }

    @Test("one 500 is forgotten in seconds")
    func forgotten() {
        let desk = Desk(caps: [nil, nil])
        #expect(desk.serve(.answered500(client: 1)) == 0)
        for _ in 0..<10 { #expect(desk.serve(.answered) == 1) }
        desk.wait(4)
        #expect(desk.serve(.answered) == 0)
    }
}
