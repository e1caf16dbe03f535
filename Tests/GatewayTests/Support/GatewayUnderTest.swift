// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// What a `GatewayUnderTest` may have for a runner.
protocol RunnerUnderTest {
    var port: Int { get }
    var url: String { get }
    /// Stops listening and closes its connections.
    func close()
}

extension RunnerUnderTest {
    var url: String { "http://127.0.0.1:\(port)" }
}

extension ScriptedRunner: RunnerUnderTest {}
extension SimulatedRunner: RunnerUnderTest {}

/// A port of 127.0.0.1 that refuses connections: bound, so that no other test gets it, but not listening. A simulated
/// runner may begin to listen on it.
final class ClosedPort: RunnerUnderTest {
    let port: Int
    private var descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(code == 0)
    }

    deinit {
        close()
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

/// A whole gateway on the test's own loop, listening on a port that the system chose, quiet.
///
/// Every test ends it with `stop()`, which also proves that it kept nothing: no stream, no slot, no body.
final class GatewayUnderTest {
    let loop: Loop
    let server: GatewayServer
    var gateway: Gateway { server.gateway }
    let port: Int
    private let runners: [any RunnerUnderTest]
    private var clients: [RawClient] = []
    private let streamsBefore: Int

    /// Starts it, and waits until each runner's first list was read or was not to be had.
    ///
    /// - Parameter change: of a configuration with the runners, one loopback address, no state folder and no log.
    init(
        _ loop: Loop, _ runners: [any RunnerUnderTest], waitsForLists: Bool = true,
        resolver: Resolver? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        _ change: (inout Configuration) throws -> Void = { _ in }
    ) throws {
        self.loop = loop
        self.runners = runners
        // Streams that are closing already are none of the gateway's.
        loop.turn(wait: false)
        streamsBefore = loop.openStreams
        var configuration = Configuration()
        configuration.listen = [.tcp(host: "127.0.0.1", port: 0)]
        configuration.runners = try runners.map {
            RunnerConfiguration(url: try RunnerURL(parsing: $0.url))
        }
        configuration.log.file = "/dev/null"
        try change(&configuration)
        server = try GatewayServer(
            loop: loop, configuration: configuration, log: try Log(configuration.log), resolver: resolver)
        try server.start()
        port = server.ports.first ?? 0
        if waitsForLists { waitForLists(sourceLocation: sourceLocation) }
    }

    func waitForLists(sourceLocation: SourceLocation = #_sourceLocation) {
        loop.run(
            until: { gateway.catalog.firstRoundIsOver }, "the first round of lists", sourceLocation: sourceLocation)
    }

    /// A new connection to it, closed by `stop()`.
    func client() throws -> RawClient {
        let client = try RawClient(loop, port: port)
        clients.append(client)
        return client
    }

    /// Nothing is in flight, waiting or held.
    func expectIdle(sourceLocation: SourceLocation = #_sourceLocation) {
        loop.run(
            until: { gateway.exchangesInFlight == 0 && gateway.exchangesWaiting == 0 && gateway.bodyMemory.held == 0 },
            "the end of all exchanges", sourceLocation: sourceLocation)
        #expect(gateway.exchangesInFlight == 0, "slots in use", sourceLocation: sourceLocation)
        #expect(gateway.exchangesWaiting == 0, "exchanges in the queue", sourceLocation: sourceLocation)
        #expect(gateway.bodyMemory.held == 0, "bytes of bodies held", sourceLocation: sourceLocation)
        #expect(gateway.dispatcher.lostLeases == 0, "leases lost", sourceLocation: sourceLocation)
    }

    /// Cuts everything, the given runners and the clients made here included, and checks that nothing stays behind.
    ///
    /// - Parameter keepingRunners: for another gateway; they have to close connections that were closed at the other end.
    func stop(keepingRunners: Bool = false, sourceLocation: SourceLocation = #_sourceLocation) {
        server.stop()
        loop.run(
            until: { gateway.clientCount == 0 }, "the end of the clients' connections",
            sourceLocation: sourceLocation)
        expectIdle(sourceLocation: sourceLocation)
        for client in clients { client.close() }
        clients = []
        if !keepingRunners { for runner in runners { runner.close() } }
        loop.run(
            until: { loop.openStreams <= streamsBefore }, "the end of all streams",
            sourceLocation: sourceLocation)
        #expect(loop.openStreams <= streamsBefore, "streams left open", sourceLocation: sourceLocation)
        #expect(loop.openTLSSessions == 0 || loop.openStreams > 0, "TLS left open", sourceLocation: sourceLocation)
    }
}
