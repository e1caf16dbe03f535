// SPDX-License-Identifier: MIT

public import GatewayCore
import Glibc

/// The process's log: lines are collected and written once per turn of the loop, so that a busy gateway makes one
/// system call for many requests. Never holds keys, prompts or answers.
public final class Log {
    @exclusivity(unchecked) public private(set) var level: Configuration.Log.Level
    private var format: Configuration.Log.Format
    private var path: String?
    private var descriptor: Int32
    @exclusivity(unchecked) private var buffer: [UInt8] = []
    /// When the last line was written, and the second of that.
    private var stamp: [UInt8] = []
    private var stampSecond = time_t.min
    /// More than this waits for no turn's end.
    private static let flushBytes = 65536

    /// - Throws: `ConfigurationErrors`-like sentence when the file can't be opened.
    public init(_ configuration: Configuration.Log) throws(StartError) {
        level = configuration.level
        format = configuration.format
        path = configuration.file
        descriptor = 2
        if let path { descriptor = try Log.open(path) }
    }

    deinit {
        flush()
        if descriptor != 2 { Glibc.close(descriptor) }
    }

    private static func open(_ path: String) throws(StartError) -> Int32 {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw StartError(.configuration, "log.file: \(path) can't be opened for writing: \(systemError())")
        }
        return descriptor
    }

    /// After a rotation: the same name, a new file. Keeps the old one if that fails, and says so in it.
    public func reopen() {
        guard let path else { return }
        flush()
        do throws(StartError) {
            let fresh = try Log.open(path)
            Glibc.close(descriptor)
            descriptor = fresh
        } catch {
            self.error("the log file was not reopened: \(error.sentence)")
        }
    }

    /// A changed configuration. A file that can't be opened leaves the log where it is, and is said there.
    public func apply(_ configuration: Configuration.Log) {
        level = configuration.level
        guard configuration.file != path else {
            format = configuration.format
            return
        }
        flush()
        do throws(StartError) {
            let fresh = try configuration.file.map { path throws(StartError) in try Log.open(path) } ?? 2
            if descriptor != 2 { Glibc.close(descriptor) }
            descriptor = fresh
            path = configuration.file
        } catch {
            self.error("the log stays where it is: \(error.sentence)")
        }
        format = configuration.format
    }

    public func error(_ message: @autoclosure () -> String) { write(.error, message) }
    public func warning(_ message: @autoclosure () -> String) { write(.warning, message) }
    public func info(_ message: @autoclosure () -> String) { write(.info, message) }
    public func debug(_ message: @autoclosure () -> String) { write(.debug, message) }

    public func isOn(_ level: Configuration.Log.Level) -> Bool {
        Log.rank(level) >= Log.rank(self.level)
    }

    private static func rank(_ level: Configuration.Log.Level) -> Int {
        switch level {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .warning: 3
        case .error: 4
        }
    }

    private func write(_ level: Configuration.Log.Level, _ message: () -> String) {
        guard isOn(level) else { return }
        record(level, message()) { _, _ in }
    }

    /// One line; `fields` adds what stands behind its message.
    func record(_ level: Configuration.Log.Level, _ message: String, fields: (LogLine, inout [UInt8]) -> Void) {
        record(level: level.rawValue, message, fields)
    }

    /// One line of the audit log, which no level leaves out.
    func audit(_ word: String, fields: (LogLine, inout [UInt8]) -> Void) {
        record(level: LogLine.audit, word, fields)
    }

    private func record(level: String, _ message: String, _ fields: (LogLine, inout [UInt8]) -> Void) {
        let line = LogLine(format, at: timestamp(), level: level, message, in: &buffer)
        fields(line, &buffer)
        line.end(in: &buffer)
        if buffer.count >= Log.flushBytes { flush() }
    }

    /// Called at the end of each turn of the loop.
    public func flush() {
        guard !buffer.isEmpty else { return }
        buffer.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
                // A full disk or a closed pipe must not stop the gateway: the lines are lost.
                if count <= 0 { break }
                sent += count
            }
        }
        buffer.removeAll(keepingCapacity: buffer.capacity <= 4 * Log.flushBytes)
    }

    /// RFC 3339 in UTC with milliseconds. Within a second only these are written anew.
    private func timestamp() -> [UInt8] {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        if time.tv_sec != stampSecond {
            stampSecond = time.tv_sec
            stamp = Log.stamp(ofSecond: time.tv_sec)
        }
        let zero = UInt8(ascii: "0")
        let milliseconds = time.tv_nsec / 1_000_000
        stamp[stamp.count - 4] = zero + UInt8(truncatingIfNeeded: milliseconds / 100)
        stamp[stamp.count - 3] = zero + UInt8(truncatingIfNeeded: milliseconds / 10 % 10)
        stamp[stamp.count - 2] = zero + UInt8(truncatingIfNeeded: milliseconds % 10)
        return stamp
    }

    private static func stamp(ofSecond second: time_t) -> [UInt8] {
        var second = second
        var parts = tm()
        gmtime_r(&second, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return Array("\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).000Z".utf8)
    }
}

/// The last system error's words, e.g. `Permission denied`.
func systemError() -> String {
    strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
}

/// Why the process could not start, with the exit code that says which kind of reason it was.
public struct StartError: Error, Equatable, Sendable {
    /// sysexits.h
    public enum Kind: Int32, Sendable {
        /// The address is in use or can't be bound.
        case address = 69
        case configuration = 78
    }

    public var kind: Kind
    public var sentence: String

    public init(_ kind: Kind, _ sentence: String) {
        self.kind = kind
        self.sentence = sentence
    }
}
