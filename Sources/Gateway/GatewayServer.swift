// SPDX-License-Identifier: MIT

public import GatewayCore
import Glibc
public import Transport

/// A gateway with its listeners and signals: what `serve` runs.
public final class GatewayServer {
    public let gateway: Gateway
    private let log: Log
    private let loop: Loop
    private var listeners: [ClientListener] = []
    /// Made when the first address listens with TLS.
    private var certificates: ListenerCertificates?
    private var signals: [SignalWatcher] = []
    private var unixPaths: [String] = []
    private var drainLimit: DeadlineTimer?
    private var reloader: ConfigurationReloader?

    /// - Throws: `StartError` with the exit code for it.
    public init(
        loop: Loop, configuration: Configuration, log: Log, resolver: Resolver? = nil
    ) throws(StartError) {
        self.loop = loop
        self.log = log
        gateway = Gateway(loop: loop, configuration: configuration, log: log, resolver: resolver)
        loop.turnEnded = { [log] in log.flush() }
    }

    /// The addresses in use, with the ports that the system chose, as they are announced.
    public private(set) var addresses: [String] = []
    /// The TCP ports in use, in the order of the addresses.
    public private(set) var ports: [Int] = []

    /// Binds every address and begins to serve.
    ///
    /// - Throws: `StartError` if one can't be bound; nothing listens then.
    public func start() throws(StartError) {
        do throws(StartError) {
            for address in gateway.configuration.listen { try listen(on: address) }
        } catch {
            closeListeners()
            throw error
        }
        gateway.start(keepingListsIn: makeStateDirectory())
    }

    // MARK: Listening

    private func listen(on address: ListenAddress) throws(StartError) {
        switch address {
        case .unix(let path): try listen(onUnix: path)
        case .tcp(let host, let port): try listen(on: address, host: host, port: port, certificates: nil)
        case .tls(let host, let port):
            try listen(on: address, host: host, port: port, certificates: try readCertificates())
        }
    }

    private func readCertificates() throws(StartError) -> ListenerCertificates {
        if let certificates { return certificates }
        do throws(TLSFileError) {
            let made = try ListenerCertificates(loop: loop, settings: gateway.configuration.tls, log: log)
            certificates = made
            return made
        } catch {
            throw StartError(.configuration, "tls: \(error.file) \(error.reason)")
        }
    }

    private func listen(
        on address: ListenAddress, host: String, port: Int, certificates: ListenerCertificates?
    ) throws(StartError) {
        // Nothing in front of the port means all interfaces of both families, as Go has it.
        let names = host.isEmpty ? ["::", "0.0.0.0"] : [host]
        var failure: UVError?
        for name in names {
            do throws(UVError) {
                let socket = try bindable(name, port: port)
                let listener = try ClientListener(
                    gateway: gateway, address: socket, kind: address.isLocal ? .loopback : .other,
                    certificates: certificates)
                listeners.append(listener)
                let bound = listener.address?.port ?? port
                ports.append(bound)
                let made: ListenAddress =
                    certificates == nil ? .tcp(host: host, port: bound) : .tls(host: host, port: bound)
                addresses.append(made.description)
                return
            } catch {
                failure = error
                // A machine without IPv6 still has all of IPv4.
                if error.isAddressInUse { break }
            }
        }
        guard let failure else { return }
        throw StartError(
            .address,
            failure.isAddressInUse
                ? "\(address) is in use: stop what listens there, or choose another address with --listen"
                : "\(address) can't be listened on: \(failure)")
    }

    /// Names are looked up once, at start, before the loop runs.
    private func bindable(_ host: String, port: Int) throws(UVError) -> SocketAddress {
        var found: Result<SocketAddress, UVError>?
        Resolver(loop: loop).resolve(host, port: port) { found = $0 }
        while found == nil { loop.turn(wait: true) }
        switch found {
        case .success(let address): return address
        case .failure(let error): throw error
        case .none: preconditionFailure("the look-up ended without a result")
        }
    }

    /// A socket file that nobody listens on any more is left from a process that was killed, and is replaced.
    private func listen(onUnix path: String) throws(StartError) {
        if UnixSocketFile(path).isAbandoned { unlink(path) }
        do throws(UVError) {
            listeners.append(try ClientListener(gateway: gateway, unixPath: path))
        } catch {
            throw StartError(.address, "unix:\(path) can't be listened on: \(error)")
        }
        unixPaths.append(path)
        addresses.append(ListenAddress.unix(path: path).description)
    }

    private func closeListeners() {
        for listener in listeners { listener.close() }
        listeners = []
        for path in unixPaths { unlink(path) }
        unixPaths = []
    }

    /// nil, with a warning, if there is none: the gateway runs without it, but forgets lists at a restart.
    private func makeStateDirectory() -> String? {
        let path = gateway.configuration.stateDirectory
        guard !path.isEmpty else { return nil }
        do {
            try SystemFiles().makeFolders(path)
        } catch {
            log.warning(
                "the last known lists are not kept over a restart: \(error.path) can't be made: \(error.reason)")
            return nil
        }
        return path
    }

    // MARK: Signals and stopping

    /// From now on the configuration can change: read again on SIGHUP and when its file changes, and written to the file
    /// by the API.
    ///
    /// - Parameters:
    ///   - store: the file, which need not be there.
    ///   - current: what the gateway was made with.
    ///   - resolve: reads and checks it all again.
    ///   - resolveContent: the same with another content of the file.
    public func keepConfiguration(
        in store: ConfigurationStore, current: ResolvedConfiguration,
        resolve: @escaping ConfigurationReloader.Resolve, resolveContent: @escaping ConfigurationUpdate.Resolve
    ) {
        let reloader = ConfigurationReloader(
            loop: loop, path: store.path, current: current, log: log, resolve: resolve
        ) { [unowned self] in
            gateway.apply($0)
            certificates?.use(gateway.configuration.tls)
        }
        self.reloader = reloader
        gateway.configurationUpdates = ConfigurationUpdates(
            loop: loop, store: store, log: log, resolve: resolveContent
        ) { [weak reloader] in
            reloader?.take($0)
        }
    }

    /// As SIGHUP does.
    public func reload() {
        reloader?.reload()
        certificates?.reload()
        gateway.renewSecurity()
    }

    /// SIGTERM and SIGINT drain, the second one stops at once; SIGHUP reloads the configuration, SIGUSR1 reopens the log
    /// file.
    ///
    /// - Throws: `StartError` when signals can't be watched.
    public func watchSignals() throws(StartError) {
        do throws(UVError) {
            for signal in [SIGTERM, SIGINT] {
                signals.append(try SignalWatcher(loop: loop, signal: signal) { [unowned self] in askedToStop() })
            }
            signals.append(try SignalWatcher(loop: loop, signal: SIGUSR1) { [log] in log.reopen() })
            signals.append(try SignalWatcher(loop: loop, signal: SIGHUP) { [unowned self] in reload() })
        } catch {
            throw StartError(.configuration, "signals can't be watched: \(error)")
        }
    }

    private func askedToStop() {
        if gateway.isDraining { stop() } else { drain() }
    }

    /// Takes no new connections, lets what runs finish within `timeouts.drain`, then stops the loop.
    public func drain() {
        log.info("draining: \(gateway.exchangesInFlight) in flight, \(gateway.exchangesWaiting) waiting")
        closeListeners()
        let limit = DeadlineTimer(loop: loop) { [unowned self] in
            log.warning("timeouts.drain has passed: what still runs is cut")
            stop()
        }
        limit.setDeadline(in: gateway.timeouts.drain)
        drainLimit = limit
        gateway.drain { [unowned self] in stop() }
    }

    /// Cuts what still runs and stops the loop.
    public func stop() {
        closeListeners()
        drainLimit = nil
        reloader?.stop()
        reloader = nil
        certificates?.stop()
        gateway.stop()
        signals = []
        log.flush()
        loop.stop()
    }
}
