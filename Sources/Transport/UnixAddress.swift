// SPDX-License-Identifier: MIT

import Glibc

/// The path of a Unix socket, as the system calls want it (unix(7)).
struct UnixAddress {
    private var address = sockaddr_un()

    /// nil: no socket can have so long a path.
    init?(path: String) {
        var path = path
        let fits = path.withUTF8 { path in
            withUnsafeMutableBytes(of: &address.sun_path) { place in
                // Zero ends it.
                guard path.count < place.count else { return false }
                place.copyBytes(from: path)
                return true
            }
        }
        if !fits { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
    }

    /// Begins to connect the socket: 0 or the error, negative.
    func connect(_ socket: Int32) -> Int32 {
        withPointer { Glibc.connect(socket, $0, $1) == 0 ? 0 : -errno }
    }

    func withPointer<Result, Failure>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafePointer(to: address) { address throws(Failure) in
            try body(
                UnsafeRawPointer(address).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
