// SPDX-License-Identifier: MIT

import BenchFigures
import GatewayCore

/// One kind of load under which all targets are compared: how the runners answer, what is asked, what is looked at.
struct Scenario {
    /// Short, for `--only` and file names.
    var name: String
    var title: String
    /// Flags of `dmr-gateway runner`; both runners get the same.
    var runnerFlags: [String]
    var plan: LoadPlan
    var figures: [Figure]
    /// Also in `--quick`.
    var isQuick = true
    var transport = Transport.plainText

    /// How clients are connected. Runners are spoken to in plain text, always.
    enum Transport: Equatable {
        case plainText
        case tls(resumes: Bool)
    }

    /// There is no direct way over TLS: what it would show is the generator's own encryption.
    func has(_ target: Target) -> Bool {
        switch transport {
        case .plainText: true
        case .tls: target != .direct
        }
    }

    /// Seconds measured per round.
    static func all(seconds: Double) -> [Scenario] {
        [small(1, seconds), small(64, seconds)]
            + [
                streams(200, everyMilliseconds: 10, seconds), streams(1000, everyMilliseconds: 50, seconds),
                flatOut(32, seconds), idle(1000, seconds), stuckReader(seconds), largePrompt(seconds),
                handshakes(resumed: false, seconds), handshakes(resumed: true, seconds),
                streams(200, everyMilliseconds: 10, seconds).overTLS(isQuick: true),
                flatOut(32, seconds).overTLS(isQuick: false)
            ]
    }

    private static let atOnce = ["--tokens-per-second", "0", "--first-token", "0"]

    private static func plan(_ connections: Int, _ seconds: Double, warmUp: Double) -> LoadPlan {
        var plan = LoadPlan()
        plan.connections = connections
        plan.duration = .seconds(seconds)
        plan.warmUp = .seconds(warmUp)
        return plan
    }

    private static func small(_ connections: Int, _ seconds: Double) -> Scenario {
        Scenario(
            name: "small-\(connections)",
            title: "small POST /api/chat in one piece, \(connections) connection\(connections == 1 ? "" : "s")",
            runnerFlags: atOnce, plan: plan(connections, seconds, warmUp: 0.1),
            figures: [.cpuPerRequest, .syscallsPerRequest, .requestsPerSecond, .latency50, .latency99, .resident])
    }

    private static func streams(_ count: Int, everyMilliseconds pause: Int, _ seconds: Double) -> Scenario {
        var plan = plan(count, seconds, warmUp: 0.2)
        plan.request.streams = true
        plan.request.tokens = 1_000_000
        return Scenario(
            name: "streams-\(count)", title: "\(count) streams, a token each every \(pause) ms",
            runnerFlags: ["--tokens-per-second", "\(1000 / pause)", "--first-token", "\(pause)"], plan: plan,
            figures: [
                .cpuPerToken, .syscallsPerToken, .residentPerConnection, .lateness50, .lateness99, .tokensPerSecond
            ], isQuick: count <= 200)
    }

    /// Many tokens in each of the runner's writes: one a write, and the runner would be what is measured.
    private static func flatOut(_ count: Int, _ seconds: Double) -> Scenario {
        var plan = plan(count, seconds, warmUp: 0.1)
        plan.request.streams = true
        plan.request.tokens = 1_000_000
        return Scenario(
            name: "flat-\(count)", title: "\(count) streams as fast as they go",
            runnerFlags: atOnce + ["--tokens-per-write", "64"], plan: plan,
            figures: [.cpuPerToken, .syscallsPerToken, .tokensPerSecond, .residentPerConnection])
    }

    /// The same, by clients that make their connections once.
    private func overTLS(isQuick: Bool) -> Scenario {
        var scenario = self
        scenario.name += "-tls"
        scenario.title += ", over TLS"
        scenario.transport = .tls(resumes: false)
        scenario.isQuick = isQuick
        return scenario
    }

    /// A connection for each request: what a handshake costs, with accepting, answering and closing.
    private static func handshakes(resumed: Bool, _ seconds: Double) -> Scenario {
        var plan = plan(32, seconds, warmUp: 0.1)
        plan.isFresh = true
        return Scenario(
            name: resumed ? "resumed" : "handshakes",
            title:
                "a TLS 1.3 connection for each small request, \(resumed ? "sessions resumed" : "full handshakes"), 32 at a time",
            runnerFlags: atOnce, plan: plan,
            figures: [.cpuPerRequest, .syscallsPerRequest, .handshakesPerSecond, .latency50, .latency99, .resident],
            isQuick: !resumed, transport: .tls(resumes: resumed))
    }

    private static func idle(_ count: Int, _ seconds: Double) -> Scenario {
        var plan = plan(count, seconds, warmUp: 0.2)
        plan.pace = .idle
        return Scenario(
            name: "idle-\(count)", title: "\(count) connections that asked once and do nothing",
            runnerFlags: atOnce, plan: plan, figures: [.residentPerConnection, .idleCPU, .resident])
    }

    private static func stuckReader(_ seconds: Double) -> Scenario {
        var plan = plan(51, seconds, warmUp: 0.2)
        plan.request.streams = true
        plan.request.tokens = 1_000_000
        plan.stuck = 1
        plan.stuckRequest = plan.request
        plan.stuckRequest.model = "fast"
        return Scenario(
            name: "stuck", title: "50 streams every 10 ms, beside one client that stops reading a fast stream",
            runnerFlags: [
                "--model", "demo", "--model", "fast", "--model-rate", "fast=0", "--tokens-per-second", "100",
                "--first-token", "10", "--tokens-per-write", "64"
            ],
            plan: plan, figures: [.growth, .peak, .lateness50, .lateness99, .cpuPerToken], isQuick: false)
    }

    private static func largePrompt(_ seconds: Double) -> Scenario {
        var plan = plan(2, seconds, warmUp: 0.1)
        plan.request.promptBytes = 10_000_000
        return Scenario(
            name: "prompt-10m", title: "a prompt of 10 MB, 2 connections", runnerFlags: atOnce, plan: plan,
            figures: [.cpuPerRequest, .latency50, .requestsPerSecond, .peak])
    }
}
