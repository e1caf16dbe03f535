// SPDX-License-Identifier: MIT

/// How well one runner is, from what exchanges and probes saw of it.
///
/// A passing probe is not a working inference path, so it ends an ejection only after its time, and what follows is
/// probation: one request at first, twice as many after each answer, and back out at the first failure.
public struct RunnerHealth: Equatable, Sendable {
    public struct Settings: Equatable, Sendable {
        /// Failures in a row that eject; `Int.max`: never.
        public var ejectAfter: Int
        public var ejectBase: Interval
        public var ejectMaximum: Interval

        public init(ejectAfter: Int = 3, ejectBase: Interval = .seconds(5), ejectMaximum: Interval = .seconds(60)) {
            self.ejectAfter = ejectAfter
            self.ejectBase = ejectBase
            self.ejectMaximum = ejectMaximum
        }
    }

    public enum State: Equatable, Sendable {
        /// Nothing is known yet. Valid transitions: any.
        case untried
        /// In rotation. Transitions: `ejected`, `misconfigured`.
        case up
        /// Out of rotation until its time is over and a probe passes. Transitions: `probation`, `misconfigured`.
        case ejected(until: Instant)
        /// Back, with at most `allowance` leases at once. Transitions: `up`, `ejected`, `misconfigured`.
        case probation(allowance: Int)
        /// Its probe came back to us: it is this gateway, or leads to it. Transitions: `probation`.
        case misconfigured
    }

    public private(set) var state = State.untried
    /// The last thing tried could not even connect.
    public private(set) var isUnreachable = false
    public private(set) var failuresInARow = 0
    /// No new exchanges before this, though nothing is wrong: the runner answered 503.
    public private(set) var busyUntil = Instant(nanoseconds: .min)

    private var ejectionsInARow = 0
    private var lastEjectionEnded = Instant(nanoseconds: 0)
    private var penaltyPoints = 0
    private var penaltySince = Instant(nanoseconds: 0)
    private var serverErrors = ServerErrorRun()

    /// Probation ends after this many leases at once went well.
    private static let fullAllowance = 16
    /// A runner that says 503 and "retry after 0 seconds" would be asked over and over within one turn of the loop.
    private static let shortestBusyTime = Interval.seconds(1)
    private static let penaltyHalfLife = Interval.seconds(2)
    /// More than any runner has in flight: less would send everything to the failing one as soon as the others have more.
    private static let maximumPenalty = 1024

    public init() {}

    /// In rotation: a candidate without further question.
    public var isInRotation: Bool {
        switch state {
        case .untried, .up, .probation: true
        case .ejected, .misconfigured: false
        }
    }

    /// How many leases at once this state allows on its own; nil: no limit.
    public var allowance: Int? {
        if case .probation(let allowance) = state { allowance } else { nil }
    }

    public func isBusy(at now: Instant) -> Bool { now < busyUntil }

    /// Leases that are added to a runner's in-flight count when runners are compared. A runner that fails fast has the
    /// fewest in flight, and without this it would be sent everything. Halves every two seconds.
    public func penalty(at now: Instant) -> Int {
        guard penaltyPoints > 0 else { return 0 }
        let halvings = max(0, (now - penaltySince).nanoseconds) / RunnerHealth.penaltyHalfLife.nanoseconds
        return penaltyPoints >> Int(min(halvings, 63))
    }

    // MARK: Events

    /// Says whether the runner was ejected by it.
    public mutating func attemptEnded(_ outcome: AttemptOutcome, settings: Settings, now: Instant) -> Bool {
        switch outcome {
        case .answered:
            answered(now: now)
        case .answered500(let client):
            responded()
            let errorsInARow = serverErrors.count(from: client)
            // Their number counts, too: by its time alone the penalty would let every fourth of a few requests through.
            punish(atLeast: 1 << min(errorsInARow, 16), now: now)
            let (enough, overflow) = settings.ejectAfter.multipliedReportingOverflow(by: 3)
            guard errorsInARow >= enough, !overflow, serverErrors.cameFromSeveral else { break }
            return isInRotation && eject(settings: settings, now: now)
        case .busy(let retryAfter):
            responded()
            serverErrors = ServerErrorRun()
            busyUntil = max(busyUntil, now + max(retryAfter ?? .zero, RunnerHealth.shortestBusyTime))
        case .failed(let failure):
            return failed(unreachable: failure.isUnreachable, settings: settings, now: now)
        case .modelNotFound, .routeMissing:
            responded()
            serverErrors = ServerErrorRun()
        case .clientGone, .withdrawn:
            break
        }
        return false
    }

    /// It talks HTTP, whatever it said.
    private mutating func responded() {
        isUnreachable = false
        if case .untried = state { state = .up }
    }

    private mutating func answered(now: Instant) {
        responded()
        failuresInARow = 0
        probeFailuresInARow = 0
        serverErrors = ServerErrorRun()
        penaltyPoints = penalty(at: now) / 2
        penaltySince = now
        switch state {
        case .probation(let allowance):
            state = allowance * 2 >= RunnerHealth.fullAllowance ? .up : .probation(allowance: allowance * 2)
        case .untried, .up, .ejected, .misconfigured: break
        }
    }

    /// Says whether it brought the runner back into rotation.
    public mutating func probeSucceeded(now: Instant) -> Bool {
        isUnreachable = false
        switch state {
        case .untried:
            state = .up
        case .up:
            // A probe is no inference: it does not forgive failures in a row, but it forgives its own kind.
            if failuresInARow == probeFailuresInARow { failuresInARow = 0 }
        case .ejected(let until):
            probeFailuresInARow = 0
            guard now >= until else { return false }
            return readmit(now: now)
        case .misconfigured:
            return readmit(now: now)
        case .probation:
            break
        }
        probeFailuresInARow = 0
        return false
    }

    private var probeFailuresInARow = 0

    /// Says whether the runner was ejected by it. A runner that never answered is out at its first failure.
    public mutating func probeFailed(settings: Settings, now: Instant) -> Bool {
        probeFailuresInARow += 1
        if case .untried = state {
            isUnreachable = true
            state = .ejected(until: now)
            return true
        }
        return failed(unreachable: true, settings: settings, now: now)
    }

    public mutating func probeCameBack() {
        state = .misconfigured
    }

    private mutating func readmit(now: Instant) -> Bool {
        failuresInARow = 0
        serverErrors = ServerErrorRun()
        lastEjectionEnded = now
        state = .probation(allowance: 1)
        return true
    }

    private mutating func failed(unreachable: Bool, settings: Settings, now: Instant) -> Bool {
        isUnreachable = unreachable
        failuresInARow += 1
        serverErrors = ServerErrorRun()
        punish(now: now)
        switch state {
        case .untried, .up:
            return failuresInARow >= settings.ejectAfter && eject(settings: settings, now: now)
        case .probation:
            return eject(settings: settings, now: now)
        case .ejected, .misconfigured:
            return false
        }
    }

    /// Base × 2 per ejection in a row, up to the maximum; one ejection is forgotten for each maximum of good health.
    private mutating func eject(settings: Settings, now: Instant) -> Bool {
        let wellFor = max(0, (now - lastEjectionEnded).nanoseconds)
        if settings.ejectMaximum.nanoseconds > 0 {
            ejectionsInARow = max(0, ejectionsInARow - Int(min(64, wellFor / settings.ejectMaximum.nanoseconds)))
        }
        let factor = Int64(1) << Int64(min(ejectionsInARow, 16))
        let length = min(
            settings.ejectBase.nanoseconds.multipliedSaturating(by: factor), settings.ejectMaximum.nanoseconds)
        ejectionsInARow += 1
        serverErrors = ServerErrorRun()
        state = .ejected(until: now + Interval(nanoseconds: length))
        return true
    }

    private mutating func punish(atLeast floor: Int = 0, now: Instant) {
        penaltyPoints = min(max(penalty(at: now) * 2 + 2, floor), RunnerHealth.maximumPenalty)
        penaltySince = now
    }
}

/// Answers with status 500 in a row, and whether more than one client got them.
private struct ServerErrorRun: Equatable, Sendable {
    private var length = 0
    private var firstClient: UInt64 = 0
    private(set) var cameFromSeveral = false

    mutating func count(from client: UInt64) -> Int {
        if length == 0 { firstClient = client } else if client != firstClient { cameFromSeveral = true }
        length += 1
        return length
    }
}

extension Int64 {
    fileprivate func multipliedSaturating(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
