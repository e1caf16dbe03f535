// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What the audit log says of each runner's part, and of the whole.
@Suite struct FanOutAuditTests {
    private static func parts(_ machine: FanOut) -> [String] { machine.auditParts.map { "\($0.runner):\($0.outcome)" } }

    @Test func everyRunnerIsNamedWithItsOutcome() {
        var machine = FanOutTests.machine([0, 1, 2, 3, 4], skips: true)
        #expect(Self.parts(machine) == (0..<5).map { "\($0):unfinished" })
        for runner in [0, 1, 2] { machine.connected(runner) }
        _ = machine.ended(0, FanOutTests.done)
        _ = machine.ended(1, .answered(status: 500, error: "my-secret-prompt"))
        _ = machine.ended(2, .broke("my-secret-prompt"))
        _ = machine.failed(3, .connectFailed)
        #expect(Self.parts(machine) == ["0:200", "1:500", "2:broke", "3:skipped", "4:unfinished"])
        #expect(machine.auditParts.map(\.isGood) == [true, false, false, false, false])
        _ = machine.clientGone()
        #expect(Self.parts(machine).last == "4:unfinished")
    }

    @Test func aFailureHasItsName() {
        var machine = FanOutTests.machine([0, 1, 2])
        machine.connected(1)
        _ = machine.failed(0, .connectTimedOut)
        _ = machine.failed(1, .reset)
        _ = machine.ended(2, .notAsked)
        #expect(Self.parts(machine) == ["0:connect_timeout", "1:reset", "2:not_asked"])
    }

    @Test func theWholeSucceedsIfAllThatStartedDid() {
        let (done, missing) = (FanOutTests.done, FanOutTests.missing)
        #expect(FanOutTests.ended([done, done]).hasSucceeded)
        #expect(!FanOutTests.ended([done, FanOutTests.broken]).hasSucceeded)
        #expect(FanOutTests.ended([missing, done], vacuous: 404).hasSucceeded)
        #expect(!FanOutTests.ended([missing, missing], vacuous: 404).hasSucceeded)
        #expect(!FanOutTests.ended([.broke("x")]).hasSucceeded)
        var machine = FanOutTests.machine(skips: true)
        machine.connected(0)
        _ = machine.failed(1, .connectFailed)
        _ = machine.ended(0, done)
        #expect(machine.hasSucceeded)
    }
}
