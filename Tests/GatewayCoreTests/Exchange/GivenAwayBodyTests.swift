// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// A body that is passed on while it arrives: as long as all that was sent of it is held it may move; once a part is
/// gone, the attempt is the last, whatever happens to it.
@Suite("A body that is not whole any more")
struct GivenAwayBodyTests {
    static func course(sent: Bool = false, isReused: Bool = false, prefix: Bool = false) -> Course {
        let course = Course(streams: false, rewordsUnknownModel: prefix, streamsBody: true)
        course.begin(3, isReused: isReused, sent: sent)
        return course
    }

    @Test("goes out on a connection of its own, after a move, too")
    func freshConnections() {
        let course = Course(streamsBody: true)
        #expect(course.grant(3) == .connect(runner: 3, fresh: true))
        #expect(course.fails(.connectFailed) == .move(end: .failed(.connectFailed)))
        course.leave()
        #expect(course.grant(4) == .connect(runner: 4, fresh: true))
    }

    @Test("moves as any other while nothing of it is gone", arguments: RunnerHealthTests.failures)
    func whole(failure: RunnerFailure) {
        let course = Self.course()
        #expect(course.bodyIsWhole)
        #expect(course.fails(failure) == .move(end: .failed(failure)))
        course.leave()
        #expect(course.bodyIsWhole)
    }

    @Test("never moves once a part is gone", arguments: RunnerHealthTests.failures, [false, true])
    func gone(failure: RunnerFailure, sent: Bool) {
        let course = Self.course(sent: sent, isReused: true)
        course.giveBodyAway()
        #expect(!course.bodyIsWhole)
        #expect(course.fails(failure) == .fail(.runnerFailed(failure, runner: 3), end: .failed(failure)))
        course.end()
    }

    @Test(
        "passes on every answer then, even those that others would be asked after",
        arguments: [502, 503, 504, 404, 413, 500, 200], [false, true])
    func answers(status: Int, alternative: Bool) {
        let course = Self.course()
        course.giveBodyAway()
        #expect(course.head(status, alternative: alternative) == .forwardHead)
        course.end()
    }

    @Test("is told in our words under the prefix that the model is unknown")
    func unknownUnderThePrefix() {
        let course = Self.course(prefix: true)
        course.giveBodyAway()
        #expect(course.head(404, alternative: true) == .fail(.modelNotFound, end: .modelNotFound))
        course.end()
    }

    @Test("may be given away while its answer is being passed on")
    func whileStreaming() {
        let course = Self.course()
        #expect(course.head(200) == .forwardHead)
        course.giveBodyAway()
        #expect(course.fails(.reset) == .cut(end: .failed(.reset)))
        course.end()
    }
}
