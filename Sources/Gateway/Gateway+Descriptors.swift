// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// When the process may open no more files: clients wait outside, and no runner is blamed.
extension Gateway {
    /// Says whether any could be closed.
    @discardableResult
    func closeIdleRunnerConnections() -> Bool {
        runners.reduce(false) { $1.pool.closeIdle() || $0 }
    }

    /// Clients wait outside: those that have been silent longest make room, a sixteenth of them at a time, so that
    /// whoever hoards idle connections keeps nobody out.
    func makeRoom() {
        let now = loop.now
        let silent = clients.values.filter {
            $0.phase == .idle && now - $0.silentSince >= Gateway.shortestSilence
        }
        guard !silent.isEmpty else { return }
        let leaving = silent.sorted { $0.silentSince < $1.silentSince }.prefix(max(1, silent.count / 16))
        for client in leaving { client.close() }
    }

    /// Less, and it could be about to ask.
    private static let shortestSilence = Interval.seconds(5)

    func probeNotPossible(_ runner: Int) {
        shortOfDescriptors()
        firstAttemptEnded(runner)
    }

    /// Says it once a minute: under a flood this happens for every connection.
    func shortOfDescriptors() {
        if let last = shortageLogged, loop.now - last < .seconds(60) { return }
        shortageLogged = loop.now
        log.warning(
            "short of file descriptors (\(Descriptors.limit) are allowed): new clients wait until one is free; "
                + "raise the limit with ulimit -n")
    }

    /// For the log, at the start: the limit of connections is far from what is possible.
    public func warnOfFewDescriptors() {
        let connections = configuration.limits.connections
        guard loop.descriptors.clientLimit < connections - connections / 10 else { return }
        log.warning(
            "limits.connections is \(connections), but with \(Descriptors.limit) file descriptors about "
                + "\(loop.descriptors.clientLimit) clients are served at once and others wait: raise the limit with "
                + "ulimit -n")
    }
}
