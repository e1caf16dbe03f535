// SPDX-License-Identifier: MIT

/// What must hold after each step. The mutation check names these.
public enum Rule: String, CaseIterable, Sendable {
    case cap = "in-flight never above a cap, a runner's or a caller's"
    case leases = "each lease is returned once, and the totals agree"
    case oneOutcome = "each exchange ends once, with one outcome"
    case queueBound = "the queue is bounded"
    case queueOrder = "a freed slot goes to the oldest eligible waiter of a caller, moved ones first"
    case turn = "of a caller's slots no other gets more than its share until that caller has had its own"
    case background = "background work gets no slot that interactive work could use, but for one in sixteen"
    case oneInSixteen = "one in sixteen of a runner's slots that background work could use goes to it"
    case idleSlot = "nobody waits while a slot it could use is free, but for its own cap"
    case hope = "nobody waits where nobody is left to wait for"
    case bytes = "bytes out are bytes in, or a prefix where the answer was cut"
    case held = "held bytes stay within their limit"
    case move = "moves come before the first byte, at most two, one after a crash, never to a tried runner"
    case queueDeadline = "nobody waits longer than timeouts.queue, counted from its arrival"
    case refusal = "a refusal has its reason, and Retry-After is 1 to 60"
    case busy = "a busy runner is left alone for its Retry-After"
    case probation = "a readmitted runner gets one, two, four … at a time"
    case ejection = "failures in a row eject, for the right time, and only a probe readmits"
    case candidate = "work goes only to runners that take it"
    case choice = "the least loaded candidate is chosen, or the next in rotation"
    case starvation = "no candidate is starved"
    case silence = "a silent runner's deadline comes, not early and not late"
    case name = "a runner is asked for a model by its own name"
    case liveness = "when all is well again, everything ends"
}

/// A broken rule.
public struct Fault: Equatable, Sendable {
    public var rule: Rule
    public var text: String
}
