// SPDX-License-Identifier: MIT

import Glibc
import Testing

/// A runner that takes no connection and refuses none: its queue of connections to accept is full, so the kernel drops
/// every further SYN, as a machine does that is switched off behind a firewall.
final class StuckPort: RunnerUnderTest {
    let port: Int
    private var descriptors: [Int32] = []

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        descriptors = [listener]
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = StuckPort.with(&address) {
            bind(listener, $0, size) == 0 && listen(listener, 0) == 0 ? getsockname(listener, $0, &size) : -1
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(code == 0)
        // The first fills the queue of one; the other shows that it did: it is still connecting when the test ends.
        for _ in 1...2 {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            descriptors.append(client)
            _ = StuckPort.with(&address) { connect(client, $0, size) }
        }
    }

    private static func with(_ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Int32) -> Int32 {
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }

    deinit {
        close()
    }

    func close() {
        for descriptor in descriptors { Glibc.close(descriptor) }
        descriptors = []
    }
}
