// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// One connection to a runner: carries one exchange after the other, each for one consumer.
final class RunnerConnection: ByteStream, BodySink {
    /// Who waits for the response; nil while the connection is idle in its pool.
    @exclusivity(unchecked) private(set) var consumer: ResponseConsumer?
    private let pool: RunnerPool
    private let parser: HTTPParser
    private var isConnected = false
    /// Something came since the connection was handed to its consumer.
    private(set) var hasResponseBytes = false
    @exclusivity(unchecked) private var checked: ResponseRules.CheckedResponse?
    @exclusivity(unchecked) private var upload = Upload.none
    /// 1xx responses since the last request was handed over.
    private var interimResponses = 0

    private enum Upload {
        case none
        /// The head is on its way, and of the body all from `next` on is still to be handed over.
        case sending(body: [UInt8], next: Int)
        /// The body comes in pieces from elsewhere.
        case inPieces
        /// The socket takes nothing any more.
        case refused
    }

    /// A head of this size is malformed (gateway.md section 3, "Proxying").
    private static let headLimits = HTTPParser.Limits(headBytes: 65536, fields: 256)
    /// Of one request; nobody sends more than a few (RFC 9110 section 15.2), and they renew no deadline.
    private static let maximumInterimResponses = 16
    /// A large body is handed over in pieces of this size, of which at most one is copied and held.
    private static let uploadPieceBytes = 262_144

    init(loop: Loop, pool: RunnerPool, consumer: ResponseConsumer) {
        self.pool = pool
        self.consumer = consumer
        parser = HTTPParser(.response, limits: RunnerConnection.headLimits, settings: loop.parserSettings)
        super.init(loop: loop, isUnix: pool.isUnix)
        parser.sink = self
    }

    // MARK: Opening and changing hands

    /// Taken from the pool for another consumer.
    func handOver(to consumer: ResponseConsumer) {
        self.consumer = consumer
        hasResponseBytes = false
        setDeadline(.distantFuture)
    }

    /// The response was read whole, and the connection stays with whoever asked, for another request.
    func park() {
        consumer = nil
        checked = nil
        setDeadline(.distantFuture)
        rest()
    }

    /// Leads to `connected` or `connectionFailed`, perhaps at once. `limit`, looking up the name and TLS's handshake
    /// included, ends in `deadlineReached`.
    func begin(within limit: TimeLimit) {
        guard !isConnected else {
            consumer?.connected(isReused: true)
            return
        }
        setDeadline(in: limit)
        switch pool.security {
        case .plainText: break
        case .tls(let context): secure(by: context, host: pool.url.host)
        case .unusable(let reason): return fail(.connectFailed, reason)
        }
        if case .unix(let path) = pool.url.place { return connect(toUnix: path) }
        // Held strongly, here and by the pool: a weak reference would slow down every retain of a chunk, and a
        // connection that isn't wanted any more is closed, which ends every hold on it.
        pool.resolve { [self] result in
            guard !isClosing else { return }
            switch result {
            case .success(let address): connect(to: address)
            case .failure(let error):
                if error.isOutOfDescriptors { return failWithoutDescriptor() }
                fail(.connectFailed, "its name can't be resolved: \(error)")
            }
        }
    }

    override func didConnect() {
        isConnected = true
        setDeadline(.distantFuture)
        startReading()
        consumer?.connected(isReused: false)
    }

    /// The consumer is done. With `reusable` the connection goes back to its pool.
    func release(reusable: Bool) {
        consumer = nil
        checked = nil
        guard reusable, isConnected, !isClosing, case .none = upload, heldBytes == 0 else { return close() }
        startReading()
        rest()
        pool.putBack(self)
    }

    // MARK: Sending

    /// The next request is a HEAD, or is none again: whatever its answer's head says, no body follows.
    func expectResponse(withoutBody: Bool) {
        parser.expectResponse(withoutBody: withoutBody)
    }

    /// Sends a request. A small body goes out with the head in one write; `head` is used up. Says whether everything was
    /// handed over at once; otherwise `requestSent` follows. `isWhole`: no more of the body follows in pieces.
    func send(head: inout OutputBuffer, body: [UInt8], isChunked: Bool, isWhole: Bool = true) -> Bool {
        if isChunked { head.append(chunkSize: body.count) }
        guard body.count > RunnerConnection.uploadPieceBytes else {
            head.append(body)
            if isChunked { head.append(RunnerConnection.chunkEnd(of: body, isLast: isWhole)) }
            return write(head.bytes) || awaitDrain()
        }
        // The client's bytes are shared with whoever may have to send them again; only a chunk's end makes a copy.
        upload = .sending(
            body: isChunked ? body + RunnerConnection.chunkEnd(of: body, isLast: isWhole) : body, next: 0)
        return write(head.bytes) && continueUpload()
    }

    /// The next piece of a body that is passed on while it arrives, framed already. Says whether it was taken at once;
    /// otherwise `requestSent` follows.
    func send(piece: UnsafeRawBufferPointer) -> Bool {
        write(piece) || awaitDrain()
    }

    /// An empty chunk is the last one already.
    private static func chunkEnd(of body: [UInt8], isLast: Bool) -> [UInt8] {
        Array((body.isEmpty || !isLast ? "\r\n" : "\r\n0\r\n\r\n").utf8)
    }

    private func awaitDrain() -> Bool {
        if case .refused = upload { return false }
        upload = .sending(body: [], next: 0)
        return false
    }

    private func continueUpload() -> Bool {
        switch upload {
        case .none: return true
        case .inPieces, .refused: return false
        case .sending(let body, let next): return continueUpload(body, from: next)
        }
    }

    private func continueUpload(_ body: [UInt8], from start: Int) -> Bool {
        var next = start
        while next < body.count {
            let end = min(next + RunnerConnection.uploadPieceBytes, body.count)
            let wasTaken = body.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[next..<end])) }
            next = end
            guard wasTaken else {
                if case .refused = upload { return false }
                upload = .sending(body: next < body.count ? body : [], next: next)
                return false
            }
        }
        upload = .none
        return true
    }

    /// Sends a request's head; its body follows by `write`. Whenever something had to be held, `requestSent` tells that
    /// it has left.
    func beginUpload(head: borrowing OutputBuffer) {
        upload = .inPieces
        write(head.bytes)
    }

    override func didDrain() {
        switch upload {
        case .none, .refused: break
        case .sending: if continueUpload() { consumer?.requestSent() }
        case .inPieces: consumer?.requestSent()
        }
    }

    // MARK: Receiving

    override func didRead(_ bytes: UnsafeRawBufferPointer) {
        guard consumer != nil else { return close() }
        hasResponseBytes = true
        loop.splice.begin()
        var rest = bytes
        // A message without a body ends only when the parser is called again, be it with nothing.
        var mayBeOver = false
        while !rest.isEmpty || mayBeOver {
            var consumed = 0
            let outcome = parser.execute(rest, consumed: &consumed)
            rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
            mayBeOver = outcome == .head
            switch outcome {
            case .needsMore: break
            case .head:
                guard parser.withResponseHead({ headArrived(&$0) }) else { return }
            case .messageEnd:
                // An interim response ends, too; the final one is still to come.
                guard checked != nil else { continue }
                consumer?.readParsed(isLast: true, hasMoreBytes: !rest.isEmpty)
                return
            case .failed(let failure):
                // What was good before it still goes out.
                if checked != nil { consumer?.readParsed(isLast: false, hasMoreBytes: false) }
                return fail(.malformedResponse, "\(failure)")
            }
        }
        if checked != nil { consumer?.readParsed(isLast: false, hasMoreBytes: false) }
    }

    /// Says whether parsing goes on: the consumer may have given the connection up.
    private func headArrived(_ head: inout ResponseHead) -> Bool {
        if ResponseRules.isInterim(head) {
            interimResponses += 1
            guard interimResponses > RunnerConnection.maximumInterimResponses else { return true }
            fail(.malformedResponse, "more than \(RunnerConnection.maximumInterimResponses) interim responses")
            return false
        }
        interimResponses = 0
        do throws(ResponseRules.Malformed) {
            let checked = try ResponseRules.check(head, client: 0)
            self.checked = checked
            let current = consumer
            current?.headReceived(head, checked)
            return consumer != nil && consumer === current && !isClosing
        } catch {
            fail(.malformedResponse, error.reason)
            return false
        }
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        loop.splice.append(bytes)
    }

    override func didEnd() {
        guard consumer != nil else { return close() }
        loop.splice.begin()
        if checked?.framing == .untilClose, parser.finish() {
            consumer?.readParsed(isLast: true, hasMoreBytes: false)
            return
        }
        fail(.reset, "closed by the runner")
    }

    override func didFail(_ error: UVError) {
        if !isConnected, error.isOutOfDescriptors { return failWithoutDescriptor() }
        fail(isConnected ? .reset : .connectFailed, error.description)
    }

    /// A certificate that isn't accepted is a failed connect. An end without TLS's closing alert is no end, so that an
    /// answer that lasts until the connection closes can't be cut short by whoever is on the way.
    override func didFail(_ failure: TLSFailure) {
        fail(isConnected ? .reset : .connectFailed, "\(failure)")
    }

    /// A runner may answer before it has read a body that it doesn't want, and close: the answer counts, and the read
    /// side brings it, or the end.
    override func didFailToWrite(_ error: UVError) {
        guard isConnected, isReading else { return didFail(error) }
        upload = .refused
    }

    private func failWithoutDescriptor() {
        let consumer = self.consumer
        self.consumer = nil
        close()
        consumer?.noDescriptorFree()
    }

    private func fail(_ failure: RunnerFailure, _ reason: String) {
        let consumer = self.consumer
        self.consumer = nil
        close()
        consumer?.connectionFailed(failure, reason: reason)
    }

    override func deadlineReached(at now: Instant) {
        guard let consumer else { return close() }
        consumer.deadlineReached()
    }

    override func didClose() {
        pool.forget(self)
        consumer = nil
        upload = .none
    }
}
