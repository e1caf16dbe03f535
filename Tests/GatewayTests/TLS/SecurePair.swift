// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

/// A stream over TLS that notes its events.
final class SecureStream: ByteStream {
    private(set) var received: [UInt8] = []
    private(set) var reads = 0
    private(set) var largestRead = 0
    private(set) var events: [String] = []
    private(set) var failure: UVError?
    private(set) var tlsFailure: TLSFailure?
    /// Pauses after each read.
    var pausesAfterRead = false

    var text: String { String(decoding: received, as: UTF8.self) }
    func count(of event: String) -> Int { events.reduce(0) { $0 + ($1 == event ? 1 : 0) } }

    override func didRead(_ bytes: UnsafeRawBufferPointer) {
        received.append(contentsOf: bytes)
        reads += 1
        largestRead = max(largestRead, bytes.count)
        if pausesAfterRead { stopReading() }
    }
    override func didEnd() { events.append("end") }
    override func didFail(_ error: UVError) {
        failure = error
        events.append("fail")
    }
    override func didFail(_ failure: TLSFailure) {
        tlsFailure = failure
        events.append("fail")
    }
    override func didConnect() {
        events.append("connect")
        startReading()
    }
    override func didDrain() { events.append("drain") }
    override func didClose() { events.append("close") }
}

/// Accepts `SecureStream`s.
final class SecureListener: Listener {
    var context: TLSServerContext
    private(set) var accepted: [SecureStream] = []

    init(loop: Loop, context: TLSServerContext) throws {
        self.context = context
        try super.init(loop: loop, address: StreamPair.anyPort)
    }

    override func makeConnection() -> ByteStream? {
        SecureStream(loop: loop)
    }

    override func didAccept(_ connection: ByteStream) {
        guard let stream = connection as? SecureStream else { return }
        accepted.append(stream)
        stream.secure(by: context)
        stream.startReading()
    }
}

/// A listener with a certificate, and clients that trust its authority.
final class SecureSite {
    let loop: Loop
    let authority: Authority
    let listener: SecureListener
    let tickets: TicketKeys
    private var streams: [ByteStream] = []

    init(names: [String] = ["DNS:localhost", "IP:127.0.0.1"], clientAuthorities: String? = nil) throws {
        loop = try Loop()
        authority = try Authority()
        tickets = TicketKeys(loop: loop)
        let leaf = try authority.issue(names: names)
        listener = try SecureListener(
            loop: loop,
            context: TLSServerContext(
                identities: [leaf.identity], clientAuthorities: clientAuthorities, tickets: tickets))
    }

    func clientContext(verifies: Bool = true) throws -> TLSClientContext {
        try TLSClientContext(verifies: verifies, authorities: authority.file)
    }

    /// Begins to connect.
    func client(_ context: TLSClientContext, host: String = "localhost") throws -> SecureStream {
        let stream = SecureStream(loop: loop)
        stream.secure(by: context, host: host)
        stream.connect(to: try #require(listener.address))
        streams.append(stream)
        return stream
    }

    /// Connected, with both ends.
    func pair(_ context: TLSClientContext? = nil) throws -> (near: SecureStream, far: SecureStream) {
        let count = listener.accepted.count
        let near = try client(try context ?? clientContext())
        loop.run(
            until: {
                near.count(of: "connect") == 1 && listener.accepted.count == count + 1
                    && listener.accepted[count].security != nil
            }, "a handshake")
        return (near, try #require(listener.accepted.last))
    }

    /// A client in plain text.
    func plainClient() throws -> NotingStream {
        let stream = NotingStream(loop: loop)
        stream.connect(to: try #require(listener.address))
        streams.append(stream)
        loop.run(until: { stream.count(of: "connect") == 1 }, "a connection")
        stream.startReading()
        return stream
    }

    /// Closes everything; nothing may be left open, no socket and nothing of OpenSSL's.
    func end(sourceLocation: SourceLocation = #_sourceLocation) {
        for stream in streams { stream.close() }
        for stream in listener.accepted { stream.close() }
        listener.close()
        loop.run(
            until: { loop.openStreams == 0 && loop.openTLSSessions == 0 }, "all streams and sessions closed",
            sourceLocation: sourceLocation)
    }
}
