// SPDX-License-Identifier: MIT

import Glibc

/// What is worth knowing of the machine under a measurement.
enum Machine {
    static var cpus: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// The averages of 1, 5 and 15 minutes, as `/proc/loadavg` has them.
    static var loadAverage: String {
        (SystemFolder.text(of: "/proc/loadavg") ?? "").split(separator: " ").prefix(3).joined(separator: " ")
    }

    static var kernel: String {
        let text = SystemFolder.text(of: "/proc/sys/kernel/osrelease") ?? "?"
        return text.split(separator: "\n").first.map(String.init) ?? "?"
    }

    static var unixSeconds: Int { time(nil) }

    /// Swift sees no sched_setaffinity, so util-linux's taskset calls it.
    static func pinThisProcess(to cpu: Int, output: String) {
        do throws(ChildProcess.Failure) {
            let child = try ChildProcess(["taskset", "-cp", "\(cpu)", "\(getpid())"], output: output)
            for _ in 0..<2000 where child.isRunning { usleep(1000) }
        } catch {
            StandardError.print("not pinned: \(error.reason)")
        }
    }
}

/// Standard error without `FILE` and its global variable, which Swift 6 does not let us touch.
enum StandardError {
    static func print(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
