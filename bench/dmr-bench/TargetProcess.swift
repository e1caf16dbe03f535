// SPDX-License-Identifier: MIT

import BenchFigures
import Glibc

/// Reads from `/proc` what the processes under test have used.
struct TargetProcess {
    let roots: [Int32]
    let includesChildren: Bool

    /// Nil when one of them is gone, or none was named.
    func usage() -> ProcessUsage? {
        guard !roots.isEmpty else { return nil }
        var sum = ProcessUsage()
        for process in processes() {
            guard let usage = TargetProcess.usage(of: process) else { return nil }
            sum = sum + usage
        }
        return sum
    }

    /// From now on the peak is counted anew (proc(5), `clear_refs`); without the right to do so it stays the peak of the
    /// process's life.
    func resetPeak() {
        for process in processes() {
            let file = open("/proc/\(process)/clear_refs", O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { continue }
            _ = write(file, "5", 1)
            close(file)
        }
    }

    /// The roots, and with them all their descendants if asked for.
    private func processes() -> [Int32] {
        guard includesChildren else { return roots }
        var children: [Int32: [Int32]] = [:]
        for name in SystemFolder.entries(of: "/proc") {
            guard let process = Int32(name), let text = SystemFolder.text(of: "/proc/\(process)/stat") else { continue }
            var ignored = ProcessUsage()
            if let parent = ignored.readStat(text, ticksPerSecond: 100) {
                children[Int32(truncatingIfNeeded: parent), default: []].append(process)
            }
        }
        var found = roots
        var place = 0
        while place < found.count {
            found += children[found[place]] ?? []
            place += 1
        }
        return found
    }

    private static func usage(of process: Int32) -> ProcessUsage? {
        var usage = ProcessUsage()
        guard let stat = SystemFolder.text(of: "/proc/\(process)/stat"),
            let status = SystemFolder.text(of: "/proc/\(process)/status"),
            usage.readStat(stat, ticksPerSecond: sysconf(Int32(_SC_CLK_TCK))) != nil
        else { return nil }
        usage.readMemory(status)
        var isCounted = false
        for thread in SystemFolder.entries(of: "/proc/\(process)/task") where Int32(thread) != nil {
            let folder = "/proc/\(process)/task/\(thread)"
            if let text = SystemFolder.text(of: folder + "/schedstat") { isCounted = usage.addThreadTime(text) }
            if let text = SystemFolder.text(of: folder + "/status") { usage.addSwitches(text) }
        }
        // A kernel without scheduler statistics: ticks are better than nothing.
        if !isCounted { usage.cpu = usage.user + usage.system }
        return usage
    }
}

enum ProcessIdentity {
    static var own: Int32 { getpid() }
}

/// Small files and folders, read whole.
enum SystemFolder {
    static func text(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16384)
        while bytes.count < 4 << 20 {
            let count = block.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? nil : String(decoding: bytes, as: UTF8.self) }
            bytes += block[..<count]
        }
        return nil
    }

    static func write(_ text: String, to path: String) -> Bool {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { return false }
        defer { close(file) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }

    static func remove(_ path: String) {
        unlink(path)
    }

    static func entries(of path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { name in
                    String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }
}
