// SPDX-License-Identifier: MIT

import CUV
import GatewayCore
import Glibc

/// How many files the process may have open (`RLIMIT_NOFILE`), and who may take the last ones.
///
/// A client that is accepted needs a second descriptor for its runner, so half of what there is goes to clients: then
/// accepting pauses, and who comes waits in the kernel's queue of connections until a client has left. Connections to
/// runners stop a few short of the limit, so that some are left for files and look-ups of names.
public final class Descriptors {
    /// Connections that are there whether clients are or not, such as those that read runners' lists.
    public var others = 0
    /// A connection to a runner that would get this number or a higher one fails with `EMFILE`.
    var connectCeiling: Int
    var limit: Int
    private let backend: Int32
    /// Clients that were accepted and are still there.
    private var clients = 0
    /// The last one got one of the last descriptors: somebody else has taken more than was to be expected. The kernel
    /// gives out the lowest free number, so a number says how many are in use at least.
    private var isExhausted = false
    /// Those that leave connections waiting, the one that waits longest first.
    private var paused: [Listener] = []
    private var retry: DeadlineTimer?

    /// For files, look-ups of names and whatever else is opened for a moment.
    private static let kept = 8
    /// The loop's own, standard output, the log, listeners.
    private static let own = 16
    /// Descriptors may become free elsewhere than on the loop.
    private static let retryInterval: Int64 = 250

    /// `backend`: a descriptor that lives as long as this.
    init(backend: Int32) {
        self.backend = backend
        limit = Descriptors.limit
        connectCeiling = limit - Descriptors.kept
    }

    /// Clients that may be connected at once before accepting pauses.
    public var clientLimit: Int { max(1, (limit - Descriptors.kept - Descriptors.own - others) / 2) }

    /// How many files this process may have open.
    public static var limit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Takes as many as the system allows: the limit that shells set by default is for programs that use `select`.
    public static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
        else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// A socket for a stream, that doesn't block and isn't inherited.
    ///
    /// - Throws: `UVError`, e.g. when no descriptor is free.
    static func makeSocket(family: Int32) throws(UVError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let made = socket(family, kind, 0)
        if made < 0 { throw UVError(code: -errno) }
        return made
    }

    /// An option that the socket's kind doesn't have is left alone.
    static func set<Value: BitwiseCopyable>(_ option: Int32, at level: Int32, of socket: Int32, to value: Value) {
        withUnsafeBytes(of: value) { value in
            _ = setsockopt(socket, level, option, value.baseAddress, socklen_t(value.count))
        }
    }

    // MARK: Accepting

    /// Whether another client may be taken.
    var hasRoom: Bool {
        guard clients < clientLimit else { return false }
        if isExhausted { isExhausted = lowestFree >= connectCeiling }
        return !isExhausted
    }

    /// The system had none for a connection.
    func ranOut() {
        isExhausted = true
    }

    /// The listener is resumed when there is room.
    func pause(_ listener: Listener) {
        paused.append(listener)
        let retry =
            self.retry
            ?? DeadlineTimer(loop: listener.loop) { [unowned self] in
                if !hasRoom { paused.first?.stillPaused() }
                if !paused.isEmpty { resumeIfFree() }
            }
        self.retry = retry
        retry.setDeadline(in: .milliseconds(Descriptors.retryInterval))
    }

    func clientAccepted(_ descriptor: Int32) {
        clients += 1
        if Int(descriptor) >= connectCeiling { isExhausted = true }
    }

    func streamClosed(wasClient: Bool) {
        if wasClient { clients -= 1 }
        if !paused.isEmpty { resumeIfFree() }
    }

    func forget(_ listener: Listener) {
        paused.removeAll { $0 === listener }
        if paused.isEmpty { retry = nil }
    }

    private func resumeIfFree() {
        guard hasRoom else {
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
