// SPDX-License-Identifier: MIT

import GatewayCore

/// Fifty runners with a thousand models each: nine hundred that all have, a hundred of their own.
private final class Fleet {
    private var catalog: Catalog
    static let runners = 50
    private static let models = 1000

    /// Nothing was read yet.
    init() {
        catalog = Catalog(runners: (0..<Fleet.runners).map { CatalogRunner(identity: "http://gpu\($0):11434") })
    }

    /// All lists were read, once for all benchmarks: under callgrind that takes seconds.
    private init(of catalog: Catalog) {
        self.catalog = catalog
    }

    private static let filled: Catalog = {
        let fleet = Fleet()
        fleet.readAll()
        return fleet.catalog
    }()

    static let lists = (0..<runners).map { list(of: $0, version: 1) }
    static let otherList = list(of: 7, version: 2)

    private static func list(of runner: Int, version: Int) -> [UInt8] {
        let entries = (0..<models).map { model in
            let name = model < 900 ? "family-\(model):\(7 + model % 5)b" : "own-\(runner)-\(model):latest"
            // Another list differs in its last entry.
            let size = 4_000_000_000 + model * 1000 + (model == models - 1 ? version : 0)
            return
                #"{"name":"\#(name)","model":"\#(name)","modified_at":"2026-11-\#(10 + model % 20)T08:00:00.5+01:00","#
                + #""size":\#(size),"digest":"\#(String(repeating: "0123456789abcdef", count: 4))","#
                + #""details":{"parent_model":"","format":"gguf","family":"llama","families":["llama"],"#
                + #""parameter_size":"8.0B","quantization_level":"Q4_0"}}"#
        }
        return Array(#"{"models":[\#(entries.joined(separator: ","))]}"#.utf8)
    }

    func readAll() {
        for (runner, list) in Fleet.lists.enumerated() { read(runner, list) }
    }

    func read(_ runner: Int, _ list: [UInt8]) {
        do throws(CatalogError) {
            try catalog.tagsRead(runner, list)
        } catch {
            preconditionFailure("the sample is no list: \(error.sentence)")
        }
    }

    func answer(_ list: CatalogList) -> Int { catalog.answer(list).count }

    /// For a key that may use every other model.
    func answer(_ list: CatalogList, for rights: ModelRights) -> Int { catalog.answer(list, for: rights).count }

    /// What the loop does for a client that asks for the list, but for the kernel's part.
    func serve(_ list: CatalogList, to reader: RequestReader) -> Int {
        reader.read(Fleet.tagsRequest)
        guard case .serve(let route, _) = reader.intake(reader.head).decision, route.operation == .tags else {
            return 0
        }
        return reader.render(OwnResponse(200, contentType: OwnResponse.json, body: catalog.answer(list)))
    }

    private static let tagsRequest = Array(
        ("GET /api/tags HTTP/1.1\r\nHost: localhost:11435\r\nUser-Agent: ollama/0.11.0 (amd64 linux) Go/go1.24.1\r\n"
            + "Accept: application/json\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n").utf8)

    func resolve(_ name: String) -> Int {
        if case .found(let model) = catalog.resolve(name) { model.visibleName.utf8.count } else { 0 }
    }

    static var whole: Fleet { Fleet(of: filled) }
}

extension Benchmark {
    /// The merged catalog.
    static var catalog: [Benchmark] {
        [
            Benchmark(name: "catalog/first-merge", runs: 1) {
                // Made before the counting begins.
                precondition(Fleet.lists.count == Fleet.runners)
                return {
                    let fleet = Fleet()
                    fleet.readAll()
                    return fleet.answer(.tags)
                }
            },
            Benchmark(name: "catalog/merge-after-one-list", runs: 2) {
                let fleet = Fleet.whole
                var isOther = false
                return {
                    isOther.toggle()
                    fleet.read(7, isOther ? Fleet.otherList : Fleet.lists[7])
                    return fleet.answer(.tags)
                }
            },
            Benchmark(name: "catalog/same-list-again", runs: 20) {
                let fleet = Fleet.whole
                // Another array with the same bytes, or nothing would be compared.
                let again = Fleet.lists[7].map { $0 }
                return {
                    fleet.read(7, again)
                    return 1
                }
            },
            Benchmark(name: "catalog/cached-answer", runs: 2000) {
                let fleet = Fleet.whole
                return { fleet.answer(.tags) }
            },
            Benchmark(name: "catalog/tags-request", runs: 100) {
                let fleet = Fleet.whole
                let reader = RequestReader()
                return { fleet.serve(.tags, to: reader) }
            },
            Benchmark(name: "catalog/answer-for-a-key", runs: 20) {
                let fleet = Fleet.whole
                let rights = ModelRights(["family-1*", "family-3*", "family-5*", "own-1*", "own-3*"])
                return { fleet.answer(.tags, for: rights) }
            },
            resolving("catalog/resolve-as-listed", "family-450:7b"),
            resolving("catalog/resolve-other-spelling", "Library/Family-450:7B")
        ]
    }

    private static func resolving(_ name: String, _ model: String) -> Benchmark {
        Benchmark(name: name, runs: 2000) {
            let fleet = Fleet.whole
            return { fleet.resolve(model) }
        }
    }
}
