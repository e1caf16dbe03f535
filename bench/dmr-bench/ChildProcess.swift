// SPDX-License-Identifier: MIT

import Glibc

/// A program that the bench started and ends.
final class ChildProcess {
    let identifier: Int32
    /// Where its output goes, both kinds.
    let output: String
    private var status: Int32?

    struct Failure: Error {
        var reason: String
    }

    /// - Parameters:
    ///   - arguments: the program's path first.
    ///   - cpu: it, and all it starts, run only there.
    init(_ arguments: [String], output: String, cpu: Int? = nil) throws(Failure) {
        self.output = output
        // Both exec in place, so the process stays the same. It must not outlive us, however we end
        // (prctl(PR_SET_PDEATHSIG), by setpriv); and Swift sees no sched_setaffinity, so taskset calls it.
        var whole = arguments
        if let cpu { whole = ["taskset", "-c", "\(cpu)"] + whole }
        whole = ["setpriv", "--pdeathsig", "KILL"] + whole
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var pointers: [UnsafeMutablePointer<CChar>?] = whole.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        // Nothing of ours may change what a target does, so it gets no more than this.
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        let environment = [strdup("PATH=\(path)"), strdup("LC_ALL=C"), nil]
        defer { for pointer in environment { free(pointer) } }
        var identifier: Int32 = 0
        let code = posix_spawnp(&identifier, whole[0], &actions, nil, pointers, environment)
        guard code == 0 else { throw Failure(reason: "\(arguments[0]): \(String(cString: strerror(code)))") }
        self.identifier = identifier
    }

    var isRunning: Bool {
        guard status == nil else { return false }
        var code: Int32 = 0
        guard waitpid(identifier, &code, WNOHANG) != 0 else { return true }
        status = code
        return false
    }

    /// It has ended, with status 0.
    var hasSucceeded: Bool { !isRunning && status == 0 }

    func signal(_ number: Int32) {
        if isRunning { kill(identifier, number) }
    }

    /// Asked to end; made to after the patience is over, which makes the wait bounded.
    func stop(_ number: Int32 = SIGTERM, patience: Double = 2) {
        signal(number)
        var rest = Int(patience * 1000)
        while isRunning, rest > 0 {
            usleep(1000)
            rest -= 1
        }
        guard isRunning else { return }
        kill(identifier, SIGKILL)
        var code: Int32 = 0
        while waitpid(identifier, &code, 0) < 0, errno == EINTR {}
        status = code
    }

    deinit {
        stop(SIGKILL)
    }
}
