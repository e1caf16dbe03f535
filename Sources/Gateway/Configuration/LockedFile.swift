// SPDX-License-Identifier: MIT

import Glibc

/// A file that no other process of ours changes until it is replaced or given back: one of the two has to be called,
/// once. All calls block, for as long as a disk takes.
///
/// The lock is `flock` on the file's own folder: the file itself can't carry one, since it is replaced, and another file
/// beside it would be litter. Where a folder can't be locked (NFS) there is such a file, `.lock`.
package struct LockedFile: Sendable {
    /// Where it really is, links followed.
    package let path: String
    /// nil: there is none yet.
    package let bytes: [UInt8]?
    private let traits: FileTraits
    private let folder: Int32
    /// The folder's own, or that of the file beside it.
    private let lock: Int32
    private let files: any FileLayer

    /// How often the lock is tried for, every 10 ms.
    private static let tries = 500

    /// - Parameter makesFolder: whether its folder is made if it is missing.
    package init(
        _ path: String, makesFolder: Bool, files: any FileLayer = SystemFiles()
    ) throws(FileFailure) {
        let place = try LockedFile.place(path, makesFolder: makesFolder, files)
        self.path = place.path
        self.files = files
        let folder = try files.open(place.folder, for: .folder)
        self.folder = folder
        do throws(FileFailure) {
            lock = try LockedFile.locked(folder, of: place, files)
        } catch {
            try? files.close(folder)
            throw error
        }
        do throws(FileFailure) {
            (bytes, traits) = try LockedFile.contents(of: place.path, files)
        } catch {
            LockedFile.close(folder, lock, files)
            throw error
        }
    }

    private static func place(
        _ path: String, makesFolder: Bool, _ files: any FileLayer
    ) throws(FileFailure) -> FilePlace {
        if let real = try files.resolve(path) { return FilePlace(real) }
        let place = FilePlace(path)
        if makesFolder { try files.makeFolders(place.folder) }
        guard let folder = try files.resolve(place.folder) else {
            throw FileFailure(code: ENOENT, reason: "is missing", path: place.folder)
        }
        return FilePlace(folder == "/" ? "/\(place.name)" : "\(folder)/\(place.name)")
    }

    private static func locked(
        _ folder: Int32, of place: FilePlace, _ files: any FileLayer
    ) throws(FileFailure) -> Int32 {
        do throws(FileFailure) {
            try awaitLock(folder, place.folder, files)
            return folder
        } catch {
            // What NFS says of a folder, since it locks what is open for writing only (flock(2)).
            guard [EBADF, EINVAL, EOPNOTSUPP].contains(error.code) else { throw error }
        }
        let path = place.path + ".lock"
        let descriptor = try files.open(path, for: .lock)
        do throws(FileFailure) {
            try awaitLock(descriptor, path, files)
            return descriptor
        } catch {
            try? files.close(descriptor)
            throw error
        }
    }

    private static func awaitLock(
        _ descriptor: Int32, _ path: String, _ files: any FileLayer
    ) throws(FileFailure) {
        for _ in 0..<tries {
            do throws(FileFailure) {
                if try files.tryLock(descriptor) { return }
            } catch {
                throw FileFailure(code: error.code, reason: "can't be locked (\(error.reason))", path: path)
            }
            files.pauseBetweenTries()
        }
        throw FileFailure(code: EAGAIN, reason: "another process has been changing it for 5 seconds")
    }

    private static func close(_ folder: Int32, _ lock: Int32, _ files: any FileLayer) {
        if lock != folder { try? files.close(lock) }
        try? files.close(folder)
    }

    private static func contents(
        of path: String, _ files: any FileLayer
    ) throws(FileFailure) -> ([UInt8]?, FileTraits) {
        do throws(FileFailure) {
            let (bytes, traits) = try files.contents(of: path)
            guard traits.isRegular else { throw FileFailure(code: EINVAL, reason: "is no regular file", path: path) }
            return (bytes, traits)
        } catch {
            guard error.code == ENOENT else { throw error }
            return (nil, .fresh)
        }
    }

    // MARK: Ends

    /// Nothing is to be changed.
    package func giveBack() {
        LockedFile.close(folder, lock, files)
    }

    /// Replaces the file as a whole, its mode and, where that is allowed, its owner kept: whoever reads it, after a crash
    /// or a power failure too, finds the old content or the new one. The old one stays beside it as `.bak`.
    ///
    /// - Returns: nil, or why the new content, which is in place, might not survive a power failure.
    /// - Throws: where nothing was changed.
    package func replace(with new: [UInt8]) throws(FileFailure) -> FileFailure? {
        defer { giveBack() }
        guard new.count <= SystemFiles.largestBytes else {
            throw FileFailure(code: EFBIG, reason: "would be larger than 4 MiB", path: path)
        }
        let (temporary, backup) = (path + ".new", path + ".bak")
        let temporaryBackup = backup + ".new"
        do throws(FileFailure) {
            // First what takes space, so that a full disk is noticed before anything has a new name.
            try write(new, to: temporary)
            if let bytes {
                try write(bytes, to: temporaryBackup)
                try files.rename(temporaryBackup, to: backup)
            }
            try files.rename(temporary, to: path)
        } catch {
            for leftover in [temporary, temporaryBackup] { try? files.remove(leftover) }
            throw error
        }
        do throws(FileFailure) {
            // Until then the names are only in memory.
            try files.sync(folder)
            return nil
        } catch {
            // Some file systems don't do this to folders.
            return error.code == EINVAL ? nil : FileFailure(code: error.code, path: path)
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws(FileFailure) {
        // Left over from a process that was killed.
        try? files.remove(path)
        let descriptor = try files.open(path, for: .create)
        do throws(FileFailure) {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = try files.write(rest, to: descriptor)
                guard count > 0 else { throw FileFailure(code: ENOSPC) }
                rest = rest.dropFirst(count)
            }
            try keepTraits(descriptor)
            try files.sync(descriptor)
        } catch {
            try? files.close(descriptor)
            throw FileFailure(code: error.code, reason: error.reason, path: path)
        }
        do throws(FileFailure) {
            try files.close(descriptor)
        } catch {
            throw FileFailure(code: error.code, reason: error.reason, path: path)
        }
    }

    /// Rights are for the old owner and group; with others, less is given than before.
    private func keepTraits(_ descriptor: Int32) throws(FileFailure) {
        var mode = traits.mode
        let made = try files.traits(of: descriptor)
        if made.owner != traits.owner || made.group != traits.group {
            do throws(FileFailure) {
                try files.setOwner(traits, of: descriptor)
            } catch {
                if made.group != traits.group { mode &= 0o707 }
            }
        }
        if mode != made.mode { try files.setMode(mode, of: descriptor) }
    }
}

extension FilePlace {
    var path: String { folder == "/" ? "/\(name)" : "\(folder)/\(name)" }
}
