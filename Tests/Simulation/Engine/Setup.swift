// SPDX-License-Identifier: MIT

import GatewayCore

/// The configuration, as it is at the start and as reloads leave it.
struct Setup: Equatable {
    struct Runner: Equatable {
        /// Its URL, so to say: what makes it the same after a reload.
        var identity = 0
        var cap: Int?
        var weight = 1
        var isEnabled = true
        /// Of its models' names, as clients see them.
        var prefix = ""
        /// The models it lists at the start.
        var models = ["a"]
    }

    var runners: [Runner] = []
    var policy = SelectionPolicy.leastInflight
    var queueLimit = 4
    var queueTimeout: TimeLimit = .seconds(30)
    var bufferBytes = 128
    var bodyMemory = 4096
    var ejectAfter = 3
    var wholeAnswer: TimeLimit
    /// Deadlines in the real wheel, which is slower to set up, or in a plain list.
    var usesWheel = false
    /// What each identity has of its own; nil: all clients share one account.
    var allotments: [Claimant.Allotment]?
    /// Many short exchanges at few slots, so that all kinds of callers wait for long.
    var isRush = false
    /// At the end it is waited for that every runner is back in rotation.
    var awaitsRecovery = false

    static let connect = Interval.seconds(2)
    static let firstByte = Interval.seconds(25)
    static let streamIdle = Interval.seconds(15)
    static let probe = Interval.seconds(5)

    var timeouts: Exchange.Timeouts {
        .init(
            connect: Setup.connect, firstByte: Setup.firstByte, streamIdle: Setup.streamIdle, wholeAnswer: wholeAnswer)
    }

    /// How much later than its deadline something may happen.
    static let lateness = Interval(nanoseconds: DeadlineWheel.tickNanoseconds)

    var health: RunnerHealth.Settings { .init(ejectAfter: ejectAfter) }

    var dispatcher: Dispatcher.Settings {
        .init(policy: policy, health: health, queueLimit: queueLimit, queueTimeout: queueTimeout)
    }

    init(_ dice: inout Dice) {
        for _ in 0..<dice.pick([1, 2, 2, 2, 3, 3, 4]) {
            runners.append(Setup.runner(&dice, identity: runners.count))
        }
        policy = dice.chance(60) ? .leastInflight : .roundRobin
        if !runners.contains(where: { $0.models.contains("a") }) { runners[0].models.append("a") }
        queueLimit = dice.pick([0, 1, 2, 4, 4, 8, 8, 16])
        queueTimeout = dice.chance(15) ? nil : .seconds(Double(dice.pick([2, 10, 30, 60])))
        bufferBytes = dice.pick([16, 64, 128])
        bodyMemory = dice.pick([200, 600, 4096, 4096])
        ejectAfter = dice.within(1...4)
        wholeAnswer = dice.chance(40) ? nil : .seconds(Double(dice.pick([4, 10, 40])))
        usesWheel = dice.chance(5)
        awaitsRecovery = dice.chance(8)
        if dice.chance(50) { allotments = (0..<3).map { _ in Setup.allotment(&dice) } }
        if dice.chance(8) { becomeRush(&dice) }
    }

    private mutating func becomeRush(_ dice: inout Dice) {
        isRush = true
        runners = dice.pick([[["a"]], [["a"]], [["a"], ["a"]], [["a"], ["b"]], [["a"], ["a", "b"]]]).map {
            Runner(cap: dice.pick([1, 1, 2]), models: $0)
        }
        for place in runners.indices { runners[place].identity = place }
        queueLimit = dice.pick([12, 24, 24])
        queueTimeout = dice.chance(20) ? .seconds(60) : nil
        bodyMemory = 1 << 20
        // One of whom there is always something to do.
        allotments = [.init(share: dice.pick([1, 2]))] + (0..<2).map { _ in Setup.allotment(&dice) }
    }

    private static func allotment(_ dice: inout Dice) -> Claimant.Allotment {
        .init(
            share: dice.pick([1, 1, 2, 5]), maxInflight: dice.pick([.max, .max, 1, 2]),
            priority: dice.chance(25) ? .background : .interactive)
    }

    func account(of ask: Step.Ask) -> Account {
        guard let allotments else { return Account(identity: 0, isBackground: ask.stepsBack) }
        return Account(
            identity: ask.identity, isBackground: ask.stepsBack || allotments[ask.identity].priority == .background)
    }

    func share(of account: Account) -> Int { allotments?[account.identity].share ?? 1 }

    /// As the gateway makes it of a request's head.
    func claimant(of ask: Step.Ask) -> Claimant {
        var headers = HeaderFields()
        if ask.stepsBack { headers.append("X-DMR-Priority", "background") }
        var identity: Identity?
        if let allotments {
            let address = IPAddress(high: 0, low: 0xFFFF_0A00_0001 + UInt64(ask.identity))
            let claimant = Claimant(id: .init(address: address), allotments[ask.identity])
            identity = Identity(rights: .all, claimant: claimant)
        }
        return Claimant(of: identity, address: nil, headers: headers)
    }

    static func runner(_ dice: inout Dice, identity: Int) -> Runner {
        Runner(
            identity: identity,
            cap: dice.chance(85) ? dice.pick([1, 1, 1, 2, 2, 3]) : nil, weight: dice.pick([0, 1, 1, 1, 1, 1, 2, 3]),
            isEnabled: dice.chance(92), prefix: dice.chance(12) ? "p" : "",
            models: dice.pick([["a"], ["a"], ["a"], ["a"], ["a", "b"], ["a", "b"], ["b"], []]))
    }
}

extension Setup.Runner {
    var slots: RunnerSlots.Settings { .init(isEnabled: isEnabled, cap: cap, weight: weight) }

    var url: String { "http://runner\(identity)" }

    var catalogEntry: CatalogRunner {
        CatalogRunner(identity: url, isEnabled: isEnabled, prefixID: prefix)
    }
}

extension Setup: CustomStringConvertible {
    var description: String {
        var lines = runners.map { "\($0)" }
        lines.append(
            "\(policy.rawValue), limits.queue \(queueLimit), timeouts.queue \(Setup.text(queueTimeout)), "
                + "buffer_bytes \(bufferBytes), body_memory \(bodyMemory), eject_after \(ejectAfter), "
                + "whole_answer \(Setup.text(wholeAnswer))\(usesWheel ? ", deadlines in the wheel" : "")")
        return lines.joined(separator: "\n")
    }

    static func text(_ limit: TimeLimit) -> String { limit.map { "\($0.inSeconds) s" } ?? "none" }
}

extension Setup.Runner: CustomStringConvertible {
    var description: String {
        let names = models.map { prefix.isEmpty ? $0 : "\(prefix).\($0)" }
        return "runner \(identity)\(isEnabled ? "" : ", disabled"): max_inflight \(cap.map(String.init) ?? "none"), "
            + "weight \(weight), lists \(names.isEmpty ? "nothing" : names.joined(separator: " "))"
    }
}
