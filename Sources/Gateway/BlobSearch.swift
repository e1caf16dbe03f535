// SPDX-License-Identifier: MIT

import GatewayCore

/// Asks runners whether they have all of some blobs: a model can be created only where its parts are. Each runner is
/// asked for one blob after the other, until it lacks one.
final class BlobSearch: RunnerCallOwner {
    private let gateway: Gateway
    private let blobs: [String]
    private let headers: HeaderFields
    private let requestID: [UInt8]
    private var calls: [Int: RunnerCall] = [:]
    /// How many each runner has, so far.
    private var found: [Int: Int] = [:]
    private var done: ((RunnerSet?) -> Void)?

    init(gateway: Gateway, blobs: [String], headers: HeaderFields, requestID: [UInt8]) {
        self.gateway = gateway
        self.blobs = blobs
        self.headers = headers
        self.requestID = requestID
    }

    /// `done` is called once, with those that have all of them; with nil if somebody could not be asked for want of a
    /// file descriptor.
    func begin(at runners: [Int], done: @escaping (RunnerSet?) -> Void) {
        self.done = done
        for runner in runners { found[runner] = 0 }
        for runner in runners where self.done != nil { ask(runner) }
    }

    func cancel() {
        done = nil
        for call in calls.values { call.cancel() }
        calls = [:]
    }

    private func ask(_ runner: Int) {
        guard let next = found[runner], next < blobs.count else { return left(runner) }
        let call = RunnerCall(
            gateway: gateway, runner: runner,
            RunnerCall.Question(
                method: .head, path: "/api/blobs/" + blobs[next], headers: headers, body: .whole([]),
                requestID: requestID), owner: self)
        calls[runner] = call
        call.begin()
    }

    private func left(_ runner: Int) {
        calls[runner] = nil
        guard calls.isEmpty, found.values.allSatisfy({ $0 == blobs.count || $0 < 0 }) else { return }
        let done = self.done
        self.done = nil
        done?(RunnerSet(found.filter { $0.value == blobs.count }.keys))
    }

    // MARK: What calls come to

    func callConnected(_ call: RunnerCall) {}
    func callDrained(_ call: RunnerCall) {}
    func callTakesLines(_ call: RunnerCall) -> Bool { false }
    func callReceived(_ call: RunnerCall, lines: [[UInt8]]) {}

    func callAnswered(_ call: RunnerCall) {
        guard call.head.status == 200 else { return lacks(call.runner) }
        found[call.runner, default: 0] += 1
        ask(call.runner)
    }

    func callBroke(_ call: RunnerCall, _ reason: String) { lacks(call.runner) }
    func callFailed(_ call: RunnerCall, _ failure: RunnerFailure) { lacks(call.runner) }

    func callNotPossible(_ call: RunnerCall) {
        let done = self.done
        cancel()
        done?(nil)
    }

    private func lacks(_ runner: Int) {
        found[runner] = -1
        left(runner)
    }
}
