// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Large numbers give the same answers as small ones. Against a straightforward model of the rules, from a fixed seed.
@Suite struct CatalogScaleTests {
    @Test func fiftyRunnersWithAThousandModelsMerge() throws {
        var catalog = Catalog(runners: (0..<50).map { _ in CatalogRunner() })
        for runner in 0..<50 {
            try catalog.tagsRead(
                runner, RunnerSays.list((0..<1000).map { $0 < 900 ? "m\($0):1" : "own\(runner)-\($0):1" }))
        }
        #expect(try catalog.names(.tags).count == 900 + 50 * 100)
        #expect(catalog.holders("m7:1") == Array(0..<50))
        #expect(catalog.holders("own49-999:1") == [49])
    }

    /// The list of fifty thousand models is put together when it has changed, not when it is asked for.
    @Test func onlyChangesMerge() throws {
        let names = (0..<1000).map { $0 < 900 ? "m\($0):1" : "own-\($0):1" }
        var catalog = Catalog(runners: (0..<50).map { _ in CatalogRunner() })
        for runner in 0..<50 { try catalog.tagsRead(runner, RunnerSays.list(names)) }
        #expect(catalog.merges == 0)
        for _ in 0..<100 { #expect(!catalog.answer(.tags).isEmpty) }
        // OpenAI's form is the same list in other words.
        _ = catalog.answer(.openAIModels)
        #expect(catalog.merges == 1)
        // The same bytes again, and the same list in other bytes.
        for runner in 0..<50 { try catalog.tagsRead(runner, RunnerSays.list(names)) }
        try catalog.tagsRead(0, RunnerSays.list(names) + Array(" ".utf8))
        try catalog.psRead(0, RunnerSays.list([]))
        _ = catalog.answer(.tags)
        #expect(catalog.merges == 1)
        // What is loaded changes nothing in it either, but where expiry is told.
        _ = catalog.answer(.prefixTags)
        #expect(catalog.merges == 2)
        try catalog.psRead(0, RunnerSays.list(["m1:1"]))
        _ = catalog.answer(.tags)
        #expect(catalog.merges == 2)
        _ = catalog.answer(.prefixTags)
        #expect(catalog.merges == 3)
        try catalog.tagsRead(7, RunnerSays.list(Array(names.dropLast())))
        #expect(catalog.merges == 3)
        for _ in 0..<100 { _ = catalog.answer(.tags) }
        #expect(catalog.merges == 4)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func anyOrderOfEventsLeavesWhatTheLastListsSay(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let settings = ["", "", "p", "P", "p.q"].map { CatalogRunner(prefixID: $0) }
        let pool = ["a:1", "A:1", "q.a:1", "p.a:1", "b:1", "p.q.a:1", "c:2", "C:2"]
        var catalog = Catalog(runners: settings)
        var lists = [[String]](repeating: [], count: settings.count)
        for _ in 0..<60 {
            let runner = Int.random(in: 0..<settings.count, using: &random)
            lists[runner] = pool.filter { _ in Bool.random(using: &random) }.shuffled(using: &random)
            try catalog.tagsRead(runner, RunnerSays.list(lists[runner]))
            for prefix in ["", "p.", "p.q."] {
                let wrong = pool.filter {
                    catalog.holders(prefix + $0) ?? [] != expected(prefix + $0, lists, settings)
                }
                #expect(wrong == [])
            }
        }
    }

    /// The rules by brute force: the longest prefix behind which anyone has the rest, letter case aside.
    private func expected(_ name: String, _ lists: [[String]], _ settings: [CatalogRunner]) -> [Int] {
        for prefix in ["p.q.", "p.", ""] where name.lowercased().hasPrefix(prefix) {
            let rest = name.lowercased().dropFirst(prefix.count)
            let holders = settings.indices.filter { runner in
                let own = settings[runner].prefixID.isEmpty ? "" : settings[runner].prefixID.lowercased() + "."
                return own == prefix && lists[runner].contains { $0.lowercased() == rest }
            }
            if !holders.isEmpty { return holders }
        }
        return []
    }
}
