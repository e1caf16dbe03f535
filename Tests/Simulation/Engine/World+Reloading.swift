// SPDX-License-Identifier: MIT

import GatewayCore

/// A changed configuration, live, as `Gateway.apply` has it: runners keep their numbers, streams go on, waiters look
/// anew.
extension World {
    func reload(_ reload: Step.Reload) {
        setup.runners = reload.runners
        setup.policy = reload.policy
        setup.queueLimit = reload.queueLimit
        setup.queueTimeout = reload.queueTimeout
        let change = numbering.reconfigure(reload.runners.map { [$0.url] }) { isReferredTo($0) }
        noteReload(change)
        catalog.replaceRunners(reload.runners.map(\.catalogEntry), places: numbering.places)
        dispatcher.reconfigure(reload.runners.map(\.slots), places: numbering.places, settings: setup.dispatcher)
        for number in change.retired { retire(number) }
        for place in numbering.places { configure(place.number, reload.runners[place.index]) }
        listsChanged()
        settle()
        wakeThoseAwaitingLists()
    }

    /// A lease, a connection or an exchange still knows the number.
    private func isReferredTo(_ number: Int) -> Bool {
        witness.runners[number].inflight > 0
            || live.contains { course in
                course.machine.runner == number || course.tried.contains(number) || course.ask.pin == number
            }
    }

    private func retire(_ number: Int) {
        peers[number].isRetired = true
        peers[number].schedule = nil
        peers[number].asking = nil
        peers[number].idleConnections = 0
        timers.set(peers[number].timer, .distantFuture)
    }

    private func configure(_ number: Int, _ runner: Setup.Runner) {
        while peers.count <= number {
            peers.append(Peer(runner, timer: timers.add(.watch(runner: peers.count)), now: now))
            peers[peers.count - 1].isRetired = true
        }
        if peers[number].isRetired {
            peers[number] = Peer(runner, timer: peers[number].timer, now: now)
            peers[number].schedule = nil
        }
        if runner.isEnabled, peers[number].schedule == nil {
            peers[number].schedule = ProbeSchedule(intervals: .init(), now: now)
            timers.set(peers[number].timer, now)
        } else if !runner.isEnabled {
            peers[number].schedule = nil
            peers[number].asking = nil
            timers.set(peers[number].timer, .distantFuture)
        }
    }

    private func noteReload(_ change: RunnerNumbering.Change) {
        witness.tally.count(.reloads)
        witness.setup = setup
        witness.waitingAtReload = waitingCount
        for number in change.retired { witness.runners[number].isRetired = true }
        for place in numbering.places {
            let runner = setup.runners[place.index]
            while witness.runners.count <= place.number {
                witness.runners.append(RunnerRecord(runner))
                witness.runners[witness.runners.count - 1].isRetired = true
            }
            if witness.runners[place.number].isRetired {
                let inflight = witness.runners[place.number].inflight
                witness.runners[place.number] = RunnerRecord(runner)
                witness.runners[place.number].inflight = inflight
            }
            witness.runners[place.number].cap = runner.cap
            witness.runners[place.number].weight = runner.weight
            witness.runners[place.number].isEnabled = runner.isEnabled
        }
        for number in witness.runners.indices { witness.runners[number].passedOver = 0 }
    }
}
