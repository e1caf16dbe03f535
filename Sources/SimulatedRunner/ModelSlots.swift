// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// One model's life in a simulated runner: whether it is loaded, who uses it, who waits for it.
final class ModelSlots {
    let model: SimulatedModel
    /// Answers being made, and prefills that go on although their client has left.
    var active = 0
    /// In order of arrival; bounded by `maximumQueue`.
    var waiting: [SimulatedConnection] = []
    /// In the future while it loads; nil: not loaded.
    private var loadedAt: Instant?
    private(set) var expiresAt = Instant.distantFuture

    init(model: SimulatedModel) {
        self.model = model
    }

    /// Loads it unless it is loaded, on behalf of someone who is already counted in `active`.
    /// Returns when it is there.
    func load(at now: Instant, taking time: Interval) -> Instant {
        if let loadedAt, active > 1 || now < expiresAt { return max(now, loadedAt) }
        let end = now + time
        loadedAt = end
        expiresAt = .distantFuture
        return end
    }

    /// Someone has used it: it stays for `seconds` from now; negative is forever, zero until the last user is gone.
    func keep(from now: Instant, seconds: Double) {
        expiresAt = seconds < 0 ? .distantFuture : now + .seconds(seconds)
    }

    func isLoaded(at now: Instant) -> Bool {
        guard let loadedAt, loadedAt <= now else { return false }
        return active > 0 || now < expiresAt
    }
}

/// A prefill that goes on although its client has left: it keeps its slot until its time is over.
final class AbandonedPrefill: Timed {
    private let slots: ModelSlots
    private unowned let runner: SimulatedRunner

    init(runner: SimulatedRunner, slots: ModelSlots, until end: Instant) {
        self.runner = runner
        self.slots = slots
        super.init(loop: runner.loop)
        setDeadline(end)
    }

    override func deadlineReached(at now: Instant) {
        runner.prefillEnded(self, slots: slots)
    }
}
