// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("When a runner is asked for its lists")
struct ProbeScheduleTests {
    private let start = Instant(nanoseconds: 5_000_000_000)

    private func at(_ seconds: Double) -> Instant { start + .seconds(seconds) }

    private func schedule(tags: Double = 15, ps: Double = 5, version: Double = 5) -> ProbeSchedule {
        ProbeSchedule(
            intervals: .init(tags: .seconds(tags), ps: .seconds(ps), version: .seconds(version)), now: start)
    }

    /// Asks for everything that is due; all of it is answered at once.
    private func round(_ schedule: inout ProbeSchedule, at now: Instant) -> [RunnerList] {
        var asked: [RunnerList] = []
        while let list = schedule.next(at: now) {
            asked.append(list)
            schedule.succeeded(at: now)
        }
        return asked
    }

    @Test("at first everything, the models before all")
    func first() {
        var schedule = schedule()
        #expect(schedule.nextDue == start)
        #expect(round(&schedule, at: start) == [.tags, .ps, .version])
        #expect(schedule.nextDue == at(5))
    }

    @Test("then each on its own interval")
    func intervals() {
        var schedule = schedule()
        var asked: [[RunnerList]] = []
        for second in stride(from: 0.0, through: 30, by: 5) { asked.append(round(&schedule, at: at(second))) }
        let all: [RunnerList] = [.tags, .ps, .version]
        #expect(asked == [all, [.ps, .version], [.ps, .version], all, [.ps, .version], [.ps, .version], all])
    }

    @Test("never two at a time")
    func oneAtATime() {
        var schedule = schedule()
        #expect(schedule.next(at: start) == .tags)
        #expect(schedule.next(at: start) == nil)
        #expect(schedule.next(at: at(100)) == nil)
        schedule.succeeded(at: at(100))
        #expect(schedule.next(at: at(100)) == .ps)
    }

    @Test("an answer is due again one interval after it came, however long it took")
    func slowAnswer() {
        var schedule = schedule()
        _ = schedule.next(at: start)
        schedule.succeeded(at: at(4))
        #expect(round(&schedule, at: at(4)) == [.ps, .version])
        #expect(schedule.nextDue == at(9))
        #expect(round(&schedule, at: at(9)) == [.ps, .version])
        #expect(round(&schedule, at: at(18.9)) == [.ps, .version])
        #expect(round(&schedule, at: at(19)) == [.tags])
    }

    @Test("after a failure everything pauses for a second, then the models are asked for first")
    func failure() {
        var schedule = schedule()
        _ = schedule.next(at: start)
        schedule.failed(at: at(0.5))
        #expect(schedule.nextDue == at(1.5))
        #expect(schedule.next(at: at(1.4)) == nil)
        #expect(round(&schedule, at: at(1.5)) == [.tags, .ps, .version])
    }

    @Test("a failure of any list brings the models forward: they may have changed over a restart")
    func failureOfAnother() {
        var schedule = schedule()
        _ = round(&schedule, at: start)
        #expect(schedule.next(at: at(5)) == .ps)
        schedule.failed(at: at(5))
        #expect(round(&schedule, at: at(6)) == [.tags, .ps, .version])
    }

    @Test("a short probe interval is the pause after a failure, too")
    func shortPause() {
        var schedule = schedule(version: 0.2)
        _ = schedule.next(at: start)
        schedule.failed(at: start)
        #expect(schedule.nextDue == at(0.2))
    }

    @Test("a runner that an exchange could not reach is probed at once, and only probed")
    func doubtful() {
        var schedule = schedule()
        _ = round(&schedule, at: start)
        schedule.isDoubtful(at: at(2))
        #expect(schedule.nextDue == at(2))
        #expect(round(&schedule, at: at(2)) == [.version])
        #expect(schedule.nextDue == at(5))
    }

    @Test("a list that was found wrong is read again at once")
    func stale() {
        var schedule = schedule()
        _ = round(&schedule, at: start)
        schedule.isStale(.tags, at: at(2))
        #expect(schedule.nextDue == at(2))
        #expect(round(&schedule, at: at(2)) == [.tags])
        #expect(round(&schedule, at: at(5)) == [.ps, .version])
        #expect(round(&schedule, at: at(16.9)) == [.ps, .version])
        #expect(round(&schedule, at: at(17)) == [.tags])
    }

    @Test("so is what is in memory, when an answer showed another model there")
    func stalePs() {
        var schedule = schedule()
        _ = round(&schedule, at: start)
        schedule.isStale(.ps, at: at(0.2))
        #expect(round(&schedule, at: at(0.9)) == [], "not twice in a second")
        #expect(round(&schedule, at: at(1)) == [.ps])
        #expect(round(&schedule, at: at(5)) == [.version])
        #expect(schedule.next(at: at(6)) == .ps)
        schedule.isStale(.ps, at: at(6))
        schedule.succeeded(at: at(6.1))
        #expect(round(&schedule, at: at(7.1)) == [.ps])
    }

    @Test("found wrong while it is read: read once more, since the answer may be older")
    func staleWhileReading() {
        var schedule = schedule()
        _ = schedule.next(at: start)
        schedule.isStale(.tags, at: start)
        schedule.succeeded(at: at(0.1))
        #expect(round(&schedule, at: at(0.1)) == [.ps, .version])
        #expect(round(&schedule, at: at(1.1)) == [.tags])
        #expect(round(&schedule, at: at(2.2)) == [], "once more, not forever")
    }

    @Test("a runner that lists what it lacks is not asked with every request", arguments: [RunnerList.tags, .ps])
    func alwaysStale(list: RunnerList) {
        var schedule = schedule(tags: 1000, ps: 1000, version: 1000)
        _ = round(&schedule, at: start)
        var reads = 0
        for step in 0..<1000 {
            let now = at(Double(step) / 100)
            schedule.isStale(list, at: now)
            reads += round(&schedule, at: now).count
        }
        #expect((9...10).contains(reads), "10 seconds, once a second")
    }

    @Test("an answer that nobody waits for any more changes nothing", arguments: [0.0, 3])
    func strayEvents(after: Double) {
        var schedule = schedule()
        _ = round(&schedule, at: start)
        schedule.succeeded(at: at(after))
        #expect(schedule.nextDue == at(5))
    }

    @Test("paths are Ollama's", arguments: zip(RunnerList.allCases, ["/api/tags", "/api/ps", "/api/version"]))
    func paths(list: RunnerList, path: String) {
        #expect(list.path == path)
    }

    @Test("what somebody waits for comes first, and is not what is being read already")
    func demanded() {
        var schedule = schedule()
        #expect(round(&schedule, at: start) == [.tags, .ps, .version])
        schedule.demand(.ps)
        schedule.demand(.ps)
        #expect(schedule.next(at: at(1)) == .ps)
        #expect(schedule.next(at: at(1)) == nil)
        // This reading may be older than what the second caller wants to see.
        schedule.demand(.ps)
        schedule.demand(.tags)
        schedule.succeeded(at: at(1))
        #expect(round(&schedule, at: at(1)) == [.ps, .tags])
        #expect(schedule.next(at: at(2)) == nil)
        // A failure puts off what is due, not what is waited for.
        schedule.demand(.version)
        schedule.demand(.tags)
        #expect(schedule.next(at: at(3)) == .version)
        schedule.failed(at: at(3))
        #expect(schedule.next(at: at(3)) == .tags)
    }

    // MARK: A changed configuration

    @Test func shorterIntervalsBringWhatIsDueCloser() {
        var schedule = ProbeSchedule(intervals: .init(), now: at(0))
        for _ in RunnerList.allCases {
            _ = schedule.next(at: at(0))
            schedule.succeeded(at: at(0))
        }
        let isChanged = schedule.change(.init(), at: at(1))
        #expect(!isChanged)
        #expect(schedule.nextDue == at(5))
        _ = schedule.change(.init(tags: .seconds(15), ps: .seconds(2), version: .seconds(60)), at: at(1))
        #expect(schedule.nextDue == at(3))
        #expect(schedule.next(at: at(3)) == .ps)
        schedule.succeeded(at: at(3))
        // What was due keeps its time, and goes by the new interval from then on.
        #expect(schedule.nextDue == at(5))
        for time in [5.0, 7, 9] {
            while schedule.next(at: at(time)) != nil { schedule.succeeded(at: at(time)) }
        }
        #expect(schedule.nextDue == at(11))
    }
}
