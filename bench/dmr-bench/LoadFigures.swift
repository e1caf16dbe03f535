// SPDX-License-Identifier: MIT

import BenchFigures
import GatewayCore
import Transport

/// What a run measured. Its memory doesn't depend on how much was recorded.
struct LoadFigures {
    enum Failure: Int, CaseIterable {
        /// No connection.
        case connect
        /// A connection, but no TLS.
        case handshake
        case reset
        /// An answer other than 200.
        case status
        /// The connection or the stream ended before the answer did.
        case cut
        /// No HTTP, or no line of a stream.
        case malformed
        /// Silence, or not answered when the run was over.
        case timeout

        var name: String {
            switch self {
            case .connect: "connect"
            case .handshake: "handshake"
            case .reset: "reset"
            case .status: "status"
            case .cut: "cut"
            case .malformed: "malformed"
            case .timeout: "timeout"
            }
        }
    }

    /// Whole answers.
    var requests = 0
    var tokens = 0
    var bodyBytes = 0
    /// Over TLS: connections made, and how many of them went on with a session.
    var handshakes = 0
    var resumed = 0
    var seconds = 0.0
    /// All in nanoseconds. From the request's (intended) start to the answer's last byte.
    var latency = Histogram()
    /// From the request's (intended) start to the first token, or the first byte of a body in one piece.
    var firstToken = Histogram()
    /// Between one token and the next of a stream.
    var gap = Histogram()
    /// From the runner's own time stamp to here.
    var lateness = Histogram()
    /// An open loop's requests left that much after their time: the generator's share of the latency.
    var startDelay = Histogram()
    var failures = [Int](repeating: 0, count: Failure.allCases.count)
    /// The last handshake's that failed.
    var handshakeFailure: TLSFailure?
    /// The target's.
    var usage: ProcessUsage?
    var residentBefore = 0
    /// Nil: not asked for; an error says why there are none.
    var syscalls: Result<SyscallCounts, SyscallFailure>?
    /// The generator's own share of a CPU.
    var generatorCPU = 0.0

    mutating func note(_ failure: Failure) {
        failures[failure.rawValue] += 1
    }

    var failureCount: Int { failures.reduce(0, +) }
}

// MARK: - As text

extension LoadFigures {
    var text: String {
        var lines = [
            "requests    \(requests) in \(seconds.fixed(2)) s: \((Double(requests) / seconds).short) a second",
            "failures    " + (failureCount == 0 ? "none" : failureList.joined(separator: ", "))
        ]
        if tokens > 0 {
            lines.append("tokens      \(tokens): \((Double(tokens) / seconds).short) a second")
        }
        if handshakes > 0 {
            lines.append(
                "handshakes  \(handshakes), of them resumed \(resumed): \((Double(handshakes) / seconds).short) a second"
            )
        }
        var table = TextTable(["milliseconds", "p50", "p90", "p99", "p99.9", "max"])
        for (name, histogram) in histograms where histogram.count > 0 {
            table.add(
                [name]
                    + [50, 90, 99, 99.9].map { (Double(histogram.percentile($0)) / 1e6).fixed(3) }
                    + [(Double(histogram.maximum) / 1e6).fixed(3)])
        }
        lines.append(table.text)
        lines.append("generator   \((generatorCPU * 100).fixed(0)) % of a CPU")
        if let usage { lines += describe(usage) }
        switch syscalls {
        case .success(let counts):
            let list = counts.ranked.prefix(8).map { "\($0.name) \($0.count)" }.joined(separator: ", ")
            lines.append("syscalls    \(counts.total)\(perUnit(Double(counts.total), "")): \(list)")
        case .failure(let failure): lines.append("syscalls    not counted: \(failure.reason)")
        case nil: break
        }
        return lines.joined(separator: "\n")
    }

    var failureList: [String] {
        Failure.allCases.filter { failures[$0.rawValue] > 0 }.map { failure in
            let reason = failure == .handshake ? handshakeFailure.map { " (\($0.reason))" } ?? "" : ""
            return "\(failure.name) \(failures[failure.rawValue])\(reason)"
        }
    }

    var histograms: [(name: String, Histogram)] {
        [
            ("latency", latency), ("first token", firstToken), ("token gap", gap), ("lateness", lateness),
            ("late start", startDelay)
        ]
    }

    private func describe(_ usage: ProcessUsage) -> [String] {
        let cpu = Double(usage.cpu)
        let parts = max(1, Double(usage.user + usage.system))
        let megabyte = 1024.0 * 1024
        return [
            "target CPU  \((cpu / 1e9).fixed(3)) s, \((cpu / 1e7 / seconds).fixed(1)) % of a CPU, of it user "
                + "\((Double(usage.user) / parts * 100).fixed(0)) %\(perUnit(cpu / 1000, " µs"))",
            "memory      \((Double(usage.resident) / megabyte).fixed(1)) MB, before the run "
                + "\((Double(residentBefore) / megabyte).fixed(1)) MB, at most "
                + "\((Double(usage.peak) / megabyte).fixed(1)) MB",
            "switches    \(usage.voluntarySwitches) of its own, \(usage.involuntarySwitches) not"
        ]
    }

    /// `, 1.2 a token`, `, 12 a request`, or nothing.
    private func perUnit(_ amount: Double, _ unit: String) -> String {
        if tokens > 0 { return ", \((amount / Double(tokens)).short)\(unit) a token" }
        if requests > 0 { return ", \((amount / Double(requests)).short)\(unit) a request" }
        return ""
    }
}

// MARK: - As JSON

extension LoadFigures {
    var json: JSON {
        var members: [JSON.Member] = [
            .init("requests", .integer(requests)), .init("tokens", .integer(tokens)),
            .init("body_bytes", .integer(bodyBytes)), .init("seconds", .number("\(seconds)")),
            .init("handshakes", .integer(handshakes)), .init("resumed", .integer(resumed)),
            .init("generator_cpu", .number("\(generatorCPU)")),
            .init(
                "failures",
                .object(Failure.allCases.map { .init($0.name, .integer(failures[$0.rawValue])) }))
        ]
        for (name, histogram) in histograms where histogram.count > 0 {
            let key = name.split(separator: " ").joined(separator: "_") + "_ns"
            members.append(.init(key, LoadFigures.json(histogram)))
        }
        if let usage {
            members.append(
                .init(
                    "target",
                    .object([
                        .init("cpu_ns", .integer(usage.cpu)), .init("user_ns", .integer(usage.user)),
                        .init("system_ns", .integer(usage.system)), .init("resident_bytes", .integer(usage.resident)),
                        .init("resident_before_bytes", .integer(residentBefore)),
                        .init("peak_bytes", .integer(usage.peak)),
                        .init("voluntary_switches", .integer(usage.voluntarySwitches)),
                        .init("involuntary_switches", .integer(usage.involuntarySwitches))
                    ])))
        }
        switch syscalls {
        case .success(let counts):
            members.append(.init("syscalls", .object(counts.ranked.map { .init($0.name, .integer($0.count)) })))
        case .failure(let failure): members.append(.init("syscalls_missing", .string(failure.reason)))
        case nil: break
        }
        return .object(members)
    }

    private static func json(_ histogram: Histogram) -> JSON {
        let percentiles: [(String, Double)] = [("p50", 50), ("p90", 90), ("p99", 99), ("p999", 99.9)]
        return .object(
            [.init("count", .integer(histogram.count)), .init("mean", .integer(Int64(histogram.mean)))]
                + percentiles.map { .init($0.0, .integer(histogram.percentile($0.1))) }
                + [.init("min", .integer(histogram.minimum)), .init("max", .integer(histogram.maximum))])
    }
}
