// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@testable import Gateway

/// `/keys` of a running gateway: a key holds from the answer on, and no longer than that.
@Suite(.serialized) struct KeyRouteTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private static let keys = ConfiguredGateway.prefix + "/keys"

    @Test func aKeyIsMadeShownOnceAndRevoked() throws {
        let site = try ConfiguredGateway(loop, #"{"runners":[],"access":{"anonymous":"auto"}}"#)
        defer { site.stop() }
        let made = try site.answer("POST", Self.keys, #"{"name":"ci","scopes":["read"],"models":["a*"]}"#)
        #expect(made.status == 201 && made.header("cache-control") == "no-store")
        let key = try #require(made.json?["key"]?.string)
        #expect(key.hasPrefix("dmr_") && key.utf8.count == 53)
        let entry = try #require(made.json?["entry"])
        #expect(entry["name"]?.string == "ci" && entry["sha256"] == nil && entry["models"] == .array([.string("a*")]))
        #expect(entry["created"]?.string?.hasPrefix("20") == true)
        // The file knows its hash only.
        #expect(!site.fileText.contains(key))
        #expect(site.fileText.contains(KeyDigest(sha256: AccessSite.sha256(key)).hex))
        let list = try site.answer("GET", Self.keys)
        #expect(
            list.status == 200 && list.json?["keys"]?.array?.count == 1 && list.json?["keys"]?.array?.first == entry)
        func status(_ path: String = "/api/tags") throws -> Int {
            try site.answer("GET", path, fields: AccessSite.bearer(key), isAdmin: false).status
        }
        #expect(try status() == 200 && status(Self.keys) == 403 && status("/key/\(key)/api/tags") == 200)
        let revoked = try site.answer("DELETE", Self.keys + "/ci")
        #expect(revoked.status == 200 && revoked.json?["status"] == .bool(true))
        #expect(try status() == 401)
        #expect(try site.answer("DELETE", Self.keys + "/ci").status == 404)
        #expect(try site.answer("GET", Self.keys).json?["keys"] == .array([]))
    }

    @Test(arguments: [
        (#"{"name":"ci"}"#, 409), (#"{"name":"x","role":"boss"}"#, 400), ("{}", 400), ("[]", 400), ("", 400),
        (#"{"name":"x","sha256":"00"}"#, 400), (#"{"name":"x","name":"y"}"#, 400)
    ])
    func whatCannotBeAKeyChangesNothing(body: String, status: Int) throws {
        let hash = String(repeating: "0a", count: 32)
        let site = try ConfiguredGateway(loop, #"{"runners":[],"access":{"keys":[{"name":"ci","sha256":"\#(hash)"}]}}"#)
        defer { site.stop() }
        let before = site.fileText
        let answer = try site.answer("POST", Self.keys, body)
        #expect(answer.status == status)
        #expect(answer.sentence != nil && answer.json?["key"] == nil)
        #expect(site.fileText == before)
    }

    @Test func onlyAnAdminMay() throws {
        let site = try ConfiguredGateway(loop, #"{"runners":[]}"#)
        defer { site.stop() }
        for (method, path, body) in [("GET", "", nil), ("POST", "", #"{"name":"x"}"#), ("DELETE", "/x", nil)] {
            #expect(try site.answer(method, Self.keys + path, body, isAdmin: false).status == 401)
        }
        #expect(try site.answer("PUT", Self.keys).header("allow") == "GET, HEAD, POST")
        #expect(try site.answer("GET", Self.keys + "/x").status == 405)
    }

    /// A name as it stands in a path.
    @Test func aNameIsDecoded() throws {
        let site = try ConfiguredGateway(loop, #"{"runners":[]}"#)
        defer { site.stop() }
        #expect(try site.answer("POST", Self.keys, #"{"name":"Ann's laptop, 2"}"#).status == 201)
        #expect(try site.answer("DELETE", Self.keys + "/Ann's%20laptop,%202").status == 200)
        #expect(try site.answer("POST", Self.keys, #"{"name":"7"}"#).status == 201)
        #expect(try site.answer("DELETE", Self.keys + "/7").status == 200)
    }
}
