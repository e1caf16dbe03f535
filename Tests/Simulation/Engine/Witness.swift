// SPDX-License-Identifier: MIT

import GatewayCore

/// What the simulation itself knows of a runner, from what it did to it: the core's own figures are held against this.
struct RunnerRecord {
    var cap: Int?
    var weight: Int
    var isEnabled: Bool
    /// Not configured any more.
    var isRetired = false
    var isMisconfigured = false
    var inflight = 0
    var busyUntil = Instant(nanoseconds: 0)
    /// Prefills that go on without a client: until when.
    var shadows: [Instant] = []
    /// By rotation.
    var lastChosen = 0
    /// Choices since that fell on others though it could have taken the work.
    var passedOver = 0
    /// Slots in a row that went to others though background work could have used them.
    var passedBackground = 0

    // Health.
    var failures = 0
    var probeFailures = 0
    /// In probation.
    var allowance: Int?
    var errors = 0
    var firstErrorOf = 0
    var errorsCameFromSeveral = false
    var ejectedUntil: Instant?
    var lastEjection: Interval?
    var lastReadmission = Instant(nanoseconds: 0)
    /// Its last failure or 500; nil: the penalty is gone for sure.
    var lastTrouble: Instant?
    var answeredSinceTrouble = false

    /// Said of a model that it lacks it, and was not asked for its list since.
    var lacks: [String] = []

    init(_ runner: Setup.Runner) {
        cap = runner.cap
        weight = runner.weight
        isEnabled = runner.isEnabled
    }

    /// At most this many virtual leases are on it; nil: there may be any number.
    func penaltyBound(at now: Instant) -> Int? {
        guard let lastTrouble else { return 0 }
        // 1,024 at most, halved every two seconds.
        return now - lastTrouble >= .seconds(22) ? 0 : nil
    }

    /// At least this many.
    func penaltyFloor(at now: Instant) -> Int {
        guard let lastTrouble, !answeredSinceTrouble, now - lastTrouble < .seconds(2) else { return 0 }
        return 2
    }

    func shadowCount(at now: Instant) -> Int { shadows.reduce(0) { $0 + (now < $1 ? 1 : 0) } }
}

struct Witness {
    /// As it is now.
    var setup: Setup
    var runners: [RunnerRecord]
    /// The first rule that broke.
    private(set) var fault: Fault?
    var choices = 0
    var queueSerial = 0
    /// So many may wait, though the limit was lowered.
    var waitingAtReload = 0
    /// Of those who wait, moved exchanges aside.
    var turns: [Account: Turns] = [:]
    var tally = Tally()

    init(_ setup: Setup) {
        self.setup = setup
        runners = setup.runners.map(RunnerRecord.init)
    }

    mutating func fault(_ rule: Rule, _ text: @autoclosure () -> String) {
        if fault == nil { fault = Fault(rule: rule, text: text()) }
    }

    mutating func tagsRead(_ runner: Int) { runners[runner].lacks.removeAll() }

    mutating func probeCameBack(_ runner: Int) {
        runners[runner].isMisconfigured = true
        runners[runner].allowance = nil
        runners[runner].ejectedUntil = nil
    }

    mutating func bodyRefused(_ course: Course, _ bytes: Int, _ live: [Course]) {
        tally.count(.refusedBodies)
        let held = live.reduce(0) { $0 + $1.bodyHeld }
        if held + bytes <= setup.bodyMemory {
            fault(.held, "a body of \(bytes) bytes was refused though only \(held) are held")
        }
    }

    /// A waiter's holders are those of now.
    mutating func listsChanged(_ course: Course, _ catalog: Catalog) {
        var holders = RunnerSet()
        var loaded = RunnerSet()
        if case .found(let model) = catalog.resolve(course.slot.model) {
            holders = model.holders
            loaded = model.loaded
        }
        if let pin = course.ask.pin, course.slot.holders.contains(pin) {
            course.slot.holders = holders.contains(pin) ? RunnerSet([pin]) : RunnerSet()
        } else if course.ask.pin == nil {
            course.slot.holders = holders
        }
        course.slot.loaded = loaded
    }
}
