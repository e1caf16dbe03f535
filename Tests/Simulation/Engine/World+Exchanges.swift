// SPDX-License-Identifier: MIT

import GatewayCore

/// One exchange's way, as `IncomingRequest` and `ProxiedExchange` have it.
extension World {
    // MARK: Arriving

    func arrive(_ client: Int, _ ask: Step.Ask) {
        let body = World.body(ask)
        var scanner = BodyScanner()
        var scanned: ScannedBody?
        body.withUnsafeBytes { bytes in
            let half = bytes.count / 2
            do throws(ScanError) {
                try scanner.scan(UnsafeRawBufferPointer(rebasing: bytes[..<half]))
                try scanner.scan(UnsafeRawBufferPointer(rebasing: bytes[half...]))
                scanned = try scanner.finish()
            } catch {
                witness.fault(.name, "a good body was refused: \(error.message)")
            }
        }
        guard let scanned, let request = try? ModelRequest(scanned, route: World.route(ask), identity: World.everyone)
        else { return witness.fault(.name, "a good request was refused") }
        let course = Course(
            client: client, ask, account: setup.account(of: ask), claimant: setup.claimant(of: ask),
            streams: request.streams, now: now, timer: timers.add(.exchange(client: client)))
        if ask.stepsBack { witness.tally.count(.steppedBack) }
        course.slot.model = request.model.text
        while courses.count <= client { courses.append(nil) }
        courses[client] = course
        live.append(course)
        guard bodyMemory.reserve(body.count) else {
            witness.bodyRefused(course, body.count, live)
            return ended(course, .ownError)
        }
        course.bodyHeld = body.count
        resolve(course)
    }

    private static let everyone = Identity(rights: .all)
    private static let chat = Route(.chat)
    private static let show = Route(.show)
    private static func route(_ ask: Step.Ask) -> Route { ask.isShow ? show : chat }

    private static func body(_ ask: Step.Ask) -> [UInt8] {
        let stream = ask.streams ? "" : #""stream":false,"#
        return Array(#"{"model":"\#(ask.model)",\#(stream)"prompt":""#.utf8)
            + [UInt8](repeating: UInt8(ascii: "x"), count: ask.promptBytes) + Array(#""}"#.utf8)
    }

    /// Finds who lists the model, if need be after the first lists have been read.
    func resolve(_ course: Course) {
        switch catalog.resolve(course.slot.model) {
        case .found(let model):
            course.model = model
            course.slot.holders = model.holders
            course.slot.loaded = model.loaded
            if let pin = course.ask.pin {
                guard model.holders.contains(pin) else { return answerOurselves(course) }
                course.slot.holders = RunnerSet([pin])
            }
            perform(course.machine.begin(), course)
        case .firstListsPending: awaitingLists.append(course)
        case .unknown, .noListEverRead, .invalidName: answerOurselves(course)
        }
    }

    private func answerOurselves(_ course: Course) {
        bodyMemory.release(course.bodyHeld)
        course.bodyHeld = 0
        ended(course, .ownError)
    }

    func perform(_ action: Exchange.Action, _ course: Course) {
        switch action {
        case .none, .forwardHead: break
        case .acquire(let isMove): acquire(course, isMove: isMove)
        case .connect(let runner, let fresh): connect(course, to: runner, fresh: fresh)
        case .sendRequest: sendRequest(course)
        case .move(let end): move(course, end, countsAsMove: true)
        case .waitAgain(let end): move(course, end, countsAsMove: false)
        case .fail(let failure, let end): finish(course, end, .failed(failure), reusable: false)
        case .finish(let end): finish(course, end, .whole, reusable: course.keepsRunnerAlive)
        case .cut(let end): finish(course, end, .cut, reusable: false)
        case .abandon(let end):
            if course.queued != nil {
                course.queued = nil
                dispatcher.cancel(course.slot.id)
            }
            finish(course, end, .gone, reusable: false)
        }
    }

    // MARK: Getting to a runner

    private func acquire(_ course: Course, isMove: Bool) {
        guard course.machine.traits.needsSlot else {
            switch dispatcher.pick(for: course.slot, isMove: isMove, now: now) {
            case .picked(let runner): attempt(course, at: runner, lease: nil)
            case .refused(let refusal): refused(course, refusal)
            }
            return
        }
        switch dispatcher.acquire(course.slot, isMove: isMove, now: now) {
        case .granted(let lease): granted(course, lease, fromQueue: false, isMove: isMove)
        case .queued:
            noteQueued(course, isMove: isMove)
            settle()
        case .refused(let refusal): refused(course, refusal)
        }
    }

    func granted(_ course: Course, _ lease: consuming Lease, fromQueue: Bool, isMove: Bool = false) {
        let runner = lease.runner
        checkGrant(course, runner, fromQueue: fromQueue, isMove: isMove)
        attempt(course, at: runner, lease: lease)
    }

    private func attempt(_ course: Course, at runner: Int, lease: consuming Lease?) {
        noteChoice(course, runner, hasLease: course.machine.traits.needsSlot)
        course.slot.tried.insert(runner)
        // It learned the model while the exchange waited.
        if let model = course.model, !model.holders.contains(runner),
            case .found(let fresh) = catalog.resolve(course.slot.model)
        {
            course.model = fresh
        }
        perform(course.machine.granted(runner: runner, lease: lease), course)
    }

    func refused(_ course: Course, _ refusal: Dispatcher.Refusal) {
        checkRefusal(course, refusal)
        course.queued = nil
        perform(course.machine.refused(refusal), course)
    }

    private func connect(_ course: Course, to runner: Int, fresh: Bool) {
        course.hasResponseBytes = false
        if !fresh, peers[runner].idleConnections > 0 {
            peers[runner].idleConnections -= 1
            return connected(course, isReused: true)
        }
        course.link = .connecting
        course.connectBegan = now
        course.lastSignOfLife = nil
        timers.set(course.timer, course.machine.timeLimit(setup.timeouts).map { now + $0 } ?? .distantFuture)
    }

    func connected(_ course: Course, isReused: Bool) {
        course.link = .open(isReused: isReused)
        course.hasLeft = false
        course.connectBegan = nil
        perform(course.machine.connected(isReused: isReused), course)
    }

    private func sendRequest(_ course: Course) {
        armDeadline(course)
        course.requestBegan = course.requestBegan ?? now
        checkName(course)
        guard !course.ask.leavesSlowly else { return }
        course.hasLeft = true
        course.machine.requestSent()
    }

    func requestSent(_ course: Course) {
        course.hasLeft = true
        guard course.machine.isMovable else { return }
        course.machine.requestSent()
        armDeadline(course)
    }

    // MARK: Failures

    func deadlineReached(_ course: Course) {
        guard let failure = course.machine.failureAtDeadline else { return }
        checkDeadline(course)
        endConnection(course, reusable: false)
        connectionFailed(course, failure)
    }

    func connectionFailed(_ course: Course, _ failure: RunnerFailure) {
        if course.hasResponseBytes { course.machine.responseBegan() }
        noteFailure(course, failure)
        endConnection(course, reusable: false)
        guard course.machine.runner != nil else { return }
        perform(course.machine.runnerFailed(failure), course)
    }

    // MARK: Ends

    private func move(_ course: Course, _ outcome: AttemptOutcome, countsAsMove: Bool) {
        checkMove(course, countsAsMove: countsAsMove)
        let runner = course.machine.runner
        endConnection(course, reusable: false)
        course.summary = nil
        course.clock.attemptEnded()
        if !countsAsMove { course.slot.tried = TriedRunners() }
        let lease = course.machine.takeLeaseForMove(countsAsMove: countsAsMove)
        attemptEnded(outcome, of: course, at: runner, lease: lease)
        lookUpHolders(course)
        acquire(course, isMove: countsAsMove)
        settle()
    }

    /// The lists may have changed since it came.
    private func lookUpHolders(_ course: Course) {
        witness.listsChanged(course, catalog)
    }

    private func finish(_ course: Course, _ outcome: AttemptOutcome?, _ end: Course.Outcome, reusable: Bool) {
        let runner = course.machine.runner
        endConnection(course, reusable: reusable)
        let lease = course.machine.takeLeaseAtEnd()
        attemptEnded(outcome ?? .withdrawn, of: course, at: runner, lease: lease)
        bodyMemory.release(course.bodyHeld)
        course.bodyHeld = 0
        ended(course, end)
        settle()
    }

    private func endConnection(_ course: Course, reusable: Bool) {
        if reusable, let runner = course.machine.runner, course.link != .none { peers[runner].idleConnections += 1 }
        course.link = .none
        course.connectBegan = nil
        timers.set(course.timer, .distantFuture)
    }

    /// The client has its answer, or is gone.
    private func ended(_ course: Course, _ outcome: Course.Outcome) {
        checkEnd(course, outcome)
        course.outcome = outcome
        course.outcomes += 1
        timers.remove(course.timer)
        live.removeAll { $0 === course }
    }
}
