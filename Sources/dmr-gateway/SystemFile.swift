// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc

/// Small files read whole, at start: the configuration and `…_FILE` secrets.
enum SystemFile {
    struct Failure: Error {
        var code: Int32
        var reason: String

        var isMissing: Bool { code == ENOENT || code == ENOTDIR }
    }

    /// Far above any configuration, far below what would hurt.
    private static let largest = 4 << 20

    static func read(_ path: String) -> Result<[UInt8], Failure> {
        // A FIFO nobody writes to must not hang the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(systemFailure()) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = block.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return .failure(systemFailure()) }
            if count == 0 { return .success(bytes) }
            bytes += block[..<count]
            guard bytes.count <= largest else { return .failure(Failure(code: EFBIG, reason: "is larger than 4 MiB")) }
        }
    }

    private static func systemFailure() -> Failure {
        let code = errno
        return Failure(code: code, reason: String(cString: strerror(code)))
    }
}
