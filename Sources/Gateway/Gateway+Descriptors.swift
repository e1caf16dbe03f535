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
