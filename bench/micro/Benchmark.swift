// SPDX-License-Identifier: MIT

import Glibc

/// One operation of the core: made ready once, then run many times.
struct Benchmark {
    let name: String
    /// How often it runs to be counted: so often that what surrounds it doesn't show.
    let runs: Int
    /// Makes what the operation needs and returns the operation. What that yields depends on its whole work, so that
    /// none of it can be left out, and is never 0: an operation that did not happen must not look fast.
    let prepare: () -> () -> Int

    /// Room by room, each in the order in which a request or a token meets it.
    static var all: [Benchmark] {
        request + response + token + body + dispatch + catalog + deadlines
    }
}

/// Runs operations. Callgrind is told to begin a new account at each call of `mark`.
final class Bench {
    private var marks = 0
    private var total = 0

    /// Two accounts: all before, and the operation's `runs`.
    func count(_ benchmark: Benchmark) {
        let operation = benchmark.prepare()
        // Buffers have grown to their size when the counting begins; where one run takes seconds, that doesn't show.
        if benchmark.runs > 1 { repeatedly(min(benchmark.runs, 64), operation, of: benchmark) }
        mark()
        repeatedly(benchmark.runs, operation, of: benchmark)
        mark()
    }

    /// Nanoseconds of one run: the median of several samples of at least 5 ms each.
    func time(_ benchmark: Benchmark) -> Double {
        let operation = benchmark.prepare()
        var runs = 1
        while true {
            let sample = sample(runs, operation, of: benchmark)
            if sample > 5_000_000 || runs >= 1 << 24 { break }
            runs *= sample < 500_000 ? 8 : 2
        }
        let samples = (0..<9).map { _ in Double(sample(runs, operation, of: benchmark)) / Double(runs) }
        return samples.sorted()[samples.count / 2]
    }

    private func sample(_ runs: Int, _ operation: () -> Int, of benchmark: Benchmark) -> Int64 {
        let start = Bench.processorTime
        repeatedly(runs, operation, of: benchmark)
        return Bench.processorTime - start
    }

    /// Nanoseconds that this process has computed; what others do meanwhile doesn't count.
    private static var processorTime: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func repeatedly(_ runs: Int, _ operation: () -> Int, of benchmark: Benchmark) {
        for _ in 0..<runs {
            let yielded = operation()
            precondition(yielded != 0, "\(benchmark.name) did nothing")
            total &+= yielded
        }
    }

    /// scripts/bench-micro names this function to callgrind.
    @inline(never)
    private func mark() {
        marks += 1
    }
}
