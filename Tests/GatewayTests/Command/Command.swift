// SPDX-License-Identifier: MIT

import Glibc
import Testing
import Transport

/// The real binary, run as a person would run it: built beside the tests, its standard error read through a pipe.
final class Command {
    let process: pid_t
    private let errors: Int32
    private(set) var output = ""
    private var status: Int32?

    /// Only what is given here is in its environment, and a sanitizer's options, so that nothing of the machine's leaks
    /// into a test.
    ///
    /// - Parameters:
    ///   - program: another one that is built beside the tests.
    ///   - descriptors: it may open no more files than this.
    ///   - folder: where it is started.
    init(
        _ arguments: [String], environment: [String] = [], program: String = "dmr-gateway", descriptors: Int? = nil,
        in folder: String? = nil
    ) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var path = try Command.folder() + "/" + program
        var words = [path] + arguments
        if let descriptors {
            path = "/bin/bash"
            // What other tests have open at the moment is inherited, and would count.
            let closing = #"for f in /proc/self/fd/*; do f=${f##*/}; [ "$f" -lt 3 ] || eval "exec $f>&-"; done"#
            words = ["bash", "-c", "\(closing); ulimit -n \(descriptors) && exec \"$0\" \"$@\""] + words
        }
        if let folder {
            path = "/bin/bash"
            words = ["bash", "-c", #"cd "$1" && shift && exec "$0" "$@""#, words[0], folder] + words.dropFirst()
        }
        var argv = words.map { strdup($0) } + [nil]
        let fixed = ["HOME=/nonexistent", "SWIFT_BACKTRACE=enable=no"] + Command.ofSanitizers
        var envp = (fixed + environment).map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var child = pid_t()
        // The threads that run tests block signals, and a mask is inherited.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let code = posix_spawn(&child, path, &actions, &attributes, &argv, &envp)
        Glibc.close(ends[1])
        process = child
        errors = ends[0]
        try #require(code == 0, "\(path) can't be run")
    }

    deinit {
        if status == nil {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        Glibc.close(errors)
    }

    /// A process that was built with a sanitizer reports where the test's own does (scripts/test-sanitized).
    private static var ofSanitizers: [String] {
        let names: [String] = ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"]
        return names.compactMap { name in getenv(name).map { "\(name)=\(String(cString: $0))" } }
    }

    /// SwiftPM puts the product beside the test bundle.
    private static func folder() throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(try #require(path.lastIndex(of: "/").map { path[..<$0] }))
    }

    func signal(_ number: Int32) {
        kill(process, number)
    }

    /// Reads until a line holds this text; returns that line.
    @discardableResult
    func awaitLine(_ text: String, within seconds: Int = Int(Loop.patience)) throws -> String {
        let end = time(nil) + seconds
        while true {
            if let line = output.split(separator: "\n").first(where: { $0.contains(text) }) { return String(line) }
            try #require(time(nil) < end, "no line with '\(text)' within \(seconds) s, but: \(output)")
            if !readMore() {
                try #require(output.contains(text), "it ended without a line with '\(text)': \(output)")
            }
        }
    }

    /// The port in its `listening on` line.
    func awaitPort() throws -> Int {
        let line = try awaitLine("listening on http://")
        return try #require(line.split(separator: ":").last.flatMap { Int($0) })
    }

    /// Its exit status, once it has ended by itself; after this long it is killed, which is a status of -9.
    func awaitExit(within seconds: Int = Int(Loop.patience)) -> Int32 {
        let end = time(nil) + seconds
        while readMore() {
            if time(nil) >= end { kill(process, SIGKILL) }
        }
        var raw: Int32 = 0
        waitpid(process, &raw, 0)
        let code = raw & 0x7F == 0 ? raw >> 8 & 0xFF : -(raw & 0x7F)
        status = code
        return code
    }

    /// Waits for output, a while at most. False at its end.
    private func readMore() -> Bool {
        var waiting = pollfd(fd: errors, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 1000) > 0 else { return true }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(errors, &bytes, bytes.count)
        guard count > 0 else { return false }
        output += String(decoding: bytes[..<count], as: UTF8.self)
        return true
    }
}

/// A plain blocking HTTP exchange: these tests are about a process, not about a loop.
struct PlainClient {
    let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0)
        var limit = timeval(tv_sec: Int(Loop.patience), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    func send(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    func post(_ path: String, _ body: String) {
        send("POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// One read; empty at the end.
    func receive() -> String {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    func close() {
        Glibc.close(descriptor)
    }
}
