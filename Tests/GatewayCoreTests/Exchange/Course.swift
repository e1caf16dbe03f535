// SPDX-License-Identifier: MIT

import GatewayCore

/// An exchange driven into a state, with its leases given back. A class, since `#expect` can't hold a value that is not
/// copyable.
final class Course {
    enum Phase: CaseIterable {
        case waiting, connecting, awaitingHead, sent, streaming, ended
    }

    private var exchange: Exchange
    private var dispatcher = Dispatcher(runners: Array(repeating: .init(), count: 8), settings: .init())
    private let now = Instant(nanoseconds: 0)

    init(
        needsSlot: Bool = true, streams: Bool = true, rewordsUnknownModel: Bool = false, streamsBody: Bool = false
    ) {
        exchange = Exchange(
            traits: .init(
                needsSlot: needsSlot, streams: streams, rewordsUnknownModel: rewordsUnknownModel,
                streamsBody: streamsBody))
    }

    deinit {
        if let lease = exchange.takeLeaseAtEnd() { dispatcher.release(lease, .withdrawn, now: now) }
    }

    convenience init(at phase: Phase, needsSlot: Bool = true, streams: Bool = true) {
        self.init(needsSlot: needsSlot, streams: streams)
        switch phase {
        case .waiting: break
        case .connecting: grant(0)
        case .awaitingHead: begin(0, sent: false)
        case .sent: begin(0)
        case .streaming:
            begin(0)
            _ = head(200)
        case .ended: end()
        }
    }

    func noDescriptorFree() -> Exchange.Action { exchange.noDescriptorFree() }

    var moves: Int { exchange.moves }
    var runner: Int? { exchange.runner }
    var hasEnded: Bool { exchange.hasEnded }
    var isMovable: Bool { exchange.isMovable }
    var bytesRenewDeadline: Bool { exchange.bytesRenewDeadline }
    var failureAtDeadline: RunnerFailure? { exchange.failureAtDeadline }
    func timeLimit(_ timeouts: Exchange.Timeouts) -> TimeLimit { exchange.timeLimit(timeouts) }

    func first() -> Exchange.Action { exchange.begin() }

    @discardableResult
    func grant(_ runner: Int) -> Exchange.Action {
        guard exchange.traits.needsSlot else { return exchange.granted(runner: runner, lease: nil) }
        let request = SlotRequest(
            id: ExchangeID(1), claimant: .nobody, model: "m", holders: RunnerSet([runner]), loaded: RunnerSet(),
            arrivedAt: now)
        switch dispatcher.acquire(request, now: now) {
        case .granted(let lease): return exchange.granted(runner: runner, lease: lease)
        case .queued: return .none
        case .refused: return .none
        }
    }

    /// A slot, a connection, and the request on its way or sent.
    func begin(_ runner: Int, isReused: Bool = false, sent: Bool = true) {
        grant(runner)
        _ = exchange.connected(isReused: isReused)
        if sent { exchange.requestSent() }
    }

    func connected(isReused: Bool = false) -> Exchange.Action { exchange.connected(isReused: isReused) }
    func responseBegan() { exchange.responseBegan() }
    func requestSent() { exchange.requestSent() }
    func giveBodyAway() { exchange.bodyPartGivenAway() }
    var bodyIsWhole: Bool { exchange.bodyIsWhole }

    func head(_ status: Int, json: Bool = true, retryAfter: Interval? = nil, alternative: Bool = false)
        -> Exchange.Action
    {
        exchange.responseHeadReceived(
            ResponseSummary(status: status, isJSON: json, retryAfter: retryAfter, client: 9),
            hasAlternative: alternative)
    }

    func responseEnds(_ status: Int = 200, json: Bool = true, complete: Bool = true, followed: Bool = false)
        -> Exchange.Action
    {
        exchange.responseEnded(
            ResponseSummary(status: status, isJSON: json, client: 9), isComplete: complete, isFollowedByBytes: followed)
    }

    func fails(_ failure: RunnerFailure) -> Exchange.Action { exchange.runnerFailed(failure) }
    func refused(_ refusal: Dispatcher.Refusal) -> Exchange.Action { exchange.refused(refusal) }
    func clientGone() -> Exchange.Action { exchange.clientGone() }
    func withdrawn() -> Exchange.Action { exchange.withdrawn() }

    /// Gives the lease back, as the shell does after `move` and `waitAgain`. Says whether there was one.
    @discardableResult
    func leave(countsAsMove: Bool = true) -> Bool {
        giveBack(exchange.takeLeaseForMove(countsAsMove: countsAsMove))
    }

    @discardableResult
    func end() -> Bool { giveBack(exchange.takeLeaseAtEnd()) }

    var leasesOut: Int { dispatcher.totalInflight }

    private func giveBack(_ lease: consuming Lease?) -> Bool {
        switch consume lease {
        case .some(let lease):
            dispatcher.release(lease, .withdrawn, now: now)
            return true
        case .none: return false
        }
    }
}
