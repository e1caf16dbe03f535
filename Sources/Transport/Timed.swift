// SPDX-License-Identifier: MIT

public import GatewayCore

/// Something that waits for at most one deadline at a time: a connection in whatever phase it is in, a periodic task.
open class Timed {
    public let loop: Loop
    private let identifier: DeadlineWheel.Identifier

    public init(loop: Loop) {
        self.loop = loop
        identifier = loop.addDeadline()
        loop.setOwner(of: identifier, to: self)
    }

    deinit {
        loop.removeDeadline(identifier)
    }

    /// Replaces the deadline; `.distantFuture` is none. Moving it further away costs one store.
    @inline(__always)
    public final func setDeadline(_ deadline: Instant) {
        loop.setDeadline(identifier, to: deadline)
    }

    /// A deadline this far from now; none without a limit.
    public final func setDeadline(in limit: TimeLimit) {
        setDeadline(limit.map { loop.now + $0 } ?? .distantFuture)
    }

    /// The deadline set last has passed. It is no longer set.
    open func deadlineReached(at now: Instant) {}
}

/// A deadline that is a closure's: for whoever has no other use for a class of its own.
public final class DeadlineTimer: Timed {
    private let passed: () -> Void

    public init(loop: Loop, passed: @escaping () -> Void) {
        self.passed = passed
        super.init(loop: loop)
    }

    public override func deadlineReached(at now: Instant) {
        passed()
    }
}
