// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What the rules make of good heads.
@Suite struct CheckedRequestTests {
    func check(
        _ headers: [(String, String)], _ version: HTTPVersion = .http11, method: Method = .post, target: String = "/"
    ) throws -> CheckedRequest {
        try RequestRules.check(RequestHead.make(method, target, headers, version), limits: RequestLimits())
    }

    static let host = ("Host", "a")

    @Test(arguments: [
        ([], BodyFraming.none), ([("Content-Length", "0")], .counted(0)), ([("Content-Length", "007")], .counted(7)),
        ([("Content-Length", "999999999999999999")], .counted(999_999_999_999_999_999)),
        ([("content-length", "5")], .counted(5)), ([("Transfer-Encoding", "chunked")], .chunked),
        ([("transfer-encoding", "Chunked")], .chunked), ([("Transfer-Encoding", "chunked \t")], .chunked)
    ])
    func framingIsReadOnce(headers: [(String, String)], framing: BodyFraming) throws {
        for method in [Method.get, .post, .delete, .head, .options] {
            #expect(try check([Self.host] + headers, method: method).framing == framing)
        }
    }

    @Test(arguments: [
        ([], HTTPVersion.http11, true), ([("Connection", "close")], .http11, false),
        ([("Connection", "Keep-Alive")], .http11, true), ([("Connection", "upgrade, CLOSE")], .http11, false),
        ([("Connection", "keep-alive, close")], .http11, false), ([("Connection", "closed")], .http11, true),
        ([("Connection", "x"), ("Connection", "close")], .http11, false), ([("Connection", ",,")], .http11, true),
        ([], .http10, false), ([("Connection", "keep-alive")], .http10, true),
        ([("Connection", "Keep-Alive, close")], .http10, false), ([("Keep-Alive", "timeout=5")], .http10, false),
        ([("Proxy-Connection", "keep-alive")], .http10, false)
    ])
    func persistenceFollowsVersionAndConnection(
        headers: [(String, String)], version: HTTPVersion, expected: Bool
    ) throws {
        #expect(try check([Self.host] + headers, version).keepAlive == expected)
    }

    @Test(arguments: [
        ([("Expect", "100-continue"), ("Content-Length", "5")], HTTPVersion.http11, true),
        ([("Expect", "100-Continue"), ("Transfer-Encoding", "chunked")], .http11, true),
        ([("Expect", "100-continue, 100-continue"), ("Content-Length", "5")], .http11, true),
        ([("Expect", "100-continue"), ("Content-Length", "0")], .http11, false),
        ([("Expect", "100-continue")], .http11, false), ([("Expect", ""), ("Content-Length", "5")], .http11, false),
        ([("Expect", "100-continue"), ("Content-Length", "5")], .http10, false),
        ([("Expect", "anything"), ("Content-Length", "5")], .http10, false), ([("Content-Length", "5")], .http11, false)
    ])
    func continueIsExpectedOnlyWithABodyAndInHTTP11(
        headers: [(String, String)], version: HTTPVersion, expected: Bool
    ) throws {
        #expect(try check([Self.host] + headers, version).expectsContinue == expected)
    }

    @Test(arguments: [
        [("Content-Encoding", "identity"), ("Content-Length", "5")], [("Content-Encoding", "Identity, identity")],
        [("Content-Encoding", ""), ("Content-Length", "5")], [("Content-Encoding", "gzip"), ("Content-Length", "0")],
        [("Content-Encoding", "gzip")]
    ])
    func contentCodingMattersOnlyWhereThereIsContent(headers: [(String, String)]) throws {
        _ = try check([Self.host] + headers)
    }

    @Test(arguments: [
        ("localhost", RequestAuthority.Host.name("localhost"), nil), ("LocalHost:11435", .name("localhost"), 11435),
        ("a:", .name("a"), nil), ("a:0", .name("a"), 0), ("a:65535", .name("a"), 65535), ("a:00080", .name("a"), 80),
        ("", .empty, nil), (":11435", .empty, 11435),
        ("docker_model-runner.x~1", .name("docker_model-runner.x~1"), nil),
        ("127.0.0.1:1", .address(.v4(0x7F00_0001)), 1), ("[::1]", .address(.v6(0, 1)), nil),
        ("[::1]:1", .address(.v6(0, 1)), 1), ("[::FFFF:10.0.0.1]", .address(.v4(0x0A00_0001)), nil),
        ("[fe80::1%25eth0]:1", .address(.v6(0xFE80_0000_0000_0000, 1)), 1), ("1.2.3", .name("1.2.3"), nil),
        ("010.0.0.1", .name("010.0.0.1"), nil), ("256.1.1.1", .name("256.1.1.1"), nil)
    ])
    func hostIsParsed(value: String, host: RequestAuthority.Host, port: Int?) throws {
        let checked = try check([("Host", value)])
        #expect(checked.host?.host == host && checked.host?.port == port)
    }

    @Test func hostMayBeMissingInHTTP10Only() throws {
        #expect(try check([], .http10).host == nil)
        #expect(throws: GatewayError.self) { try check([]) }
    }

    @Test(arguments: [
        ("http://a/x", "a"), ("http://A/x", "a"), ("http://a:80/x", "a"), ("http://a/", "a:80"), ("http://a", "a"),
        ("http://a?q", "a"), ("https://a/", "a:443"), ("https://a:443", "a"), ("HTTP://a:11435/", "a:11435"),
        ("http://[::1]:1/", "[0:0::1]:1"), ("*", "a"), ("/x//y", "b"), ("/http://other/", "a")
    ])
    func anAbsoluteTargetMayNameTheSameHost(target: String, host: String) throws {
        _ = try check([("Host", host)], method: .options, target: target)
        _ = try check([("Host", host)], .http10, method: .options, target: target)
    }

    @Test func connectIsLeftToTheRouter() throws {
        // Its target is an authority, which the router refuses with 405 instead of the 400 of a malformed target.
        _ = try check([("Host", "a")], method: .connect, target: "other:443")
        _ = try check([], .http10, method: .connect, target: "other:443")
    }

    @Test func tabsAndHighBytesInValuesAreFine() throws {
        _ = try check([Self.host, ("X-Name", "a\tb é"), ("X-Empty", "")])
    }
}
