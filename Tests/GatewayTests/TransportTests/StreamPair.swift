// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

/// A stream that notes its events.
final class NotingStream: ByteStream {
    private(set) var received: [UInt8] = []
    private(set) var events: [String] = []
    private(set) var failure: UVError?

    var text: String { String(decoding: received, as: UTF8.self) }
    func count(of event: String) -> Int { events.reduce(0) { $0 + ($1 == event ? 1 : 0) } }

    var pausesAfterRead = false

    override func didRead(_ bytes: UnsafeRawBufferPointer) {
        received.append(contentsOf: bytes)
        if pausesAfterRead { stopReading() }
    }
    override func didEnd() { events.append("end") }
    override func didFail(_ error: UVError) {
        failure = error
        events.append("fail")
    }
    override func didConnect() { events.append("connect") }
    override func didDrain() { events.append("drain") }
    override func didClose() { events.append("close") }
    override func deadlineReached(at now: Instant) { events.append("deadline") }
}

/// Accepts into `NotingStream`s; refuses while `refuses`.
final class NotingListener: Listener {
    var refuses = false
    private(set) var accepted: [NotingStream] = []

    override init(loop: Loop, address: SocketAddress, backlog: Int32 = 1024) throws(UVError) {
        try super.init(loop: loop, address: address, backlog: backlog)
    }

    override func makeConnection() -> ByteStream? {
        if refuses { return nil }
        return NotingStream(loop: loop)
    }

    override func didAccept(_ connection: ByteStream) {
        if let stream = connection as? NotingStream { accepted.append(stream) }
        connection.startReading()
    }
}

/// Two connected streams on one loop.
struct StreamPair {
    /// More than any socket buffer takes at once.
    static let bulk = {
        var bytes = [UInt8](repeating: 0, count: 12 << 20)
        bytes.withUnsafeMutableBytes { bytes in
            for place in stride(from: 0, to: bytes.count, by: 8) {
                bytes.storeBytes(of: UInt64(place) &* 0x9E37_79B9, toByteOffset: place, as: UInt64.self)
            }
        }
        return bytes
    }()

    let loop: Loop
    let listener: NotingListener
    let near: NotingStream
    let far: NotingStream

    init() throws {
        loop = try Loop()
        let listener = try NotingListener(loop: loop, address: StreamPair.anyPort)
        self.listener = listener
        let near = NotingStream(loop: loop)
        self.near = near
        near.connect(to: try #require(listener.address))
        loop.run(until: { near.count(of: "connect") == 1 && !listener.accepted.isEmpty }, "a connection")
        near.startReading()
        far = try #require(listener.accepted.first)
    }

    static var anyPort: SocketAddress {
        get throws { try #require(SocketAddress(literal: "127.0.0.1", port: 0)) }
    }

    /// Closes everything; nothing may be left open.
    func end(sourceLocation: SourceLocation = #_sourceLocation) {
        near.close()
        far.close()
        listener.close()
        loop.run(until: { loop.openStreams == 0 }, "all streams closed", sourceLocation: sourceLocation)
    }
}
