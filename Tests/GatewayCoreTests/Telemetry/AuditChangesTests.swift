// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What a changed configuration is about, by names alone.
@Suite struct AuditChangesTests {
    private func changes(_ before: String, _ after: String) throws -> AuditChanges {
        AuditChanges(from: try Start(file: before).configuration(), to: try Start(file: after).configuration())
    }

    private static func runners(_ entries: String...) -> String { #"{"runners":[\#(entries.joined(separator: ","))]}"# }

    @Test func runnersByIndexAndAddress() throws {
        let before = Self.runners(
            #"{"url":"http://a:1/secret-base","key":"secret-1"}"#, #"{"url":"http://b:1"}"#, #"{"url":"http://c:1"}"#)
        let after = Self.runners(
            #"{"url":"http://a:1/secret-base","key":"secret-2"}"#, #"{"url":"http://c:1"}"#,
            #"{"url":"http://d:1","key":"secret-3","headers":{"X-T":"secret-4"}}"#)
        let changes = try changes(before, after)
        #expect(changes.added == ["2:d:1"])
        #expect(changes.changed == ["0:a:1", "1:c:1"])
        #expect(changes.removed == ["1:b:1"])
        #expect(try self.changes(before, before) == AuditChanges())
    }

    @Test func twoOfOneURLAreTwo() throws {
        let (one, two) = (
            Self.runners(#"{"url":"http://a:1"}"#), Self.runners(#"{"url":"http://a:1"}"#, #"{"url":"http://a:1"}"#)
        )
        #expect(try changes(one, two).added == ["1:a:1"])
        #expect(try changes(two, one).removed == ["1:a:1"])
    }

    @Test func keysByName() throws {
        func file(_ keys: [(String, String)]) -> String {
            let entries = keys.map { name, digit in
                #"{"name":"\#(name)","sha256":"\#(String(repeating: digit, count: 64))"}"#
            }
            return #"{"access":{"keys":[\#(entries.joined(separator: ","))]}}"#
        }
        let changes = try changes(file([("a", "0"), ("b", "1")]), file([("b", "2"), ("c d", "3")]))
        #expect(changes.added == ["c d"] && changes.changed == ["b"] && changes.removed == ["a"])
    }

    @Test func theSwitch() throws {
        #expect(try changes("{}", #"{"enable":false}"#).changed == ["enable"])
        #expect(try changes("{}", #"{"policy":"round-robin","log":{"level":"debug"}}"#) == AuditChanges())
    }
}
