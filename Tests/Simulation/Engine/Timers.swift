// SPDX-License-Identifier: MIT

import GatewayCore

/// Whose deadline it is.
enum TimerOwner: Equatable {
    case waker
    case watch(runner: Int)
    case exchange(client: Int)
}

/// All deadlines of a world: in the gateway's own wheel, or in a list that is quick to set up.
struct Timers {
    private var wheel: DeadlineWheel?
    private var deadlines: [Instant] = []
    private var owners: [TimerOwner] = []
    private var unused: [Int] = []

    init(usesWheel: Bool, now: Instant) {
        wheel = usesWheel ? DeadlineWheel(now: now) : nil
    }

    mutating func add(_ owner: TimerOwner) -> Int {
        if let identifier = wheel?.add() {
            let index = Int(identifier)
            if index == owners.count { owners.append(owner) } else { owners[index] = owner }
            return index
        }
        if let index = unused.popLast() {
            owners[index] = owner
            return index
        }
        owners.append(owner)
        deadlines.append(.distantFuture)
        return owners.count - 1
    }

    mutating func remove(_ index: Int) {
        guard wheel == nil else {
            wheel?.remove(DeadlineWheel.Identifier(index))
            return
        }
        deadlines[index] = .distantFuture
        unused.append(index)
    }

    mutating func set(_ index: Int, _ deadline: Instant) {
        guard wheel == nil else {
            _ = wheel?.set(DeadlineWheel.Identifier(index), to: deadline)
            return
        }
        // As late as in the wheel: things happen between the moment and the deadline's.
        let tick = DeadlineWheel.tickNanoseconds
        let ticks = deadline.nanoseconds / tick + (deadline.nanoseconds % tick == 0 ? 0 : 1)
        deadlines[index] = deadline == .distantFuture ? deadline : Instant(nanoseconds: ticks * tick)
    }

    /// When something has to be looked at next.
    var next: Instant? {
        if wheel != nil { return wheel?.nextWakeUp }
        var next = Instant.distantFuture
        for deadline in deadlines where deadline < next { next = deadline }
        return next == .distantFuture ? nil : next
    }

    mutating func takeExpired(at now: Instant) -> TimerOwner? {
        if wheel != nil { return wheel?.takeExpired(at: now).map { owners[Int($0)] } }
        var first: Int?
        for index in deadlines.indices where deadlines[index] <= now {
            if let earlier = first, deadlines[earlier] <= deadlines[index] { continue }
            first = index
        }
        guard let first else { return nil }
        deadlines[first] = .distantFuture
        return owners[first]
    }
}
