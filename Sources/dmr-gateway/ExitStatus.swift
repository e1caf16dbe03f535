// SPDX-License-Identifier: MIT

import Glibc

/// The exit codes scripts may rely on (sysexits.h).
enum ExitStatus {
    static let usage: Int32 = 64
    static let addressInUse: Int32 = 69
    static let badConfiguration: Int32 = 78
}

/// Standard error without `FILE` and its global variable, which Swift 6 does not let us touch.
enum StandardError {
    static func print(_ line: String) {
        var bytes = Array("\(line)\n".utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}
