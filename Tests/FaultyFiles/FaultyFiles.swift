// SPDX-License-Identifier: MIT

package import Gateway
package import Glibc
import Synchronization

/// The system's files, but for one call or several that fail, or at which the process ends.
package final class FaultyFiles: FileLayer {
    package enum Fault: Equatable, Sendable {
        /// The call fails with this error number.
        case fails(Int32)
        /// As if the process ended: the call and all that follow do nothing, a write half of its work. What a dead
        /// process held is closed.
        case dies
        /// The process ends, really.
        case kills
    }

    private struct State {
        var calls: [String] = []
        var isDead = false
        var hasFailed = false
    }

    private let state = Mutex(State())
    private let system = SystemFiles()
    private let bytesPerWrite: Int
    private let fault: @Sendable (_ number: Int, _ call: String) -> Fault?

    /// - Parameters:
    ///   - bytesPerWrite: a call takes no more, so that there are several.
    ///   - fault: what happens at the call of that number (from 0) and name.
    package init(bytesPerWrite: Int = 64, fault: @escaping @Sendable (_ number: Int, _ call: String) -> Fault?) {
        self.bytesPerWrite = bytesPerWrite
        self.fault = fault
    }

    package convenience init(at number: Int, _ fault: Fault) {
        self.init { current, _ in current == number ? fault : nil }
    }

    /// The names of the calls that were made.
    package var calls: [String] { state.withLock { $0.calls } }
    /// A fault came up.
    package var hasFailed: Bool { state.withLock { $0.hasFailed } }

    private func step(
        _ name: String, half: () -> Void = {}
    ) throws(FileFailure) {
        let (number, isDead) = state.withLock { state in
            state.calls.append(name)
            return (state.calls.count - 1, state.isDead)
        }
        if isDead { throw FileFailure(code: ESHUTDOWN) }
        guard let fault = fault(number, name) else { return }
        state.withLock { state in
            state.hasFailed = true
            state.isDead = fault == .dies
        }
        switch fault {
        case .fails(let code): throw FileFailure(code: code)
        case .dies:
            half()
            throw FileFailure(code: ESHUTDOWN)
        case .kills:
            half()
            kill(getpid(), SIGKILL)
        }
    }

    package func resolve(_ path: String) throws(FileFailure) -> String? {
        try step("resolve")
        return try system.resolve(path)
    }

    package func makeFolder(_ path: String) throws(FileFailure) {
        try step("mkdir")
        try system.makeFolder(path)
    }

    package func open(_ path: String, for use: FileUse) throws(FileFailure) -> Int32 {
        try step("open \(use)")
        return try system.open(path, for: use)
    }

    package func tryLock(_ descriptor: Int32) throws(FileFailure) -> Bool {
        try step("lock")
        return try system.tryLock(descriptor)
    }

    /// Nobody waits in a test.
    package func pauseBetweenTries() {}

    package func traits(of descriptor: Int32) throws(FileFailure) -> FileTraits {
        try step("stat")
        return try system.traits(of: descriptor)
    }

    package func read(_ descriptor: Int32) throws(FileFailure) -> [UInt8] {
        try step("read")
        return try system.read(descriptor)
    }

    package func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws(FileFailure) -> Int {
        let taken = bytes.prefix(bytesPerWrite)
        try step("write") { _ = try? system.write(taken.prefix(taken.count / 2), to: descriptor) }
        return try system.write(taken, to: descriptor)
    }

    package func setOwner(_ traits: FileTraits, of descriptor: Int32) throws(FileFailure) {
        try step("chown")
        try system.setOwner(traits, of: descriptor)
    }

    package func setMode(_ mode: mode_t, of descriptor: Int32) throws(FileFailure) {
        try step("chmod")
        try system.setMode(mode, of: descriptor)
    }

    package func sync(_ descriptor: Int32) throws(FileFailure) {
        try step("fsync")
        try system.sync(descriptor)
    }

    package func close(_ descriptor: Int32) throws(FileFailure) {
        // Also where it fails, and by the system where the process is dead.
        defer { Glibc.close(descriptor) }
        try step("close")
    }

    package func rename(_ path: String, to target: String) throws(FileFailure) {
        try step("rename")
        try system.rename(path, to: target)
    }

    package func remove(_ path: String) throws(FileFailure) {
        try step("unlink")
        try system.remove(path)
    }
}
