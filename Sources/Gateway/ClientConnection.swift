// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// One client's connection: reads requests one after the other, has each answered, and notices when the client goes
/// away. It is readable while a request is in flight, since libuv reports a disconnect only while reading.
final class ClientConnection: ByteStream, BodySink {
    let gateway: Gateway
    let listener: ListenerKind
    let parser: HTTPParser
    @exclusivity(unchecked) var phase = Phase.idle
    /// The request being read or answered.
    @exclusivity(unchecked) private(set) var incoming: IncomingRequest?
    @exclusivity(unchecked) private(set) var exchange: (any ClientExchange)?
    /// Bytes that came behind a request that is still being answered; at most `limits.header_bytes`.
    @exclusivity(unchecked) private var pipelined: [UInt8] = []
    @exclusivity(unchecked) private var isConsuming = false
    /// In the phase `idle`: since when.
    private(set) var silentSince = Instant(nanoseconds: 0)
    private(set) var admission = Gateway.Admission.admitted
    var unsentAtLastLook = 0
    /// Asked for once, at the start: a connection that was reset has none any more. nil: a Unix socket.
    private var address: SocketAddress?
    /// For the log, which names it with every request.
    private(set) lazy var addressText: String = address?.description ?? "unix"
    /// With the certificate that the client proved to hold, if one was asked for; looked at once.
    private(set) lazy var caller = Caller(
        on: listener, address: address?.ipAddress, certificate: isSecured ? security?.peerSubject : nil)
    @exclusivity(unchecked) private var closesAfterResponse = false
    @exclusivity(unchecked) private var isCutByReset = false

    enum Phase: Equatable {
        /// Between two requests. Transitions: `readingHead`.
        case idle
        /// Part of a head has come. Transitions: `readingBody`, `responding`, `lingering`.
        case readingHead
        /// The head is accepted, the body arrives. Transitions: `uploading`, `responding`, `lingering`.
        case readingBody
        /// An exchange has the body's beginning, or is about to; the rest is passed on as it arrives. Transitions:
        /// `responding`, `flushing`, `cutting`.
        case uploading
        /// The whole request is here. Transitions: `flushing`, `lingering`.
        case responding
        /// The response is written and waits for the socket. Transitions: `idle`, `lingering`.
        case flushing
        /// The last response is written: what still comes is dropped until the client closes, since closing over
        /// unread bytes would reset the connection and could cost the client the response (RFC 9112 section 9.6).
        case lingering
        /// A broken response: what is held still goes out, then the connection is cut.
        case cutting(byReset: Bool)
    }

    private static let lingerLimit = Interval.seconds(2)

    init(gateway: Gateway, listener: ListenerKind, isUnix: Bool) {
        self.gateway = gateway
        self.listener = listener
        let limits = gateway.configuration.limits
        parser = HTTPParser(
            .request, limits: .init(headBytes: limits.headerBytes, fields: limits.headers),
            settings: gateway.loop.parserSettings)
        super.init(loop: gateway.loop, isUnix: isUnix)
        parser.sink = self
    }

    /// Accepted.
    func begin() {
        address = peerAddress
        silentSince = loop.now
        admission = gateway.clientConnected(self)
        guard admission == .admitted else {
            // A handshake is the dearest thing a stranger can ask for, so over TLS the answer is a close.
            guard admission == .refused, !isSecured else { return close() }
            startReading()
            return refuse(
                GatewayError(
                    503, "Too many connections are open (limits.connections): try again later.", origin: .gateway,
                    retryAfter: 1, closesConnection: true))
        }
        setDeadline(in: gateway.timeouts.clientHeader)
        startReading()
    }

    // MARK: Reading

    override func didRead(_ bytes: UnsafeRawBufferPointer) {
        switch phase {
        case .lingering, .cutting: break
        case .responding, .flushing: keepForLater(bytes)
        case .idle, .readingHead, .readingBody: consume(bytes)
        case .uploading: passOn(bytes)
        }
    }

    private func keepForLater(_ bytes: UnsafeRawBufferPointer) {
        // Behind the last response nothing is answered any more.
        if phase == .flushing, closesAfterResponse { return }
        guard pipelined.count + bytes.count <= gateway.configuration.limits.headerBytes else { return abort() }
        pipelined.append(contentsOf: bytes)
    }

    private func consume(_ bytes: UnsafeRawBufferPointer) {
        isConsuming = true
        defer { isConsuming = false }
        var rest = bytes
        var mayBeOver = false
        while !rest.isEmpty || mayBeOver, !isClosing {
            switch phase {
            case .responding, .flushing: return keepForLater(rest)
            case .lingering, .cutting: return
            case .uploading: return passOn(rest)
            case .idle:
                phase = .readingHead
                setDeadline(in: gateway.timeouts.clientHeader)
            case .readingHead, .readingBody: break
            }
            var consumed = 0
            let outcome = parser.execute(rest, consumed: &consumed)
            rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
            switch outcome {
            case .needsMore: if phase == .readingBody { setDeadline(in: gateway.timeouts.clientBody) }
            case .head: headArrived()
            case .messageEnd: if phase == .readingBody, incoming?.errorThatCloses == nil { requestArrived() }
            case .failed(let failure): refuse(failure.asClientError)
            }
            if phase == .readingBody, let incoming {
                if let error = incoming.errorThatCloses {
                    refuse(error)
                } else if incoming.isReadyToPassOn {
                    beginUpload()
                }
            }
            // A message without a body ends only when the parser is called again.
            mayBeOver = outcome == .head
        }
    }

    /// After a response: the next request may be here already.
    private func consumePipelined() {
        guard !isConsuming, !pipelined.isEmpty, !isClosing else { return }
        let bytes = pipelined
        pipelined.removeAll(keepingCapacity: true)
        bytes.withUnsafeBytes { consume($0) }
    }

    private func headArrived() {
        let request = parser.withRequestHead { IncomingRequest(&$0, client: self, now: loop.now) }
        incoming = request
        phase = .readingBody
        setDeadline(in: gateway.timeouts.clientBody)
        if let answer = request.earlyAnswer { return respond(answer, closing: true) }
        if request.intake.expectsContinue { send(OwnResponse.goOn) }
        if request.intake.bodyUse == .stream { beginUpload() }
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        incoming?.bodyArrived(bytes)
    }

    private func requestArrived() {
        phase = .responding
        // An answer may take long, and next to nothing is read meanwhile.
        rest()
        setDeadline(.distantFuture)
        incoming?.arrived()
    }

    // MARK: Answering

    /// The whole request is here and goes to runners.
    func start(_ exchange: any ClientExchange) {
        self.exchange = exchange
        exchange.begin()
    }

    /// Its exchange knows this runner: ran there, runs there, or may go there.
    func refers(to runner: Int) -> Bool { exchange?.refers(to: runner) ?? false }

    /// What every response to the current request carries.
    var responseFields: [OwnResponse.Field] {
        incoming?.responseFields ?? PathKey.responseFields(ofUnread: parser.requestHead.target)
    }

    var uploadBytesHeld: Int { (exchange as? ManagementExchange)?.uploadBytesHeld ?? 0 }

    func exchangeEnded() {
        exchange = nil
    }

    /// The client would go on with this connection, and so would we. Behind a body that wasn't read nothing can come.
    var mayKeepAlive: Bool {
        (incoming?.keepsAlive ?? false) && !gateway.isDraining && phase != .readingBody && phase != .uploading
    }

    /// A response of ours. `closing`: the request can't or won't be read to its end. `isLogged`: by the exchange that
    /// it ends.
    func respond(_ response: OwnResponse, closing: Bool = false, isLogged: Bool = false) {
        guard !isClosing else { return }
        var response = response
        response.fields += responseFields
        let keepsAlive = !closing && response.keepsAlive(mayKeepAlive)
        var bytes: [UInt8] = []
        response.render(
            into: &bytes, isHead: incoming?.head.method == .head, version: incoming?.head.version ?? .http11,
            keepAlive: keepsAlive, date: gateway.clock.date(at: loop.now),
            requestID: incoming.map { String(decoding: $0.requestID, as: UTF8.self) })
        if !isLogged { logOwnResponse(status: response.status, bytes: bytes.count) }
        incoming?.release()
        send(bytes)
        finishResponse(keepsAlive: keepsAlive)
    }

    func respond(_ error: GatewayError) {
        guard let incoming else { return refuse(error) }
        respond(incoming.response(to: error))
    }

    /// What came is no request that could be read to its end.
    private func refuse(_ error: GatewayError) {
        let response =
            incoming?.response(to: error) ?? OwnResponse(error: error, family: .native, surface: .root)
        respond(response, closing: true)
    }

    /// A runner's response is about to be passed on.
    func responseBegan(keepsAlive: Bool, isCutByReset: Bool) {
        closesAfterResponse = !keepsAlive
        self.isCutByReset = isCutByReset
    }

    /// The runner's response was passed on whole.
    func responseEnded() {
        finishResponse(keepsAlive: !closesAfterResponse && !gateway.isDraining)
    }

    /// The runner's response broke off. Cutting the connection is the one signal that every client notices.
    func cutResponse() {
        phase = .cutting(byReset: isCutByReset)
        flush()
        if heldBytes == 0 { cutNow() }
    }

    private func cutNow() {
        if case .cutting(byReset: true) = phase { reset() } else { close() }
    }

    private func finishResponse(keepsAlive: Bool) {
        closesAfterResponse = !keepsAlive
        startReading()
        phase = .flushing
        if heldBytes == 0 { responseLeft() }
    }

    private func responseLeft() {
        incoming = nil
        guard !closesAfterResponse else { return linger() }
        phase = .idle
        silentSince = loop.now
        setDeadline(in: gateway.timeouts.clientIdle)
        rest()
        consumePipelined()
    }

    private func linger() {
        phase = .lingering
        pipelined = []
        // An upload may have been paused.
        startReading()
        endWriting()
        setDeadline(in: ClientConnection.lingerLimit)
    }

    // MARK: Writing

    /// Says whether the socket took it all; what it didn't is held, and `clientDrained` tells the exchange when it left.
    @discardableResult
    func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if write(bytes) { return true }
        unsentAtLastLook = heldBytes
        setDeadline(in: gateway.timeouts.clientWrite)
        return false
    }

    private func send(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { _ = send($0) }
    }

    override func didDrain() {
        switch phase {
        case .responding:
            setDeadline(.distantFuture)
            exchange?.clientDrained()
        case .uploading:
            setDeadline(in: gateway.timeouts.clientBody)
            exchange?.clientDrained()
        case .flushing: responseLeft()
        case .cutting: cutNow()
        case .idle, .readingHead, .readingBody, .lingering: break
        }
    }

    // MARK: Ends

    override func didEnd() {
        switch phase {
        case .flushing where heldBytes > 0: closesAfterResponse = true
        case .cutting where heldBytes > 0: break
        case .idle, .readingHead, .readingBody, .uploading, .responding, .flushing, .lingering, .cutting: abort()
        }
    }

    override func didFail(_ error: UVError) {
        abort()
    }

    override func didFail(_ failure: TLSFailure) {
        switch failure.kind {
        case .plainText:
            goOnInPlainText()
            refuse(.plainTextOnSecuredPort)
        case .certificate:
            gateway.audit.write(turnedAway: .certificate, keyName: nil) {
                AuditRecord(.refused(.certificate), party: .init(client: addressText))
            }
            handshakeFailed(failure)
        case .handshake, .record: handshakeFailed(failure)
        // Many clients just close.
        case .truncated: abort()
        }
    }

    private func handshakeFailed(_ failure: TLSFailure) {
        gateway.log.debug("client \(addressText): TLS failed: \(failure)")
        abort()
    }

    /// The client is gone, or has to go: its exchange ends in the same turn of the loop.
    func abort() {
        close()
        let exchange = self.exchange
        self.exchange = nil
        exchange?.clientGone()
        incoming?.abandon()
    }

    override func deadlineReached(at now: Instant) {
        switch phase {
        case .idle, .lingering, .cutting: close()
        case .readingHead:
            // Nothing but line ends, or not even those: nobody waits for an answer.
            guard parser.isBetweenMessages else { return refuse(.headTooSlow) }
            close()
        case .readingBody: refuse(.bodyTooSlow)
        case .uploading: uploadDeadlineReached()
        case .responding, .flushing: checkProgress()
        }
    }

    /// The limit is about progress: as long as the client takes something, it may go on.
    func checkProgress() {
        guard heldBytes < unsentAtLastLook else {
            reset()
            return abort()
        }
        unsentAtLastLook = heldBytes
        setDeadline(in: gateway.timeouts.clientWrite)
    }

    /// The gateway stops: an idle connection closes now, another one behind its response.
    func drain() {
        switch phase {
        case .idle: close()
        case .readingHead, .readingBody, .uploading, .responding, .flushing, .lingering, .cutting: break
        }
    }

    override func didClose() {
        gateway.clientClosed(self)
    }
}
