// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// The request that a client's connection is reading or has answered: its body as it arrives, and where it goes then.
final class IncomingRequest {
    let intake: RequestIntake
    let version: HTTPVersion
    let isHead: Bool
    let requestID: [UInt8]
    let arrivedAt: Instant
    private let id: ExchangeID
    private let method: Method
    private let target: [UInt8]
    var headers: HeaderFields
    unowned let client: ClientConnection
    var gateway: Gateway { client.gateway }

    @exclusivity(unchecked) var scanner = BodyScanner()
    /// Reads the body where it is a form.
    var form: MultipartScanner?
    /// Reads it where it is compressed, and counts against the memory of bodies, too.
    var decoder: ZstdDecoder?
    var decoderMemory = 0
    @exclusivity(unchecked) var body: [UInt8] = []
    /// Bytes of memory that a length alone gets before its body is here: whoever says it need not keep it.
    private static let reservedAtMost = 1 << 20
    /// The body is passed on while it arrives: `body` was its beginning.
    var isPassedOn = false
    /// Bytes of body that came, kept or not.
    var received = 0
    /// Set when the body turned out to be wrong while it arrived; the rest of it is dropped.
    var bodyError: GatewayError?
    private(set) var modelName: String?

    init(_ head: RequestHead, client: ClientConnection) {
        let gateway = client.gateway
        self.client = client
        id = gateway.newExchange()
        intake = RequestIntake(
            head, from: client.caller, rules: gateway.rules, rates: &gateway.rates, now: gateway.loop.now)
        version = head.version
        isHead = head.method == .head
        method = head.method
        target = head.target
        headers = head.headers
        requestID = gateway.requestID(for: id, head.headers)
        arrivedAt = gateway.loop.now
        switch intake.bodyFormat {
        case .json: break
        case .form(let boundary): form = MultipartScanner(boundary: boundary)
        case .zstd: decoder = ZstdDecoder(limit: decompressedLimit)
        }
    }

    var identity: Identity? {
        if case .serve(_, let identity) = intake.decision { identity } else { nil }
    }

    private var rights: ModelRights { identity?.models ?? .all }

    /// The answer when its body is not going to be read.
    var earlyAnswer: OwnResponse? {
        guard intake.bodyUse == .refuse else { return nil }
        switch intake.decision {
        case .refuse(let error): return response(to: error)
        case .answer(let response): return response
        case .serve(let route, _): return route.isManagement ? response(to: .unwantedBody) : own(route)
        }
    }

    func response(to error: GatewayError) -> OwnResponse {
        OwnResponse(
            error: error, family: intake.family, surface: intake.surface,
            requestID: String(decoding: requestID, as: UTF8.self))
    }

    // MARK: The body

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        guard !isPassedOn else { return passOn(bytes) }
        guard intake.bodyUse == .scan else { return }
        received += bytes.count
        guard received <= gateway.rules.bodyLimit else {
            return bodyFailed(.bodyTooLarge(limit: gateway.rules.bodyLimit))
        }
        guard bodyError == nil else { return }
        guard gateway.bodyMemory.reserve(bytes.count) else { return bodyFailed(.bodyMemoryExhausted) }
        if body.isEmpty, case .counted(let count) = intake.framing {
            body.reserveCapacity(min(count, IncomingRequest.reservedAtMost))
        }
        body.append(contentsOf: bytes)
        do throws(ScanError) {
            switch intake.bodyFormat {
            case .json: try scanner.scan(bytes)
            case .form: try form?.scan(bytes)
            case .zstd: decompress(bytes)
            }
        } catch {
            bodyFailed(GatewayError(error, family: intake.family))
        }
    }

    func bodyFailed(_ error: GatewayError) {
        bodyError = error
        release()
    }

    /// Wrong beyond repair: the connection has to close, so nothing is gained by reading on.
    var errorThatCloses: GatewayError? {
        guard let bodyError, bodyError.closesConnection else { return nil }
        return bodyError
    }

    /// Gives the body's memory back.
    func release() {
        gateway.bodyMemory.release(body.count)
        body = []
        releaseDecoder()
    }

    // MARK: Whole

    /// The last byte has come.
    func arrived() {
        switch intake.decision {
        case .refuse(let error): client.respond(error)
        case .answer(let response): client.respond(response)
        case .serve(let route, let identity):
            if route.isManagement {
                manage(route, identity)
            } else if route.readsModelFromBody {
                serveByRunner(route, identity)
            } else if route.takesDocument(method) {
                serveDocument(route)
            } else if route.operation == .key {
                revokeKey(route.pathArgument ?? "")
            } else {
                client.respond(own(route))
            }
        }
    }

    private func own(_ route: Route) -> OwnResponse {
        do throws(GatewayError) {
            return try gateway.ownAnswer(to: route, target: target, for: rights)
        } catch {
            return response(to: error)
        }
    }

    func serveByRunner(_ route: Route, _ identity: Identity) {
        do throws(GatewayError) {
            let scanned = try scannedBody()
            let request = try ModelRequest(scanned, route: route, identity: identity)
            modelName = request.model.text
            guard !request.isUnload else {
                return try plan(managementRequest(scanned, route, identity))
            }
            try resolve(request, route)
        } catch {
            client.respond(error)
        }
    }

    func scannedBody() throws(GatewayError) -> ScannedBody {
        if let bodyError { throw bodyError }
        if let decoder { try finish(decoder) }
        do throws(ScanError) {
            guard let form else { return try scanner.finish() }
            return isPassedOn ? form.fields : try form.finish()
        } catch {
            throw GatewayError(error, family: intake.family)
        }
    }

    /// Finds who lists the model, if need be after the first lists have been read.
    private func resolve(_ request: ModelRequest, _ route: Route) throws(GatewayError) {
        let name = request.model.text
        let pinned = try pinnedRunners(route)
        switch gateway.resolve(name, for: rights) {
        case .found(let model):
            guard let model = pinned.map({ model.only(on: $0) }) ?? model else {
                throw .modelNotFound(name, normalized: ModelName.displayed(name), route.operation, on: route.surface)
            }
            if !rights.isUnlimited { try gateway.catalog.checkNames(request.names, of: route, for: rights) }
            try start(request, route, model)
        case .firstListsPending:
            gateway.awaitLists(id) { [weak self] in
                guard let self, !client.isClosing else { return }
                do throws(GatewayError) {
                    try resolve(request, route)
                } catch {
                    client.respond(error)
                }
            }
        case .unknown:
            throw .modelNotFound(name, normalized: ModelName.displayed(name), route.operation, on: route.surface)
        case .noListEverRead: throw .noListYet
        case .invalidName(let sentence): throw GatewayError(400, sentence)
        }
    }

    /// Nil where the path names no runner.
    private func pinnedRunners(_ route: Route) throws(GatewayError) -> RunnerSet? {
        guard let pin = route.pin else { return nil }
        return try gateway.catalog.enabledRunners(at: pin)
    }

    private func start(_ request: ModelRequest, _ route: Route, _ model: ResolvedModel) throws(GatewayError) {
        if model.strippedPrefix, intake.bodyFormat == .zstd { try replaceBodyByDecompressed() }
        let proxied = ProxiedRequest(
            id: id, claimant: Claimant(of: identity, address: client.caller.address, headers: headers), route: route,
            method: method, version: version, headers: headers, framing: intake.framing, body: body,
            isStreamed: isPassedOn, model: request.model, streams: request.streams, requestID: requestID,
            arrivedAt: arrivedAt, rights: rights)
        // The exchange gives the memory back from here on.
        body = []
        releaseDecoder()
        client.start(ProxiedExchange(gateway: gateway, client: client, request: proxied, model: model))
    }

    // MARK: Management

    func manage(_ route: Route, _ identity: Identity) {
        do throws(GatewayError) {
            try plan(managementRequest(route.scansBody ? scannedBody() : ScannedBody(), route, identity))
        } catch {
            client.respond(error)
        }
    }

    private func managementRequest(
        _ scanned: ScannedBody, _ route: Route, _ identity: Identity
    ) throws(GatewayError) -> ManagementRequest {
        let request = try ManagementRequest(
            scanned, bytes: body, route: route, method: method, target: target, identity: identity)
        modelName = request.model?.text
        return request
    }

    /// Finds the runners that the request concerns, if need be after the first lists have been read.
    private func plan(_ request: ManagementRequest) throws(GatewayError) {
        guard let plan = try gateway.catalog.plan(request) else {
            return gateway.awaitLists(id) { [weak self] in
                guard let self, !client.isClosing else { return }
                do throws(GatewayError) {
                    try self.plan(request)
                } catch {
                    client.respond(error)
                }
            }
        }
        let runners = try gateway.runners(for: plan, of: request, id: id)
        let job = ManagementExchange.Job(
            request: request, plan: plan, version: version, headers: headers, body: body,
            upload: isPassedOn ? intake.framing.ofUpload : nil, requestID: requestID, arrivedAt: arrivedAt)
        // The exchange gives the memory back from here on.
        body = []
        client.start(ManagementExchange(gateway: gateway, client: client, job: job, runners: runners))
    }

    /// The client went away.
    func abandon() {
        gateway.stopAwaitingLists(id)
        release()
    }
}

extension GatewayError {
    /// Nothing is done by halves: what changes runners is refused before its body is dropped.
    fileprivate static let unwantedBody = GatewayError(
        413, "This request takes no body; send it without one.", closesConnection: true)
}

extension BodyFraming {
    /// An upload without a body is one of no bytes.
    fileprivate var ofUpload: BodyFraming {
        switch self {
        case .none, .untilClose: .counted(0)
        case .counted, .chunked: self
        }
    }
}
