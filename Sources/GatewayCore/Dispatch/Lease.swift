// SPDX-License-Identifier: MIT

/// One occupied slot of a runner. Ends by `Dispatcher.release`, which consumes it: it can't be returned twice.
///
/// Dropping one silently is no compile-time error, so that is caught when it happens: a debug build traps, a release
/// build returns the slot at the dispatcher's next event and counts the bug (`Dispatcher.lostLeases`).
public struct Lease: ~Copyable, Sendable {
    /// The runner's number.
    public let runner: Int
    var charge: CappedLeases.Charge
    private let ledger: Unmanaged<LeaseLedger>

    init(runner: Int, charge: CappedLeases.Charge, ledger: LeaseLedger) {
        self.runner = runner
        self.charge = charge
        self.ledger = Unmanaged.passUnretained(ledger)
    }

    consuming func end() {
        discard self
    }

    deinit {
        assertionFailure("a lease of runner \(runner) was dropped instead of released")
        ledger._withUnsafeGuaranteedRef { $0.lost.append((runner, charge)) }
    }
}

/// Where leases that were dropped by mistake report themselves. It outlives every lease: the dispatcher holds it.
final class LeaseLedger: @unchecked Sendable {
    // Unchecked: a dispatcher and its leases belong to one loop, and so to one thread.
    fileprivate(set) var lost: [(runner: Int, charge: CappedLeases.Charge)] = []

    /// Each of them once.
    func takeLost() -> [(runner: Int, charge: CappedLeases.Charge)] {
        defer { lost = [] }
        return lost
    }
}
