// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Random heads against what must hold of every head that is let through. Same seed, same heads.
@Suite struct RequestFuzzTests {
    struct Dice {
        var seed: UInt64

        mutating func roll(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }

        mutating func pick<Element>(_ elements: [Element]) -> Element { elements[roll(elements.count)] }
    }

    static let names = [
        "Content-Length", "content-length", "Transfer-Encoding", "Host", "host", "Expect", "Connection",
        "Content-Encoding", "X-A", "X A", ""
    ]
    static let values = [
        "1", "0", "01", "+1", "1, 1", "", "chunked", "CHUNKED", "gzip, chunked", "chunked, chunked", "a", "a:1",
        "[::1]",
        "a b", "u@a", "close", "keep-alive", "100-continue", "x", "identity", "a\u{0}", "a\tb", "é"
    ]
    static let targets = ["/", "/api/chat", "http://a/", "http://a:1", "http://[::1]/x", "*", "", "x", "ftp://a/"]

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func whatIsLetThroughCanBeReadInOneWayOnly(seed: UInt64) {
        var dice = Dice(seed: seed)
        var accepted = 0
        for _ in 0..<10000 {
            var headers = (0..<dice.roll(4)).map { _ in (dice.pick(Self.names), dice.pick(Self.values)) }
            if dice.roll(3) > 0 { headers.append(("Host", dice.pick(["a", "a:1", "[::1]"]))) }
            let version = dice.pick([HTTPVersion.http10, .http11])
            let head = RequestHead.make(
                dice.pick([.get, .post, .options]), dice.pick(["/"] + Self.targets), headers, version)
            guard let checked = try? RequestRules.check(head, limits: RequestLimits()) else { continue }
            accepted += 1
            let lengths = head.headers.count(of: .contentLength)
            let codings = head.headers.count(of: .transferEncoding)
            let hosts = head.headers.count(of: .host)
            #expect(lengths + codings <= 1 && hosts <= 1 && (hosts == 1 || version == .http10))
            switch checked.framing {
            case .none: #expect(lengths + codings == 0)
            case .counted(let length): #expect(lengths == 1 && (0...1).contains(length))
            case .chunked: #expect(codings == 1 && version == .http11)
            case .untilClose: Issue.record("a request has no such body")
            }
            #expect(!checked.expectsContinue || version == .http11)
            #expect((checked.host == nil) == (hosts == 0))
        }
        #expect(accepted > 300)
    }

    @Test func noHostWithAStrangeByteIsEverTaken() {
        var dice = Dice(seed: 5)
        let pieces = [
            "a", "1", ".", ":", "[", "]", "::", "127.0.0.1", "%", "-", "_", "@", "/", "?", " ", "é", ",", "\\"
        ]
        var taken = 0
        for _ in 0..<50000 {
            let text = (0..<dice.roll(6)).map { _ in dice.pick(pieces) }.joined()
            guard let authority = RequestAuthority(text) else { continue }
            taken += 1
            #expect(!text.utf8.contains { "@/? ,\\".utf8.contains($0) || $0 > 0x7F }, "\(text)")
            #expect(!text.contains("%") || text.hasPrefix("["), "\(text)")
            if case .name(let name) = authority.host { #expect(text.hasPrefix(name) && !name.contains(":")) }
        }
        #expect(taken > 1000)
    }
}
