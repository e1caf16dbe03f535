// SPDX-License-Identifier: MIT

import GatewayCore

extension TemporaryFolder {
    /// A catalog from before a restart in which each of these runners lists `demo:latest`.
    func saveLists(of runners: [any RunnerUnderTest]) throws {
        var catalog = Catalog(
            runners: runners.map { CatalogRunner(identity: "http://127.0.0.1:\($0.port)") })
        for runner in runners.indices {
            try catalog.tagsRead(runner, Array(#"{"models":[{"name":"demo:latest","model":"demo:latest"}]}"#.utf8))
        }
        try write(String(decoding: catalog.savedLists(), as: UTF8.self), to: "catalog.json")
    }
}
