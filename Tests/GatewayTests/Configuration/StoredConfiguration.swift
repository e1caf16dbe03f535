// SPDX-License-Identifier: MIT

import FaultyFiles
import Gateway
import GatewayCore
import Glibc
import Testing

/// A configuration file in a folder of the test's own, and its store.
final class StoredConfiguration {
    let folder: TemporaryFolder
    let location: ConfigurationLocation
    var path: String { location.file }

    private let flags: ConfigurationSources.Flags
    private let environment: ConfigurationEnvironment

    /// - Parameters:
    ///   - text: of the file; nil: there is none.
    ///   - name: of the file, from the folder.
    ///   - isNamed: somebody named the file; else it is the state folder's.
    ///   - change: of the flags that the gateway was started with.
    init(
        _ text: String? = nil, name: String = "config.json", isNamed: Bool = true, environment: [String: String] = [:],
        _ change: (inout ConfigurationSources.Flags) -> Void = { _ in }
    ) throws {
        folder = try TemporaryFolder()
        var flags = ConfigurationSources.Flags()
        if isNamed { flags.configFile = folder.path(name) } else { flags.stateDirectory = folder.path("a/state") }
        change(&flags)
        self.flags = flags
        self.environment = ConfigurationEnvironment(environment.merging(["HOME": "/nonexistent"]) { own, _ in own }) {
            _ in .failure(.init(reason: "is not read"))
        }
        location = try ConfigurationLocation(flags: flags, environment: self.environment)
        if let text { try folder.write(text, to: name) }
    }

    func resolve(_ file: [UInt8]?) throws(ConfigurationErrors) -> ResolvedConfiguration {
        var sources = ConfigurationSources()
        sources.flags = flags
        sources.environment = environment
        sources.file = file.map { (path, $0) }
        return try Configuration.resolve(sources)
    }

    /// With what is in the file now.
    func resolveFile() throws(ConfigurationErrors) -> ResolvedConfiguration {
        try resolve(try? SystemFiles().contents(of: path).bytes)
    }

    func store(_ files: any FileLayer = SystemFiles()) -> ConfigurationStore {
        ConfigurationStore(location, files: files)
    }

    /// Sets `limits.queue`; returns the refusal, if there is one.
    @discardableResult
    func setQueue(_ limit: Int, _ files: any FileLayer = SystemFiles()) -> GatewayError? {
        do throws(GatewayError) {
            try store(files).update(resolve: resolve) { document, _ in
                document.set("limits", "queue", to: .integer(limit))
            }
            return nil
        } catch {
            return error
        }
    }

    func text(_ name: String = "config.json") throws -> String? {
        folder.exists(name) ? try folder.text(of: name) : nil
    }

    /// What a file with that limit looks like once we have written it.
    static func written(_ limit: Int) -> String { "{\n  \"limits\": { \"queue\": \(limit) }\n}\n" }

    var names: [String] {
        guard let listing = opendir(folder.path) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func mode(_ name: String) -> mode_t {
        var status = stat()
        return stat(folder.path(name), &status) == 0 ? status.st_mode & 0o7777 : 0
    }
}
