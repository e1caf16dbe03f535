// SPDX-License-Identifier: MIT

/// System calls by name, from what `perf stat` or `strace -c` print when they end.
public struct SyscallCounts: Equatable, Sendable {
    public var byName: [String: Int] = [:]
    /// All of them, those without a name here, too.
    public var total = 0
    /// How long was counted, where the tool says so.
    public var seconds: Double?

    public init() {}

    /// `perf stat -x ,`: lines such as `1234,,syscalls:sys_enter_read,…`; `<not counted>` is no number and left out.
    public init(perf text: String) {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count > 2, let count = Int(fields[0]), count > 0 else { continue }
            let event = fields[2]
            if event == "duration_time" {
                seconds = Double(count) / 1e9
            } else if event == "raw_syscalls:sys_enter" {
                total += count
            } else if event.hasPrefix(SyscallCounts.perfPrefix) {
                byName[String(event.dropFirst(SyscallCounts.perfPrefix.count)), default: 0] += count
            }
        }
    }

    public static let perfPrefix = "syscalls:sys_enter_"

    /// `strace -c`: a table whose fourth column is the number of calls and whose last is the name.
    public init(strace text: String) {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 5, Double(fields[0]) != nil, let calls = Int(fields[3]), let name = fields.last,
                name != "total"
            else { continue }
            byName[String(name), default: 0] += calls
            total += calls
        }
    }

    /// What another length of time would have seen of the same load.
    public func scaled(by factor: Double) -> SyscallCounts {
        var scaled = self
        scaled.byName = byName.mapValues { Int((Double($0) * factor).rounded()) }
        scaled.total = Int((Double(total) * factor).rounded())
        scaled.seconds = seconds.map { $0 * factor }
        return scaled
    }

    /// Most frequent first.
    public var ranked: [(name: String, count: Int)] {
        byName.map { ($0.key, $0.value) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    }
}
