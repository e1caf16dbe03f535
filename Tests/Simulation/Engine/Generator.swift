// SPDX-License-Identifier: MIT

import GatewayCore

/// Draws the next step by the state of the world, so that most steps mean something.
struct Generator {
    private var dice: Dice
    private var clients = 0
    // One schedule is calm, the next a storm.
    private let faults: Int
    private let slowClients: Int
    private let crowd: Int
    private let slowTime: Bool
    private let busyRunners: Int
    private let reloads: Int
    private let isRush: Bool

    init(_ dice: Dice, isRush: Bool) {
        self.dice = dice
        self.isRush = isRush
        faults = self.dice.pick([0, 3, 10, 25])
        slowClients = self.dice.pick([0, 0, 30])
        crowd = self.dice.pick([3, 6, 10, 16])
        slowTime = self.dice.chance(70)
        reloads = self.dice.pick([0, 0, 2, 5])
        busyRunners = self.dice.pick([0, 0, 0, 20, 60])
    }

    mutating func next(_ world: World) -> Step {
        if isRush { return rush(world) }
        let roll = dice.below(100)
        switch roll {
        case 0..<30 where world.live.count < crowd: return ask(world)
        case 0..<80: if let step = meet(world) { return step }
        case 80..<84: if let course = world.live.randomElement(&dice) { return leaveOrRead(course) }
        case 84..<87 where faults > 0: return change(world)
        case 87..<(87 + reloads): return .reload(reload(world.setup))
        default: break
        }
        return .pass(milliseconds: timeUntilFree(world) ?? milliseconds())
    }

    /// The queue is kept long, and slots become free one after the other.
    private mutating func rush(_ world: World) -> Step {
        if !world.awaitingLists.isEmpty { return .pass(milliseconds: 50) }
        let roll = dice.below(100)
        let interactive = world.live.count { $0.queued != nil && !$0.account.isBackground }
        if interactive < 3 || roll < 40 {
            clients += 1
            var ask = Step.Ask(model: listedModel(world))
            if interactive >= 3 {
                ask.identity = dice.below(3)
                ask.stepsBack = dice.chance(15)
            }
            return .ask(client: clients - 1, ask)
        }
        if roll < 97, let course = world.live.filter({ $0.link != .none }).randomElement(&dice) {
            return .answer(client: course.client)
        }
        if roll < 99, let course = world.live.randomElement(&dice) { return .leave(client: course.client) }
        return .pass(milliseconds: milliseconds())
    }

    /// Just until some runner is busy no more: then a new exchange may come before those that wait were looked at.
    private mutating func timeUntilFree(_ world: World) -> Int? {
        guard dice.chance(25) else { return nil }
        let runner = dice.below(world.peers.count)
        let rest = world.witness.runners[runner].busyUntil - world.now
        return rest > .zero ? Int(rest.inMilliseconds) : nil
    }

    private mutating func milliseconds() -> Int {
        if dice.chance(slowTime ? 80 : 30) { return dice.within(1...500) }
        return dice.chance(85) ? dice.within(700...6000) : dice.within(6000...40000)
    }

    private mutating func ask(_ world: World) -> Step {
        clients += 1
        var ask = Step.Ask()
        ask.model = dice.chance(97) ? listedModel(world) : dice.pick(["a", "b", "p.a", "none"])
        if dice.chance(30) { ask.promptBytes = dice.within(1...120) }
        ask.streams = dice.chance(70)
        ask.isShow = dice.chance(6)
        if dice.chance(5) { ask.pin = dice.below(world.peers.count) }
        ask.streamsBody = dice.chance(8)
        ask.leavesSlowly = ask.streamsBody || dice.chance(20)
        if dice.chance(slowClients) { ask.room = dice.below(60) }
        ask.identity = dice.below(3)
        ask.stepsBack = dice.chance(15)
        return .ask(client: clients - 1, ask)
    }

    /// By the name that clients see.
    private mutating func listedModel(_ world: World) -> String {
        let peer = world.peers[dice.below(world.peers.count)]
        guard !peer.models.isEmpty else { return "a" }
        let model = peer.models.count == 1 || dice.chance(70) ? peer.models[0] : peer.models[1]
        return peer.prefix.isEmpty ? model : "\(peer.prefix).\(model)"
    }

    private mutating func leaveOrRead(_ course: Course) -> Step {
        if course.socket.room < Step.unlimited, dice.chance(80) {
            return .take(client: course.client, bytes: dice.chance(30) ? Step.unlimited : dice.within(1...80))
        }
        return .leave(client: course.client)
    }

    private mutating func change(_ world: World) -> Step {
        let runner = dice.below(world.peers.count)
        if dice.chance(25) { return .relist(runner: runner, models: dice.pick([["a"], ["a", "b"], ["b"], []])) }
        guard world.peers[runner].condition == .up else { return .condition(runner: runner, .up) }
        return .condition(runner: runner, dice.pick([.down, .down, .silent, .failing, .looping]))
    }

    private mutating func reload(_ setup: Setup) -> Step.Reload {
        var reload = Step.Reload(
            runners: setup.runners, policy: setup.policy, queueLimit: setup.queueLimit,
            queueTimeout: setup.queueTimeout)
        let place = dice.below(setup.runners.count)
        switch dice.below(12) {
        case 0, 1:
            // A new one, or one that was there before.
            let identity = dice.below(6)
            guard !setup.runners.contains(where: { $0.identity == identity }) else { fallthrough }
            reload.runners.insert(Setup.runner(&dice, identity: identity), at: place)
        case 2, 3: if setup.runners.count > 1 { reload.runners.remove(at: place) }
        case 4: reload.runners[place].isEnabled.toggle()
        case 5, 6: reload.runners[place].cap = dice.pick([1, 1, 2, 3, nil])
        case 7: reload.runners[place].weight = dice.pick([0, 1, 2, 3])
        case 8: reload.runners.swapAt(place, dice.below(setup.runners.count))
        case 9: reload.policy = setup.policy == .roundRobin ? .leastInflight : .roundRobin
        case 10: reload.queueLimit = dice.pick([0, 1, 4, 8])
        default: reload.queueTimeout = dice.pick([nil, .seconds(5), .seconds(30)])
        }
        return reload
    }

    // MARK: At the runners

    private mutating func meet(_ world: World) -> Step? {
        var met: [Course] = []
        for course in world.live where course.link != .none { met.append(course) }
        if dice.chance(60), let connecting = met.first(where: { $0.link == .connecting }) { met = [connecting] }
        guard let course = met.randomElement(&dice), let runner = course.machine.runner else { return nil }
        let client = course.client
        if course.link == .connecting { return connect(client, world.peers[runner].condition) }
        guard !course.headForwarded else { return stream(course) }
        if course.ask.streamsBody, !course.hasLeft, dice.chance(50) { return .part(client: client) }
        if !course.hasLeft, dice.chance(70) { return .sent(client: client) }
        if dice.chance(faults) { return faultBeforeHead(client) }
        if dice.chance(busyRunners) {
            return .head(client: client, Step.Head(status: 503, retryAfter: dice.pick([nil, 0, 1, 3, 20])))
        }
        return .head(client: client, Step.Head(keepsAlive: dice.chance(85), kind: kind()))
    }

    private mutating func connect(_ client: Int, _ condition: Step.Condition) -> Step? {
        switch condition {
        case .up, .failing, .looping: dice.chance(faults / 3) ? .refuse(client: client) : .accept(client: client)
        case .down: .refuse(client: client)
        case .silent: nil
        }
    }

    private mutating func kind() -> ClosingEventScanner.Kind { dice.pick([.ndjson, .ndjson, .serverSentEvents, .none]) }

    private mutating func faultBeforeHead(_ client: Int) -> Step {
        var head = Step.Head()
        switch dice.below(12) {
        case 0, 1: return .end(client: client, .reset)
        case 2: return .end(client: client, .malformed)
        case 3: return .stir(client: client)
        case 4, 5, 6: head.status = 404
        case 7, 8: head.status = dice.pick([502, 504])
        case 9, 10: head.status = 500
        default:
            head.status = dice.pick([404, 400, 429])
            head.isJSON = false
        }
        return .head(client: client, head)
    }

    private mutating func stream(_ course: Course) -> Step? {
        let client = course.client
        guard course.reply.end == nil else {
            return course.clock.isPaused
                ? .take(client: client, bytes: dice.chance(50) ? Step.unlimited : dice.within(1...80)) : nil
        }
        // Some take long over what they have, and it is the runner that has to be waited for afterwards.
        if course.clock.isPaused, dice.chance(60) {
            return dice.chance(50) ? .pass(milliseconds: milliseconds()) : .take(client: client, bytes: Step.unlimited)
        }
        if !course.ask.streams, dice.chance(30) { return .pass(milliseconds: milliseconds()) }
        if dice.chance(50) { return .body(client: client, bytes: dice.within(1...90)) }
        if dice.chance(faults) {
            return .end(client: client, dice.pick([.withoutClosingEvent, .withBytesBehind, .reset, .malformed]))
        }
        return .end(client: client, .whole)
    }
}

extension Array {
    fileprivate func randomElement(_ dice: inout Dice) -> Element? { isEmpty ? nil : self[dice.below(count)] }
}
