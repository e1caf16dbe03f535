// SPDX-License-Identifier: MIT

import GatewayCore

/// A request that goes to a runner, as it was parsed and checked. Its body is held until the first byte of a response,
/// since until then it may have to move to another runner.
final class ProxiedRequest {
    let id: ExchangeID
    let claimant: Claimant
    let route: Route
    let method: Method
    let version: HTTPVersion
    let headers: HeaderFields
    /// As the client framed it.
    let framing: BodyFraming
    private(set) var body: [UInt8]
    /// More of the body follows while it is sent: `body` is only its beginning.
    private(set) var isStreamed: Bool
    /// The model as the client wrote it.
    let model: String
    /// Where its name stands in the body, in JSON quotes included.
    let modelRange: Range<Int>?
    let streams: Bool
    let requestID: [UInt8]
    let arrivedAt: Instant
    /// The model is looked up again when lists change.
    let rights: ModelRights

    init(
        id: ExchangeID, claimant: Claimant, route: Route, method: Method, version: HTTPVersion, headers: HeaderFields,
        framing: BodyFraming, body: [UInt8], isStreamed: Bool = false, model: ScannedBody.Name, streams: Bool,
        requestID: [UInt8], arrivedAt: Instant, rights: ModelRights
    ) {
        self.id = id
        self.claimant = claimant
        self.route = route
        self.method = method
        self.version = version
        self.headers = headers
        self.framing = framing
        self.body = body
        self.isStreamed = isStreamed
        self.model = model.text
        modelRange = model.range
        self.streams = streams
        self.requestID = requestID
        self.arrivedAt = arrivedAt
        self.rights = rights
    }

    /// The body for a runner: the client's own bytes, with the runner's name of the model in the place of the client's
    /// where a prefix was stripped, and nothing else changed.
    func body(named ownName: String?) -> [UInt8] {
        guard let ownName, let modelRange else { return body }
        var bytes = Array(body[..<modelRange.lowerBound])
        if route.takesForm { bytes += ownName.utf8 } else { JSON.writeString(ownName, to: &bytes) }
        bytes += body[modelRange.upperBound...]
        return bytes
    }

    /// How the runner gets the body, of which `start` is what it gets first.
    func framing(beginningWith start: [UInt8]) -> BodyFraming {
        guard framing != .chunked else { return .chunked }
        guard isStreamed, case .counted(let count) = framing else { return .counted(start.count) }
        return .counted(start.count + count - body.count)
    }

    /// The body has ended, and all of it is held.
    func bodyTurnedOutWhole() {
        isStreamed = false
    }

    /// Returns how many bytes were held.
    func dropBody() -> Int {
        defer { body = [] }
        return body.count
    }
}
