// SPDX-License-Identifier: MIT

/// What waiters have coming, in one place: the shell asks after every event, and can't ask for the wrong half.
extension Dispatcher {
    public enum Turn: ~Copyable {
        case granted(Grant)
        case refused(ExchangeID, Refusal)
    }

    /// The next waiter whose waiting is over: refused, since its time has passed or nobody is left to wait for, or
    /// granted a slot. Nil: all that still wait have a reason to.
    public mutating func takeTurn(now: Instant) -> Turn? {
        if let (id, refusal) = takeDisplaced() { return .refused(id, refusal) }
        guard !queue.isEmpty else {
            hopesMayHaveEnded = false
            return nil
        }
        if let (id, refusal) = takeExpired(now: now) { return .refused(id, refusal) }
        if hopesMayHaveEnded {
            if let (id, refusal) = takeHopeless() { return .refused(id, refusal) }
            hopesMayHaveEnded = false
        }
        guard let grant = takeGrant(now: now) else { return nil }
        return .granted(grant)
    }
}
