// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import Testing
import Transport

extension Loop {
    /// Seconds: long enough for a machine that is busy with other things, and longer where a sanitizer looks on.
    static let patience = getenv("ASAN_OPTIONS") == nil && getenv("TSAN_OPTIONS") == nil ? 60.0 : 300

    /// Turns until the condition holds. A test that would wait forever fails with a message instead: no test sleeps.
    func run(
        until condition: () -> Bool, within seconds: Double = Loop.patience, _ what: String = "what the test waits for",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        LoopsOfTests.note(self)
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

/// Where the loops of tests are, or were. Most tests end with streams that are still closing, or that are open; for
/// LeakSanitizer (scripts/test-sanitized) those are in use as long as something leads to their loop. What it finds then
/// is what a test's objects keep of each other although they are closed.
private enum LoopsOfTests {
    nonisolated(unsafe) private static var places: Set<UInt> = []
    /// Not Swift's `Mutex`, which ThreadSanitizer doesn't see.
    nonisolated(unsafe) private static let lock = {
        let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        return lock
    }()

    static func note(_ loop: Loop) {
        pthread_mutex_lock(lock)
        places.insert(UInt(bitPattern: Unmanaged.passUnretained(loop).toOpaque()))
        pthread_mutex_unlock(lock)
    }
}
