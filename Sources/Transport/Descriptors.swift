// SPDX-License-Identifier: MIT

import CUV
import GatewayCore
import Glibc

/// How many files the process may have open (`RLIMIT_NOFILE`), and who may take the last ones.
///
/// The kernel gives out the lowest free number, so a new descriptor's number says how many are in use at least, and
/// nothing has to be counted. A client that is accepted needs a second descriptor for its runner: so accepting pauses
/// when half of them are in use, and clients wait in the kernel's queue of connections until one is free. Connections
/// to runners stop a few short of the limit: libuv, left without any, would accept clients only to close them.
public final class Descriptors {
    /// Accepting pauses once a descriptor has this number.
    var acceptCeiling: Int
    /// A connection to a runner that would get this number or a higher one fails with `EMFILE`.
    var connectCeiling: Int
    private let backend: Int32
    /// Seen when a client was accepted last; asked again before the next one.
    private var isShort = false
    /// Those that leave a connection lying, the one that waits longest first.
    private var paused: [Listener] = []
    private var retry: DeadlineTimer?

    /// For files, look-ups of names and whatever else is opened for a moment.
    private static let kept = 8
    /// Descriptors may become free elsewhere than on the loop.
    private static let retryInterval: Int64 = 250

    /// `backend`: a descriptor that lives as long as this.
    init(backend: Int32) {
        self.backend = backend
        let limit = Descriptors.limit
        acceptCeiling = limit / 2
        connectCeiling = limit - Descriptors.kept
    }

    /// How many files this process may have open.
    public static var limit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Clients that may be connected at once before accepting pauses, if nothing else had a file open.
    public var clientLimit: Int { acceptCeiling }

    /// Takes as many as the system allows: the limit that shells set by default is for programs that use `select`.
    public static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
        else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    // MARK: Accepting

    /// Whether the connection that was announced may be taken; if not, the listener is told to try again later.
    func mayAccept(_ listener: Listener, on loop: Loop) -> Bool {
        guard isShort else { return true }
        isShort = lowestFree >= acceptCeiling
        guard isShort else { return true }
        paused.append(listener)
        let retry = self.retry ?? DeadlineTimer(loop: loop) { [unowned self] in resumeIfFree() }
        self.retry = retry
        retry.setDeadline(in: .milliseconds(Descriptors.retryInterval))
        return false
    }

    func accepted(_ descriptor: Int32) {
        if Int(descriptor) >= acceptCeiling { isShort = true }
    }

    func forget(_ listener: Listener) {
        paused.removeAll { $0 === listener }
        if paused.isEmpty { retry = nil }
    }

    /// A stream has closed.
    @inline(__always)
    func streamClosed() {
        if !paused.isEmpty { resumeIfFree() }
    }

    private func resumeIfFree() {
        guard !paused.isEmpty else { return }
        guard lowestFree < acceptCeiling else {
            retry?.setDeadline(in: .milliseconds(Descriptors.retryInterval))
            return
        }
        let listener = paused.removeFirst()
        if paused.isEmpty { retry = nil } else { retry?.setDeadline(in: .milliseconds(Descriptors.retryInterval)) }
        listener.resume()
    }

    /// `Int.max`: there is none.
    private var lowestFree: Int {
        let copy = dup(backend)
        guard copy >= 0 else { return .max }
        close(copy)
        return Int(copy)
    }
}
