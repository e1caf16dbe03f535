// SPDX-License-Identifier: MIT

import GatewayCore

/// Whose exchanges wait together.
struct Account: Hashable {
    var identity: Int
    var isBackground: Bool
}

/// What became of the slots that a waiting caller could have used, since it last had as many of them as its share.
struct Turns {
    var own = 0
    var others: [Account: Int] = [:]
}

/// Who of several callers is next.
///
/// Deficit round robin promises this, whatever shape it has: while a caller waits, and until it has had as many
/// contested slots as its share, each other caller of its priority gets at most as many as that other's share of those
/// that the first could have used. One with a single exchange therefore waits for at most the shares of the others
/// together; beside one other of share 1, for one slot. Exchanges that moved go first, on nobody's account.
extension World {
    /// A caller that did not wait has nothing coming from before.
    func noteWaiting(_ account: Account) {
        let waitsAlready = live.contains { other in
            other.account == account && other.queued.map { !$0.isMove } ?? false
        }
        if !waitsAlready { witness.turns[account] = Turns() }
    }

    /// Called before the grant is counted.
    func checkTurn(of course: Course, at runner: Int) {
        guard let place = course.queued else { return }
        var couldUseIt: Set<Account> = []
        for other in live where other !== course {
            guard let place = other.queued, !place.isMove else { continue }
            if isCandidate(runner, other), !isAtOwnCap(other) { couldUseIt.insert(other.account) }
        }
        let owed = witness.runners[runner].passedBackground >= 15
        if course.account.isBackground {
            if !place.isMove, couldUseIt.contains(where: { !$0.isBackground }) {
                witness.tally.count(.backgroundOwed)
                if !owed {
                    witness.fault(.background, "client \(course.client) got a slot that interactive work could use")
                }
            }
            course.wasOwed = owed && !place.isMove
            witness.runners[runner].passedBackground = 0
        } else if couldUseIt.contains(where: \.isBackground) {
            if owed, !place.isMove {
                witness.fault(.oneInSixteen, "client \(course.client) got a slot that is due to background work")
            }
            witness.runners[runner].passedBackground += 1
        }
        if !place.isMove { checkTurn(of: course, passing: couldUseIt) }
    }

    private func checkTurn(of course: Course, passing couldUseIt: Set<Account>) {
        let account = course.account
        let others = couldUseIt.filter { $0 != account && $0.isBackground == account.isBackground }
        guard !others.isEmpty else { return }
        witness.tally.count(.contestedTurns)
        for other in others {
            let taken = witness.turns[other, default: Turns()].others[account, default: 0] + 1
            witness.turns[other, default: Turns()].others[account] = taken
            if taken > setup.share(of: account) {
                witness.fault(
                    .turn,
                    "client \(course.client) got slot \(taken) of its caller's since caller \(other) had its turn")
            }
        }
        witness.turns[account, default: Turns()].own += 1
        if witness.turns[account, default: Turns()].own == setup.share(of: account) { witness.turns[account] = Turns() }
    }

    // MARK: The full queue

    /// One that waited has to make room for the last that came.
    func checkDisplaced(_ course: Course) {
        guard let place = course.queued else { return }
        witness.tally.count(.displaced)
        let waiting = live.filter { other in
            other !== course && other.queued.map { !$0.isMove && $0.serial != witness.queueSerial } ?? false
        }
        if place.isMove { witness.fault(.queueBound, "client \(course.client) moved, and had to make room") }
        for other in waiting where other.account == course.account {
            if other.arrivedAt > course.arrivedAt {
                witness.fault(.queueBound, "client \(course.client) made room, and \(other.client) came after it")
            }
        }
        let newcomer = live.first { $0.queued?.serial == witness.queueSerial }
        if newcomer?.account.isBackground == false, !course.account.isBackground,
            waiting.contains(where: \.account.isBackground)
        {
            witness.fault(.queueBound, "client \(course.client) made room while background work waits")
        }
    }
}
