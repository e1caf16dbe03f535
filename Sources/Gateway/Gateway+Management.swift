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
    ) throws(GatewayError) -> [CalledRunner] {
        let usable = plan.runners.numbers.filter { dispatcher.usableRunners.contains($0) }
        var wanted = plan.runners
        switch plan.reach {
        case .pinned: return called(plan.runners)
        case .each: if !usable.isEmpty { return called(plan.runners) }
        case .lowest: if let first = called(RunnerSet(usable)).first { return [first] }
        case .newest: if !usable.isEmpty { wanted = catalog.newest(of: RunnerSet(usable)) }
        case .best: break
        }
        let model = request.subject ?? ""
        let slot = SlotRequest(
            id: id, claimant: .nobody, model: model, holders: wanted, loaded: RunnerSet(), arrivedAt: loop.now)
        switch dispatcher.pick(for: slot, now: loop.now) {
        case .picked(let runner): return called(plan.reach == .each ? plan.runners : RunnerSet([runner]))
        case .refused(let refusal):
            throw plan.isAboutHolders ? refusal.asError(model: model, name: runnerName) : .noUsableRunner
        }
    }

    /// The lowest index first.
    private func called(_ numbers: RunnerSet) -> [CalledRunner] {
        numbers.numbers.map { CalledRunner(number: $0, index: runners[$0].index, name: runnerName($0)) }
            .sorted { ($0.index, $0.number) < ($1.index, $1.number) }
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

extension GatewayError {
    static let noUsableRunner = GatewayError(
        503, "No runner that could do this can be reached now: are they running?", origin: .runner, retryAfter: 5)

    /// Ollama's own answer to a blob that it lacks is a 500, too.
    static let blobsMissing = GatewayError(
        500, "No runner has all the blobs that this create names: upload them first (POST /api/blobs/DIGEST).",
        origin: .runner)
}
