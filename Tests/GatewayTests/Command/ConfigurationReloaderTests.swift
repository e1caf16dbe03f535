// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import Testing
import Transport

@testable import Gateway

/// The file is watched: every way in which people and Kubernetes change one is noticed, and nothing else.
@Suite(.serialized) struct ConfigurationReloaderTests {
    /// A reloader over a file of the test's, and what it made of each change.
    private final class Site {
        let loop: Loop
        let folder: TemporaryFolder
        let log: Log
        var applied: [Configuration] = []
        var resolved = 0
        private(set) var reloader: ConfigurationReloader?

        /// - Parameter name: of the file, from the folder.
        init(_ loop: Loop, _ name: String = "config.json", prepare: (TemporaryFolder) throws -> Void) throws {
            self.loop = loop
            folder = try TemporaryFolder()
            try prepare(folder)
            var logging = Configuration.Log()
            logging.file = folder.path("log")
            logging.level = .debug
            log = try Log(logging)
            let path = folder.path(name)
            let log = self.log
            loop.turnEnded = { log.flush() }
            reloader = ConfigurationReloader(
                loop: loop, path: path, current: try Site.read(path), log: log,
                resolve: { [unowned self] () throws(ConfigurationErrors) in
                    resolved += 1
                    return try Site.read(path)
                }, apply: { [unowned self] in applied.append($0) })
        }

        private static func read(_ path: String) throws(ConfigurationErrors) -> ResolvedConfiguration {
            var sources = ConfigurationSources()
            guard let file = fopen(path, "r") else { throw ConfigurationErrors("\(path): can't be read") }
            var bytes = [UInt8](repeating: 0, count: 65536)
            bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
            fclose(file)
            sources.file = (path, bytes)
            sources.environment = ConfigurationEnvironment(["HOME": "/nonexistent"]) { _ in
                .failure(.init(reason: "is not read"))
            }
            return try Configuration.resolve(sources)
        }

        func run(untilApplied count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
            loop.run(until: { applied.count == count }, "change number \(count)", sourceLocation: sourceLocation)
        }

        func run(untilResolved count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
            loop.run(until: { resolved >= count }, "reading number \(count)", sourceLocation: sourceLocation)
        }

        var queueLimits: [Int] { applied.map(\.limits.queue) }
        func lines(_ text: String) throws -> [String] {
            log.flush()
            return try folder.lines(of: "log").filter { $0.contains(text) }
        }
    }

    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private static func file(_ queue: Int) -> String { #"{"limits":{"queue":\#(queue)}}"# }

    private func site() throws -> Site {
        try Site(loop) { try $0.write(Self.file(1), to: "config.json") }
    }

    @Test func aFileThatIsReplacedByRenamingIsRead() throws {
        let site = try site()
        for queue in 2...4 {
            try site.folder.write(Self.file(queue), to: "config.json.tmp")
            #expect(rename(site.folder.path("config.json.tmp"), site.folder.path("config.json")) == 0)
            site.run(untilApplied: queue - 1)
        }
        #expect(site.queueLimits == [2, 3, 4])
    }

    @Test func aFileThatIsWrittenInPlaceIsReadWhenItIsQuiet() throws {
        let site = try site()
        for queue in 2...9 { try site.folder.write(Self.file(queue), to: "config.json") }
        site.run(untilApplied: 1)
        loop.run(for: .milliseconds(200))
        #expect(site.queueLimits == [9], "once for all of it")
    }

    @Test func aFileThatIsRemovedAndMadeAgainIsRead() throws {
        let site = try site()
        #expect(unlink(site.folder.path("config.json")) == 0)
        site.run(untilResolved: 1)
        #expect(site.applied.isEmpty)
        #expect(try site.lines("what runs is kept").count == 1)
        try site.folder.write(Self.file(2), to: "config.json")
        site.run(untilApplied: 1)
        #expect(try site.lines("it is good again").count == 1)
    }

    @Test func theSameContentIsNoChange() throws {
        let site = try site()
        try site.folder.write(" " + Self.file(1), to: "config.json")
        site.run(untilResolved: 1)
        #expect(site.applied.isEmpty)
        #expect(try site.lines("configuration").isEmpty)
    }

    @Test func otherFilesInTheFolderAreNoneOfItsBusiness() throws {
        let site = try site()
        try site.folder.write("{}", to: "catalog.json")
        try site.folder.write("{}", to: "config.json.bak")
        for _ in 0..<20 { site.log.info("and a log grows beside it") }
        loop.run(for: .milliseconds(250))
        #expect(site.resolved == 0)
    }

    @Test func aBadFileChangesNothingAndIsSaidLineByLineOnce() throws {
        let site = try site()
        for _ in 0..<2 {
            let before = site.resolved
            try site.folder.write(#"{"policy":"random","limits":{"queue":-1}}"#, to: "config.json")
            site.run(untilResolved: before + 1)
        }
        #expect(site.applied.isEmpty)
        #expect(try site.lines(" error configuration: policy: must be").count == 1)
        #expect(try site.lines(" error configuration: limits.queue: must be").count == 1)
        #expect(try site.lines("what runs is kept").count == 1)
        site.reloader?.reload()
        #expect(try site.lines(" error configuration: policy: must be").count == 2, "whoever asks is told again")
        try site.folder.write(Self.file(1), to: "config.json")
        loop.run(until: { (try? site.lines("it is good again").count) == 1 }, "that it is good again")
        #expect(site.applied.isEmpty, "it is what it was before")
    }

    @Test func whoAsksIsToldThatNothingHasChanged() throws {
        let site = try site()
        site.reloader?.reload()
        #expect(try site.lines("nothing has changed").count == 1)
        #expect(site.applied.isEmpty)
    }

    @Test func warningsThatAreNewAreSaid() throws {
        let site = try site()
        for _ in 0..<2 {
            let before = site.resolved
            try site.folder.write(#"{"runners":[]}"#, to: "config.json")
            site.run(untilResolved: before + 1)
        }
        #expect(try site.lines("runners: is empty").count == 1)
    }

    // MARK: Links

    /// As Kubernetes mounts a ConfigMap: config.json → ..data/config.json, ..data → a folder named for its time, and an
    /// update renames a new link over `..data`.
    @Test func aConfigMapThatIsSwappedIsRead() throws {
        func version(_ number: Int, _ folder: TemporaryFolder) throws {
            mkdir(folder.path("..v\(number)"), 0o755)
            try folder.write(Self.file(number), to: "..v\(number)/config.json")
            #expect(symlink("..v\(number)", folder.path("..data_tmp")) == 0)
            #expect(rename(folder.path("..data_tmp"), folder.path("..data")) == 0)
        }
        let site = try Site(loop) {
            try version(1, $0)
            #expect(symlink("..data/config.json", $0.path("config.json")) == 0)
        }
        for number in 2...4 {
            try version(number, site.folder)
            unlink(site.folder.path("..v\(number - 1)/config.json"))
            rmdir(site.folder.path("..v\(number - 1)"))
            site.run(untilApplied: number - 1)
        }
        #expect(site.queueLimits == [2, 3, 4])
    }

    @Test func theFileBehindALinkIsWatchedToo() throws {
        let site = try Site(loop) {
            mkdir($0.path("real"), 0o755)
            mkdir($0.path("other"), 0o755)
            try $0.write(Self.file(1), to: "real/one.json")
            try $0.write(Self.file(3), to: "other/two.json")
            #expect(symlink("real/one.json", $0.path("config.json")) == 0)
        }
        try site.folder.write(Self.file(2), to: "real/one.json.tmp")
        #expect(rename(site.folder.path("real/one.json.tmp"), site.folder.path("real/one.json")) == 0)
        site.run(untilApplied: 1)
        #expect(symlink("other/two.json", site.folder.path("link.tmp")) == 0)
        #expect(rename(site.folder.path("link.tmp"), site.folder.path("config.json")) == 0)
        site.run(untilApplied: 2)
        try site.folder.write(Self.file(4), to: "other/two.json")
        site.run(untilApplied: 3)
        #expect(site.queueLimits == [2, 3, 4])
    }

    @Test func placesInFolders() {
        #expect(FilePlace("/a/b.json").folder == "/a")
        #expect(FilePlace("/b.json").folder == "/")
        #expect(FilePlace("b.json").folder == ".")
        #expect(FilePlace("/a/b.json").name == "b.json")
        #expect(FilePlace("/a/b.json").concerns("..data"))
        #expect(!FilePlace("/a/b.json").concerns("b.json.tmp"))
    }
}
