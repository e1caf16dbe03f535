// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// What requests that change runners need of the gateway.
extension Gateway {
    /// The runners that are asked.
    ///
    /// - Throws: 503 where none of them can be reached now, or takes work.
    func runners(
        for plan: ManagementPlan, of request: ManagementRequest, id: ExchangeID
    ) throws(GatewayError) -> [RunnerPlace] {
        let slot = SlotRequest(
            id: id, model: request.model?.text ?? "", holders: plan.runners, loaded: RunnerSet(), arrivedAt: loop.now)
        let usable = dispatcher.usableRunners
        if plan.reach == .each, plan.runners.numbers.contains(where: { usable.contains($0) }) {
            return places(of: plan.runners)
        }
        switch dispatcher.pick(for: slot, now: loop.now) {
        case .picked(let runner): return places(of: plan.reach == .each ? plan.runners : RunnerSet([runner]))
        case .refused(let refusal): throw refusal.asError(model: slot.model, name: runnerName)
        }
    }

    private func places(of numbers: RunnerSet) -> [RunnerPlace] {
        numbers.numbers.map { RunnerPlace(number: $0, index: runners[$0].index) }
    }

    /// Reads these lists of these runners again; `done` is called once, when all were read or are not to be had.
    func refresh(_ lists: [RunnerList], of runners: RunnerSet, done: @escaping () -> Void) {
        var awaited = 1
        let oneIsRead = {
            awaited -= 1
            if awaited == 0 { done() }
        }
        for runner in runners.numbers {
            guard let watch = self.runners[runner].watch else { continue }
            for list in lists {
                awaited += 1
                watch.read(list, oneIsRead)
            }
        }
        oneIsRead()
    }

    /// A call failed. How well a runner manages models says nothing about its inference; but if it can't be reached at
    /// all, a probe finds out soon.
    func callFailed(at runner: Int, _ failure: RunnerFailure, reason: String) {
        log.warning("\(runnerName(runner)) failed: \(failure.label): \(reason)")
        guard failure.isUnreachable else { return }
        runners[runner].pool.addressIsDoubtful()
        runners[runner].watch?.isDoubtful()
    }
}
