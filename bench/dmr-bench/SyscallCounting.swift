// SPDX-License-Identifier: MIT

import BenchFigures
import GatewayCore
import Glibc
import Transport

struct SyscallFailure: Error {
    var reason: String
}

/// Counts the target's system calls for a while: with `perf` where the kernel offers its trace points (some 100 ns a
/// call), else with `strace`, which stops the target twice a call: then times of the same run mean nothing.
///
/// Neither tool says when it is attached, and the loop must not wait for it. So the steady rate is taken: what was
/// counted, by how long it was counted.
final class SyscallCounting {
    private let processes: [Int32]
    private let output: String
    private let isPerf: Bool
    private var child: ChildProcess?
    private var startedAt: Int64 = 0

    /// The calls of servers on epoll; what is none of them is in the total only.
    private static let named = [
        "accept4", "close", "connect", "epoll_ctl", "epoll_pwait", "epoll_wait", "futex", "getsockopt", "ioctl",
        "madvise", "mmap", "munmap", "read", "readv", "recvfrom", "recvmsg", "sendmsg", "sendto", "setsockopt",
        "shutdown", "socket", "timerfd_settime", "write", "writev"
    ]

    /// Tries what is there; takes some milliseconds.
    init(_ processes: [Int32], output: String) throws(SyscallFailure) {
        self.processes = processes
        self.output = output
        isPerf = SyscallCounting.perfWorks(output: output)
        guard isPerf || SyscallCounting.runs(["strace", "-V"], output: output) else {
            throw SyscallFailure(reason: "neither perf with trace points nor strace works here")
        }
    }

    func start() throws(SyscallFailure) {
        let list = processes.map(String.init).joined(separator: ",")
        let events = SyscallCounting.named.map { "syscalls:sys_enter_" + $0 }.joined(separator: ",")
        startedAt = Loop.preciseNow.nanoseconds
        do throws(ChildProcess.Failure) {
            child =
                isPerf
                ? try ChildProcess(
                    ["perf", "stat", "-x", ",", "-e", "duration_time,raw_syscalls:sys_enter," + events, "-p", list],
                    output: output)
                : try ChildProcess(["strace", "-c", "-f"] + processes.flatMap { ["-p", "\($0)"] }, output: output)
        } catch {
            throw SyscallFailure(reason: error.reason)
        }
    }

    /// What a window of that many seconds had of them.
    func stop(windowSeconds: Double) -> Result<SyscallCounts, SyscallFailure> {
        guard let child, child.isRunning else {
            let words = SystemFolder.text(of: output)?.split(separator: "\n").first.map(String.init)
            let tool = isPerf ? "perf" : "strace"
            return .failure(SyscallFailure(reason: "\(tool) ended at once: \(words ?? "no reason given")"))
        }
        let seconds = Double(Loop.preciseNow.nanoseconds - startedAt) / 1e9
        child.stop(SIGINT, patience: 10)
        let text = SystemFolder.text(of: output) ?? ""
        let counts = isPerf ? SyscallCounts(perf: text) : SyscallCounts(strace: text)
        return .success(counts.scaled(by: windowSeconds / (counts.seconds ?? seconds)))
    }

    private static func perfWorks(output: String) -> Bool {
        guard runs(["perf", "stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "true"], output: output) else {
            return false
        }
        return SyscallCounts(perf: SystemFolder.text(of: output) ?? "").total > 0
    }

    private static func runs(_ arguments: [String], output: String) -> Bool {
        do throws(ChildProcess.Failure) {
            let trial = try ChildProcess(arguments, output: output)
            var rest = 5000
            while trial.isRunning, rest > 0 {
                usleep(1000)
                rest -= 1
            }
            return trial.hasSucceeded
        } catch {
            return false
        }
    }
}
