// SPDX-License-Identifier: MIT

/// What a process has used so far, from the texts of `/proc` (proc(5)). Differences of two are what a run cost.
public struct ProcessUsage: Equatable, Sendable {
    /// Nanoseconds on a CPU, of all threads (`schedstat`); it lags by at most a tick while a thread runs.
    public var cpu: Int64 = 0
    /// Nanoseconds, in steps of the kernel's tick (10 ms): good for a share, not for a short run's sum.
    public var user: Int64 = 0
    public var system: Int64 = 0
    /// Bytes in memory now, and at most so far.
    public var resident = 0
    public var peak = 0
    /// It waited for something; it was made to wait.
    public var voluntarySwitches = 0
    public var involuntarySwitches = 0

    public init() {}

    /// Peaks of several processes need not have come at once, so their sum is an upper bound.
    public static func + (left: ProcessUsage, right: ProcessUsage) -> ProcessUsage {
        var sum = left
        sum.cpu += right.cpu
        sum.user += right.user
        sum.system += right.system
        sum.resident += right.resident
        sum.peak += right.peak
        sum.voluntarySwitches += right.voluntarySwitches
        sum.involuntarySwitches += right.involuntarySwitches
        return sum
    }

    /// What was used since `earlier`. Memory is no sum over time: it stays as it is now.
    public func since(_ earlier: ProcessUsage) -> ProcessUsage {
        var difference = self
        difference.cpu -= earlier.cpu
        difference.user -= earlier.user
        difference.system -= earlier.system
        difference.voluntarySwitches -= earlier.voluntarySwitches
        difference.involuntarySwitches -= earlier.involuntarySwitches
        return difference
    }

    // MARK: Reading /proc

    /// `/proc/PID/stat`: user and system time, and the parent. The command in parentheses may itself hold spaces and
    /// parentheses, so fields are counted from the last one.
    public mutating func readStat(_ text: String, ticksPerSecond: Int) -> Int? {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let parent = Int(fields[1]), let user = Int64(fields[11]),
            let system = Int64(fields[12]), ticksPerSecond > 0
        else { return nil }
        let tick = 1_000_000_000 / Int64(ticksPerSecond)
        self.user = user * tick
        self.system = system * tick
        return parent
    }

    /// `/proc/PID/task/TID/schedstat`, whose first number is nanoseconds on a CPU. Adds to what other threads have.
    public mutating func addThreadTime(_ schedstat: String) -> Bool {
        guard let first = schedstat.split(separator: " ").first, let nanoseconds = Int64(first) else { return false }
        cpu += nanoseconds
        return true
    }

    /// `/proc/PID/status`: memory.
    public mutating func readMemory(_ status: String) {
        resident = ProcessUsage.number("VmRSS", in: status) * 1024
        peak = ProcessUsage.number("VmHWM", in: status) * 1024
    }

    /// `/proc/PID/task/TID/status`: one thread's context switches. Adds to what other threads have.
    public mutating func addSwitches(_ status: String) {
        voluntarySwitches += ProcessUsage.number("voluntary_ctxt_switches", in: status)
        involuntarySwitches += ProcessUsage.number("nonvoluntary_ctxt_switches", in: status)
    }

    /// 0 where the line is missing.
    private static func number(_ name: String, in status: String) -> Int {
        for line in status.split(separator: "\n") where line.hasPrefix(name + ":") {
            let digits = line.drop { !$0.isNumber }.prefix { $0.isNumber }
            return Int(digits) ?? 0
        }
        return 0
    }
}
