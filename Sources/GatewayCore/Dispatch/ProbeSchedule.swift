// SPDX-License-Identifier: MIT

/// The lists a runner is asked for.
public enum RunnerList: CaseIterable, Sendable {
    case tags, ps, version

    public var path: String {
        switch self {
        case .tags: "/api/tags"
        case .ps: "/api/ps"
        case .version: "/api/version"
        }
    }
}

/// When one runner is asked for which list: one request at a time, each list on its own interval, everything sooner
/// after a failure.
public struct ProbeSchedule: Sendable {
    public struct Intervals: Equatable, Sendable {
        public var tags, ps, version: Interval

        /// `version` is the probe proper: the cheapest request that shows that a runner answers.
        public init(tags: Interval = .seconds(15), ps: Interval = .seconds(5), version: Interval = .seconds(5)) {
            self.tags = tags
            self.ps = ps
            self.version = version
        }
    }

    private struct Reading {
        var due: Instant
        /// The last one's end.
        var ended = Instant(nanoseconds: .min)
    }

    private var intervals: Intervals
    private var tags, ps, version: Reading
    private var running: RunnerList?
    /// The one that runs was found wrong meanwhile: what comes may be older than that.
    private var wentStale = false
    /// To be read as soon as nothing else is being read, whatever their intervals say.
    private var demanded: [RunnerList] = []

    /// A runner that doesn't answer is asked again this soon, so that it joins soon after it comes up. Nor is a list
    /// that was found wrong read more often: a runner that lists what it lacks would be asked with every request.
    private static let shortestPause = Interval.seconds(1)

    /// Everything is due at once: the model lists first, since exchanges wait for them.
    public init(intervals: Intervals, now: Instant) {
        self.intervals = intervals
        (tags, ps, version) = (Reading(due: now), Reading(due: now), Reading(due: now))
    }

    /// A changed configuration. What is due later than the new interval allows comes sooner; nothing comes later than it
    /// was due.
    ///
    /// - Returns: whether anything changed.
    public mutating func change(_ new: Intervals, at now: Instant) -> Bool {
        guard new != intervals else { return false }
        intervals = new
        for list in RunnerList.allCases { self[list].due = min(self[list].due, now + interval(list)) }
        return true
    }

    /// The list to ask for now; nil while one is being asked for, or none is due.
    public mutating func next(at now: Instant) -> RunnerList? {
        guard running == nil else { return nil }
        running = demanded.isEmpty ? RunnerList.allCases.first { self[$0].due <= now } : demanded.removeFirst()
        return running
    }

    /// Somebody waits for what the list says from now on; a reading that runs already began too early.
    public mutating func demand(_ list: RunnerList) {
        if !demanded.contains(list) { demanded.append(list) }
    }

    public mutating func succeeded(at now: Instant) {
        guard let list = running else { return }
        running = nil
        self[list] = Reading(due: now + interval(list), ended: now)
        if wentStale { isStale(list, at: now) }
        wentStale = false
    }

    /// Nothing else is asked for before the next try: it would only fail, too.
    public mutating func failed(at now: Instant) {
        running = nil
        wentStale = false
        let retry = now + pause
        for list in RunnerList.allCases {
            self[list] = Reading(due: max(self[list].due, retry), ended: now)
        }
        tags.due = retry
    }

    /// An exchange could not reach the runner: it is probed at the next opportunity.
    public mutating func isDoubtful(at now: Instant) {
        version.due = min(version.due, now)
    }

    /// The runner's list is known to be wrong: it is read again at the next opportunity, and once more if it is being
    /// read just now.
    public mutating func isStale(_ list: RunnerList, at now: Instant) {
        guard running != list else {
            wentStale = true
            return
        }
        self[list].due = min(self[list].due, max(now, self[list].ended + pause))
    }

    private var pause: Interval { min(ProbeSchedule.shortestPause, intervals.version) }

    public var nextDue: Instant { min(tags.due, min(ps.due, version.due)) }

    private subscript(_ list: RunnerList) -> Reading {
        get {
            switch list {
            case .tags: tags
            case .ps: ps
            case .version: version
            }
        }
        set {
            switch list {
            case .tags: tags = newValue
            case .ps: ps = newValue
            case .version: version = newValue
            }
        }
    }

    private func interval(_ list: RunnerList) -> Interval {
        switch list {
        case .tags: intervals.tags
        case .ps: intervals.ps
        case .version: intervals.version
        }
    }
}
