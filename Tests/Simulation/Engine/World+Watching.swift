// SPDX-License-Identifier: MIT

import GatewayCore

/// The watches over the runners, as `RunnerWatch` has them.
extension World {
    func askNext(_ runner: Int) {
        guard peers[runner].schedule != nil else { return }
        guard let list = peers[runner].schedule?.next(at: now) else {
            timers.set(peers[runner].timer, peers[runner].schedule?.nextDue ?? .distantFuture)
            return
        }
        peers[runner].asking = list
        timers.set(peers[runner].timer, now + peers[runner].answerTime)
    }

    func watchFired(_ runner: Int) {
        if let list = peers[runner].asking {
            peers[runner].asking = nil
            answered(list, by: runner)
        }
        askNext(runner)
    }

    private func answered(_ list: RunnerList, by runner: Int) {
        let before = dispatcher.health(of: runner)
        switch peers[runner].condition {
        case .up:
            do throws(CatalogError) {
                try listRead(list, of: runner, peers[runner].answer(to: list))
                peers[runner].schedule?.succeeded(at: now)
            } catch {
                return witness.fault(.liveness, "a good list was refused: \(error.sentence)")
            }
            // Reading the list may have changed something already.
            let before = dispatcher.health(of: runner)
            _ = dispatcher.probeSucceeded(runner, now: now)
            noteProbe(of: runner, succeeded: true, before: before)
            settle()
        case .down, .silent, .failing:
            peers[runner].schedule?.failed(at: now)
            let wasEjected = dispatcher.probeFailed(runner, now: now)
            noteProbe(of: runner, succeeded: false, before: before)
            firstAttemptEnded(runner)
            if wasEjected { ejected(runner) } else { settle() }
        case .looping:
            peers[runner].schedule?.failed(at: now)
            dispatcher.probeCameBack(runner)
            witness.probeCameBack(runner)
            firstAttemptEnded(runner)
            settle()
        }
    }

    private func listRead(_ list: RunnerList, of runner: Int, _ body: [UInt8]) throws(CatalogError) {
        switch list {
        case .tags:
            let hasChanged = try catalog.tagsRead(runner, body)
            witness.tagsRead(runner)
            if hasChanged { listsChanged() }
            firstAttemptEnded(runner)
        case .ps: if try catalog.psRead(runner, body) { listsChanged() }
        case .version: try catalog.versionRead(runner, body)
        }
    }

    private func firstAttemptEnded(_ runner: Int) {
        catalog.firstAttemptEnded(runner)
        wakeThoseAwaitingLists()
    }

    func wakeThoseAwaitingLists() {
        guard !awaitingLists.isEmpty else { return }
        let woken = awaitingLists
        awaitingLists = []
        for course in woken where course.isClientHere { resolve(course) }
    }
}
