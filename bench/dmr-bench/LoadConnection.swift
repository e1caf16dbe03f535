// SPDX-License-Identifier: MIT

import BenchFigures
import GatewayCore
import Transport

/// One connection of a load run: sends a request, takes the answer apart only as far as it is counted, and asks the
/// run what comes next.
final class LoadConnection: ByteStream, BodySink {
    enum Phase {
        case connecting
        /// Nothing is asked.
        case idle
        /// No byte of the answer has come.
        case waiting
        case receiving
        /// It stopped reading on purpose.
        case stuck
        case over
    }

    let number: Int
    private(set) var phase = Phase.connecting
    private unowned let run: LoadRun
    private let parser: HTTPParser
    private var lines: TokenLines
    private let isStuckOne: Bool
    /// In nanoseconds, like the others.
    let beganAt = Loop.preciseNow.nanoseconds
    /// When the request ought to have started.
    private(set) var intendedAt: Int64 = 0
    private var lastTokenAt: Int64 = 0
    private var readAt: Int64 = 0
    private var hasFirst = false
    private var closesAfterwards = false
    private var hasBeenHeard = false
    /// It has sent a request, ever.
    private(set) var hasAsked = false
    private(set) var hasFailed = false

    init(_ run: LoadRun, number: Int) {
        self.run = run
        self.number = number
        isStuckOne = number < run.plan.stuck
        lines = TokenLines(isStuckOne ? run.plan.stuckRequest.format : run.plan.request.format)
        parser = HTTPParser(
            .response, limits: .init(headBytes: 64 << 10, fields: 200), settings: run.loop.parserSettings)
        super.init(loop: run.loop)
        parser.sink = self
        setDeadline(in: run.plan.silence)
        if let security = run.plan.security {
            secure(by: run.resumption ?? TLSClientContext(security.trust), host: security.host)
        }
        connect(to: run.plan.addresses[number % run.plan.addresses.count])
    }

    override func didConnect() {
        phase = .idle
        setDeadline(.distantFuture)
        startReading()
        if run.isMeasuring, let security {
            run.figures.handshakes += 1
            if security.isResumed { run.figures.resumed += 1 }
        }
        run.connected(self)
    }

    /// Its latency counts from `intended`, whenever it leaves.
    func send(intended: Int64) {
        phase = .waiting
        hasAsked = true
        intendedAt = intended
        lastTokenAt = 0
        hasFirst = false
        lines.begin()
        setDeadline(in: run.plan.silence)
        write(isStuckOne ? run.stuckRequest : run.request)
    }

    // MARK: The answer

    override func didRead(_ bytes: UnsafeRawBufferPointer) {
        readAt = Loop.preciseNow.nanoseconds
        guard phase == .waiting || phase == .receiving else { return fail(.malformed) }
        setDeadline(in: run.plan.silence)
        if phase == .waiting { phase = .receiving }
        var rest = bytes
        while phase == .receiving {
            var consumed = 0
            let outcome = parser.execute(rest, consumed: &consumed)
            rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
            switch outcome {
            case .needsMore: return
            case .head: headArrived()
            case .messageEnd: answered()
            case .failed: return fail(.malformed)
            }
        }
    }

    private func headArrived() {
        let head = parser.responseHead
        guard head.status == 200 else { return fail(.status) }
        closesAfterwards = run.plan.isFresh
        head.headers.forEachListElement(.connection) {
            if ASCII.equalsIgnoringCase($0, "close") { closesAfterwards = true }
        }
    }

    /// Inside `execute`: it counts, and leaves the parser alone.
    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        if run.isMeasuring { run.figures.bodyBytes += bytes.count }
        if !hasFirst { firstArrived() }
        if lines.format == .none { return }
        let now = readAt
        lines.read(bytes) { stamp in
            guard run.isMeasuring, !isStuckOne else { return }
            run.figures.tokens += 1
            if lastTokenAt > 0 { run.figures.gap.record(now - lastTokenAt) }
            lastTokenAt = now
            if let stamp { run.figures.lateness.record(TimeStamp.lateness(of: stamp, at: now &+ run.hourOffset)) }
        }
    }

    private func firstArrived() {
        hasFirst = true
        if run.records(intendedAt), !isStuckOne { run.figures.firstToken.record(readAt - intendedAt) }
        if !hasBeenHeard {
            hasBeenHeard = true
            run.firstByteArrived()
        }
        guard isStuckOne else { return }
        phase = .stuck
        setDeadline(.distantFuture)
        stopReading()
    }

    private func answered() {
        if lines.isMalformed { return fail(.malformed) }
        if lines.format != .none, !lines.isEnded { return fail(.cut) }
        phase = .idle
        setDeadline(.distantFuture)
        if run.records(intendedAt) { run.figures.latency.record(readAt - intendedAt) }
        run.answered(self, isReusable: !closesAfterwards)
        if closesAfterwards { leave() }
    }

    // MARK: Ends

    private func fail(_ failure: LoadFigures.Failure) {
        guard phase != .over else { return }
        let wasConnecting = phase == .connecting
        hasFailed = true
        phase = .over
        close()
        run.failed(failure, wasConnecting: wasConnecting)
    }

    /// Closes without being counted as a failure.
    func leave() {
        phase = .over
        close()
    }

    override func didEnd() {
        switch phase {
        case .connecting: fail(.connect)
        // A server may close a connection that nobody uses; the next request gets a new one.
        case .idle: leave()
        case .waiting, .receiving:
            // A body that lasts until the connection ends is whole now.
            guard phase == .receiving, parser.finish() else { return fail(.cut) }
            closesAfterwards = true
            answered()
        case .stuck, .over: leave()
        }
    }

    override func didFail(_ error: UVError) {
        if phase == .connecting { fail(.connect) } else { broke(error.isReset ? .reset : .cut) }
    }

    override func didFail(_ failure: TLSFailure) {
        guard phase == .connecting else { return broke(.cut) }
        run.figures.handshakeFailure = failure
        fail(.handshake)
    }

    private func broke(_ failure: LoadFigures.Failure) {
        switch phase {
        case .idle, .over: leave()
        case .connecting, .waiting, .receiving, .stuck: fail(failure)
        }
    }

    override func didClose() {
        run.closed(self)
    }

    override func deadlineReached(at now: Instant) {
        fail(phase == .connecting ? .connect : .timeout)
    }
}
