// SPDX-License-Identifier: MIT

import GatewayCore

/// A dispatcher with whoever it serves, at a time that stands still.
private final class Counter {
    private var dispatcher: Dispatcher
    private var request: SlotRequest
    private var held: Lease?
    private var nextID: UInt64 = 0

    init(runners: Int, cap: Int? = nil) {
        dispatcher = Dispatcher(runners: (0..<runners).map { _ in .init(cap: cap) }, settings: .init(queueLimit: 300))
        request = SlotRequest(
            id: ExchangeID(0), claimant: .nobody, model: "llama3:8b", holders: RunnerSet(0..<runners),
            loaded: RunnerSet([runners / 2]),
            arrivedAt: Samples.now)
    }

    deinit {
        if let lease = held.take() { dispatcher.release(lease, .withdrawn, now: Samples.now) }
    }

    /// One exchange that comes and ends at once.
    func serve() -> Int {
        take()
        return giveBack()
    }

    /// Whether it got a slot; it is kept.
    @discardableResult
    private func take() -> Bool {
        switch dispatcher.acquire(request, now: Samples.now) {
        case .granted(let lease):
            held = consume lease
            return true
        case .queued: return false
        case .refused: return false
        }
    }

    private func giveBack() -> Int {
        guard let lease = held.take() else { return 0 }
        let runner = lease.runner
        dispatcher.release(lease, .answered, now: Samples.now)
        return runner + 1
    }

    /// Until that many wait; the only slot is taken.
    func fillQueue(_ count: Int) {
        take()
        for _ in 0..<count { enqueue() }
        precondition(dispatcher.waiting == count)
    }

    private func enqueue() {
        nextID += 1
        request.id = ExchangeID(nextID)
        take()
    }

    /// The one in the queue's middle goes, and a new one comes.
    func replaceOneInTheMiddle(of count: Int) -> Int {
        guard dispatcher.cancel(ExchangeID(nextID - UInt64(count / 2))) else { return 0 }
        enqueue()
        return dispatcher.waiting
    }

    /// The youngest gives up, and a new one comes.
    func replaceTheYoungest() -> Int {
        guard dispatcher.cancel(ExchangeID(nextID)) else { return 0 }
        enqueue()
        return dispatcher.waiting
    }

    /// The slot becomes free, the oldest gets it, and a new one comes.
    func grantNext() -> Int {
        guard giveBack() > 0, let grant = dispatcher.takeGrant(now: Samples.now) else { return 0 }
        held = grant.take()
        enqueue()
        return dispatcher.waiting
    }
}

extension Benchmark {
    /// Who gets a request, and the queue.
    static var dispatch: [Benchmark] {
        [4, 64, 1000].map { runners in
            Benchmark(name: "dispatch/\(runners)-runners", runs: 20000 / runners) {
                let counter = Counter(runners: runners)
                return { counter.serve() }
            }
        } + [
            queue("queue-256/enqueue-cancel") { $0.replaceTheYoungest() },
            queue("queue-256/grant-enqueue") { $0.grantNext() },
            Benchmark(name: "queue-256/cancel-in-the-middle", runs: 256) {
                let counter = Counter(runners: 1, cap: 1)
                counter.fillQueue(256)
                return { counter.replaceOneInTheMiddle(of: 128) }
            }
        ]
    }

    private static func queue(_ name: String, _ operation: @escaping (Counter) -> Int) -> Benchmark {
        Benchmark(name: name, runs: 500) {
            let counter = Counter(runners: 1, cap: 1)
            counter.fillQueue(256)
            return { operation(counter) }
        }
    }
}
