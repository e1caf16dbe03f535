// SPDX-License-Identifier: MIT

import GatewayCore

/// A setup and what happens: the same schedule, the same course of events.
struct Schedule {
    var setup: Setup
    var steps: [Step]

    /// Plays it. Nil: no rule broke.
    func play() -> Fault? {
        let world = World(setup)
        for step in steps {
            _ = world.apply(step)
            if let fault = world.witness.fault { return fault }
        }
        world.calm()
        return world.witness.fault
    }

    /// Draws one while it plays it. `steps` are those that applied, the last one the one that broke a rule.
    static func draw(seed: UInt64, tally: inout Tally) -> (schedule: Schedule, fault: Fault?) {
        var dice = Dice(seed: seed)
        let setup = Setup(&dice)
        let length = setup.isRush ? dice.within(80...200) : dice.within(40...140)
        var generator = Generator(dice, isRush: setup.isRush)
        let world = World(setup)
        defer {
            tally += world.witness.tally
            tally.count(.schedules)
        }
        var steps: [Step] = []
        for _ in 0..<length {
            let step = generator.next(world)
            if world.apply(step) { steps.append(step) }
            if let fault = world.witness.fault { return (Schedule(setup: setup, steps: steps), fault) }
        }
        world.calm()
        return (Schedule(setup: setup, steps: steps), world.witness.fault)
    }
}

extension World {
    /// Every runner is well, every client reads, every answer comes: then everything has to end, in bounded time.
    func calm() {
        for runner in peers.indices { _ = apply(.condition(runner: runner, .up)) }
        for _ in 0..<60 where witness.fault == nil {
            for course in live where witness.fault == nil {
                let client = course.client
                _ = apply(.take(client: client, bytes: Step.unlimited))
                _ = apply(.accept(client: client))
                _ = apply(.sent(client: client))
                _ = apply(.head(client: client, Step.Head()))
                _ = apply(.end(client: client, .whole))
            }
            if live.isEmpty { break }
            _ = apply(.pass(milliseconds: 3000))
        }
        if setup.awaitsRecovery { checkRecovery() }
        guard witness.fault == nil else { return }
        if !live.isEmpty {
            let clients = live.map { String($0.client) }.joined(separator: ", ")
            witness.fault(.liveness, "clients \(clients) still have no answer")
        }
        if dispatcher.totalInflight != 0 || dispatcher.waiting != 0 || bodyMemory.held != 0 {
            witness.fault(.liveness, "something is left when everything has ended")
        }
        for case let course? in courses where course.outcomes != 1 {
            witness.fault(.oneOutcome, "client \(course.client) has \(course.outcomes) outcomes")
        }
    }

    /// Longer than the longest ejection, probes and their pauses included.
    private func checkRecovery() {
        _ = apply(.pass(milliseconds: 75_000))
        for place in numbering.places where setup.runners[place.index].isEnabled {
            if !dispatcher.health(of: place.number).isInRotation {
                witness.fault(.liveness, "runner \(place.number) is well and not back in rotation")
            }
        }
    }
}
