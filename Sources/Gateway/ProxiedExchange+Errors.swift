// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// A runner's error under the prefix is held until it is whole: its words get the name that Open WebUI's clients read.
extension ProxiedExchange {
    /// One that comes while a form is still passed on goes out as it is: what is left of the form depends on its end.
    func isHeld(status: Int) -> Bool {
        status >= 400 && request.route.surface == .prefix && upload == nil
    }

    func holdError() {
        heldError = []
        request.incoming.dropBody()
        armDeadline()
    }

    func errorArrived(isLast: Bool, hasMoreBytes: Bool) {
        // One byte too many says that there were more.
        let room = RunnerError.maximumBytes + 1 - (heldError?.count ?? 0)
        heldError?.append(contentsOf: gateway.loop.splice.body.prefix(room))
        if isLast, let client { responseEnded(client, hasMoreBytes: hasMoreBytes) }
    }

    /// Also where it broke off: its status is known.
    func answer(_ error: [UInt8], _ summary: ResponseSummary?, _ outcome: AttemptOutcome, reusable: Bool) {
        guard let summary, let runner = machine.runner else { return }
        var response = RunnerError.response(
            summary.status, error, orElse: "\(gateway.runnerName(runner)) answered \(summary.status).",
            family: request.route.family, requestID: String(decoding: request.incoming.requestID, as: UTF8.self),
            retryAfter: summary.retryAfter)
        response.fields.append(gateway.fieldNaming(runner))
        end(outcome, reusable: reusable, status: summary.status) { $0.respond(response, isLogged: true) }
    }
}
