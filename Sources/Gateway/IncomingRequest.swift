// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// The request that a client's connection is reading or has answered: its body as it arrives, and where it goes then.
final class IncomingRequest {
    let id: ExchangeID
    let intake: RequestIntake
    let head: RequestHead
    let requestID: [UInt8]
    let arrivedAt: Instant
    let gateway: Gateway
    unowned let client: ClientConnection

    @exclusivity(unchecked) var scanner = BodyScanner()
    /// Reads the body where it is a form.
    @exclusivity(unchecked) var form: FormBody?
    /// Reads it where it is compressed, and counts against the memory of bodies, too.
    @exclusivity(unchecked) var decoder: ZstdDecoder?
    var decoderMemory = 0
    /// What is held of it. An exchange may need it until its answer begins.
    @exclusivity(unchecked) var body: [UInt8] = []
    /// `body` came compressed and is not any more.
    var isDecompressed = false
    /// Bytes of memory that a length alone gets before its body is here: whoever says it need not keep it. Who has sent as
    /// much gets room for sixteen times that, so that a large body is moved once while it grows.
    private static let reservedAtMost = 1 << 20
    private static let reservedForEachByte = 16
    /// The body is passed on while it arrives: `body` was its beginning.
    var isPassedOn = false
    /// Bytes of body that came, kept or not.
    var received = 0
    /// Set when the body turned out to be wrong while it arrived; the rest of it is dropped.
    @exclusivity(unchecked) var bodyError: GatewayError?
    @exclusivity(unchecked) private(set) var modelName: String?
    /// Set when the answer turned out to be no for a reason of access.
    private(set) var refusal: AccessRefusal?
    /// Its record in the audit log is written, or somebody else will.
    var isAudited = false
    /// nil: nothing to say beyond what stands here.
    var auditDetails: AuditDetails?

    /// - Parameter head: `inout` only so that it is read where it lies.
    init(_ head: inout RequestHead, client: ClientConnection, now: Instant) {
        let gateway = client.gateway
        self.client = client
        self.gateway = gateway
        id = gateway.newExchange()
        arrivedAt = now
        intake = RequestIntake(
            head, from: client.caller, rules: gateway.rules, rates: &gateway.rates, now: now)
        requestID = gateway.requestID(for: id, head.headers)
        self.head = head
        switch intake.bodyFormat {
        case .json: break
        case .form(let boundary): form = FormBody(MultipartScanner(boundary: boundary))
        case .zstd: decoder = ZstdDecoder(limit: decompressedLimit)
        }
    }

    var identity: Identity? {
        if case .serve(_, let identity) = intake.decision { identity } else { nil }
    }

    var rights: ModelRights { identity?.models ?? .all }
    var keepsAlive: Bool { intake.keepsAlive }
    var responseFields: [OwnResponse.Field] { intake.responseFields }
    /// As the client framed its body.
    var framing: BodyFraming { intake.framing }

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
        refusal = error.refusal
        return OwnResponse(
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
        if body.count + bytes.count > body.capacity { makeRoom(for: bytes.count) }
        body.append(contentsOf: bytes)
        do throws(ScanError) {
            switch intake.bodyFormat {
            case .json: try scanner.scan(bytes)
            case .form: try form?.scanner.scan(bytes)
            case .zstd: decompress(bytes)
            }
        } catch {
            bodyFailed(GatewayError(error, family: intake.family))
        }
    }

    private func makeRoom(for count: Int) {
        guard case .counted(let whole) = framing else { return }
        if body.isEmpty { gateway.largeBodies.expect(whole) }
        let earned = (body.count + count) * IncomingRequest.reservedForEachByte
        body.reserveCapacity(min(whole, max(IncomingRequest.reservedAtMost, earned)))
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

    /// Gives the memory of a body back that nobody needs any more.
    func release() {
        dropBody()
        releaseDecoder()
    }

    /// As `release`, where nothing is decoded any more.
    func dropBody() {
        guard !body.isEmpty else { return }
        gateway.bodyMemory.release(body.count)
        body = []
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
            } else if route.takesDocument(head.method) {
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
            return try gateway.ownAnswer(to: route, target: head.target, for: rights)
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
                auditDetails = AuditDetails()
                auditDetails?.isUnload = true
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
            return isPassedOn ? form.scanner.fields : try form.scanner.finish()
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
                throw gateway.catalog.modelNotFound(name, route, for: rights)
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
        case .unknown: throw gateway.catalog.modelNotFound(name, route, for: rights)
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
        releaseDecoder()
        let client = client
        client.start(
            ProxiedExchange(
                ProxiedRequest(self, request, route: route), of: client, model: model,
                claimant: Claimant(of: identity, address: client.caller.address, headers: head.headers)))
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
            scanned, bytes: body, route: route, method: head.method, target: head.target, identity: identity)
        modelName = request.subject
        if let details = AuditDetails(request) { auditDetails = details }
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
            request: request, plan: plan, version: head.version, headers: head.headers, body: body,
            upload: isPassedOn ? framing.ofUpload : nil, requestID: requestID, arrivedAt: arrivedAt,
            audit: handOverAudit())
        // The exchange gives the memory back from here on.
        body = []
        client.start(ManagementExchange(gateway: gateway, client: client, job: job, runners: runners))
    }

    /// The client went away.
    func abandon() {
        gateway.stopAwaitingLists(id)
        auditAbandoned()
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
