// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// One request that changes what runners hold: carries out what the fan-out machine decides, one call for each runner.
final class ManagementExchange: ClientExchange, RunnerCallOwner {
    /// The request as it was parsed and checked.
    struct Job {
        var id: ExchangeID
        var request: ManagementRequest
        var plan: ManagementPlan
        var version: HTTPVersion
        var headers: HeaderFields
        var body: [UInt8]
        var requestID: [UInt8]
        var arrivedAt: Instant
    }

    private let gateway: Gateway
    private let job: Job
    /// nil once the exchange has ended.
    private var client: ClientConnection?
    private var machine: FanOut
    private var calls: [RunnerCall] = []

    init(gateway: Gateway, client: ClientConnection, job: Job, runners: [RunnerPlace]) {
        self.gateway = gateway
        self.client = client
        self.job = job
        machine = FanOut(runners: runners, traits: job.plan.traits)
    }

    func begin() {
        calls = machine.runners.map { runner in
            RunnerCall(
                gateway: gateway, runner: runner.number,
                RunnerCall.Question(
                    method: job.plan.method, path: job.plan.path, headers: job.headers,
                    body: job.plan.body(job.body, for: runner.number), requestID: job.requestID), owner: self)
        }
        for call in calls { call.begin() }
    }

    private func perform(_ action: FanOut.Action) {
        switch action {
        case .none: break
        case .refresh(let runners):
            gateway.refresh(job.plan.traits.changes, of: runners) { [weak self] in self?.refreshed() }
        case .finish: finish()
        case .cancel: end(status: 499) { _ in 0 }
        }
    }

    private func refreshed() {
        perform(machine.refreshed())
    }

    // MARK: What calls come to

    func callConnected(_ call: RunnerCall) {
        machine.connected(call.runner)
    }

    func callAnswered(_ call: RunnerCall) {
        perform(machine.ended(call.runner, CallOutcome(status: call.head.status, body: call.body)))
    }

    func callBroke(_ call: RunnerCall, _ reason: String) {
        perform(machine.ended(call.runner, .broke(reason)))
    }

    func callFailed(_ call: RunnerCall, _ failure: RunnerFailure) {
        perform(machine.failed(call.runner, failure))
    }

    // MARK: The client

    func clientDrained() {}

    func clientGone() {
        perform(machine.clientGone())
    }

    // MARK: The end

    private func finish() {
        switch machine.verdict {
        case .failure(let status): answer(machine.failureResponse(status: status, surface: surface, gateway.runnerName))
        case .answer(let runner):
            guard let call = calls.first(where: { $0.runner == runner }) else { return }
            guard let own = job.request.answer(standingFor: call.head.status, call.body) else {
                return end(status: call.head.status) { self.passOn(call, to: $0) }
            }
            answer(own, from: runner)
        }
    }

    private var surface: Surface { job.request.route.surface }

    private func answer(_ response: OwnResponse, from runner: Int? = nil) {
        var response = job.request.inItsStatuses(response)
        if let runner { response.fields.append(.init("X-DMR-Runner", String(gateway.runners[runner].index))) }
        end(status: response.status) { client in
            client.respond(response, isLogged: true)
            return response.body.count
        }
    }

    /// The runner's answer as it came. Returns the bytes sent.
    private func passOn(_ call: RunnerCall, to client: ClientConnection) -> Int {
        let isHead = client.incoming?.isHead ?? false
        let head = ClientHead(
            runnerFraming: isHead || call.framing == .none ? call.framing : .counted(call.body.count),
            clientVersion: job.version, clientKeepsAlive: client.mayKeepAlive)
        var bytes: [UInt8] = []
        head.render(
            call.head, clientVersion: job.version, runner: gateway.runners[call.runner].index, requestID: job.requestID,
            originFields: client.incoming?.intake.originFields ?? [], date: gateway.clock.date(at: gateway.loop.now),
            into: &bytes)
        if !isHead { bytes += call.body }
        client.responseBegan(keepsAlive: head.keepsAlive, isCutByReset: false)
        _ = bytes.withUnsafeBytes { client.send($0) }
        client.responseEnded()
        return bytes.count
    }

    /// In this order: the runners' connections are closed before the client goes on to its next request.
    private func end(status: Int, _ tellClient: (ClientConnection) -> Int) {
        for call in calls { call.cancel() }
        gateway.bodyMemory.release(job.body.count)
        guard let client else { return }
        self.client = nil
        client.exchangeEnded()
        let incoming = client.incoming
        let bytes = tellClient(client)
        guard gateway.log.isOn(.info) else { return }
        gateway.log.access(
            AccessRecord(
                requestID: job.requestID, client: client.addressText, key: incoming?.identity?.keyName,
                pattern: job.request.route.pattern, status: status, bytes: bytes,
                duration: gateway.loop.now - job.arrivedAt, model: job.request.model?.text,
                runner: machine.runners.count == 1 ? machine.runners.first?.index : nil))
    }
}
