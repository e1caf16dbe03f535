// SPDX-License-Identifier: MIT

package import Glibc

/// Why a file could not be read or written.
public struct FileFailure: Error, Equatable, Sendable {
    /// The system's error number.
    public var code: Int32
    /// In a few words, beginning with a verb or the system's own.
    public var reason: String
    /// What it was about.
    public var path: String

    public init(code: Int32, reason: String? = nil, path: String = "") {
        self.code = code
        self.reason = reason ?? String(cString: strerror(code))
        self.path = path
    }

    /// Of the call that failed just now.
    static func last(_ path: String = "") -> FileFailure { FileFailure(code: errno, path: path) }

    public var isMissing: Bool { code == ENOENT || code == ENOTDIR }
}

/// What a file keeps when it is replaced.
package struct FileTraits: Equatable, Sendable {
    /// Permission bits.
    package var mode: mode_t
    package var owner: uid_t
    package var group: gid_t
    package var isRegular = true

    /// For a file that is new: its owner's alone, since it may hold keys.
    package static var fresh: FileTraits { FileTraits(mode: 0o600, owner: geteuid(), group: getegid()) }
}

package enum FileUse: Sendable {
    case read
    /// A new file; nothing may be there.
    case create
    case folder
    /// For a lock on it; made if it is missing.
    case lock
}

/// The system calls that replacing a file takes, one each: so that tests can fail every one of them, or end the process
/// there.
package protocol FileLayer: Sendable {
    /// Where the path leads in the end; nil if there is nothing.
    func resolve(_ path: String) throws(FileFailure) -> String?
    /// For the owner alone; one that is there stays as it is.
    func makeFolder(_ path: String) throws(FileFailure)
    func open(_ path: String, for use: FileUse) throws(FileFailure) -> Int32
    /// Says whether nobody else holds it. The lock ends with the descriptor.
    func tryLock(_ descriptor: Int32) throws(FileFailure) -> Bool
    func pauseBetweenTries()
    func traits(of descriptor: Int32) throws(FileFailure) -> FileTraits
    /// Some of what is left; nothing at its end.
    func read(_ descriptor: Int32) throws(FileFailure) -> [UInt8]
    /// Returns how much of it was taken.
    func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws(FileFailure) -> Int
    func setOwner(_ traits: FileTraits, of descriptor: Int32) throws(FileFailure)
    func setMode(_ mode: mode_t, of descriptor: Int32) throws(FileFailure)
    func sync(_ descriptor: Int32) throws(FileFailure)
    func close(_ descriptor: Int32) throws(FileFailure)
    func rename(_ path: String, to target: String) throws(FileFailure)
    func remove(_ path: String) throws(FileFailure)
}

extension FileLayer {
    /// The folder, and those above it that are missing.
    func makeFolders(_ folder: String) throws(FileFailure) {
        if try resolve(folder) != nil { return }
        let parent = FilePlace(folder).folder
        if parent != folder { try makeFolders(parent) }
        try makeFolder(folder)
    }
}
