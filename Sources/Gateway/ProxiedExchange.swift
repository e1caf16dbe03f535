// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// One request on its way to a runner and back: carries out what the exchange machine decides.
///
/// In the streaming phase a read of the runner's socket becomes one write to the client's, and what the client doesn't
/// take pauses the runner. The machine is asked only when the phase changes.
final class ProxiedExchange: ResponseConsumer, ClientExchange {
    let request: ProxiedRequest
    /// More of the body follows while it is sent: what is held is only its beginning.
    var isStreamed: Bool
    /// As it was listed when the exchange last looked.
    @exclusivity(unchecked) private(set) var model: ResolvedModel
    let gateway: Gateway
    // The gateway's: what is read through two references costs a count of the second one, here with each token.
    private let loop: Loop
    private let splice: SpliceBuffer
    /// nil once the exchange has ended.
    @exclusivity(unchecked) private(set) var client: ClientConnection?
    @exclusivity(unchecked) var machine: Exchange
    @exclusivity(unchecked) private var slot: SlotRequest
    @exclusivity(unchecked) private(set) var connection: RunnerConnection?
    /// Of a body that is passed on while it arrives; nil for every other one, and once it has been sent.
    var upload: UploadPhase?
    private var grantedAt: Instant?
    /// Of the runner that it went to last, as it was then: the client and the log are told the same one.
    private var runnerIndex: Int?

    // The splice: what a chunk needs, and nothing else.
    @exclusivity(unchecked) private var summary: ResponseSummary?
    private var isChunked = false
    private var keepsRunnerAlive = false
    @exclusivity(unchecked) private var closing = ClosingEventScanner(kind: .none)
    @exclusivity(unchecked) private var answerClock = AnswerClock()
    private var bytesSent = 0
    /// The body so far of an error that gets a `detail`; nil for everything that is passed on as it came.
    @exclusivity(unchecked) var heldError: [UInt8]?

    init(_ request: consuming ProxiedRequest, of client: ClientConnection, model: ResolvedModel, claimant: Claimant) {
        isStreamed = request.incoming.isPassedOn
        gateway = client.gateway
        loop = client.loop
        splice = loop.splice
        self.client = client
        self.model = model
        machine = Exchange(
            traits: .init(
                needsSlot: request.route.isInference, streams: request.streams,
                rewordsUnknownModel: request.route.surface == .prefix, streamsBody: isStreamed))
        upload = isStreamed ? .sendingStart : nil
        slot = SlotRequest(
            id: request.incoming.id, claimant: claimant, model: request.model, holders: model.holders,
            loaded: model.loaded, arrivedAt: request.incoming.arrivedAt)
        slot.isPinned = request.route.pin != nil
        self.request = request
    }

    var id: ExchangeID { slot.id }

    func begin() {
        perform(machine.begin())
    }

    private func perform(_ action: Exchange.Action) {
        switch action {
        case .none: break
        case .acquire(let isMove): acquire(isMove: isMove)
        case .connect(let runner, let fresh): connect(to: runner, fresh: fresh)
        case .sendRequest: sendRequest()
        case .forwardHead: break
        case .move(let end): move(end, countsAsMove: true)
        case .waitAgain(let end): move(end, countsAsMove: false)
        case .fail(let failure, let end): fail(failure, end)
        case .finish(let end): finish(end)
        case .cut(let end): cut(end)
        case .abandon(let end): abandon(end)
        }
    }

    // MARK: Getting to a runner

    private func acquire(isMove: Bool) {
        let now = loop.now
        guard machine.traits.needsSlot else {
            switch gateway.dispatcher.pick(for: slot, isMove: isMove, now: now) {
            case .picked(let runner): attempt(at: runner, lease: nil)
            case .refused(let refusal): refused(refusal)
            }
            return
        }
        switch gateway.dispatcher.acquire(slot, isMove: isMove, now: now) {
        case .granted(let lease): granted(lease)
        case .queued: gateway.wait(self)
        case .refused(let refusal): refused(refusal)
        }
    }

    /// The dispatcher gave a slot, at once or after waiting.
    func granted(_ lease: consuming Lease) {
        let runner = lease.runner
        attempt(at: runner, lease: lease)
    }

    private func attempt(at runner: Int, lease: consuming Lease?) {
        if grantedAt == nil { grantedAt = loop.now }
        runnerIndex = gateway.runners[runner].index
        slot.tried.insert(runner)
        // One that learned the model while the exchange waited: it may have another name for it.
        if !model.holders.contains(runner),
            case .found(let model) = gateway.resolve(request.model, for: request.incoming.rights)
        {
            self.model = model
        }
        perform(machine.granted(runner: runner, lease: lease))
    }

    func refers(to runner: Int) -> Bool {
        machine.runner == runner || slot.tried.contains(runner) || slot.holders.contains(runner)
            || model.holders.contains(runner)
    }

    /// A changed configuration: caps that it brought hold for what waits and runs already.
    func rulesChanged() {
        let headers = request.incoming.head.headers
        guard let client, let keyName = request.incoming.intake.keyName,
            let identity = gateway.rules.access.identity(keyName: keyName, headers: headers)
        else { return }
        let claimant = Claimant(of: identity, address: client.caller.address, headers: headers)
        guard claimant.id == slot.claimant.id else { return }
        slot.claimant = claimant
        gateway.dispatcher.allotmentChanged(claimant)
        machine.withLease { gateway.dispatcher.allotmentChanged(claimant, holding: &$0) }
    }

    func refused(_ refusal: Dispatcher.Refusal) {
        perform(machine.refused(refusal))
    }

    private func connect(to runner: Int, fresh: Bool) {
        let connection = gateway.runners[runner].pool.obtain(for: self, fresh: fresh)
        self.connection = connection
        connection.begin(within: machine.timeLimit(gateway.exchangeTimeouts))
    }

    override func connected(isReused: Bool) {
        perform(machine.connected(isReused: isReused))
    }

    private func sendRequest() {
        guard let connection, let runner = machine.runner else { return }
        armDeadline()
        let ownName = model.strippedPrefix ? model.ownName(on: runner) : nil
        if gateway.send(request, ownName: ownName, isStreamed: isStreamed, on: connection, to: runner) {
            if upload == nil { machine.requestSent() } else { uploadProceeds() }
        }
    }

    override func requestSent() {
        if upload != nil { return uploadProceeds() }
        // The answer may have begun before the request was read to its end.
        guard machine.isMovable else { return }
        machine.requestSent()
        armDeadline()
    }

    // MARK: The response

    override func headReceived(_ head: ResponseHead, _ checked: ResponseRules.CheckedResponse) {
        guard let client, let runner = machine.runner, let runnerIndex else { return }
        gateway.dispatcher.firstByteArrived(from: runner)
        var summary = checked.summary
        summary.client = slot.claimant.id.caller
        self.summary = summary
        let hasAlternative = summary.isReasonToMove && gateway.dispatcher.hasUntriedCandidate(for: slot)
        let action = machine.responseHeadReceived(summary, hasAlternative: hasAlternative)
        guard action == .forwardHead else { return perform(action) }
        if isHeld(status: summary.status) {
            keepsRunnerAlive = checked.keepsAlive
            return holdError()
        }
        let ownHead = ClientHead(
            runnerFraming: checked.framing, clientVersion: request.incoming.head.version,
            clientKeepsAlive: client.mayKeepAlive)
        gateway.responseHead.removeAll()
        ownHead.render(
            head, clientVersion: request.incoming.head.version, runner: runnerIndex,
            requestID: request.incoming.requestID,
            fields: client.responseFields, date: gateway.clock.date(at: loop.now),
            into: &gateway.responseHead)
        isChunked = ownHead.framing == .chunked
        keepsRunnerAlive = checked.keepsAlive
        closing = ClosingEventScanner(head)
        client.responseBegan(keepsAlive: ownHead.keepsAlive, isCutByReset: ownHead.framing == .untilClose)
        request.incoming.dropBody()
        if upload != nil { responseBeganDuringUpload(status: summary.status) }
        armDeadline()
    }

    override func readParsed(isLast: Bool, hasMoreBytes: Bool) {
        guard let client, connection != nil else { return }
        if heldError != nil { return errorArrived(isLast: isLast, hasMoreBytes: hasMoreBytes) }
        closing.bytesPassed(splice.body)
        guard !isLast else { return responseEnded(client, hasMoreBytes: hasMoreBytes) }
        switch answerClock.passed(wasTaken: pass(to: client, isLast: false), now: loop.now) {
        case .goOn: break
        case .setDeadline(let deadline): connection?.setDeadline(deadline)
        case .pause:
            connection?.stopReading()
            connection?.setDeadline(.distantFuture)
        }
    }

    /// One read, one write. Says whether the client's socket took it all.
    private func pass(to client: ClientConnection, isLast: Bool) -> Bool {
        let bytes = splice.finish(head: &gateway.responseHead, chunked: isChunked, isLast: isLast)
        bytesSent += bytes.count
        return client.send(bytes)
    }

    func responseEnded(_ client: ClientConnection, hasMoreBytes: Bool) {
        guard let summary else { return }
        let isComplete = closing.wasSeen || heldError != nil
        let action = machine.responseEnded(summary, isComplete: isComplete, isFollowedByBytes: hasMoreBytes)
        var isWhole = false
        if case .finish = action { isWhole = true }
        keepsRunnerAlive = keepsRunnerAlive && !hasMoreBytes
        if heldError == nil { _ = pass(to: client, isLast: isWhole) }
        perform(action)
    }

    /// The client took everything that was held for it.
    func clientDrained() {
        guard let connection, let deadline = answerClock.drained(now: loop.now) else { return }
        connection.setDeadline(deadline)
        connection.startReading()
    }

    // MARK: Failures

    func armDeadline() {
        let limit = machine.timeLimit(gateway.exchangeTimeouts)
        if let upload {
            // An answer's clock begins when the request has been sent.
            connection?.setDeadline(in: upload.runnerIsWaitedFor ? limit : nil)
            return
        }
        let deadline = answerClock.phaseBegan(limit: limit, isRenewed: machine.bytesRenewDeadline, now: loop.now)
        connection?.setDeadline(deadline)
    }

    override func deadlineReached() {
        guard let failure = machine.failureAtDeadline else { return }
        endConnection(reusable: false)
        connectionFailed(failure, reason: "the deadline passed")
    }

    override func connectionFailed(_ failure: RunnerFailure, reason: String) {
        if let connection, connection.hasResponseBytes { machine.responseBegan() }
        connection = nil
        guard let runner = machine.runner else { return }
        if failure.isUnreachable { gateway.runners[runner].pool.addressIsDoubtful() }
        gateway.log.debug("\(gateway.runnerName(runner)): \(failure.label): \(reason)")
        perform(machine.runnerFailed(failure))
    }

    /// Idle connections give theirs up first; then the client has to come again.
    override func noDescriptorFree() {
        connection = nil
        guard let runner = machine.runner else { return }
        if gateway.closeIdleRunnerConnections() { return connect(to: runner, fresh: true) }
        gateway.shortOfDescriptors()
        perform(machine.noDescriptorFree())
    }

    /// The client closed its connection or stopped taking bytes.
    func clientGone() {
        perform(machine.clientGone())
    }

    /// The gateway stops.
    func withdrawn() {
        perform(machine.withdrawn())
    }

    // MARK: Ends

    private func move(_ outcome: AttemptOutcome, countsAsMove: Bool) {
        let runner = machine.runner
        endConnection(reusable: false)
        summary = nil
        answerClock.attemptEnded()
        if upload != nil { startUploadAnew() }
        if !countsAsMove { slot.tried = TriedRunners() }
        let lease = machine.takeLeaseForMove(countsAsMove: countsAsMove)
        gateway.attemptEnded(outcome, at: runner, model: model, lease: lease)
        lookUpHolders()
        acquire(isMove: countsAsMove)
        gateway.settle()
    }

    /// The lists may have changed since the exchange came, not least by what its runner just said.
    private func lookUpHolders() {
        if case .found(let model) = gateway.resolve(request.model, for: request.incoming.rights) {
            slot.replaceHolders(model.holders, loaded: model.loaded)
        } else {
            slot.replaceHolders(RunnerSet(), loaded: RunnerSet())
        }
    }

    private func fail(_ failure: ExchangeFailure, _ outcome: AttemptOutcome?) {
        let error = failure.asError(model: request.model, name: gateway.runnerName)
        end(outcome, reusable: false, status: error.status) { client in
            guard let response = client.incoming?.response(to: error) else { return }
            client.respond(response, isLogged: true)
        }
    }

    private func finish(_ outcome: AttemptOutcome) {
        if let heldError { return answer(heldError, summary, outcome, reusable: keepsRunnerAlive) }
        end(outcome, reusable: keepsRunnerAlive && upload == nil, status: summary?.status ?? 0) { $0.responseEnded() }
    }

    private func cut(_ outcome: AttemptOutcome) {
        if let heldError { return answer(heldError, summary, outcome, reusable: false) }
        end(outcome, reusable: false, status: summary?.status ?? 0) { $0.cutResponse() }
    }

    private func abandon(_ outcome: AttemptOutcome?) {
        gateway.stopWaiting(id)
        // 499 is what nginx and Ollama log for it; nobody is there to receive it.
        end(outcome, reusable: false, status: 499) { _ in }
    }

    /// In this order: the runner's connection is free before its slot is, and the slot before the client goes on to its
    /// next request.
    func end(
        _ outcome: AttemptOutcome?, reusable: Bool, status: Int, _ tellClient: (ClientConnection) -> Void
    ) {
        let runner = machine.runner
        endConnection(reusable: reusable)
        let lease = machine.takeLeaseAtEnd()
        gateway.attemptEnded(outcome ?? .withdrawn, at: runner, model: model, lease: lease)
        request.incoming.dropBody()
        logAccess(status: status, runner: runner)
        let client = self.client
        self.client = nil
        if let client {
            client.exchangeEnded()
            tellClient(client)
        }
        gateway.settle()
    }

    private func endConnection(reusable: Bool) {
        connection?.release(reusable: reusable)
        connection = nil
    }

    private func logAccess(status: Int, runner: Int?) {
        guard let client, gateway.log.isOn(.info) else { return }
        let now = loop.now
        gateway.log.access(
            AccessRecord(
                requestID: request.incoming.requestID, client: client.addressText,
                key: request.incoming.intake.keyName,
                pattern: request.route.pattern, status: status, bytes: bytesSent, duration: now - slot.arrivedAt,
                model: request.model, runner: runner == nil ? nil : runnerIndex,
                queued: (grantedAt ?? now) - slot.arrivedAt,
                moves: machine.moves))
    }
}
