// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// When a request to several runners is over, and what is said of it.
@Suite struct FanOutTests {
    static func machine(
        _ runners: [Int] = [0, 1], vacuous: Int? = nil, skips: Bool = false, changes: [RunnerList] = []
    ) -> FanOut {
        FanOut(
            runners: runners.map { CalledRunner(number: $0, index: $0, name: "runner \($0)") },
            traits: .init(vacuousStatus: vacuous, skipsUnreachable: skips, changes: changes))
    }

    /// A machine whose runners have all answered so.
    static func ended(_ outcomes: [CallOutcome], vacuous: Int? = nil) -> FanOut {
        var machine = machine(Array(outcomes.indices), vacuous: vacuous)
        for (runner, outcome) in outcomes.enumerated() {
            machine.connected(runner)
            _ = machine.ended(runner, outcome)
        }
        return machine
    }

    static let done = CallOutcome.answered(status: 200, error: nil)
    /// No handler's words: a route that isn't there.
    static let lacking = CallOutcome.answered(status: 404, error: nil)
    static let missing = CallOutcome.answered(status: 404, error: "model 'x' not found")
    static let broken = CallOutcome.answered(status: 500, error: "disk full")

    @Test func theLastAnswerEndsIt() {
        var machine = Self.machine([0, 2, 5])
        #expect(machine.runners.map(\.number) == [0, 2, 5])
        for runner in machine.runners { machine.connected(runner.number) }
        #expect(machine.ended(5, Self.done) == .none)
        #expect(machine.ended(0, Self.done) == .none)
        #expect(machine.ended(2, Self.done) == .finish)
        #expect(machine.verdict == .answer(of: 0))
    }

    @Test func whatHasEndedStaysAsItEnded() {
        var machine = Self.machine()
        machine.connected(0)
        #expect(machine.ended(0, Self.broken) == .none)
        machine.connected(0)
        #expect(machine.ended(0, Self.done) == .none)
        #expect(machine.failed(0, .reset) == .none)
        #expect(machine.ended(7, Self.done) == .none)
        #expect(machine.ended(1, Self.done) == .finish)
        #expect(machine.ended(1, Self.done) == .none)
        #expect(machine.verdict == .failure(status: 500))
    }

    @Test func changedListsAreReadBeforeTheEnd() {
        var machine = Self.machine([0, 1, 2], changes: [.tags])
        machine.connected(0)
        machine.connected(2)
        #expect(machine.ended(0, Self.done) == .none)
        #expect(machine.failed(1, .connectFailed) == .none)
        // Whoever was reached may have changed, also when it failed later.
        #expect(machine.failed(2, .reset) == .refresh(RunnerSet([0, 2])))
        #expect(machine.refreshed() == .finish)
        #expect(machine.refreshed() == .none)
        #expect(machine.verdict == .failure(status: 502))
    }

    @Test func whoWasNeverReachedHasNothingToRefresh() {
        var machine = Self.machine([3], changes: [.tags])
        #expect(machine.failed(3, .connectTimedOut) == .finish)
        #expect(machine.verdict == .failure(status: 504))
        #expect(machine.sentence == "runner 3 did not accept a connection within timeouts.connect.")
    }

    @Test func aClientThatGoesAwayCancelsAllInEveryPhase() {
        var running = Self.machine()
        #expect(running.clientGone() == .cancel)
        #expect(running.ended(0, Self.done) == .none)
        #expect(running.clientGone() == .none)
        var refreshing = Self.machine([0], changes: [.ps])
        refreshing.connected(0)
        #expect(refreshing.ended(0, Self.done) == .refresh(RunnerSet([0])))
        #expect(refreshing.clientGone() == .cancel)
        #expect(refreshing.refreshed() == .none)
        var over = Self.ended([Self.done])
        #expect(over.clientGone() == .none)
    }

    @Test func whoIsAwayAtTheStartMayBeSkipped() {
        var machine = Self.machine(skips: true)
        #expect(machine.failed(1, .connectFailed) == .none)
        machine.connected(0)
        #expect(machine.ended(0, Self.done) == .finish)
        #expect(machine.verdict == .answer(of: 0))
        #expect(machine.sentence.contains("runner 1 was skipped"))
        // Later it is a failure.
        var late = Self.machine(skips: true)
        late.connected(0)
        late.connected(1)
        _ = late.failed(1, .reset)
        _ = late.ended(0, Self.done)
        #expect(late.verdict == .failure(status: 502))
        // Somebody has to be there.
        var nobody = Self.machine(skips: true)
        _ = nobody.failed(0, .connectFailed)
        #expect(nobody.failed(1, .connectTimedOut) == .finish)
        #expect(nobody.verdict == .failure(status: 504))
    }

    static let verdicts: [([CallOutcome], Int?, FanOut.Verdict)] = [
        ([done], nil, .answer(of: 0)), ([missing], nil, .answer(of: 0)), ([broken], nil, .answer(of: 0)),
        ([.failed(.reset)], nil, .failure(status: 502)), ([.broke("x")], nil, .failure(status: 500)),
        ([done, done, done], nil, .answer(of: 0)),
        ([done, missing], nil, .failure(status: 404)), ([missing, done], nil, .failure(status: 404)),
        ([missing, done], 404, .answer(of: 1)), ([missing, missing], 404, .answer(of: 0)),
        // Who lacks the route may still have the model.
        ([lacking, done], 404, .failure(status: 404)), ([lacking, lacking], 404, .answer(of: 0)),
        ([missing, broken], 404, .failure(status: 500)), ([missing, broken, done], 404, .failure(status: 500)),
        ([done, broken, .failed(.connectTimedOut)], nil, .failure(status: 504)),
        // Refused by all in the same words: one refusal.
        ([missing, missing], nil, .answer(of: 0)), ([broken, broken], nil, .answer(of: 0)),
        ([broken, .answered(status: 500, error: "other")], nil, .failure(status: 500)),
        ([.failed(.reset), .failed(.reset)], nil, .failure(status: 502))
    ]

    @Test func whatCannotBeNeededWithoutTheRouteIsNoFailureThere() {
        var machine = FanOut(
            runners: [0, 1].map { CalledRunner(number: $0, index: $0, name: "runner \($0)") },
            traits: .init(vacuousStatus: 401, isVacuousWithoutRoute: true))
        for (runner, outcome) in [Self.lacking, Self.done].enumerated() {
            machine.connected(runner)
            _ = machine.ended(runner, outcome)
        }
        #expect(machine.verdict == .answer(of: 1))
    }

    @Test(arguments: verdicts)
    func manyAnswersBecomeOne(outcomes: [CallOutcome], vacuous: Int?, verdict: FanOut.Verdict) {
        #expect(Self.ended(outcomes, vacuous: vacuous).verdict == verdict)
    }

    @Test func partSuccessesAreToldToPeopleAndPrograms() throws {
        let machine = Self.ended([Self.done, Self.broken, .failed(.reset)])
        let root = machine.failureResponse(status: 502, surface: .root)
        let body = try JSON(parsing: root.body)
        #expect(root.status == 502)
        #expect(
            body["error"]?.string
                == "runner 0 did it; runner 1 answered 500: disk full; runner 2 closed the connection before it answered."
        )
        #expect(body["detail"] == nil)
        #expect(body["runners"]?.array?.map { $0["status"]?.int } == [200, 500, 502])
        #expect(
            body["runners"]?.array?.map { $0["error"]?.string } == [
                nil, "disk full", "closed the connection before it answered."
            ])
        let prefix = try JSON(
            parsing: machine.failureResponse(status: 502, surface: .prefix).body)
        #expect(prefix["detail"] == prefix["error"])
    }

    @Test(
        arguments: [
            (200, #"{"error":"no"}"#, nil), (500, #"{"error":"disk full"}"#, "disk full"),
            (500, #"{"error":"a\u0007b\n"}"#, "a b "), (500, #"{"error":{"message":"x"}}"#, nil),
            (404, "404 page", nil),
            (500, "", nil)
        ] as [(Int, String, String?)])
    func aRunnersWordsAreTakenFromItsError(status: Int, body: String, words: String?) {
        #expect(CallOutcome(status: status, body: Array(body.utf8)) == .answered(status: status, error: words))
    }

    @Test func aRunnersWordsAreBounded() {
        let body = JSON.object([.init("error", .string(String(repeating: "a", count: 9000)))]).bytes
        guard case .answered(_, let words?) = CallOutcome(status: 500, body: body) else {
            Issue.record("no words")
            return
        }
        #expect(words.utf8.count == 1000)
    }

    @Test func peopleSeeIndicesInTheirOrder() throws {
        var machine = FanOut(
            runners: [
                CalledRunner(number: 0, index: 3, name: ""), CalledRunner(number: 4, index: 1, name: "")
            ], traits: .init())
        _ = machine.ended(0, Self.done)
        #expect(machine.ended(4, Self.done) == .finish)
        #expect(machine.verdict == .answer(of: 4))
        #expect(machine.report.array?.map { $0["index"]?.int } == [1, 3])
    }

    @Test func listsThatLagBehindTheAnswerAreReadAgainForAWhile() {
        func machine(_ outcome: CallOutcome) -> FanOut {
            var machine = FanOut(
                runners: [CalledRunner(number: 0, index: 0, name: "")],
                traits: .init(changes: [.ps], patience: [.milliseconds(20), .milliseconds(40)]))
            machine.connected(0)
            _ = machine.ended(0, outcome)
            return machine
        }
        var slow = machine(Self.done)
        #expect(slow.refreshed(showsChange: false) == .refreshLater(RunnerSet([0]), .milliseconds(20)))
        #expect(slow.refreshed(showsChange: false) == .refreshLater(RunnerSet([0]), .milliseconds(40)))
        #expect(slow.refreshed(showsChange: false) == .finish)
        var quick = machine(Self.done)
        #expect(quick.refreshed(showsChange: false) == .refreshLater(RunnerSet([0]), .milliseconds(20)))
        #expect(quick.refreshed(showsChange: true) == .finish)
        // A failure changes nothing that could be waited for.
        var failed = machine(Self.broken)
        #expect(failed.refreshed(showsChange: false) == .finish)
        var gone = machine(Self.done)
        #expect(gone.refreshed(showsChange: false) == .refreshLater(RunnerSet([0]), .milliseconds(20)))
        #expect(gone.clientGone() == .cancel)
        #expect(gone.refreshed(showsChange: false) == .none)
    }
}
