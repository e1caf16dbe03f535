// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import Testing
import Transport

@testable import Gateway

/// A client on a Unix socket, without a loop of its own: connecting and small writes never wait there, and reading
/// takes what is there.
final class UnixClient {
    private var descriptor: Int32
    private var received: [UInt8] = []
    private(set) var hasEnded = false

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let code = UnixClient.withAddress(path) { [descriptor] in Glibc.connect(descriptor, $0, $1) }
        try #require(code == 0)
    }

    deinit {
        close()
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// Everything so far.
    func read() -> String {
        var piece = [UInt8](repeating: 0, count: 65536)
        while descriptor >= 0, !hasEnded {
            let count = recv(descriptor, &piece, piece.count, Int32(MSG_DONTWAIT))
            if count == 0 { hasEnded = true }
            guard count > 0 else { break }
            received += piece[..<count]
        }
        return String(decoding: received, as: UTF8.self)
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// What a process that was killed leaves behind.
    static func leaveStaleSocket(at path: String) throws -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { Glibc.close(descriptor) }
        return withAddress(path) { bind(descriptor, $0, $1) == 0 } && listen(descriptor, 1) == 0
    }

    private static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// Starts a second gateway where one may be already; it has no runner.
func startServer(_ loop: Loop, on address: ListenAddress) throws {
    var configuration = Configuration()
    configuration.listen = [address]
    configuration.runners = []
    configuration.log.file = "/dev/null"
    let server = try GatewayServer(loop: loop, configuration: configuration, log: try Log(configuration.log))
    try server.start()
    server.stop()
}
