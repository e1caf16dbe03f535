// SPDX-License-Identifier: MIT

/// One request of a client that changes what runners hold, and so may go to several of them: who has begun, who has
/// ended how, and when the client is told. Nothing of it is moved to another runner or said twice to one.
///
/// Each event returns one action; the shell carries it out after the call.
public struct FanOut: Sendable {
    /// What decides how many answers become one, fixed when it begins.
    public struct Traits: Equatable, Sendable {
        /// An answer that says that there was nothing to do, no failure beside a success: a 404 to `delete`.
        public var vacuousStatus: Int?
        /// Who can't be reached at the start is left out and named, as long as somebody can.
        public var skipsUnreachable: Bool
        /// The lists that may have changed: they are read again before the client hears of the end.
        public var changes: [RunnerList]

        public init(vacuousStatus: Int? = nil, skipsUnreachable: Bool = false, changes: [RunnerList] = []) {
            self.vacuousStatus = vacuousStatus
            self.skipsUnreachable = skipsUnreachable
            self.changes = changes
        }
    }

    /// One runner's part.
    enum Part: Equatable, Sendable {
        /// A connection is being opened; the runner knows of nothing yet. Transitions: `asked`, `ended`.
        case connecting
        /// The request is on its way or there. Transitions: `ended`.
        case asked
        case ended(CallOutcome)
    }

    private enum Phase: Equatable, Sendable {
        /// Some part has not ended. Transitions: `refreshing`, `ended`.
        case running
        /// All parts have ended, and the lists are read again. Transitions: `ended`.
        case refreshing
        case ended
    }

    public enum Action: Equatable, Sendable {
        case none
        /// Read `traits.changes` of these runners again, then say `refreshed`.
        case refresh(RunnerSet)
        /// Everything has ended: the client gets what `verdict` says.
        case finish
        /// The client is gone: close all connections.
        case cancel
    }

    public let traits: Traits
    /// Those that are asked, the lowest index first.
    public let runners: [RunnerPlace]
    private(set) var parts: [Part]
    private var wasReached = RunnerSet()
    private var phase = Phase.running

    /// - Parameter runners: at least one.
    public init(runners: [RunnerPlace], traits: Traits) {
        precondition(!runners.isEmpty, "somebody has to be asked")
        self.runners = runners.sorted { ($0.index, $0.number) < ($1.index, $1.number) }
        self.traits = traits
        parts = Array(repeating: .connecting, count: self.runners.count)
    }

    // MARK: Events of a runner, by its number

    /// The runner took the connection: from here on it may have done something.
    public mutating func connected(_ runner: Int) {
        guard let place = place(of: runner), parts[place] == .connecting else { return }
        parts[place] = .asked
        wasReached.insert(runner)
    }

    /// The runner's part is over, by an answer or in the middle of one.
    public mutating func ended(_ runner: Int, _ outcome: CallOutcome) -> Action {
        guard phase == .running, let place = place(of: runner) else { return .none }
        switch parts[place] {
        case .connecting, .asked: parts[place] = .ended(outcome)
        case .ended: return .none
        }
        return settled()
    }

    /// The runner's connection could not be opened, or broke.
    public mutating func failed(_ runner: Int, _ failure: RunnerFailure) -> Action {
        let isAtStart = place(of: runner).map { parts[$0] == .connecting } ?? false
        return ended(runner, isAtStart && traits.skipsUnreachable ? .skipped(failure) : .failed(failure))
    }

    private mutating func settled() -> Action {
        guard parts.allSatisfy(\.hasEnded) else { return .none }
        guard !traits.changes.isEmpty, !wasReached.isEmpty else {
            phase = .ended
            return .finish
        }
        phase = .refreshing
        return .refresh(wasReached)
    }

    /// The lists were read again, as far as they could be.
    public mutating func refreshed() -> Action {
        guard phase == .refreshing else { return .none }
        phase = .ended
        return .finish
    }

    // MARK: The client

    /// The client closed or reset its connection, or the gateway stops.
    public mutating func clientGone() -> Action {
        guard phase != .ended else { return .none }
        phase = .ended
        return .cancel
    }

    // MARK: Asked

    /// Of those that have ended, the lowest index first.
    public var outcomes: [(runner: RunnerPlace, outcome: CallOutcome)] {
        zip(runners, parts).compactMap { runner, part in
            if case .ended(let outcome) = part { (runner, outcome) } else { nil }
        }
    }

    private func place(of runner: Int) -> Int? { runners.firstIndex { $0.number == runner } }
}

extension FanOut.Part {
    fileprivate var hasEnded: Bool {
        switch self {
        case .connecting, .asked: false
        case .ended: true
        }
    }
}
