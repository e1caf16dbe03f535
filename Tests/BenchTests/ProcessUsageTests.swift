// SPDX-License-Identifier: MIT

import BenchFigures
import Testing

@Suite struct ProcessUsageTests {
    @Test func aCommandMayHoldSpacesAndParentheses() {
        var usage = ProcessUsage()
        let stat = "4711 (a) R 1 (b) S 42 4711 4711 0 -1 4194560 900 0 1 0 150 25 0 0 20 0 1 0 12345 1000 200"
        let parent = usage.readStat(stat, ticksPerSecond: 100)
        #expect(parent == 42)
        #expect(usage.user == 1_500_000_000)
        #expect(usage.system == 250_000_000)
    }

    @Test(arguments: ["", "4711 (x", "4711 (x) S 1", "4711 (x) S one 2 3 4 5 6 7 8 9 10 11 12 13"])
    func whatIsNoStatIsRefused(text: String) {
        var usage = ProcessUsage()
        let parent = usage.readStat(text, ticksPerSecond: 100)
        #expect(parent == nil)
    }

    @Test func threadsAddUp() {
        var usage = ProcessUsage()
        let areRead = ["1234567 890 12\n", "1000000 1 1\n", "\n"].map { usage.addThreadTime($0) }
        #expect(areRead == [true, true, false])
        #expect(usage.cpu == 2_234_567)
        usage.addSwitches("Name:\tx\nvoluntary_ctxt_switches:\t10\nnonvoluntary_ctxt_switches:\t3\n")
        usage.addSwitches("voluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t1\n")
        #expect(usage.voluntarySwitches == 15)
        #expect(usage.involuntarySwitches == 4)
    }

    @Test func memoryIsInBytes() {
        var usage = ProcessUsage()
        usage.readMemory("Name:\tVmRSS: 1 kB\nVmHWM:\t   12000 kB\nVmRSS:\t    8704 kB\nRssAnon:\t 1 kB\n")
        #expect(usage.peak == 12_000 * 1024)
        #expect(usage.resident == 8704 * 1024)
    }

    @Test func aRunCostsTheDifferenceAndMemoryStays() {
        var before = ProcessUsage()
        before.cpu = 100
        before.resident = 500
        var after = before
        after.cpu = 350
        after.resident = 400
        after.voluntarySwitches = 7
        let run = after.since(before)
        #expect(run.cpu == 250)
        #expect(run.resident == 400)
        #expect(run.voluntarySwitches == 7)
        #expect((run + run).cpu == 500)
    }
}
