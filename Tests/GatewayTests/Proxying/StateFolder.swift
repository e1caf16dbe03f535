// SPDX-License-Identifier: MIT

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
        let lists = runners.map { "\"http://127.0.0.1:\($0.port)\":[{\"model\":\"demo:latest\"}]" }
        let text = "{\"schema\":1,\"lists\":{\(lists.joined(separator: ","))}}"
        let file = try #require(fopen(path + "/catalog.json", "w"))
        fputs(text, file)
        fclose(file)
    }

    deinit {
        unlink(path + "/catalog.json")
        rmdir(path)
    }
}
