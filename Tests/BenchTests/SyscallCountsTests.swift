// SPDX-License-Identifier: MIT

import BenchFigures
import Testing

@Suite struct SyscallCountsTests {
    @Test func perf() {
        let counts = SyscallCounts(
            perf: """
                500000000,ns,duration_time,500000000,100.00,,
                1000,,raw_syscalls:sys_enter,1,100.00,,
                600,,syscalls:sys_enter_read,1,100.00,,
                <not counted>,,syscalls:sys_enter_write,0,0.00,,
                <not supported>,,instructions,0,0.00,,
                390,,syscalls:sys_enter_epoll_wait,1,100.00,,
                """)
        #expect(counts.total == 1000)
        #expect(counts.seconds == 0.5)
        #expect(counts.ranked.map(\.name) == ["read", "epoll_wait"])
        let whole = counts.scaled(by: 4)
        #expect(whole.total == 4000)
        #expect(whole.byName["read"] == 2400)
    }

    @Test func strace() {
        let counts = SyscallCounts(
            strace: """
                strace: Process 4711 attached
                % time     seconds  usecs/call     calls    errors syscall
                ------ ----------- ----------- --------- --------- ----------------
                 61.20    0.001234           1      1200           write
                 38.80    0.000800           1      1100        12 read
                ------ ----------- ----------- --------- --------- ----------------
                100.00    0.002034           1      2300        12 total
                """)
        #expect(counts.total == 2300)
        #expect(counts.byName == ["write": 1200, "read": 1100])
        #expect(counts.seconds == nil)
    }

    @Test func nothing() {
        #expect(SyscallCounts(perf: "").total == 0)
        #expect(SyscallCounts(strace: "strace: attach: ptrace(PTRACE_SEIZE, 1): Operation not permitted").total == 0)
    }
}
