// SPDX-License-Identifier: MIT

import GatewayCore

/// What a request is to the exchange that takes it to a runner. The request itself, with its body, is shared: that is
/// held until the first byte of a response, since until then it may have to move to another runner.
struct ProxiedRequest {
    let incoming: IncomingRequest
    let route: Route
    /// The model as the client wrote it.
    let model: String
    /// Where its name stands in the body, in JSON quotes included.
    private let modelRange: Range<Int>?
    let streams: Bool

    init(_ incoming: IncomingRequest, _ request: borrowing ModelRequest, route: Route) {
        self.incoming = incoming
        self.route = route
        model = request.model.text
        modelRange = request.model.range
        streams = request.streams
    }

    /// The body for a runner: the client's own bytes, with the runner's name of the model in the place of the client's
    /// where a prefix was stripped, and nothing else changed.
    func body(named ownName: String?) -> [UInt8] {
        let body = incoming.body
        guard let ownName, let modelRange else { return body }
        var bytes = Array(body[..<modelRange.lowerBound])
        if route.takesForm { bytes += ownName.utf8 } else { JSON.writeString(ownName, to: &bytes) }
        bytes += body[modelRange.upperBound...]
        return bytes
    }

    /// How the runner gets the body, of which `start` is what it gets first. `isStreamed`: more follows.
    func framing(beginningWith start: [UInt8], isStreamed: Bool) -> BodyFraming {
        let framing = incoming.framing
        guard framing != .chunked else { return .chunked }
        guard isStreamed, case .counted(let count) = framing else { return .counted(start.count) }
        return .counted(start.count + count - incoming.body.count)
    }
}
