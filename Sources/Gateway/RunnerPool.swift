// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// The connections to one runner: idle ones are kept for the next exchange, the one used last first.
final class RunnerPool {
    let url: RunnerURL
    /// Of a `dns:` entry's member: where it is, never looked up again here.
    let member: String?
    private(set) var security: RunnerSecurity
    private let loop: Loop
    private let resolver: Resolver
    private var readLimit: Int
    /// False once the runner is disabled or removed: what is in use closes when it is given back.
    var keepsIdle = true {
        didSet { if !keepsIdle { closeIdle() } }
    }
    @exclusivity(unchecked) private var idle: [RunnerConnection] = []
    /// Those in use, idle ones, and the one that reads the runner's lists.
    private(set) var openConnections = 0
    private var address: SocketAddress?
    private var addressExpires = Instant(nanoseconds: 0)

    private static let maximumIdle = 256
    /// Shorter than Ollama keeps idle connections (it never closes them), longer than a pause between two chats.
    private static let idleLimit = Interval.seconds(90)
    /// A name is looked up again after this; a failed connect looks it up at once.
    private static let addressLifetime = Interval.seconds(30)

    /// `bufferBytes`: of a response; what one read brings may have to be held for its client.
    init(
        loop: Loop, resolver: Resolver, url: RunnerURL, member: String? = nil, security: RunnerSecurity,
        bufferBytes: Int
    ) {
        self.loop = loop
        self.resolver = resolver
        readLimit = RunnerPool.readLimit(bufferBytes)
        self.url = url
        self.member = member
        self.security = security
    }

    var isUnix: Bool {
        switch url.place {
        case .unix: true
        case .host, .members: false
        }
    }

    /// Whom to believe has changed: connections that were made before serve nobody any more.
    func secure(by security: RunnerSecurity) {
        self.security = security
        closeIdle()
    }

    /// For connections that are opened from now on.
    func setBufferBytes(_ count: Int) {
        readLimit = RunnerPool.readLimit(count)
    }

    private static func readLimit(_ bufferBytes: Int) -> Int { max(1, min(bufferBytes, Loop.readBufferBytes)) }

    /// A connection for the consumer, kept alive from before unless it has to be `fresh`. Nothing happens before
    /// `RunnerConnection.begin`.
    func obtain(for consumer: ResponseConsumer, fresh: Bool = false) -> RunnerConnection {
        if !fresh, let connection = takeIdle() {
            connection.handOver(to: consumer)
            return connection
        }
        let connection = RunnerConnection(loop: loop, pool: self, consumer: consumer)
        connection.readLimit = readLimit
        openConnections += 1
        return connection
    }

    /// The runner's address, looked up if need be; calls back once, perhaps before this returns.
    func resolve(_ completion: @escaping (Result<SocketAddress, UVError>) -> Void) {
        if let address = member.flatMap({ SocketAddress(literal: $0, port: url.port) }) {
            return completion(.success(address))
        }
        if let address, loop.now < addressExpires { return completion(.success(address)) }
        resolver.resolve(url.host, port: url.port) { [self] result in
            if case .success(let address) = result {
                self.address = address
                addressExpires = loop.now + RunnerPool.addressLifetime
            }
            completion(result)
        }
    }

    private func takeIdle() -> RunnerConnection? {
        while let connection = idle.popLast() {
            if !connection.isClosing { return connection }
        }
        return nil
    }

    func putBack(_ connection: RunnerConnection) {
        guard keepsIdle, idle.count < RunnerPool.maximumIdle else { return connection.close() }
        connection.setDeadline(in: RunnerPool.idleLimit)
        idle.append(connection)
    }

    /// It has closed.
    func forget(_ connection: RunnerConnection) {
        openConnections -= 1
        idle.removeAll { $0 === connection }
    }

    /// The name is looked up again for the next connection.
    func addressIsDoubtful() {
        addressExpires = Instant(nanoseconds: 0)
    }

    /// Says whether there were any.
    @discardableResult
    func closeIdle() -> Bool {
        defer { idle.removeAll() }
        for connection in idle { connection.close() }
        return !idle.isEmpty
    }
}
