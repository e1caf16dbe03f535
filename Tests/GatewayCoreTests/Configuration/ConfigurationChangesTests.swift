// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What a reload says of itself, and what it can't take over.
@Suite struct ConfigurationChangesTests {
    private func lines(_ before: String, _ after: String) throws -> [String] {
        let (old, new) = (try Start(file: before).configuration(), try Start(file: after).configuration())
        return ConfigurationChanges(from: old, to: new) { "masked \($0.count)" }.lines
    }

    private func runners(_ entries: String...) -> String {
        #"{"runners":[\#(entries.map { $0.hasPrefix("{") ? $0 : #"{"url":"http://\#($0):1"}"# }.joined(separator: ","))]}"#
    }

    @Test func theSameIsNoChange() throws {
        #expect(try lines(#"{"policy":"least-inflight"}"#, "{}").isEmpty)
    }

    @Test func valuesAreNamedByKeyAsTheFileHasThem() throws {
        let after =
            #"{"policy":"round-robin","timeouts":{"queue":1.5,"connect":0},"log":{"level":"debug"},"listen":[":1"]}"#
        #expect(
            try lines("{}", after) == [
                #"listen: ["http://127.0.0.1:11435"] → ["http://[::]:1"]"#,
                #"policy: "least-inflight" → "round-robin""#, "timeouts.connect: 2 → 0", "timeouts.queue: 60 → 1.5",
                #"log.level: "info" → "debug""#
            ])
    }

    @Test func secretsAreOnlySaidToHaveChanged() throws {
        let (one, two) = (String(repeating: "0a", count: 32), String(repeating: "0b", count: 32))
        let file = { (hash: String, key: String) in
            #"{"runners":[{"url":"http://a:1","key":"\#(key)"}],"access":{"keys":[{"name":"n","sha256":"\#(hash)"}]}}"#
        }
        #expect(try lines(file(one, "abc"), file(two, "abcd")).contains("runners[0].key changed"))
        #expect(try lines(file(one, ""), file(one, "abcd")) == ["runners[0].key changed"])
        #expect(try lines(file(one, "abc"), file(one, "")) == ["runners[0].key changed"])
    }

    @Test func listsThatGrowAndShrinkAreSaid() throws {
        let hash = String(repeating: "0a", count: 32)
        let file = #"{"access":{"keys":[{"name":"n","sha256":"\#(hash)"}]}}"#
        let grown = try lines("{}", file)
        #expect(grown.contains(#"access.keys[0].name: nothing → "n""#))
        #expect(grown.contains("access.keys[0].sha256 changed"))
        #expect(grown.contains("access.keys: [] → nothing"))
        #expect(try lines(file, "{}").contains(#"access.keys[0].name: "n" → nothing"#))
    }

    @Test func runnersAreToldApartByTheirURLs() throws {
        #expect(
            try lines(runners("a", "b", "c"), runners("c", "a", "d")) == [
                "runners[0]: http://c:1 was runners[2]", "runners[1]: http://a:1 was runners[0]",
                "runners[2]: http://d:1 is new", "runners: http://b:1 is removed, it was runners[1]"
            ])
        #expect(
            try lines(runners("a", "b"), runners(#"{"url":"http://b:1","weight":2}"#)) == [
                "runners[0]: http://b:1 was runners[1]", "runners[0].weight: 1 → 2",
                "runners: http://a:1 is removed, it was runners[0]"
            ])
    }

    @Test func twoOfOneURLAreMatchedInOrder() throws {
        #expect(try lines(runners("a", "a"), runners("a")) == ["runners: http://a:1 is removed, it was runners[1]"])
        #expect(try lines(runners("a"), runners("a", "a")) == ["runners[1]: http://a:1 is new"])
    }

    @Test func socketsAndFoldersStayUntilARestart() throws {
        let old = try Start(file: "{}").configuration()
        var new = try Start(file: #"{"listen":[":1"],"path_prefix":"/x","policy":"round-robin"}"#).configuration()
        new.stateDirectory = "/elsewhere"
        let (taken, keys) = old.takingOver(new)
        #expect(keys == ["listen", "path_prefix", "state_dir"])
        var expected = old
        expected.policy = .roundRobin
        #expect(taken == expected)
        #expect(old.takingOver(old).needRestart.isEmpty)
    }
}
