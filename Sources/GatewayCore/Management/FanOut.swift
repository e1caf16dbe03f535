// SPDX-License-Identifier: MIT

/// A runner that a request goes to.
public struct CalledRunner: Equatable, Sendable {
    public var number: Int
    /// Its place in the configuration.
    public var index: Int
    /// How a person knows it, e.g. `runner 1 (gpu2:11434)`.
    public var name: String

    public init(number: Int, index: Int, name: String) {
        self.number = number
        self.index = index
        self.name = name
    }
}

/// One request of a client that changes what runners hold, and so may go to several of them: who has begun, who has
/// ended how, what of their progress is told, and when the client hears of the end. Nothing of it is moved to another
/// runner or said twice to one.
///
/// Each event returns one action; the shell carries it out after the call, and passes on what `takeOutput` gives.
public struct FanOut: Sendable {
    /// What decides how many answers become one, fixed when it begins.
    public struct Traits: Equatable, Sendable {
        /// An answer that says that there was nothing to do, no failure beside a success: a 404 to `delete`.
        public var vacuousStatus: Int?
        /// Nor is a runner that lacks the route: what was asked for can't be needed there.
        public var isVacuousWithoutRoute: Bool
        /// Who can't be reached at the start is left out and named, as long as somebody can.
        public var skipsUnreachable: Bool
        /// Answers come as lines of progress, and go to the client so.
        public var streams: Bool
        /// The lists that may have changed: they are read again before the client hears of the end.
        public var changes: [RunnerList]
        /// A runner may answer a moment before its lists show it (Ollama's unload): they are read again, after these
        /// pauses, until they do or the client has waited long enough.
        public var patience: [Interval]

        public init(
            vacuousStatus: Int? = nil, isVacuousWithoutRoute: Bool = false, skipsUnreachable: Bool = false,
            streams: Bool = false,
            changes: [RunnerList] = [], patience: [Interval] = []
        ) {
            self.vacuousStatus = vacuousStatus
            self.isVacuousWithoutRoute = isVacuousWithoutRoute
            self.skipsUnreachable = skipsUnreachable
            self.streams = streams
            self.changes = changes
            self.patience = patience
        }
    }

    /// One runner's part.
    enum Part: Equatable, Sendable {
        /// A connection is being opened; the runner knows of nothing yet. Transitions: `asked`, `ended`.
        case connecting
        /// The request is on its way or there. Transitions: `streaming`, `ended`.
        case asked
        /// Lines of progress come. Transitions: `ended`.
        case streaming
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
        /// The client gets a head with status 200 and the lines behind it; the runner of this number was the first.
        case beginStream(by: Int)
        /// Read `traits.changes` of these runners again, then say `refreshed`.
        case refresh(RunnerSet)
        /// The same once more, after a pause.
        case refreshLater(RunnerSet, Interval)
        /// Everything has ended: the client gets what `verdict` says, or, after `beginStream`, the last of the output.
        case finish
        /// The client is gone: close all connections.
        case cancel
    }

    public let traits: Traits
    /// Those that are asked, the lowest index first.
    public let runners: [CalledRunner]
    private(set) var parts: [Part]
    private var wasReached = RunnerSet()
    private var pausesTaken = 0
    private var phase = Phase.running
    /// The client has the head of a stream.
    private(set) public var isStreaming = false
    private var progress: ProgressMerge

    /// - Parameter runners: at least one.
    public init(runners: [CalledRunner], traits: Traits) {
        precondition(!runners.isEmpty, "somebody has to be asked")
        self.runners = runners.sorted { ($0.index, $0.number) < ($1.index, $1.number) }
        self.traits = traits
        parts = Array(repeating: .connecting, count: runners.count)
        progress = ProgressMerge(self.runners)
    }

    // MARK: Events of a runner, by its number

    /// The runner took the connection: from here on it may have done something.
    public mutating func connected(_ runner: Int) {
        guard let place = place(of: runner), parts[place] == .connecting else { return }
        parts[place] = .asked
        wasReached.insert(runner)
    }

    /// The head of the runner's answer. `isStream`: lines of JSON follow.
    public mutating func headReceived(_ runner: Int, status: Int, isStream: Bool) -> Action {
        guard phase == .running, traits.streams, isStream, status == 200, let place = place(of: runner),
            parts[place] == .asked
        else { return .none }
        parts[place] = .streaming
        guard !isStreaming else { return .none }
        isStreaming = true
        return .beginStream(by: runner)
    }

    /// The answer comes in lines, whatever the client gets.
    public func isStreaming(_ runner: Int) -> Bool {
        place(of: runner).map { parts[$0] == .streaming } ?? false
    }

    /// A whole line of the runner's progress, its line end included.
    public mutating func lineReceived(_ runner: Int, _ line: [UInt8]) {
        guard phase == .running, isStreaming(runner) else { return }
        progress.lineReceived(runner, line)
    }

    /// The runner's lines ended as its framing says.
    public mutating func streamEnded(_ runner: Int) -> Action {
        ended(runner, progress.outcome(of: runner))
    }

    /// The runner's part is over, by an answer or in the middle of one.
    public mutating func ended(_ runner: Int, _ outcome: CallOutcome) -> Action {
        guard phase == .running, let place = place(of: runner) else { return .none }
        switch parts[place] {
        case .connecting, .asked, .streaming: parts[place] = .ended(outcome)
        case .ended: return .none
        }
        progress.ended(runner, outcome)
        return settled()
    }

    /// The runner's connection could not be opened, or broke.
    public mutating func failed(_ runner: Int, _ failure: RunnerFailure) -> Action {
        let isAtStart = place(of: runner).map { parts[$0] == .connecting } ?? false
        return ended(runner, isAtStart && traits.skipsUnreachable ? .skipped(failure) : .failed(failure))
    }

    /// The gateway can't open a connection to the runner. It is not left out for that: it may well be there.
    public mutating func notPossible(_ runner: Int) -> Action { ended(runner, .notAsked) }

    private mutating func settled() -> Action {
        guard parts.allSatisfy(\.hasEnded) else { return .none }
        guard !traits.changes.isEmpty, !wasReached.isEmpty else { return finish() }
        phase = .refreshing
        return .refresh(wasReached)
    }

    /// The lists were read again, as far as they could be. `showsChange`: what was asked for can be seen in them.
    public mutating func refreshed(showsChange: Bool = true) -> Action {
        guard phase == .refreshing else { return .none }
        guard !showsChange, outcomes.contains(where: { $0.outcome.isSuccess }), pausesTaken < traits.patience.count
        else { return finish() }
        pausesTaken += 1
        return .refreshLater(wasReached, traits.patience[pausesTaken - 1])
    }

    private mutating func finish() -> Action {
        phase = .ended
        if isStreaming {
            switch verdict {
            case .answer(let runner): progress.finish(error: outcome(of: runner)?.error)
            case .failure: progress.finish(error: sentence)
            }
        }
        return .finish
    }

    // MARK: The client

    /// The client closed or reset its connection, or the gateway stops.
    public mutating func clientGone() -> Action {
        guard phase != .ended else { return .none }
        phase = .ended
        return .cancel
    }

    /// Lines for the client since the last call.
    public mutating func takeOutput() -> [UInt8] {
        isStreaming ? progress.takeOutput() : []
    }

    // MARK: Asked

    /// Of those that have ended, the lowest index first.
    public var outcomes: [(runner: CalledRunner, outcome: CallOutcome)] {
        zip(runners, parts).compactMap { runner, part in
            if case .ended(let outcome) = part { (runner, outcome) } else { nil }
        }
    }

    /// Whoever could be connected to is, and knows what it is asked.
    public var haveAllBegun: Bool { !parts.contains(.connecting) }

    private func outcome(of runner: Int) -> CallOutcome? {
        outcomes.first { $0.runner.number == runner }?.outcome
    }

    private func place(of runner: Int) -> Int? { runners.firstIndex { $0.number == runner } }
}

extension FanOut.Part {
    fileprivate var hasEnded: Bool {
        switch self {
        case .connecting, .asked, .streaming: false
        case .ended: true
        }
    }
}
