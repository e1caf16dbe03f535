// SPDX-License-Identifier: MIT

import Glibc

/// The system's own files.
package struct SystemFiles: FileLayer {
    package init() {}

    package func resolve(_ path: String) throws(FileFailure) -> String? {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        let failure = FileFailure.last(path)
        guard failure.code == ENOENT else { throw failure }
        var status = stat()
        if lstat(path, &status) == 0 { throw FileFailure(code: ENOENT, reason: "is a link to nothing", path: path) }
        return nil
    }

    package func makeFolder(_ path: String) throws(FileFailure) {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .last(path) }
    }

    package func open(_ path: String, for use: FileUse) throws(FileFailure) -> Int32 {
        let flags =
            switch use {
            // A FIFO that nobody writes to must not hang us.
            case .read: O_RDONLY | O_NONBLOCK
            case .create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
            case .folder: O_RDONLY | O_DIRECTORY
            case .lock: O_RDWR | O_CREAT | O_NOFOLLOW
            }
        let descriptor = SystemFiles.repeated { Glibc.open(path, flags | O_CLOEXEC, 0o600) }
        if descriptor < 0 { throw .last(path) }
        return descriptor
    }

    package func tryLock(_ descriptor: Int32) throws(FileFailure) -> Bool {
        if SystemFiles.repeated({ flock(descriptor, LOCK_EX | LOCK_NB) }) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw .last() }
        return false
    }

    package func pauseBetweenTries() {
        usleep(10_000)
    }

    package func traits(of descriptor: Int32) throws(FileFailure) -> FileTraits {
        var status = stat()
        if fstat(descriptor, &status) != 0 { throw .last() }
        return FileTraits(
            mode: status.st_mode & 0o777, owner: status.st_uid, group: status.st_gid,
            isRegular: status.st_mode & S_IFMT == S_IFREG)
    }

    package func read(_ descriptor: Int32) throws(FileFailure) -> [UInt8] {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, filled in
            count = SystemFiles.repeated { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
            filled = max(0, count)
        }
        if count < 0 { throw .last() }
        return bytes
    }

    package func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws(FileFailure) -> Int {
        let count = bytes.withUnsafeBytes { buffer in
            SystemFiles.repeated { Glibc.write(descriptor, buffer.baseAddress, buffer.count) }
        }
        if count < 0 { throw .last() }
        return count
    }

    package func setOwner(_ traits: FileTraits, of descriptor: Int32) throws(FileFailure) {
        if fchown(descriptor, traits.owner, traits.group) != 0 { throw .last() }
    }

    package func setMode(_ mode: UInt32, of descriptor: Int32) throws(FileFailure) {
        if fchmod(descriptor, mode) != 0 { throw .last() }
    }

    package func sync(_ descriptor: Int32) throws(FileFailure) {
        if SystemFiles.repeated({ fsync(descriptor) }) != 0 { throw .last() }
    }

    /// Linux has closed it also where it reports an error; the error is about what was written before.
    package func close(_ descriptor: Int32) throws(FileFailure) {
        if Glibc.close(descriptor) != 0, errno != EINTR { throw .last() }
    }

    package func rename(_ path: String, to target: String) throws(FileFailure) {
        if Glibc.rename(path, target) != 0 { throw .last(target) }
    }

    package func remove(_ path: String) throws(FileFailure) {
        if unlink(path) != 0 { throw .last(path) }
    }

    private static func repeated<Number: SignedInteger>(_ call: () -> Number) -> Number {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}

extension SystemFiles {
    /// Far above any configuration, far below what would hurt.
    static let largestBytes = 4 << 20
}

extension FileLayer {
    /// A small file, whole.
    ///
    /// - Throws: where it can't be read, or is larger than 4 MiB.
    package func contents(of path: String) throws(FileFailure) -> (bytes: [UInt8], traits: FileTraits) {
        let descriptor = try open(path, for: .read)
        // What closing says is about what was written.
        defer { try? close(descriptor) }
        do throws(FileFailure) {
            let traits = try traits(of: descriptor)
            var bytes: [UInt8] = []
            while case let piece = try read(descriptor), !piece.isEmpty {
                bytes += piece
                guard bytes.count <= SystemFiles.largestBytes else {
                    throw FileFailure(code: EFBIG, reason: "is larger than 4 MiB", path: path)
                }
            }
            return (bytes, traits)
        } catch {
            throw FileFailure(code: error.code, reason: error.reason, path: path)
        }
    }
}
