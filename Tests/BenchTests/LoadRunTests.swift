// SPDX-License-Identifier: MIT

import BenchFigures
import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import dmr_bench

/// The generator against a simulated runner on its own loop.
@Suite(.serialized) struct LoadRunTests {
    let loop: Loop
    let runner: SimulatedRunner

    init() throws {
        loop = try Loop()
        runner = try SimulatedRunner(loop: loop, options: .instant())
        runner.options.parallel = 100
    }

    private func plan(_ requests: Int, connections: Int = 1, stream: Bool = false) throws -> LoadPlan {
        var plan = LoadPlan()
        plan.addresses = [try #require(SocketAddress(literal: "127.0.0.1", port: runner.port))]
        plan.connections = connections
        plan.requestLimit = requests
        plan.request.streams = stream
        plan.request.tokens = 5
        plan.duration = .seconds(10)
        return plan
    }

    private func run(_ plan: LoadPlan) throws -> LoadFigures {
        defer {
            runner.close()
            _ = loop.finish()
        }
        return try LoadRun(loop: loop, plan: plan).run()
    }

    @Test(arguments: [1, 7])
    func aClosedLoopAsksAsOftenAsItMayAndNoMore(connections: Int) throws {
        let figures = try run(plan(20, connections: connections))
        #expect(figures.requests == 20)
        #expect(runner.inferenceRequestsSeen == 20)
        #expect(figures.latency.count == 20)
        #expect(figures.firstToken.count == 20)
        #expect(figures.failureCount == 0)
        #expect(runner.connectionsAccepted <= connections)
        #expect(loop.openStreams == 0)
    }

    @Test func aFreshConnectionIsOneRequestsOnly() throws {
        var plan = try plan(20, connections: 3)
        plan.isFresh = true
        let figures = try run(plan)
        #expect(figures.requests == 20)
        #expect(figures.failureCount == 0)
        #expect(runner.connectionsAccepted >= 20)
    }

    @Test(arguments: LoadRequest.Shape.allCases)
    func streamsAreCountedByTheirTokens(shape: LoadRequest.Shape) throws {
        var plan = try plan(3, stream: true)
        plan.request.shape = shape
        let figures = try run(plan)
        #expect(figures.requests == 3)
        #expect(figures.tokens == 15)
        #expect(figures.gap.count == 12)
        // OpenAI's events have no stamp.
        #expect(figures.lateness.count == (shape == .openai ? 0 : 15))
        #expect(figures.lateness.maximum < 5_000_000_000)
    }

    @Test func theDurationEndsARun() throws {
        runner.options.faults.hang = true
        var plan = try plan(1)
        plan.duration = .milliseconds(30)
        let figures = try run(plan)
        #expect(figures.requests == 0)
        #expect(figures.seconds >= 0.03)
    }

    @Test(arguments: LoadFigures.Failure.allCases)
    func failuresAreToldApart(kind: LoadFigures.Failure) throws {
        var plan = try plan(2, stream: true)
        switch kind {
        case .connect:
            // Not the runner's own port when it has stopped: the system may give that to somebody else at once.
            plan.addresses = [try #require(SocketAddress(literal: "127.0.0.1", port: 1))]
            plan.duration = .milliseconds(100)
        case .handshake:
            plan.security = LoadSecurity(trust: try TLSTrust(verifies: false), host: "localhost")
            plan.duration = .milliseconds(100)
        case .reset: runner.options.faults.resetBeforeHead = true
        case .status: runner.options.faults.failEvery = 1
        case .cut: runner.options.faults.closeAfterTokens = 2
        case .malformed: runner.options.faults.malformedHead = true
        case .timeout:
            runner.options.faults.hang = true
            plan.silence = .milliseconds(150)
        }
        let figures = try run(plan)
        #expect(figures.requests == 0)
        #expect(figures.failures[kind.rawValue] >= (kind == .connect || kind == .handshake ? 1 : 2))
        #expect(figures.failureCount == figures.failures[kind.rawValue])
    }

    /// A stream that ends with its chunks in order but without its closing line: the connection alone tells nothing.
    @Test func anAnswerWithoutItsClosingLineIsNoAnswer() throws {
        runner.options.faults.cleanEndAfterTokens = 2
        let figures = try run(plan(1, stream: true))
        #expect(figures.requests == 0)
        #expect(figures.failures[LoadFigures.Failure.malformed.rawValue] == 1)
    }

    /// Each answer takes 50 ms and there is one connection: the tenth of ten requests that ought to start at once is
    /// answered after 500 ms. A closed loop would call it 50.
    @Test func anOpenLoopCountsFromWhenARequestOughtToHaveStarted() throws {
        runner.options.timeToFirstToken = .milliseconds(50)
        var plan = try plan(10)
        plan.pace = .open(rate: 100_000, .even)
        let figures = try run(plan)
        #expect(figures.latency.count == 10)
        #expect(figures.latency.maximum >= 490_000_000)
        #expect(figures.startDelay.maximum >= 440_000_000)
    }

    @Test func anOpenLoopDoesNotForgetWhatIsNeverAnswered() throws {
        runner.options.faults.hang = true
        var plan = try plan(3, connections: 3)
        plan.pace = .open(rate: 100_000, .even)
        plan.requestLimit = nil
        plan.duration = .milliseconds(20)
        plan.silence = .milliseconds(40)
        let figures = try run(plan)
        #expect(figures.requests == 0)
        #expect(figures.failures[LoadFigures.Failure.timeout.rawValue] >= 1000)
        #expect(figures.latency.count >= 1000)
    }

    @Test func idleConnectionsAskOnce() throws {
        var plan = try plan(100, connections: 5)
        plan.pace = .idle
        plan.requestLimit = nil
        plan.warmUp = .milliseconds(10)
        plan.duration = .milliseconds(40)
        _ = try run(plan)
        #expect(runner.inferenceRequestsSeen == 5)
    }

    @Test func aStuckConnectionStopsTheRunnerAndNobodyElse() throws {
        runner.options.models = [SimulatedModel("demo", tokensPerSecond: 1000), SimulatedModel("fast")]
        var plan = try plan(100, connections: 2, stream: true)
        plan.requestLimit = nil
        plan.request.tokens = 1_000_000
        plan.stuck = 1
        plan.stuckRequest = plan.request
        plan.stuckRequest.model = "fast"
        plan.warmUp = .milliseconds(10)
        plan.duration = .milliseconds(200)
        let figures = try run(plan)
        #expect(figures.tokens > 0)
        #expect(figures.failureCount == 0)
    }
}
