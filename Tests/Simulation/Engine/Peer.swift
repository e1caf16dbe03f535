// SPDX-License-Identifier: MIT

import GatewayCore

/// A simulated runner and the gateway's watch over it.
struct Peer {
    var condition = Step.Condition.up
    var models: [String]
    var prefix: String
    /// Kept-alive connections in its pool.
    var idleConnections = 0
    // The watch, as `RunnerWatch` has it; nil schedule: a disabled runner is not watched.
    var schedule: ProbeSchedule?
    var asking: RunnerList?
    let timer: Int
    /// Not configured any more; its connections go on.
    var isRetired = false

    init(_ runner: Setup.Runner, timer: Int, now: Instant) {
        models = runner.models
        prefix = runner.prefix
        self.timer = timer
        if runner.isEnabled { schedule = ProbeSchedule(intervals: .init(), now: now) }
    }

    /// How long a probe takes.
    var answerTime: Interval {
        switch condition {
        case .up, .failing, .looping: .milliseconds(20)
        case .down: .milliseconds(1)
        case .silent: Setup.probe
        }
    }

    func answer(to list: RunnerList) -> [UInt8] {
        switch list {
        case .tags: Peer.tags(models)
        case .ps: Peer.nothingLoaded
        case .version: Peer.version
        }
    }

    private static let nothingLoaded = Array(#"{"models":[]}"#.utf8)
    private static let version = Array(#"{"version":"0.12.6"}"#.utf8)

    private static func tags(_ models: [String]) -> [UInt8] {
        Array(#"{"models":[\#(models.map { #"{"name":"\#($0)","model":"\#($0)"}"# }.joined(separator: ","))]}"#.utf8)
    }
}
