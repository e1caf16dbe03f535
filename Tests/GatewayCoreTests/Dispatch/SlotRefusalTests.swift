// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Refusals")
struct SlotRefusalTests {
    @Test("times to come back lie within a minute, vary, and grow with the queue")
    func jitter() {
        let desk = Desk(caps: [1], queueLimit: 200)
        _ = desk.ask()
        var short: [Int] = []
        var long: [Int] = []
        let past = Instant(nanoseconds: 0)
        for id in 0..<500 as Range<UInt64> {
            if let seconds = desk.ask(desk.request(id, arrivedAt: past)).refusal?.retryAfter { short.append(seconds) }
        }
        for _ in 0..<200 { _ = desk.ask() }
        for _ in 0..<500 { if let seconds = desk.ask().refusal?.retryAfter { long.append(seconds) } }
        #expect(short.count == 500 && long.count == 500)
        #expect((short + long).allSatisfy { (1...60).contains($0) })
        #expect(Set(short).count > 1)
        #expect(Set(long).count > 20, "refused clients must not come back together")
        #expect(long.reduce(0, +) > short.reduce(0, +))
    }

    @Test("another seed, other times")
    func seeds() {
        func times(_ seed: UInt64) -> [Int] {
            let desk = Desk([.init(cap: 0)], .init(queueLimit: 0), seed: seed)
            return (0..<20).compactMap { _ in desk.ask().refusal?.retryAfter }
        }
        #expect(times(1) == times(1))
        #expect(times(1) != times(2))
    }

    @Test(
        "every refusal becomes a 503 that names the model or the limit, and says when to come back",
        arguments: [
            (Dispatcher.Refusal.unreachable(runner: 2, retryAfter: 4), "runner 2", 4),
            (.queueFull(retryAfter: 9), "limits.queue", 9), (.timedOut(retryAfter: 11), "timeouts.queue", 11),
            (.noHolder, "'llama3'", 5), (.noCandidateLeft, "'llama3'", 5)
        ])
    func errors(refusal: Dispatcher.Refusal, part: String, retryAfter: Int) {
        let error = ExchangeFailure.refused(refusal).asError(model: "llama3") { "runner \($0)" }
        #expect(error.status == 503)
        #expect(error.sentence.contains(part))
        #expect(error.retryAfter == retryAfter)
    }
}
