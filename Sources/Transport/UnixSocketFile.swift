// SPDX-License-Identifier: MIT

import Glibc

/// A path where a Unix socket may be left from a process that is gone.
public struct UnixSocketFile {
    private let path: String

    public init(_ path: String) {
        self.path = path
    }

    /// It is a socket and nobody answers on it. Anything else is not ours to remove.
    public var isAbandoned: Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return false }
        guard let address = UnixAddress(path: path),
            let descriptor = try? Descriptors.makeSocket(family: Int32(AF_UNIX))
        else { return false }
        defer { close(descriptor) }
        return address.connect(descriptor) == -ECONNREFUSED
    }
}
