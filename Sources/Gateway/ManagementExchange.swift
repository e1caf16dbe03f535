// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// One request that changes what runners hold: carries out what the fan-out machine decides, one call for each runner.
final class ManagementExchange: ClientExchange, RunnerCallOwner {
    /// The request as it was parsed and checked.
    struct Job {
        var request: ManagementRequest
        var plan: ManagementPlan
        var version: HTTPVersion
        var headers: HeaderFields
        var body: [UInt8]
        /// The body comes while the exchange runs, framed so.
        var upload: BodyFraming?
        var requestID: [UInt8]
        var arrivedAt: Instant
        /// What stands in its record before its end is known; nil: it leaves none.
        var audit: AuditRecord?
    }

    let gateway: Gateway
    let job: Job
    /// nil once the exchange has ended.
    private(set) var client: ClientConnection?
    private var machine: FanOut
    private(set) var calls: [RunnerCall] = []
    private var search: BlobSearch?
    private(set) var upload: BlobUpload?
    private var stream: ManagementStream?
    private var pause: DeadlineTimer?

    init(gateway: Gateway, client: ClientConnection, job: Job, runners: [CalledRunner]) {
        self.gateway = gateway
        self.client = client
        self.job = job
        machine = FanOut(runners: runners, traits: job.plan.traits)
    }

    func begin() {
        guard !job.plan.blobs.isEmpty else { return beginCalls() }
        let search = BlobSearch(
            gateway: gateway, blobs: job.plan.blobs, headers: job.headers, requestID: job.requestID)
        self.search = search
        search.begin(at: machine.runners.map(\.number)) { [weak self] having in self?.blobsFound(having) }
    }

    private func blobsFound(_ having: RunnerSet?) {
        search = nil
        guard let having else {
            return answer(OwnResponse(error: .noDescriptorFree, family: .native, surface: surface))
        }
        let runners = machine.runners.filter { having.contains($0.number) }
        guard !runners.isEmpty else {
            return answer(OwnResponse(error: .blobsMissing, family: .native, surface: surface))
        }
        machine = FanOut(runners: runners, traits: job.plan.traits)
        beginCalls()
    }

    private func beginCalls() {
        if job.upload != nil, let client { upload = BlobUpload(client: client, isChunked: job.upload == .chunked) }
        calls = machine.runners.map { runner in
            RunnerCall(
                gateway: gateway, runner: runner.number,
                RunnerCall.Question(
                    method: job.plan.method, path: job.plan.path, headers: job.headers,
                    body: job.upload.map { .inPieces($0) } ?? .whole(job.plan.body(job.body, for: runner.number)),
                    requestID: job.requestID), owner: self)
        }
        for call in calls { call.begin() }
    }

    private func perform(_ action: FanOut.Action) {
        switch action {
        case .none: break
        case .beginStream(let runner): beginStream(by: runner)
        case .refresh(let runners):
            passOnOutput()
            gateway.refresh(job.plan.traits.changes, of: runners) { [weak self] in self?.refreshed() }
        case .refreshLater(let runners, let pause):
            let waiting = DeadlineTimer(loop: gateway.loop) { [weak self] in self?.perform(.refresh(runners)) }
            waiting.setDeadline(in: pause)
            self.pause = waiting
        case .finish: finish()
        case .cancel: end(.abandoned, status: 499) { _ in 0 }
        }
    }

    private func refreshed() {
        perform(machine.refreshed(showsChange: !isStillLoaded))
    }

    /// Some runner that was asked to unload the model lists it as loaded.
    private var isStillLoaded: Bool {
        guard job.plan.traits.changes == [.ps], let name = job.request.subject,
            case .found(let model) = gateway.catalog.resolve(name)
        else { return false }
        return machine.runners.contains { model.loaded.contains($0.number) }
    }

    // MARK: What calls come to

    func callConnected(_ call: RunnerCall) {
        machine.connected(call.runner)
        beginUploadIfReady()
    }

    func callDrained(_ call: RunnerCall) {
        upload?.settle(calls)
    }

    func callTakesLines(_ call: RunnerCall) -> Bool {
        let isStream = call.head.headers.hasContentType("application/x-ndjson")
        perform(machine.headReceived(call.runner, status: call.head.status, isStream: isStream))
        return machine.isStreaming(call.runner)
    }

    func callReceived(_ call: RunnerCall, lines: [[UInt8]]) {
        for line in lines { machine.lineReceived(call.runner, line) }
        passOnOutput()
    }

    func callAnswered(_ call: RunnerCall) {
        ended(
            call.isInLines
                ? machine.streamEnded(call.runner)
                : machine.ended(call.runner, CallOutcome(status: call.head.status, body: call.body)))
    }

    func callBroke(_ call: RunnerCall, _ reason: String) {
        ended(machine.ended(call.runner, .broke(reason)))
    }

    func callFailed(_ call: RunnerCall, _ failure: RunnerFailure) {
        ended(machine.failed(call.runner, failure))
    }

    func callNotPossible(_ call: RunnerCall) {
        ended(machine.notPossible(call.runner))
    }

    private func ended(_ action: FanOut.Action) {
        if action == .none {
            passOnOutput()
            beginUploadIfReady()
            upload?.settle(calls)
        }
        perform(action)
    }

    // MARK: An upload

    private func beginUploadIfReady() {
        guard let upload, machine.haveAllBegun else { return }
        upload.begin(calls)
    }

    func uploadArrived(isLast: Bool) {
        upload?.arrived(isLast: isLast, calls)
    }

    /// No runner gets it whole.
    func uploadFailed(_ error: GatewayError) {
        _ = machine.clientGone()
        end(.failed, status: error.status) { client in
            guard let response = client.incoming?.response(to: error) else { return 0 }
            client.respond(response, closing: true, isLogged: true)
            return response.body.count
        }
    }

    var uploadBytesHeld: Int { calls.reduce(0) { $0 + $1.heldBytes } }

    // MARK: A stream

    private func beginStream(by runner: Int) {
        guard let client, let call = calls.first(where: { $0.runner == runner }) else { return }
        stream = ManagementStream(
            client: client, job: job, head: machine.runners.count == 1 ? call.head : nil,
            runner: machine.runners.count == 1 ? gateway.runners[runner].index : nil,
            date: gateway.clock.date(at: gateway.loop.now))
        passOnOutput()
    }

    private func passOnOutput() {
        guard let stream, !stream.pass(machine.takeOutput(), isLast: false) else { return }
        // What the client doesn't take holds up the runners, not our memory.
        for call in calls { call.pause() }
    }

    // MARK: The client

    func clientDrained() {
        for call in calls { call.resume() }
    }

    func clientGone() {
        search?.cancel()
        search = nil
        perform(machine.clientGone())
    }

    func refers(to runner: Int) -> Bool {
        machine.runners.contains { $0.number == runner }
    }

    // MARK: The end

    private var surface: Surface { job.request.route.surface }

    private func finish() {
        if let stream {
            let last = machine.takeOutput()
            return end(machine.hasSucceeded ? .done : .failed, status: 200) { client in
                _ = stream.pass(last, isLast: true)
                client.responseEnded()
                return stream.bytesSent
            }
        }
        switch machine.verdict {
        case .failure(let status): answer(machine.failureResponse(status: status, surface: surface))
        case .answer(let runner):
            guard let call = calls.first(where: { $0.runner == runner }) else { return }
            let own =
                job.request.answer(standingFor: call.head.status, call.body)
                ?? machine.reportingSkips(in: call.head.status, call.body)
            guard let own else {
                return end(.init(status: call.head.status), status: call.head.status) {
                    self.passOn(call, to: $0)
                }
            }
            answer(own, from: runner)
        }
    }

    private func answer(_ response: OwnResponse, from runner: Int? = nil) {
        var response = job.request.inItsStatuses(response)
        if let runner { response.fields.append(gateway.fieldNaming(runner)) }
        end(.init(status: response.status), status: response.status) { client in
            client.respond(response, isLogged: true)
            return response.body.count
        }
    }

    /// The runner's answer as it came. Returns the bytes sent.
    private func passOn(_ call: RunnerCall, to client: ClientConnection) -> Int {
        let isHead = client.incoming?.head.method == .head
        let head = ClientHead(
            runnerFraming: job.plan.method == .head || call.framing == .none
                ? call.framing : .counted(call.body.count),
            clientVersion: job.version, clientKeepsAlive: client.mayKeepAlive)
        var bytes = OutputBuffer()
        head.render(
            call.head, clientVersion: job.version, runner: gateway.runners[call.runner].index,
            requestID: job.requestID, fields: client.responseFields,
            date: gateway.clock.date(at: gateway.loop.now), into: &bytes)
        if !isHead { bytes.append(call.body) }
        client.responseBegan(keepsAlive: head.keepsAlive, isCutByReset: false)
        client.send(bytes.bytes)
        client.responseEnded()
        return bytes.count
    }

    /// In this order: the runners' connections are closed before the client goes on to its next request.
    private func end(_ outcome: AuditRecord.Outcome, status: Int, _ tellClient: (ClientConnection) -> Int) {
        for call in calls { call.cancel() }
        pause = nil
        gateway.bodyMemory.release(job.body.count)
        upload = nil
        guard let client else { return }
        self.client = nil
        client.exchangeEnded()
        let keyName = client.incoming?.intake.keyName
        let bytes = tellClient(client)
        audit(outcome, status: status)
        guard gateway.log.isOn(.info) else { return }
        gateway.log.access(
            AccessRecord(
                requestID: job.requestID, client: client.addressText, key: keyName,
                pattern: job.request.route.pattern, status: status, bytes: bytes,
                duration: gateway.loop.now - job.arrivedAt,
                model: job.request.subject,
                runner: machine.runners.count == 1 ? machine.runners.first?.index : nil))
    }

    private func audit(_ outcome: AuditRecord.Outcome, status: Int) {
        guard var record = job.audit else { return }
        record.outcome = outcome
        record.status = status
        // Before the first call nobody was asked, whoever might have been.
        if !calls.isEmpty { record.parts = machine.auditParts }
        gateway.audit.write(record)
    }
}
