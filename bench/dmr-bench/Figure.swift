// SPDX-License-Identifier: MIT

import BenchFigures

/// One thing that is compared.
struct Figure: Sendable {
    var name: String
    var unit: String
    var direction = PeerRatio.Direction.lessIsBetter
    /// From the counting round, whose times are not looked at.
    var isCounted = false
    /// Nil: not measured in this run, or not of this target.
    var value: @Sendable (LoadFigures, LoadPlan) -> Double?

    static let cpuPerRequest = Figure(name: "CPU per request", unit: "µs") { figures, _ in
        guard let usage = figures.usage, figures.requests > 0 else { return nil }
        return Double(usage.cpu) / 1000 / Double(figures.requests)
    }
    static let cpuPerToken = Figure(name: "CPU per token", unit: "µs") { figures, _ in
        guard let usage = figures.usage, figures.tokens > 0 else { return nil }
        return Double(usage.cpu) / 1000 / Double(figures.tokens)
    }
    static let idleCPU = Figure(name: "CPU per second", unit: "ms") { figures, _ in
        figures.usage.map { Double($0.cpu) / 1e6 / figures.seconds }
    }
    static let syscallsPerRequest = Figure(name: "syscalls per request", unit: "", isCounted: true) { figures, _ in
        guard case .success(let counts) = figures.syscalls, figures.requests > 0 else { return nil }
        return Double(counts.total) / Double(figures.requests)
    }
    static let syscallsPerToken = Figure(name: "syscalls per token", unit: "", isCounted: true) { figures, _ in
        guard case .success(let counts) = figures.syscalls, figures.tokens > 0 else { return nil }
        return Double(counts.total) / Double(figures.tokens)
    }
    static let requestsPerSecond = Figure(name: "requests", unit: "1/s", direction: .moreIsBetter) { figures, _ in
        Double(figures.requests) / figures.seconds
    }
    static let handshakesPerSecond = Figure(name: "handshakes", unit: "1/s", direction: .moreIsBetter) { figures, _ in
        Double(figures.handshakes) / figures.seconds
    }
    static let tokensPerSecond = Figure(name: "tokens", unit: "1/s", direction: .moreIsBetter) { figures, _ in
        Double(figures.tokens) / figures.seconds
    }
    static let latency50 = percentile("latency p50", { $0.latency }, 50)
    static let latency99 = percentile("latency p99", { $0.latency }, 99)
    static let lateness50 = percentile("lateness p50", { $0.lateness }, 50)
    static let lateness99 = percentile("lateness p99", { $0.lateness }, 99)
    static let resident = Figure(name: "RSS", unit: "MB") { figures, _ in
        figures.usage.map { Double($0.resident) / 1_048_576 }
    }
    static let peak = Figure(name: "RSS at most", unit: "MB") { figures, _ in
        figures.usage.map { Double($0.peak) / 1_048_576 }
    }
    static let growth = Figure(name: "RSS grown by", unit: "MB") { figures, _ in
        figures.usage.map { Double($0.peak - figures.residentBefore) / 1_048_576 }
    }
    static let residentPerConnection = Figure(name: "RSS per connection", unit: "KB") { figures, plan in
        figures.usage.map { Double($0.resident - figures.residentBefore) / 1024 / Double(plan.connections) }
    }

    private static func percentile(
        _ name: String, _ histogram: @escaping @Sendable (LoadFigures) -> Histogram, _ percent: Double
    ) -> Figure {
        Figure(name: name, unit: "ms") { figures, _ in
            let histogram = histogram(figures)
            return histogram.count > 0 ? Double(histogram.percentile(percent)) / 1e6 : nil
        }
    }
}
