// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
public import Transport

/// A simulated Ollama instance: its routes, shapes and manners with made-up tokens, on a loop that it may share. It
/// serves `--demo`, tests and benches; there is no model in it, and its answers say so.
///
/// What all its connections share lives here: options, models, slots, counters, gates. `close()` ends it.
public final class SimulatedRunner {
    public let loop: Loop
    public var options: SimulatedRunnerOptions {
        didSet { optionsChanged(from: oldValue) }
    }
    public let host: String
    public let port: Int
    private let isSecured: Bool

    /// All requests, lists included.
    public internal(set) var requestsSeen = 0
    public internal(set) var inferenceRequestsSeen = 0
    /// Inference requests without a complete answer yet.
    public internal(set) var inflight = 0
    /// Inference requests whose client went away before the end.
    public internal(set) var aborted = 0
    public internal(set) var tokensSent = 0
    public internal(set) var connectionsAccepted = 0
    /// The last 256 requests, if `options.keepsRecords`.
    public internal(set) var records: [RecordedRequest] = []
    private static let recordLimit = 256
    private var recordsDropped = 0

    private(set) var text: PseudoText
    var clock = WallClock()
    let tokenClock: TokenClock
    private var listener: RunnerListener?
    private var connections: [ObjectIdentifier: SimulatedConnection] = [:]
    private var models: [String: ModelSlots] = [:]
    private var prefills: [ObjectIdentifier: AbandonedPrefill] = [:]
    private var isGranting = false
    private var tokenGate = Gate()
    private var headGate = Gate()

    /// Listens at once; port 0 lets the system choose. With `tls` it speaks nothing else.
    ///
    /// - Throws: `UVError` when `host` is not a literal address or the address can't be bound.
    public init(
        loop: Loop, host: String = "127.0.0.1", port: Int = 0, options: SimulatedRunnerOptions = .init(),
        tls: TLSServerContext? = nil
    ) throws(UVError) {
        guard (0...65535).contains(port), let address = SocketAddress(literal: host, port: port) else {
            throw UVError(code: -EINVAL)
        }
        self.loop = loop
        self.options = options
        self.host = host
        isSecured = tls != nil
        text = PseudoText(seed: options.seed)
        tokenClock = try TokenClock(loop: loop)
        let listener = try RunnerListener(loop: loop, address: address)
        self.port = listener.address?.port ?? port
        self.listener = listener
        listener.runner = self
        listener.tls = tls
        optionsChanged(from: options)
    }

    deinit {
        listener?.close()
    }

    /// Where it is: `http://127.0.0.1:11434`.
    public var url: String {
        (isSecured ? "https://" : "http://") + (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
    }

    /// Stops listening and cuts all connections at once, as Ollama does when asked to stop. Safe to repeat.
    public func close() {
        stopListening()
        for connection in Array(connections.values) { connection.cut() }
        prefills = [:]
        tokenClock.close()
    }

    /// New connections are refused from now on; those that exist go on.
    public func stopListening() {
        listener?.close()
        listener = nil
    }

    /// Reads on where `stallsUploads` had stopped.
    public func resumeUploads() {
        options.library.stallsUploads = false
        for connection in connections.values { connection.startReading() }
    }

    /// Names of the models in memory now.
    public var loadedModels: [String] {
        models.values.filter { $0.isLoaded(at: loop.now) }.map(\.model.name).sorted()
    }

    /// Requests that wait for a slot.
    public var waiting: Int { models.values.reduce(0) { $0 + $1.waiting.count } }
    /// Slots in use, by abandoned prefills, too.
    public var busySlots: Int { models.values.reduce(0) { $0 + $1.active } }
    public var openConnections: Int { connections.count }

    private func optionsChanged(from old: SimulatedRunnerOptions) {
        if options.seed != old.seed { text = PseudoText(seed: options.seed) }
        // Slots of a model that is gone are kept by those who use them.
        var kept: [String: ModelSlots] = [:]
        for model in options.models {
            let key = SimulatedModel.key(of: model.name)
            if let slots = models[key], slots.model == model {
                kept[key] = slots
            } else {
                kept[key] = ModelSlots(model: model)
            }
        }
        models = kept
        if options.parallel > old.parallel { for slots in kept.values { grant(slots) } }
    }

    // MARK: For connections

    func opened(_ connection: SimulatedConnection) {
        connections[ObjectIdentifier(connection)] = connection
    }

    func closed(_ connection: SimulatedConnection) {
        connections[ObjectIdentifier(connection)] = nil
    }

    /// As Ollama reads a name: white space around it and `:local` behind it mean nothing here.
    func slots(of name: String) -> ModelSlots? {
        if let slots = models[SimulatedModel.key(of: name)] { return slots }
        let name = ModelName.trimmed(name)
        guard case .local(let base)? = try? ModelSource(name) else { return models[SimulatedModel.key(of: name)] }
        return models[SimulatedModel.key(of: base)]
    }

    /// Loaded models, those that stay longest first, as `/api/ps` lists them.
    func loadedSlots() -> [ModelSlots] {
        models.values.filter { $0.isLoaded(at: loop.now) }
            .sorted { ($1.expiresAt, $0.model.name) < ($0.expiresAt, $1.model.name) }
    }

    /// A slot at once, a place in the queue, or neither.
    func request(_ slots: ModelSlots, for connection: SimulatedConnection) -> Admission {
        if slots.active < options.parallel, slots.waiting.isEmpty {
            slots.active += 1
            return .granted
        }
        guard waiting < options.maximumQueue else { return .queueFull }
        slots.waiting.append(connection)
        return .queued
    }

    enum Admission {
        case granted, queued, queueFull
    }

    func release(_ slots: ModelSlots) {
        slots.active -= 1
        grant(slots)
    }

    /// Flat, not recursive: an answer that ends at once frees its slot while this runs.
    private func grant(_ slots: ModelSlots) {
        guard !isGranting else { return }
        isGranting = true
        defer { isGranting = false }
        while slots.active < options.parallel, !slots.waiting.isEmpty {
            slots.active += 1
            slots.waiting.removeFirst().slotGranted()
        }
    }

    func abandonPrefill(_ slots: ModelSlots, until end: Instant) {
        let prefill = AbandonedPrefill(runner: self, slots: slots, until: end)
        prefills[ObjectIdentifier(prefill)] = prefill
    }

    func prefillEnded(_ prefill: AbandonedPrefill, slots: ModelSlots) {
        prefills[ObjectIdentifier(prefill)] = nil
        release(slots)
    }

    // MARK: Records

    /// Returns the record's number, counted from the first ever.
    func keep(_ record: RecordedRequest) -> Int {
        if records.count == SimulatedRunner.recordLimit {
            records.removeFirst()
            recordsDropped += 1
        }
        records.append(record)
        return recordsDropped + records.count - 1
    }

    func noteToken(of record: Int) {
        let place = record - recordsDropped
        if records.indices.contains(place) { records[place].tokensSentAt.append(Loop.preciseNow) }
    }

    // MARK: Gates

    /// Lets that many lines leave, its closing line being a stream's last; the oldest waiting stream comes first.
    public func releaseToken(_ count: Int = 1) {
        tokenGate.permits += count
        while let next = tokenGate.next() { next.goOn() }
    }

    /// Lets that many inference responses begin, oldest first.
    public func releaseHead(_ count: Int = 1) {
        headGate.permits += count
        while let next = headGate.next() { next.goOn() }
    }

    func mayBegin(_ connection: SimulatedConnection) -> Bool {
        !options.gatesHead || headGate.pass(connection)
    }

    func maySend(_ connection: SimulatedConnection) -> Bool {
        !options.gatesTokens || tokenGate.pass(connection)
    }

    func leaveGates(_ connection: SimulatedConnection) {
        tokenGate.leave(connection)
        headGate.leave(connection)
    }
}

/// Makes the connections of one runner.
private final class RunnerListener: Listener {
    weak var runner: SimulatedRunner?
    var tls: TLSServerContext?

    override init(loop: Loop, address: SocketAddress, backlog: Int32 = 1024) throws(UVError) {
        try super.init(loop: loop, address: address, backlog: backlog)
    }

    override func makeConnection() -> ByteStream? {
        runner.map { SimulatedConnection(runner: $0) }
    }

    override func didAccept(_ connection: ByteStream) {
        if let tls { connection.secure(by: tls) }
        (connection as? SimulatedConnection)?.begin()
    }
}
