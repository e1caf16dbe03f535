// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import Testing

/// A state folder of a test's own, gone with the object.
final class StateFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/dmr-test-XXXXXX".utf8CString)
        path = String(cString: try #require(mkdtemp(&template)))
    }

    /// A catalog from before a restart in which each of these runners lists `demo:latest`.
    func saveLists(of runners: [any RunnerUnderTest]) throws {
        var catalog = Catalog(
            runners: runners.map { CatalogRunner(identity: "http://127.0.0.1:\($0.port)") })
        for runner in runners.indices {
            try catalog.tagsRead(runner, Array(#"{"models":[{"name":"demo:latest","model":"demo:latest"}]}"#.utf8))
        }
        let text = String(decoding: catalog.savedLists(), as: UTF8.self)
        let file = try #require(fopen(path + "/catalog.json", "w"))
        fputs(text, file)
        fclose(file)
    }

    deinit {
        unlink(path + "/catalog.json")
        rmdir(path)
    }
}
