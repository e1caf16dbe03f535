// SPDX-License-Identifier: MIT

import FaultyFiles
import Gateway
import GatewayCore
import Glibc
import Testing

/// The file after an update, and after one that couldn't be made.
@Suite struct ConfigurationStoreTests {
    private typealias Site = StoredConfiguration

    @Test func anUpdateReplacesTheFileAndKeepsTheOldOneBesideIt() throws {
        let site = try Site(Site.written(1))
        #expect(site.setQueue(2) == nil)
        #expect(try site.text() == Site.written(2))
        #expect(try site.text("config.json.bak") == Site.written(1))
        #expect(site.setQueue(3) == nil)
        #expect(try site.text("config.json.bak") == Site.written(2))
        #expect(site.names == ["config.json", "config.json.bak"])
    }

    @Test func nothingToChangeIsNothingWritten() throws {
        let unformatted = #"{"limits":{"queue":1}}"#
        let site = try Site(unformatted)
        #expect(site.setQueue(1) == nil)
        #expect(try site.text() == unformatted)
        #expect(site.names == ["config.json"])
    }

    @Test(arguments: [0o600, 0o640, 0o644, 0o660] as [mode_t])
    func theModeStays(mode: mode_t) throws {
        let site = try Site(Site.written(1))
        chmod(site.path, mode)
        #expect(site.setQueue(2) == nil)
        #expect(site.mode("config.json") == mode)
        #expect(site.mode("config.json.bak") == mode)
    }

    @Test func withoutAFileOneIsMadeForItsOwnerAlone() throws {
        let site = try Site()
        #expect(site.setQueue(2) == nil)
        #expect(try site.text() == Site.written(2))
        #expect(site.mode("config.json") == 0o600)
        #expect(site.names == ["config.json"])
    }

    @Test func theStateFolderIsMadeForItsOwnerAlone() throws {
        let site = try Site(isNamed: false)
        #expect(site.setQueue(2) == nil)
        #expect(try site.text("a/state/config.json") == Site.written(2))
        #expect(site.mode("a/state") == 0o700)
        #expect(site.mode("a") == 0o700)
    }

    @Test func aLinkStaysAndItsTargetIsReplaced() throws {
        let site = try Site()
        mkdir(site.folder.path("real"), 0o755)
        try site.folder.write(Site.written(1), to: "real/one.json")
        #expect(symlink("real/one.json", site.path) == 0)
        #expect(site.setQueue(2) == nil)
        #expect(try site.text("real/one.json") == Site.written(2))
        #expect(try site.text("real/one.json.bak") == Site.written(1))
        #expect(site.names == ["config.json", "real"])
        var target = [CChar](repeating: 0, count: 64)
        #expect(readlink(site.path, &target, target.count) == "real/one.json".utf8.count)
    }

    @Test func whatAKilledProcessLeftBehindIsNoObstacle() throws {
        let site = try Site(Site.written(1))
        for name in ["config.json.new", "config.json.bak.new"] {
            try site.folder.write("half", to: name)
            chmod(site.folder.path(name), 0o400)
        }
        #expect(site.setQueue(2) == nil)
        #expect(try site.text() == Site.written(2))
        #expect(site.names == ["config.json", "config.json.bak"])
    }

    /// Somebody may have put a link where the temporary file goes.
    @Test func aLinkInThePlaceOfTheTemporaryFileIsNotFollowed() throws {
        let site = try Site(Site.written(1))
        try site.folder.write("precious", to: "other")
        #expect(symlink("other", site.folder.path("config.json.new")) == 0)
        #expect(site.setQueue(2) == nil)
        #expect(try site.text("other") == "precious")
        #expect(try site.text() == Site.written(2))
    }

    // MARK: What can't be written

    private func expectRefused(
        _ site: Site, _ error: GatewayError?, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(error?.status == 409, sourceLocation: sourceLocation)
        #expect(error?.sentence.contains(words) == true, "\(error?.sentence ?? "")", sourceLocation: sourceLocation)
        #expect(error?.sentence.contains("Nothing has changed.") == true, sourceLocation: sourceLocation)
        #expect(!site.names.contains { $0.hasSuffix(".new") }, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        ("write", ENOSPC, "No space left on device. Nothing has changed. Make room"),
        ("write", EDQUOT, "Make room"), ("fsync", EIO, "Input/output error"),
        ("open create", EACCES, "Permission denied. Nothing has changed. Let the gateway write"),
        ("open create", EROFS, "Read-only file system"), ("rename", EBUSY, "mount its folder"),
        ("close", EIO, "Input/output error"), ("lock", EBADF, "can't be locked"), ("chmod", EPERM, "not permitted")
    ])
    func aDiskThatRefusesChangesNothing(call: String, code: Int32, words: String) throws {
        let site = try Site(Site.written(1))
        chmod(site.path, 0o640)
        let files = FaultyFiles { _, name in name == call ? .fails(code) : nil }
        try expectRefused(site, site.setQueue(2, files), words)
        #expect(try site.text() == Site.written(1))
        #expect(site.setQueue(3) == nil, "nobody holds the lock")
    }

    @Test func aMissingFolderIsNotMadeForAFileThatSomebodyNamed() throws {
        let site = try Site(name: "nowhere/config.json")
        try expectRefused(site, site.setQueue(2), "nowhere: is missing")
        #expect(site.names.isEmpty)
    }

    @Test func aLinkToNothingIsNoFile() throws {
        let site = try Site()
        #expect(symlink("nowhere", site.path) == 0)
        try expectRefused(site, site.setQueue(2), "is a link to nothing")
        #expect(site.names == ["config.json"])
    }

    @Test func whatIsNoFileIsNotReplaced() throws {
        let site = try Site()
        #expect(mkfifo(site.path, 0o600) == 0)
        try expectRefused(site, site.setQueue(2), "is no regular file")
        unlink(site.path)
        mkdir(site.path, 0o700)
        try expectRefused(site, site.setQueue(2), "Is a directory")
    }

    @Test func aFolderInThePlaceOfTheOldVersionIsSaid() throws {
        let site = try Site(Site.written(1))
        mkdir(site.folder.path("config.json.bak"), 0o700)
        try expectRefused(site, site.setQueue(2), "config.json.bak: Is a directory")
        #expect(try site.text() == Site.written(1))
    }

    @Test func aFileThatIsTooLargeIsNotRead() throws {
        let site = try Site(String(repeating: " ", count: 4 << 20) + "{}")
        try expectRefused(site, site.setQueue(2), "is larger than 4 MiB")
    }

    /// The next start couldn't read it.
    @Test func aFileThatWouldBecomeTooLargeIsNotWritten() throws {
        let site = try Site(Site.written(1))
        var refusal: GatewayError?
        do throws(GatewayError) {
            try site.store().update(resolve: site.resolve) { document, _ in
                document.set("log", "file", to: .string(String(repeating: "/x", count: 2000)))
                let entry = JSON.object([
                    .init("url", .string("http://a:1")), .init("note", .string(String(repeating: "n", count: 4 << 20)))
                ])
                document.set("runners", to: .array([entry]))
            }
        } catch {
            refusal = error
        }
        try expectRefused(site, refusal, "would be larger than 4 MiB")
        #expect(try site.text() == Site.written(1))
        #expect(site.setQueue(2) == nil, "nobody holds the lock")
    }

    @Test func aFolderThatCantBeSyncedIsAWarning() throws {
        let site = try Site(Site.written(1))
        // The third: after the new file and the old one.
        let files = FaultyFiles { number, name in
            name == "fsync" && number > 20 ? .fails(EIO) : nil
        }
        let outcome = try site.store(files).update(resolve: site.resolve) { document, _ in
            document.set("limits", "queue", to: .integer(2))
        }
        #expect(files.hasFailed)
        #expect(outcome.warning?.contains("might not be after a power failure") == true)
        #expect(outcome.resolved.configuration.limits.queue == 2)
        #expect(try site.text() == Site.written(2))
    }

    // MARK: One fault at every call

    /// Whatever fails, the file is what it was and nothing lies about, or the change is made.
    @Test func oneCallThatFailsIsARefusalOrNoMatter() throws {
        for number in 0..<200 {
            let site = try Site(Site.written(1))
            chmod(site.path, 0o640)
            let files = FaultyFiles(at: number, .fails(EIO))
            let error = site.setQueue(2, files)
            if error == nil {
                #expect(try site.text() == Site.written(2), "call \(number)")
                #expect(try site.text("config.json.bak") == Site.written(1), "call \(number)")
            } else {
                #expect(try site.text() == Site.written(1), "call \(number)")
            }
            #expect(!site.names.contains { $0.hasSuffix(".new") }, "call \(number): \(files.calls)")
            #expect(site.setQueue(3) == nil, "nobody holds the lock")
            if !files.hasFailed {
                #expect(number > 15, "all calls were tried: \(files.calls)")
                return
            }
        }
        Issue.record("an update takes more than 200 calls")
    }

    @Test(arguments: [StoredConfiguration.written(1), nil])
    func deathAtAnyCallLeavesTheOldFileOrTheNewOne(old: String?) throws {
        for number in 0..<200 {
            let site = try Site(old)
            let files = FaultyFiles(at: number, .dies)
            let error = site.setQueue(2, files)
            let left = try site.text()
            #expect(left == old || left == Site.written(2), "call \(number): \(left ?? "none")")
            let backup = try site.text("config.json.bak")
            #expect(backup == nil || backup == old, "call \(number)")
            #expect(site.setQueue(3) == nil, "the next process finds nothing in its way")
            #expect(try site.text() == Site.written(3))
            if !files.hasFailed {
                #expect(error == nil)
                #expect(number > 10, "all calls were tried: \(files.calls)")
                return
            }
        }
        Issue.record("an update takes more than 200 calls")
    }

    // MARK: Processes

    /// The same with a process that is really killed, at every call.
    @Test(arguments: [#"{"limits":{"queue":7}}"#, nil])
    func aKilledProcessLeavesTheOldFileOrTheNewOne(old: String?) throws {
        let new = old == nil ? "" : #"  "limits": { "queue": 7 },"# + "\n"
        for number in 0..<200 {
            let site = try Site(old)
            let writer = try Command([site.path, "die", "\(number)"], program: "dmr-configuration-writer")
            let status = writer.awaitExit()
            let left = try site.text()
            #expect(
                left == old || left == "{\n\(new)  \"log\": { \"level\": \"debug\" }\n}\n",
                "call \(number): \(left ?? "none")")
            #expect(site.setQueue(3) == nil, "the dead process holds no lock")
            guard status == -SIGKILL else {
                #expect(status == 0)
                #expect(number > 10)
                return
            }
        }
        Issue.record("an update takes more than 200 calls")
    }

    @Test func processesThatChangeTheFileAtOnceLoseNothing() throws {
        let site = try Site(#"{"runners":[]}"#)
        let writers = try ["a", "b", "c"].map {
            try Command([site.path, "add", $0, "12"], program: "dmr-configuration-writer")
        }
        for limit in 1...12 { #expect(site.setQueue(limit) == nil) }
        for writer in writers { #expect(writer.awaitExit() == 0, "\(writer.output)") }
        let resolved = try site.resolve(Array(try #require(try site.text()).utf8)).configuration
        #expect(resolved.runners.count == 36)
        #expect(Set(resolved.runners.map(\.url)).count == 36)
        #expect(resolved.limits.queue == 12)
        #expect(site.names == ["config.json", "config.json.bak"])
    }

    /// As on NFS: what can't be open for writing can't be locked.
    @Test func whereAFolderCantBeLockedAFileBesideItIs() throws {
        let site = try Site(Site.written(1))
        func files() -> FaultyFiles {
            FaultyFiles { number, name in name == "lock" && number < 4 ? .fails(EBADF) : nil }
        }
        #expect(site.setQueue(2, files()) == nil)
        #expect(site.setQueue(3, files()) == nil, "the lock was given back")
        #expect(try site.text() == Site.written(3))
        #expect(site.names == ["config.json", "config.json.bak", "config.json.lock"])
        #expect(site.mode("config.json.lock") == 0o600)
        let lock = open(site.folder.path("config.json.lock"), O_RDONLY)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX) == 0)
        #expect(site.setQueue(4, files())?.sentence.contains("another process has been changing it") == true)
        #expect(try site.text() == Site.written(3))
    }

    @Test func whoeverHoldsTheLockForTooLongIsNamedAsTheReason() throws {
        let site = try Site(Site.written(1))
        // These files do not pause between tries.
        let folder = open(site.folder.path, O_RDONLY)
        defer { close(folder) }
        #expect(flock(folder, LOCK_EX) == 0)
        let error = site.setQueue(2, FaultyFiles { _, _ in nil })
        #expect(error?.status == 409)
        #expect(error?.sentence.contains("another process has been changing it for 5 seconds") == true)
        #expect(try site.text() == Site.written(1))
    }
}
