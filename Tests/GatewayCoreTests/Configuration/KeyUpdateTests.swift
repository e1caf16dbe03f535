// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Keys made and revoked, as changes of the file.
@Suite struct KeyUpdateTests {
    static let digest = KeyDigest(sha256: Array(0..<32))
    static let hash = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

    private func entry(_ fields: String) throws -> JSON {
        try KeyUpdate.entry(try JSON(parsing: Array(fields.utf8)), digest: Self.digest, created: "2026-01-02T03:04:05Z")
    }

    @Test func anEntryIsWhatWasAskedForAndWhatOnlyWeKnow() throws {
        let made = try entry(#"{"models":["a*"],"name":"ci","created":"1999","scopes":["read"],"share":2.0}"#)
        let expected =
            #"{"name":"ci","sha256":"\#(Self.hash)","models":["a*"],"scopes":["read"],"share":2.0,"#
            + #""created":"2026-01-02T03:04:05Z"}"#
        #expect(String(decoding: made.bytes, as: UTF8.self) == expected)
    }

    @Test(arguments: [
        "[]", "null", "{}", #"{"name":1}"#, #"{"name":"a","sha256":"00"}"#, #"{"name":"a","client_cert":"CN=a"}"#,
        #"{"name":"a/b"}"#, #"{"name":".."}"#, #"{"name":"a","name":"b"}"#,
        #"{"name":"a","role":"user","role":"admin"}"#
    ])
    func whatIsNoNewKeyIsRefused(fields: String) {
        let error = #expect(throws: GatewayError.self) { try entry(fields) }
        #expect(error?.status == 400)
    }

    private func update(_ text: String?, _ change: ConfigurationUpdate.Change) throws -> (String, ConfigurationUpdate) {
        let update = try ConfigurationUpdate(
            of: ("config.json", text.map { Array($0.utf8) }),
            resolve: { file throws(ConfigurationErrors) in
                try Start(file: file.map { String(decoding: $0, as: UTF8.self) }).resolve()
            }, change: change)
        return (String(decoding: update.bytes ?? [], as: UTF8.self), update)
    }

    @Test(arguments: [
        nil, "{}", #"{"access":{}}"#, #"{"policy":"round-robin","access":{"anonymous":"read","keys":[]}}"#
    ])
    func aKeyIsAddedAndRevoked(text: String?) throws {
        let made = try entry(#"{"name":"ci"}"#)
        let (with, update) = try update(text) { document, current throws(GatewayError) in
            try KeyUpdate.add(made, to: &document, current: current)
        }
        #expect(update.resolved.configuration.access.keys.map(\.name) == ["ci"])
        #expect(update.resolved.configuration.access.keys.first?.sha256 == Array(0..<32))
        #expect(with.contains("round-robin") == (text?.contains("round-robin") ?? false))
        // Not twice under one name.
        let twice = #expect(throws: GatewayError.self) {
            try self.update(with) { document, current throws(GatewayError) in
                try KeyUpdate.add(made, to: &document, current: current)
            }
        }
        #expect(twice?.status == 409)
        let (without, after) = try self.update(with) { document, _ throws(GatewayError) in
            try KeyUpdate.revoke("ci", in: &document)
        }
        #expect(after.resolved.configuration.access.keys.isEmpty && !without.contains(Self.hash))
        let gone = #expect(throws: GatewayError.self) {
            try self.update(without) { document, _ throws(GatewayError) in try KeyUpdate.revoke("ci", in: &document) }
        }
        #expect(gone?.status == 404)
    }

    @Test(arguments: [
        #"{"name":"a","role":"boss"}"#, #"{"name":"a","scopes":["everything"]}"#, #"{"name":"a","share":0}"#,
        #"{"name":"a","modles":[]}"#, #"{"name":""}"#
    ])
    func whatTheFileCouldNotHoldIsRefused(fields: String) throws {
        let made = try entry(fields)
        let error = #expect(throws: GatewayError.self) {
            try self.update("{}") { document, current throws(GatewayError) in
                try KeyUpdate.add(made, to: &document, current: current)
            }
        }
        #expect(error?.status == 400 && error?.sentence.contains("access.keys[0]") == true)
        #expect(error?.sentence.contains(Self.hash) == false)
    }

    @Test func whatIsShownHasNoHash() throws {
        let keys =
            #"{"access":{"keys":[{"name":"a","sha256":"\#(Self.hash)"},{"name":"b","client_cert":"CN=b","role":"admin"}]}}"#
        let shown = try Start(file: keys).configuration().access.keys.map {
            String(decoding: $0.shown.bytes, as: UTF8.self)
        }
        let rest =
            #""asserts_user":false,"max_inflight":0,"requests_per_minute":0,"priority":"interactive","share":1,"created":null}"#
        #expect(
            shown == [
                #"{"name":"a","role":"user","scopes":["read","inference"],"models":[],"# + rest,
                #"{"name":"b","client_cert":"CN=b","role":"admin","#
                    + #""scopes":["read","inference","manage","metrics","admin"],"models":[],"# + rest
            ])
    }

    @Test func whoeverHasNoKeyIsThoughtOf() {
        var configuration = Configuration()
        let key = Configuration.Access.Key(name: "a", sha256: Array(0..<32))
        #expect(KeyUpdate.consequence(of: [], in: configuration) == nil)
        #expect(KeyUpdate.consequence(of: [key], in: configuration)?.contains("no key is left") == true)
        configuration.access.keys = [key]
        #expect(KeyUpdate.consequence(of: [], in: configuration)?.contains("first key") == true)
        #expect(KeyUpdate.consequence(of: [key], in: configuration) == nil)
        configuration.access.anonymous = .read
        #expect(KeyUpdate.consequence(of: [], in: configuration) == nil)
    }
}
