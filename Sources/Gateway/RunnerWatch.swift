// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Reads one runner's lists on their intervals, on a connection of its own that is never in a client's way: one request
/// at a time, when the schedule says so.
final class RunnerWatch: Timed {
    private let gateway: Gateway
    /// Its number.
    private let runner: Int
    @exclusivity(unchecked) private var schedule: ProbeSchedule
    private var reader: ListReader?
    /// Kept from list to list; the runner may have closed it in between.
    private var connection: RunnerConnection?
    /// When the answer to the running question has to be whole.
    private var answerDue = Instant.distantFuture
    /// Who waits for a reading that has not begun yet.
    private var waiting: [(list: RunnerList, done: () -> Void)] = []
    /// Who waits for the reading that runs.
    private var served: [() -> Void] = []

    init(gateway: Gateway, runner: Int) {
        self.gateway = gateway
        self.runner = runner
        schedule = ProbeSchedule(intervals: .init(gateway.configuration.health), now: gateway.loop.now)
        super.init(loop: gateway.loop)
    }

    func start() {
        loop.descriptors.others += 1
        setDeadline(loop.now)
    }

    func stop() {
        loop.descriptors.others -= 1
        setDeadline(.distantFuture)
        connection?.release(reusable: false)
        connection = nil
        reader = nil
        // The runner left the configuration, or the gateway stops: nobody has to wait for what it would have said.
        let told = served + waiting.map(\.done)
        served = []
        waiting = []
        for tell in told { tell() }
    }

    /// Reads the list at once; `done` is called when a reading that began after this call has ended, well or badly.
    func read(_ list: RunnerList, _ done: @escaping () -> Void) {
        waiting.append((list, done))
        schedule.demand(list)
        if reader == nil { askNext() }
    }

    /// An answer of the runner's showed that the list is not as it was: it lacks a model, or has another one in memory.
    func isStale(_ list: RunnerList) {
        schedule.isStale(list, at: loop.now)
        if reader == nil { askNext() }
    }

    /// An exchange could not reach the runner: whether it is gone is better known soon.
    func isDoubtful() {
        schedule.isDoubtful(at: loop.now)
        if reader == nil { askNext() }
    }

    /// Other intervals, from now on.
    func change(_ intervals: ProbeSchedule.Intervals) {
        guard schedule.change(intervals, at: loop.now), reader == nil else { return }
        setDeadline(schedule.nextDue)
    }

    override func deadlineReached(at now: Instant) {
        // Set before a question that came out of turn: what is due waits for its end.
        if reader == nil { askNext() }
    }

    private func askNext() {
        guard let list = schedule.next(at: loop.now) else { return setDeadline(schedule.nextDue) }
        setDeadline(.distantFuture)
        let reader = ListReader(watch: self, list: list)
        self.reader = reader
        served += waiting.filter { $0.list == list }.map(\.done)
        waiting.removeAll { $0.list == list }
        answerDue = gateway.timeouts.probe.map { loop.now + $0 } ?? .distantFuture
        connect(reader, fresh: false)
    }

    private func connect(_ reader: ListReader, fresh: Bool) {
        // One that its runner closed meanwhile is of no use any more.
        if let connection, !fresh, !connection.isClosing {
            connection.handOver(to: reader)
        } else {
            connection = gateway.runners[runner].pool.obtain(for: reader, fresh: true)
        }
        connection?.begin(within: gateway.timeouts.probe.map { _ in answerDue - loop.now })
    }

    // MARK: What the reader tells

    fileprivate func ask(_ list: RunnerList) {
        guard let connection else { return }
        connection.setDeadline(answerDue)
        var head = OutputBuffer()
        gateway.runners[runner].template.render(
            method: .get, path: list.path, client: HeaderFields(), framing: .none, requestID: gateway.probeID,
            into: &head)
        _ = connection.send(head: &head, body: [], isChunked: false)
    }

    fileprivate func ended(_ reader: ListReader, _ result: ListReader.Result) {
        guard reader === self.reader else { return }
        self.reader = nil
        let now = loop.now
        switch result {
        case .answered(let status, let body, let keepsAlive):
            if keepsAlive {
                connection?.park()
            } else {
                connection?.release(reusable: false)
                connection = nil
            }
            take(reader.list, status: status, body: body)
        case .failed(let reason):
            connection?.release(reusable: false)
            connection = nil
            schedule.failed(at: now)
            gateway.probeFailed(runner, reason: reason)
        case .noDescriptorFree:
            connection = nil
            schedule.failed(at: now)
            gateway.probeNotPossible(runner)
        }
        let done = served
        served = []
        askNext()
        for tell in done { tell() }
    }

    /// A kept-alive connection that dies unanswered is replaced once, as for exchanges: the runner had closed it.
    fileprivate func connectionFailed(_ reader: ListReader, _ failure: RunnerFailure, reason: String) {
        guard reader === self.reader else { return }
        if reader.isReused, failure == .reset, connection?.hasResponseBytes == false {
            connect(reader, fresh: true)
        } else {
            ended(reader, .failed(reason))
        }
    }

    private func take(_ list: RunnerList, status: Int, body: [UInt8]) {
        let now = loop.now
        guard status == 200 else {
            // A runner that lists models and has no such route (Ollama had none before 0.1.33) is well; what it has in
            // memory is known by its answers alone.
            if status == 404, list == .ps, gateway.catalog.hasList(of: runner) {
                schedule.succeeded(at: now)
                return gateway.probeSucceeded(runner)
            }
            schedule.failed(at: now)
            if status == 508 { return gateway.probeCameBack(runner) }
            return gateway.probeFailed(runner, reason: "GET \(list.path) was answered with status \(status)")
        }
        do throws(CatalogError) {
            try gateway.listRead(list, of: runner, body)
            schedule.succeeded(at: now)
            gateway.probeSucceeded(runner)
        } catch {
            schedule.failed(at: now)
            gateway.probeFailed(runner, reason: "GET \(list.path): \(error)")
        }
    }
}

/// Reads the answer to one request for a list.
private final class ListReader: ResponseConsumer {
    enum Result {
        case answered(status: Int, body: [UInt8], keepsAlive: Bool)
        case failed(String)
        /// We could not even ask.
        case noDescriptorFree
    }

    let list: RunnerList
    /// The connection carried lists before.
    private(set) var isReused = false
    private let watch: RunnerWatch
    private var status = 0
    private var keepsAlive = false
    private var body: [UInt8] = []

    /// Thousands of models fit; more is no list.
    private static let maximumBytes = 32 << 20

    init(watch: RunnerWatch, list: RunnerList) {
        self.watch = watch
        self.list = list
    }

    override func connected(isReused: Bool) {
        self.isReused = isReused
        watch.ask(list)
    }

    override func headReceived(_ head: ResponseHead, _ checked: ResponseRules.CheckedResponse) {
        status = head.status
        keepsAlive = checked.keepsAlive
    }

    override func readParsed(isLast: Bool, hasMoreBytes: Bool) {
        let piece = watch.loop.splice.body
        guard body.count + piece.count <= ListReader.maximumBytes else {
            return watch.ended(self, .failed("GET \(list.path): the answer is larger than 32 MiB"))
        }
        body.append(contentsOf: piece)
        guard isLast else { return }
        watch.ended(self, .answered(status: status, body: body, keepsAlive: keepsAlive && !hasMoreBytes))
    }

    override func connectionFailed(_ failure: RunnerFailure, reason: String) {
        watch.connectionFailed(self, failure, reason: reason)
    }

    override func noDescriptorFree() {
        watch.ended(self, .noDescriptorFree)
    }

    override func deadlineReached() {
        watch.ended(self, .failed("no answer within timeouts.probe"))
    }
}
