// SPDX-License-Identifier: MIT

public import GatewayCore
public import Transport

/// Everything that the connections of one loop share. It wires the core to the transport: what it decides, it asks the
/// dispatcher, the catalog, the router or the access policy.
public final class Gateway {
    public let loop: Loop
    /// What is in force; `apply` replaces it.
    @exclusivity(unchecked) public internal(set) var configuration: Configuration
    /// What was asked for last: `configuration`, but for what needs a restart.
    var wanted: Configuration
    let log: Log
    let audit: AuditLog
    let machine: Machine
    var rules: RequestIntake.Rules
    let clock = DateClock()
    var exchangeTimeouts: Exchange.Timeouts
    /// By number.
    @exclusivity(unchecked) var runners: [GatewayRunner]
    var numbering: RunnerNumbering
    let resolver: Resolver
    let trust = RunnerTrust()
    /// By `dns:` URL.
    var names: [RunnerURL: NameWatch] = [:]
    @exclusivity(unchecked) var dispatcher: Dispatcher
    @exclusivity(unchecked) var catalog: Catalog
    @exclusivity(unchecked) var bodyMemory: BodyMemory
    let largeBodies: LargeBodies
    /// Of keys that have a limit.
    @exclusivity(unchecked) var rates = RequestRates()
    /// nil: there is no file that could be changed.
    public internal(set) var configurationUpdates: ConfigurationUpdates?

    private let requestIDs: RequestIDSource
    let probeID: [UInt8]
    private var exchangesSeen: UInt64 = 0
    /// In the dispatcher's queue.
    @exclusivity(unchecked) private var waiting: [ExchangeID: ProxiedExchange] = [:]
    /// Waiting for some runner's first list, since the model may be in it.
    private var awaitingLists: [ExchangeID: () -> Void] = [:]
    private(set) var clients: [ObjectIdentifier: ClientConnection] = [:]
    /// Of those, the ones beyond `limits.connections` that are about to close.
    private var refusedClients = 0
    /// When the want of descriptors was logged last.
    var shortageLogged: Instant?
    /// For when time alone may have granted or refused a waiter.
    private var waker: DeadlineTimer?
    private var isSettling = false
    private var catalogFile: CatalogFile?
    private var catalogIsDirty = false
    /// Once it was ready, it stays so, though a runner that was added has not been asked yet.
    private(set) var firstRoundWasOver = false
    /// No new work: connections close as soon as they are idle.
    private(set) var isDraining = false
    private var drained: (() -> Void)?
    /// Heads of requests and small bodies are put together here for their one write.
    @exclusivity(unchecked) private var requestBytes = OutputBuffer()
    /// A response's head, from when it has been read to the end of that read, when it leaves.
    @exclusivity(unchecked) var responseHead = OutputBuffer()

    /// - Parameter resolver: another than the system's, for tests.
    public init(
        loop: Loop, configuration: Configuration, machine: Machine = .current(), log: Log, resolver: Resolver? = nil
    ) {
        self.loop = loop
        self.configuration = configuration
        wanted = configuration
        self.log = log
        audit = AuditLog(loop: loop, log: log)
        self.machine = machine
        exchangeTimeouts = Exchange.Timeouts(configuration.timeouts)
        let loopGuard = LoopGuard(randomness: Cryptography.random(count: 8))
        rules = RequestIntake.Rules(configuration, machine: machine, loopGuard: loopGuard)
        requestIDs = RequestIDSource(randomness: Cryptography.random(count: 4))
        probeID = Array("\(loopGuard.pseudonym)-probe".utf8)
        bodyMemory = BodyMemory(limit: configuration.limits.bodyMemory)
        largeBodies = LargeBodies(loop: loop)
        numbering = RunnerNumbering(configuration.runners.map { [$0.url.description] })
        catalog = Catalog(runners: configuration.runners.map(CatalogRunner.init))
        dispatcher = Dispatcher(
            runners: configuration.runners.map(RunnerSlots.Settings.init),
            settings: Dispatcher.Settings(configuration), seed: UInt64.random(in: .min ... .max))
        self.resolver = resolver ?? Resolver(loop: loop)
        runners = []
        for place in numbering.places { runners.append(makeRunner(place, configuration, member: nil)) }
        waker = DeadlineTimer(loop: loop) { [unowned self] in settle() }
    }

    var timeouts: Configuration.Timeouts { configuration.timeouts }

    // MARK: Life

    /// Reads the last known lists and begins to ask the runners. Lists are saved to the file when they change.
    public func start(keepingListsIn stateDirectory: String?) {
        if let stateDirectory {
            let file = CatalogFile(stateDirectory: stateDirectory)
            if let saved = file.read() { catalog.restore(saved) }
            catalogFile = file
        }
        for runner in runners { runner.startWatch(for: self) }
        watchNames()
    }

    func makeRunner(_ place: RunnerPlace, _ configuration: Configuration, member: String?) -> GatewayRunner {
        let runner = configuration.runners[place.index]
        let pool = RunnerPool(
            loop: loop, resolver: resolver, url: runner.url, member: member, security: trust.security(of: runner),
            bufferBytes: configuration.limits.bufferBytes)
        return GatewayRunner(place, runner, pool: pool, via: rules.loopGuard.pseudonym)
    }

    /// Finishes what runs and takes nothing new; `whenDone` is called once, when the last connection has closed.
    public func drain(whenDone: @escaping () -> Void) {
        isDraining = true
        drained = whenDone
        for client in clients.values { client.drain() }
        finishDrainIfIdle()
    }

    /// Cuts what still runs.
    public func stop() {
        isDraining = true
        for client in clients.values { client.abort() }
        for runner in runners {
            runner.stopWatch()
            runner.pool.closeIdle()
        }
        stopWatchingNames()
        audit.end()
        saveLists()
        largeBodies.stop()
        waker = nil
    }

    private func finishDrainIfIdle() {
        guard isDraining, clients.isEmpty, let drained else { return }
        self.drained = nil
        drained()
    }

    // MARK: Clients

    /// What becomes of a connection beyond `limits.connections`: the first of them are told why, the others closed, so
    /// that a flood of them doesn't cost more than the limit allows.
    enum Admission {
        case admitted, refused, closed
    }

    private static let refusedAtOnce = 256

    func clientConnected(_ client: ClientConnection) -> Admission {
        clients[ObjectIdentifier(client)] = client
        guard clients.count - refusedClients > configuration.limits.connections else { return .admitted }
        refusedClients += 1
        return refusedClients <= Gateway.refusedAtOnce ? .refused : .closed
    }

    func clientClosed(_ client: ClientConnection) {
        clients[ObjectIdentifier(client)] = nil
        if client.admission != .admitted { refusedClients -= 1 }
        finishDrainIfIdle()
    }

    public var clientCount: Int { clients.count }
    public var exchangesInFlight: Int { dispatcher.totalInflight }
    public var exchangesWaiting: Int { dispatcher.waiting }
    var exchangesAwaitingLists: Int { awaitingLists.count }
    /// Bytes of responses that clients have not taken yet.
    var heldBytes: Int { clients.values.reduce(0) { $0 + $1.heldBytes } }
    /// Bytes of uploads that runners have not taken yet.
    var uploadBytesHeld: Int { clients.values.reduce(0) { $0 + $1.uploadBytesHeld } }

    func newExchange() -> ExchangeID {
        exchangesSeen += 1
        return ExchangeID(exchangesSeen)
    }

    func requestID(for id: ExchangeID, _ headers: HeaderFields) -> [UInt8] {
        requestIDs.id(for: id, client: headers)
    }

    /// How a person knows a runner.
    func runnerName(_ runner: Int) -> String { runners[runner].name }

    /// Which runner an answer of ours is about: its index.
    func fieldNaming(_ runner: Int) -> OwnResponse.Field {
        OwnResponse.Field("X-DMR-Runner", String(runners[runner].index))
    }

    // MARK: Sending requests

    /// Says whether all of it was handed to the socket at once. Head and body go out in one write if they are small.
    func send(
        _ request: ProxiedRequest, ownName: String?, isStreamed: Bool, on connection: RunnerConnection, to runner: Int
    ) -> Bool {
        let incoming = request.incoming
        let body = request.body(named: ownName)
        requestBytes.removeAll()
        let framing = request.framing(beginningWith: body, isStreamed: isStreamed)
        runners[runner].template.render(
            method: incoming.head.method, path: request.route.pattern, client: incoming.head.headers,
            leavingOut: incoming.isDecompressed ? .contentEncoding : nil, framing: framing,
            requestID: incoming.requestID, into: &requestBytes)
        return connection.send(
            head: &requestBytes, body: body, isChunked: framing == .chunked, isWhole: !isStreamed)
    }

    // MARK: Waiting

    func wait(_ exchange: ProxiedExchange) {
        waiting[exchange.id] = exchange
        settle()
    }

    func stopWaiting(_ id: ExchangeID) {
        if waiting.removeValue(forKey: id) != nil { dispatcher.cancel(id) }
    }

    /// Calls back once, when a list has been read or a first attempt has ended.
    func awaitLists(_ id: ExchangeID, _ body: @escaping () -> Void) {
        awaitingLists[id] = body
    }

    func stopAwaitingLists(_ id: ExchangeID) {
        awaitingLists[id] = nil
    }

    /// Something happened: grants and refuses what is due. Safe to call from within itself: the outer call goes on.
    func settle() {
        guard !isSettling, dispatcher.waiting > 0 else { return }
        isSettling = true
        while let turn = dispatcher.takeTurn(now: loop.now) {
            switch consume turn {
            case .granted(let grant):
                let exchange = waiting.removeValue(forKey: grant.id)
                let lease = grant.take()
                if let exchange {
                    exchange.granted(lease)
                } else {
                    dispatcher.release(lease, .withdrawn, now: loop.now)
                }
            case .refused(let id, let refusal): waiting.removeValue(forKey: id)?.refused(refusal)
            }
        }
        isSettling = false
        waker?.setDeadline(dispatcher.nextWakeUp(now: loop.now) ?? .distantFuture)
    }

    // MARK: What attempts and probes came to

    func attemptEnded(_ outcome: AttemptOutcome, at runner: Int?, model: ResolvedModel, lease: consuming Lease?) {
        let now = loop.now
        let ejectionsBefore = dispatcher.ejections
        var wasInference = false
        switch consume lease {
        case .some(let lease):
            wasInference = true
            dispatcher.release(lease, outcome, now: now)
        case .none: if let runner { dispatcher.observe(outcome, at: runner, now: now) }
        }
        guard let runner else { return }
        switch outcome {
        // Describing a model (show) loads nothing.
        case .answered: if wasInference, catalog.sawLoaded(runner, model) { runners[runner].watch?.isStale(.ps) }
        case .modelNotFound:
            guard catalog.forget(model, on: runner) else { break }
            runners[runner].watch?.isStale(.tags)
            listsChanged()
        case .failed(let failure):
            log.warning("\(runnerName(runner)) failed: \(failure.label)")
            if failure.isUnreachable { isDoubtful(runner) }
            if dispatcher.ejections != ejectionsBefore { ejected(runner, because: failure.label) }
        case .answered500, .busy, .routeMissing, .clientGone, .withdrawn:
            if dispatcher.ejections != ejectionsBefore { ejected(runner, because: "status 500 again and again") }
        }
    }

    private func ejected(_ runner: Int, because reason: String) {
        if dispatcher.health(of: runner).isUnreachable { catalog.lostTouch(runner) }
        log.warning("\(runnerName(runner)) is ejected: \(reason)")
        settle()
    }

    func probeSucceeded(_ runner: Int) {
        if dispatcher.probeSucceeded(runner, now: loop.now) { log.info("\(runnerName(runner)) is back in rotation") }
        settle()
    }

    /// Whether it is gone is better known soon, and whether its name still leads to it.
    private func isDoubtful(_ runner: Int) {
        runners[runner].watch?.isDoubtful()
        names[runners[runner].configuration.url]?.isDoubtful()
    }

    func probeFailed(_ runner: Int, reason: String) {
        names[runners[runner].configuration.url]?.isDoubtful()
        let isFirst = dispatcher.health(of: runner).failuresInARow == 0
        let wasEjected = dispatcher.probeFailed(runner, now: loop.now)
        if isFirst { log.warning("\(runnerName(runner)) does not answer: \(reason)") }
        firstAttemptEnded(runner)
        if wasEjected { ejected(runner, because: "it does not answer") }
        settle()
    }

    func probeCameBack(_ runner: Int) {
        if dispatcher.health(of: runner).state != .misconfigured {
            log.error("\(runnerName(runner)) is this gateway itself, or leads to it: correct its url")
        }
        dispatcher.probeCameBack(runner)
        firstAttemptEnded(runner)
        settle()
    }

    func firstAttemptEnded(_ runner: Int) {
        catalog.firstAttemptEnded(runner)
        wakeThoseAwaitingLists()
    }

    // MARK: Lists

    func listRead(_ list: RunnerList, of runner: Int, _ body: [UInt8]) throws(CatalogError) {
        switch list {
        case .tags:
            let hasChanged = try catalog.tagsRead(runner, body)
            if hasChanged {
                catalogIsDirty = true
                listsChanged()
            }
            firstAttemptEnded(runner)
        case .ps: if try catalog.psRead(runner, body) { listsChanged() }
        case .version: try catalog.versionRead(runner, body)
        }
    }

    func resolve(_ name: String, for rights: ModelRights) -> Resolution {
        Gateway.resolve(name, for: rights, in: &catalog)
    }

    /// Asked for every request. A call on the stored property would copy the catalog's parts, a dozen references, since
    /// the callee might replace it; `inout` says that nobody does.
    @inline(never)
    private static func resolve(_ name: String, for rights: ModelRights, in catalog: inout Catalog) -> Resolution {
        catalog.resolve(name, for: rights)
    }

    func listsChanged() {
        guard dispatcher.waiting > 0 else { return }
        dispatcher.listsChanged { [catalog, waiting] request in
            guard let rights = waiting[request.id]?.request.incoming.rights,
                case .found(let model) = catalog.resolve(request.model, for: rights)
            else { return nil }
            return (model.holders, model.loaded)
        }
        settle()
    }

    func wakeThoseAwaitingLists() {
        if catalog.firstRoundIsOver { firstRoundWasOver = true }
        if catalogIsDirty, catalog.firstRoundIsOver { saveLists() }
        guard !awaitingLists.isEmpty else { return }
        // In the order in which they came: the first gets the slot that is free.
        for id in awaitingLists.keys.sorted(by: { $0.number < $1.number }) {
            awaitingLists.removeValue(forKey: id)?()
        }
    }

    private func saveLists() {
        guard let catalogFile, catalogIsDirty else { return }
        catalogIsDirty = false
        if let problem = catalogFile.write(catalog.savedLists()) {
            log.warning("the last known lists are not kept over a restart: \(problem)")
        }
    }
}
