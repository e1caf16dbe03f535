// SPDX-License-Identifier: MIT

import Glibc
import Simulation

// dmr-simulate COUNT [--seed S] [--keep-going]: see scripts/simulate.

nonisolated(unsafe) var currentSeed: UInt64 = 0

/// A broken precondition of the core ends the process: say at least where.
for number in [SIGILL, SIGTRAP] {
    signal(number) { number in
        var digits = Array("\nthe core trapped in the schedule of seed \(currentSeed)\n".utf8)
        write(2, &digits, digits.count)
        signal(number, SIG_DFL)
        raise(number)
    }
}

var count = 1000
var seed = UInt64.random(in: 1...1_000_000_000)
var keepsGoing = false
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
    switch argument {
    case "--seed":
        guard let value = arguments.popFirst().flatMap({ UInt64($0) }) else { usage() }
        seed = value
    case "--keep-going": keepsGoing = true
    default:
        guard let value = Int(argument), value > 0 else { usage() }
        count = value
    }
}

func usage() -> Never {
    print("usage: dmr-simulate [COUNT] [--seed S] [--keep-going]")
    exit(64)
}

print("\(count) schedules from seed \(seed)")
fflush(nil)
var failures = 0
var tally = Tally()
for offset in 0..<UInt64(count) {
    currentSeed = seed &+ offset
    guard let failure = Simulation.run(seed: currentSeed, tally: &tally) else { continue }
    failures += 1
    print(failure.report)
    if !keepsGoing { break }
}
print(tally)
print(failures == 0 ? "no rule broke" : "\(failures) schedules broke a rule")
exit(failures == 0 ? 0 : 1)
