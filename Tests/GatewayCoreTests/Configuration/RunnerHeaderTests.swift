// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Headers that a runner gets with every request: which there may be.
@Suite struct RunnerHeaderTests {
    private func start(_ headers: String, more: String = "") -> Start {
        Start(file: #"{"runners":[{"url":"http://a:1","headers":\#(headers)\#(more)}]}"#)
    }

    @Test(arguments: [
        (#"{"X-A":1}"#, "X-A: must be a string, not a number"), (#"{"X A":"b"}"#, "(a key): is no header's name"),
        (#"{"":"b"}"#, "(a key): is no header's name"), (#"{"X-A:":"b"}"#, "(a key): is no header's name"),
        (#"{"X-A":"b","x-a":"c"}"#, "x-a: is there twice, letter case aside; keep one")
    ])
    func whatIsNoHeaderIsRefused(headers: String, error: String) {
        #expect(start(headers).errors == ["runners[0].headers.\(error)"])
    }

    /// Nothing in a value begins another field, or ends the head.
    @Test(arguments: [
        #"b\r\nHost: c"#, #"b\nc"#, #"b\u0000"#, #"b\u007f"#, "bé", "", " b", "b ", #"\tb"#,
        String(repeating: "x", count: 8193)
    ])
    func whatIsNoValueIsRefused(value: String) {
        #expect(
            start(#"{"X-A":"\#(value)"}"#).errors == [
                "runners[0].headers.X-A: must be 1 to 8192 visible characters of ASCII, blanks only between them (RFC 9110)"
            ])
    }

    /// Framing, hop-by-hop fields, and what the gateway itself writes.
    @Test(arguments: [
        "Host", "content-length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
        "Upgrade", "Expect", "Proxy-Authorization", "Proxy-Authenticate", "VIA", "X-Request-Id", "Accept-Encoding",
        "Content-Type", "Content-Encoding", "X-DMR-Runner", "x-dmr-anything"
    ])
    func whatIsOursCantBeSet(name: String) {
        #expect(
            start(#"{"\#(name)":"b"}"#).errors == [
                "runners[0].headers.\(name): is the gateway's own or this connection's, and can't be set"
            ])
    }

    @Test func aRunnerHasOneAuthorization() throws {
        let basic = #"{"Authorization":"Basic dTpw"}"#
        #expect(start(basic).errors.isEmpty)
        #expect(
            start(basic, more: #","key":"k""#).errors == [
                #"runners[0].headers.Authorization: is what "key" is sent as; keep one of the two"#
            ])
    }

    @Test func theOrderAndTheSpellingStay() throws {
        let runner = try #require(try start(#"{"X-B":"1 2\t3","x-a":"2"}"#).configuration().runners.first)
        #expect(runner.headers.map(\.name) == ["X-B", "x-a"])
        #expect(runner.headers.first?.value.bytes == Array("1 2\t3".utf8))
    }

    @Test func aPlaceholderIsWarnedOf() throws {
        #expect(
            try start(#"{"X-User":"{{USER_ID}}"}"#).warnings() == [
                "runners[0].headers.X-User: is sent as it is: the gateway fills in no {{placeholders}}"
            ])
    }

    @Test func openWebUIsOwnFieldIsNoMistake() throws {
        let start = start("{}", more: #","auth_type":"bearer","weihgt":2"#)
        #expect(try start.warnings().map { $0.prefix { $0 != ":" } } == ["runners[0].weihgt"])
        let runner = try #require(try start.configuration().runners.first)
        #expect(runner.otherFields == [.init("auth_type", .string("bearer")), .init("weihgt", .number("2"))])
    }
}
