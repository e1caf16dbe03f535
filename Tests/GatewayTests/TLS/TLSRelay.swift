// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

/// Between a client and a site, with the ciphertext in its hands: passes it on whole, byte by byte, changed, or not.
final class TLSRelay {
    enum Manner {
        case whole
        /// Each byte in a write, and so in a read, of its own.
        case bytewise
        /// Up to that many bytes of the client's, then nothing.
        case clientUpTo(Int)
        /// One bit of the client's byte at that place is turned around.
        case clientFlipped(Int)
    }

    private let site: SecureSite
    private let listener: NotingListener
    private var client: SecureStream?
    private var near: NotingStream?
    private var far: NotingStream?
    var manner = Manner.whole
    private var sentToServer = 0
    private var sentToClient = 0

    init(_ site: SecureSite) throws {
        self.site = site
        listener = try NotingListener(loop: site.loop, address: StreamPair.anyPort)
    }

    /// Begins to connect through it.
    func client(_ context: TLSClientContext? = nil) throws -> SecureStream {
        let client = SecureStream(loop: site.loop)
        client.secure(by: try context ?? site.clientContext(), host: "localhost")
        client.connect(to: try #require(listener.address))
        let far = NotingStream(loop: site.loop)
        far.connect(to: try #require(site.listener.address))
        site.loop.run(until: { far.count(of: "connect") == 1 && !listener.accepted.isEmpty }, "both connections")
        far.startReading()
        self.far = far
        self.client = client
        near = listener.accepted.last
        return client
    }

    /// Connected through it.
    func pair() throws -> (near: SecureStream, far: SecureStream) {
        let client = try client()
        run(until: { client.count(of: "connect") == 1 && site.listener.accepted.last?.security != nil })
        return (client, try #require(site.listener.accepted.last))
    }

    /// Turns the loop and passes on what came.
    func run(until condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        let ticker = Ticker(loop: site.loop)
        defer { ticker.setDeadline(.distantFuture) }
        ticker.deadlineReached(at: site.loop.now)
        site.loop.run(
            until: {
                pass()
                return condition()
            }, "what the test waits for behind the relay", sourceLocation: sourceLocation)
    }

    /// The last hundred looks brought nothing.
    var isQuiet: Bool { quietLooks > 100 }
    private var quietLooks = 0

    private func pass() {
        guard let near, let far else { return }
        let isNothingNew = near.received.count == sentToServer && far.received.count == sentToClient
        quietLooks = isNothingNew ? quietLooks + 1 : 0
        var up = Array(near.received[sentToServer...])
        switch manner {
        case .whole: break
        case .bytewise:
            up = Array(up.prefix(1))
            let down = far.received[sentToClient...].prefix(1)
            near.write(Array(down))
            sentToClient += down.count
        case .clientUpTo(let limit): up = Array(up.prefix(max(0, limit - sentToServer)))
        case .clientFlipped(let place):
            if up.indices.contains(place - sentToServer) { up[place - sentToServer] ^= 0x10 }
        }
        far.write(up)
        sentToServer += up.count
        if case .bytewise = manner { return }
        near.write(Array(far.received[sentToClient...]))
        sentToClient = far.received.count
    }

    /// The client's bytes so far.
    var clientBytes: [UInt8] { near?.received ?? [] }

    /// FIN to the client, in the middle of TLS.
    func endWithoutAlert() {
        near?.close()
    }

    func sendToServer(_ bytes: [UInt8]) {
        far?.write(bytes)
    }

    func close() {
        client?.close()
        near?.close()
        far?.close()
        for stream in listener.accepted { stream.close() }
        listener.close()
    }
}

/// Keeps the loop turning, so that a relay that holds bytes back goes on.
private final class Ticker: Timed {
    override func deadlineReached(at now: Instant) {
        setDeadline(now + .milliseconds(1))
    }
}
