// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct NameMembersTests {
    private let start = Instant(nanoseconds: 0)
    private func after(_ seconds: Double) -> Instant { start + .seconds(seconds) }

    @Test func looksUpAtOnceAndThenEveryHalfMinute() {
        var members = NameMembers(now: start)
        #expect(members.nextLookUp == start)
        members.began(at: start)
        #expect(members.nextLookUp == .distantFuture)
        let hasChanged = members.answered(["b", "a"], at: after(1))
        #expect(hasChanged)
        #expect(members.addresses == ["a", "b"])
        #expect(members.nextLookUp == after(31))
    }

    /// Name servers turn their answers around to spread load.
    @Test(arguments: [(["b", "a"], false), (["a", "b", "a"], false), (["a"], true), (["a", "b", "c"], true)])
    func anotherOrderIsNoChange(answer: [String], isChange: Bool) {
        var members = NameMembers(now: start)
        _ = members.answered(["a", "b"], at: start)
        let hasChanged = members.answered(answer, at: start)
        #expect(hasChanged == isChange)
    }

    @Test func aFailedLookUpKeepsTheLastAnswerAndIsRepeatedSoon() {
        var members = NameMembers(now: start)
        _ = members.answered(["a"], at: start)
        members.began(at: after(30))
        members.failed(at: after(31))
        #expect(members.addresses == ["a"])
        #expect(members.nextLookUp == after(36))
        members.began(at: after(36))
        let hasChanged = members.answered([], at: after(37))
        #expect(!hasChanged, "no address is no answer")
        #expect(members.addresses == ["a"])
        #expect(members.nextLookUp == after(42))
    }

    @Test func aDoubtfulMemberHasTheNameLookedUpAtOnceButNotAllTheTime() {
        var members = NameMembers(now: start)
        members.began(at: start)
        _ = members.answered(["a"], at: start)
        members.isDoubtful(at: after(0.25))
        #expect(members.nextLookUp == after(1))
        members.isDoubtful(at: after(10))
        #expect(members.nextLookUp == after(1), "never later than it was")
        members.began(at: after(10))
        members.isDoubtful(at: after(11))
        #expect(members.nextLookUp == .distantFuture, "one at a time")
        _ = members.answered(["a"], at: after(12))
        #expect(members.nextLookUp == after(12), "doubted while it was on its way")
    }

    @Test func aHugeAnswerIsBounded() {
        var members = NameMembers(now: start)
        _ = members.answered((0..<1000).map { "10.0.\($0 / 256).\($0 % 256)" }, at: start)
        #expect(members.addresses.count == NameMembers.maximum)
    }
}
