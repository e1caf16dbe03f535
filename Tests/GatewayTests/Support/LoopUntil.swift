// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

extension Loop {
    /// Long enough for a machine that is busy with other things, and for sanitized code.
    static let patience = 60.0

    /// Turns until the condition holds. A test that would wait forever fails with a message instead: no test sleeps.
    func run(
        until condition: () -> Bool, within seconds: Double = Loop.patience, _ what: String = "what the test waits for",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        turn(wait: false)
        let failsafe = Failsafe(loop: self)
        failsafe.setDeadline(now + .seconds(seconds))
        while !condition() {
            if failsafe.isOver {
                Issue.record("\(what) did not happen within \(seconds) s", sourceLocation: sourceLocation)
                return
            }
            turn(wait: true)
        }
        failsafe.setDeadline(.distantFuture)
    }

    /// Turns until this much time has passed: to see that something does not happen.
    func run(for interval: Interval) {
        turn(wait: false)
        let end = Failsafe(loop: self)
        end.setDeadline(now + interval)
        while !end.isOver { turn(wait: true) }
    }
}

/// Keeps a loop from waiting forever.
private final class Failsafe: Timed {
    var isOver = false

    override func deadlineReached(at now: Instant) {
        isOver = true
    }
}
