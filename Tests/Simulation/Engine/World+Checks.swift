// SPDX-License-Identifier: MIT

import GatewayCore

/// What is looked at after every step.
extension World {
    func check() {
        checkTotals()
        var held = 0
        for course in live {
            held += course.bodyHeld
            if course.queued != nil { checkWaiter(course) }
            checkHeld(course)
            checkSilence(course)
        }
        if held != bodyMemory.held || held > setup.bodyMemory {
            witness.fault(.held, "\(bodyMemory.held) bytes of bodies are held, of \(held) that should be")
        }
    }

    private func checkTotals() {
        var total = 0
        for runner in peers.indices {
            let own = witness.runners[runner].inflight
            total += own
            if dispatcher.inflight(of: runner) != own {
                witness.fault(.leases, "runner \(runner) has \(dispatcher.inflight(of: runner)) leases, not \(own)")
            }
        }
        if dispatcher.totalInflight != total || dispatcher.lostLeases != 0 {
            witness.fault(.leases, "\(dispatcher.totalInflight) leases in all, not \(total)")
        }
        let waiting = waitingCount
        witness.waitingAtReload = min(witness.waitingAtReload, waiting)
        if dispatcher.waiting != waiting {
            witness.fault(.oneOutcome, "\(dispatcher.waiting) wait in the queue, and \(waiting) should")
        }
        // A lower limit turns nobody out.
        if waiting > max(setup.queueLimit, witness.waitingAtReload) {
            witness.fault(.queueBound, "\(waiting) wait, limits.queue \(setup.queueLimit)")
        }
    }

    var waitingCount: Int { live.reduce(0) { $0 + ($1.queued == nil ? 0 : 1) } }

    private func checkWaiter(_ course: Course) {
        if let limit = setup.queueTimeout, now - course.arrivedAt >= limit + Setup.lateness {
            witness.fault(.queueDeadline, "client \(course.client) came \((now - course.arrivedAt).inSeconds) s ago")
        }
        var hasHope = false
        for runner in peers.indices where isCandidate(runner, course) {
            hasHope = true
            // The waker may be a tick late.
            if hasFreeSlot(runner), !isAtOwnCap(course), now - witness.runners[runner].busyUntil >= Setup.lateness {
                witness.fault(.idleSlot, "client \(course.client) waits while runner \(runner) has a free slot")
            }
        }
        if !hasHope { witness.fault(.hope, "client \(course.client) waits, and no runner could ever take it") }
    }

    private func checkHeld(_ course: Course) {
        let held = course.socket.held.count
        if held > setup.bufferBytes + World.clientHead.count {
            witness.fault(.held, "\(held) bytes are held for client \(course.client)")
        }
        if held > 0, course.isStreaming, !course.clock.isPaused {
            witness.fault(.held, "client \(course.client) is behind, and its runner is read on")
        }
    }

    /// How long the runner has been silent, against the limit that holds for it now; nil: none does.
    private func silence(_ course: Course) -> (been: Interval, limit: Interval)? {
        if let began = course.connectBegan { return (now - began, Setup.connect) }
        guard course.link != .none, !course.ask.isShow, course.pausedAt == nil else { return nil }
        if course.machine.traits.streams {
            guard let last = course.lastSignOfLife else { return nil }
            return (now - last, course.headForwarded ? Setup.streamIdle : Setup.firstByte)
        }
        guard let began = course.requestBegan, let limit = setup.wholeAnswer else { return nil }
        return (now - (began + course.pausedFor), limit)
    }

    private func checkSilence(_ course: Course) {
        guard let (been, limit) = silence(course), been >= limit + Setup.lateness else { return }
        witness.fault(.silence, "client \(course.client): its runner may be silent for \(been.inSeconds) s")
    }

    /// A deadline has passed.
    func checkDeadline(_ course: Course) {
        witness.tally.count(.deadlines)
        guard let (been, limit) = silence(course), been >= limit else {
            return witness.fault(.silence, "client \(course.client): a deadline came too early, or while paused")
        }
    }

    // MARK: Waiting and refusing

    func noteQueued(_ course: Course, isMove: Bool) {
        // One that has to make room is told so in the turn that follows.
        if waitingCount > max(setup.queueLimit, witness.waitingAtReload) {
            witness.fault(.queueBound, "client \(course.client) waits behind \(waitingCount) others")
        }
        if !isMove { noteWaiting(course.account) }
        witness.queueSerial += 1
        if isMove { witness.tally.count(.movesQueued) }
        course.queued = (isMove, witness.queueSerial)
    }

    func checkRefusal(_ course: Course, _ refusal: Dispatcher.Refusal) {
        let client = course.client
        witness.tally.count(.refusals)
        switch refusal {
        case .timedOut(let retryAfter):
            witness.tally.count(.queueTimeouts)
            check(retryAfter: retryAfter)
            guard let limit = setup.queueTimeout, now - course.arrivedAt >= limit else {
                let waited = (now - course.arrivedAt).inSeconds
                return witness.fault(.queueDeadline, "client \(client) was refused after \(waited) s")
            }
        case .queueFull(let retryAfter):
            witness.tally.count(.queueFull)
            check(retryAfter: retryAfter)
            checkDisplaced(course)
            if waitingCount < setup.queueLimit {
                witness.fault(.queueBound, "client \(client) was refused, and only \(waitingCount) wait")
            }
        case .unreachable(let runner, let retryAfter):
            check(retryAfter: retryAfter)
            if !dispatcher.health(of: runner).isUnreachable || !course.slot.holders.contains(runner) {
                witness.fault(.refusal, "client \(client) was told that runner \(runner) can't be reached")
            }
            checkHopeless(course)
        case .noHolder:
            checkHopeless(course)
        case .noCandidateLeft:
            if course.tried.isEmpty { witness.fault(.refusal, "client \(client) was told that it had tried all") }
            checkHopeless(course)
        }
    }

    private func check(retryAfter: Int) {
        if !(1...60).contains(retryAfter) { witness.fault(.refusal, "Retry-After is \(retryAfter)") }
    }

    private func checkHopeless(_ course: Course) {
        for runner in peers.indices where isCandidate(runner, course) {
            witness.fault(.refusal, "client \(course.client) was refused, and runner \(runner) could take it")
        }
    }

    // MARK: Moves

    /// A reset behind a request that had left whole, unless the connection was a stale one.
    func noteFailure(_ course: Course, _ failure: RunnerFailure) {
        guard failure == .reset, course.hasLeft, !course.headForwarded else { return }
        if course.link == .open(isReused: true), !course.hasResponseBytes {
            return witness.tally.count(.staleReplaced)
        }
        course.crashes += 1
    }

    func checkMove(_ course: Course, countsAsMove: Bool) {
        let client = course.client
        if course.headForwarded || !course.socket.received.isEmpty {
            witness.fault(.move, "client \(client) has had bytes, and its exchange moves")
        }
        if course.bodyIsGone { witness.fault(.move, "client \(client) moves, and a part of its body is gone") }
        course.requestBegan = nil
        course.pausedFor = .zero
        witness.tally.count(countsAsMove ? .moves : .waitsAgain)
        guard countsAsMove else {
            course.tried = []
            return
        }
        course.moves += 1
        if course.crashes > 0 { course.movesSinceCrash += 1 }
        if course.moves > 2 { witness.fault(.move, "client \(client) moves for the \(course.moves)rd time") }
        if course.movesSinceCrash > 1 { witness.fault(.move, "client \(client) moves on after two crashes") }
    }

    /// The head goes to the client: it was no reason to move, or there was nowhere to go.
    func checkForward(_ course: Course, _ head: Step.Head) {
        let isMissing = head.status == 404
        guard [502, 503, 504].contains(head.status) || isMissing else { return }
        guard !course.bodyIsGone else { return }
        if head.status == 503, !course.ask.isShow {
            witness.fault(.move, "client \(course.client) gets a 503, though it could wait")
        }
        guard course.moves < 2, course.movesSinceCrash == 0, course.crashes == 0 || course.moves == 0 else { return }
        for runner in peers.indices where isCandidate(runner, course) {
            witness.fault(.move, "client \(course.client) gets a \(head.status), and runner \(runner) is untried")
        }
    }

    func checkName(_ course: Course) {
        guard let runner = course.machine.runner, let model = course.model else { return }
        let sent = model.strippedPrefix ? model.ownName(on: runner) ?? course.ask.model : course.ask.model
        // Runners themselves know nothing of prefixes, whatever a reload did to them.
        let own = course.ask.model.split(separator: ".").last.map(String.init) ?? course.ask.model
        if sent != own { witness.fault(.name, "runner \(runner) is asked for \(sent), which it calls \(own)") }
        if witness.runners[runner].lacks.contains(course.ask.model), course.link != .open(isReused: false) {
            witness.fault(.candidate, "runner \(runner) is asked for \(own) again, which it said it lacks")
        }
    }

    // MARK: Ends

    func checkEnd(_ course: Course, _ outcome: Course.Outcome) {
        let client = course.client
        if course.outcomes > 0 { witness.fault(.oneOutcome, "client \(client) ends again: \(outcome)") }
        if course.holdsLease || course.queued != nil {
            witness.fault(.oneOutcome, "client \(client) has ended and still holds its place")
        }
        let out = course.socket.received + course.socket.held
        switch outcome {
        case .whole:
            witness.tally.count(.whole)
            let isWhole = course.closing.kind == .none ? course.reply.end != nil : course.reply.isWhole
            if !isWhole { witness.fault(.bytes, "client \(client) was told that half an answer is whole") }
            if out != World.clientHead + course.reply.sent {
                witness.fault(.bytes, "client \(client) got other bytes than its runner sent")
            }
        case .cut:
            witness.tally.count(.cut)
            if course.reply.end == .whole { witness.fault(.bytes, "client \(client): a whole answer was cut") }
            if !(World.clientHead + course.reply.sent).starts(with: out) {
                witness.fault(.bytes, "client \(client) got other bytes than its runner sent")
            }
        case .gone:
            witness.tally.count(.gone)
            if course.isClientHere { witness.fault(.oneOutcome, "client \(client) was given up and is still there") }
        case .failed, .ownError:
            witness.tally.count(.failed)
            if !out.isEmpty { witness.fault(.move, "client \(client) gets an error behind \(out.count) bytes") }
        }
    }
}
