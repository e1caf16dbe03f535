// SPDX-License-Identifier: MIT

import GatewayCore

/// A wheel with ten thousand deadlines between now and a minute ahead.
private final class BusyWheel {
    private var wheel: DeadlineWheel
    private var now = Samples.now
    private var identifiers: [DeadlineWheel.Identifier] = []
    private var next = 0

    init() {
        wheel = DeadlineWheel(now: now)
        for place in 0..<10_000 {
            let identifier = wheel.add()
            _ = wheel.set(identifier, to: now + .milliseconds(Int64(place * 6 + 1)))
            identifiers.append(identifier)
        }
        // Some times around, until every slot has room for all that it ever holds.
        for _ in 0..<20_000 { _ = liveAndSweep() }
        for _ in 0..<200 { _ = sweepOneSecond() }
    }

    /// What each chunk of a stream does.
    func renew() -> Int {
        next = next + 1 < identifiers.count ? next + 1 : 0
        return wheel.set(identifiers[next], to: now + .seconds(120)) ? 2 : 1
    }

    /// A connection's life: a deadline, a nearer one, the end.
    func live() -> Int {
        let identifier = wheel.add()
        var filed = 1
        if wheel.set(identifier, to: now + .seconds(10)) { filed += 1 }
        if wheel.set(identifier, to: now + .seconds(5)) { filed += 1 }
        wheel.remove(identifier)
        return filed
    }

    /// A second goes by, in ticks. What expires gets a minute more.
    func sweepOneSecond() -> Int {
        var looks = 1
        for _ in 0..<125 {
            now = now + .milliseconds(8)
            while let identifier = wheel.takeExpired(at: now) {
                _ = wheel.set(identifier, to: now + .seconds(60))
                looks += 1
            }
            if wheel.nextWakeUp != nil { looks += 1 }
        }
        return looks
    }

    func liveAndSweep() -> Int {
        now = now + .milliseconds(8)
        let filed = live()
        while let identifier = wheel.takeExpired(at: now) { _ = wheel.set(identifier, to: now + .seconds(60)) }
        return filed
    }
}

extension Benchmark {
    /// The deadline wheel.
    static var deadlines: [Benchmark] {
        [
            Benchmark(name: "wheel-10000/renew", runs: 5000) {
                let wheel = BusyWheel()
                return { wheel.renew() }
            },
            Benchmark(name: "wheel-10000/set-nearer-remove", runs: 5000) {
                let wheel = BusyWheel()
                return { wheel.liveAndSweep() }
            },
            Benchmark(name: "wheel-10000/sweep-1s", runs: 60) {
                let wheel = BusyWheel()
                return { wheel.sweepOneSecond() }
            }
        ]
    }
}
