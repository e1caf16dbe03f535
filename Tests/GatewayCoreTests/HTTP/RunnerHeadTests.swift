// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("The head that goes to a runner")
struct RunnerHeadTests {
    private func render(
        _ client: [String] = [], method: GatewayCore.Method = .post, path: String = "/api/chat", basePath: String = "",
        key: String = "", framing: BodyFraming = .none
    ) -> String {
        let template = RunnerHeadTemplate(authority: "gpu1:11434", basePath: basePath, key: key, via: "dmr-1234")
        var output = OutputBuffer()
        template.render(
            method: method, path: path, client: headerFields(client), framing: framing, requestID: Array("id-7".utf8),
            into: &output)
        return String(decoding: output.bytes, as: UTF8.self)
    }

    private static let usual = "Host: gpu1:11434\r\nAccept-Encoding: identity\r\n"
    private static let via = "Via: 1.1 dmr-1234\r\nX-Request-Id: id-7\r\n"

    @Test("byte for byte, with nothing from the client")
    func minimal() {
        #expect(
            render(method: .get, path: "/api/tags")
                == "GET /api/tags HTTP/1.1\r\n" + Self.usual + Self.via + "\r\n")
    }

    @Test(
        "byte for byte, with each framing",
        arguments: [
            (BodyFraming.none, ""), (.counted(0), "Content-Length: 0\r\n"),
            (.counted(31_457_280), "Content-Length: 31457280\r\n"), (.chunked, "Transfer-Encoding: chunked\r\n")
        ])
    func framing(framing: BodyFraming, line: String) {
        #expect(
            render(["Content-Type: application/json"], framing: framing)
                == "POST /api/chat HTTP/1.1\r\n" + Self.usual + Self.via + "Content-Type: application/json\r\n" + line
                + "\r\n")
    }

    @Test("with the runner's key and base path")
    func keyAndBase() {
        #expect(
            render(["Authorization: Bearer client", "Accept: */*"], basePath: "/base", key: "sk-1")
                == "POST /base/api/chat HTTP/1.1\r\n" + Self.usual + "Authorization: Bearer sk-1\r\n" + Self.via
                + "Accept: */*\r\n\r\n")
    }

    @Test("the client's Via fields stay, in their order, before ours")
    func viaChain() {
        let head = render(["Via: 1.1 first", "Accept: a", "via: 1.0 second, 1.1 third"])
        #expect(
            head == "POST /api/chat HTTP/1.1\r\n" + Self.usual + "Via: 1.1 first\r\nvia: 1.0 second, 1.1 third\r\n"
                + Self.via + "Accept: a\r\n\r\n")
    }

    @Test("even when Connection names them: the loop guard needs them")
    func viaIsKept() {
        #expect(render(["Connection: via", "Via: 1.1 first"]).contains("Via: 1.1 first\r\n"))
    }

    static let dropped = [
        "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "Proxy-Authenticate", "Proxy-Authorization", "Expect", "Content-Length", "Host", "Authorization", "X-Api-Key",
        "Origin", "Cookie", "Referer", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Whatever",
        "X-OpenWebUI-User-Email", "X-OpenWebUI-User-Jwt", "X-DMR-Runner", "X-DMR-Anything", "X-Request-Id",
        "Accept-Encoding"
    ]

    @Test("drops what belongs to this hop, to us or to the client alone, in any case", arguments: dropped)
    func isDropped(name: String) {
        for spelling in [name, name.lowercased(), name.uppercased()] {
            #expect(!render(["\(spelling): client-value"]).contains("client-value"))
        }
    }

    @Test(
        "forwards everything else as it was spelled",
        arguments: [
            "Accept", "Content-Type", "Content-Encoding", "User-Agent", "Date", "If-Match", "Retry-After", "x-foo",
            "X-Stainless-Retry-Count", "anthropic-version", "OpenAI-Beta", "traceparent", "X-Forward", "X-DMRX",
            "Cookies",
            "Access-Control-Request-Method", "Accept-Language", "Content-MD5", "Priority"
        ])
    func isForwarded(name: String) {
        #expect(render(["\(name): client-value"]).contains("\r\n\(name): client-value\r\n"))
    }

    @Test(
        "drops the fields that Connection names",
        arguments: [
            ["Connection: x-secret"], ["connection: close, X-SECRET"],
            ["Connection: keep-alive", "Connection: X-Secret"],
            ["Connection: , x-Secret ,"], ["Connection:\tx-secret\t,keep-alive"]
        ])
    func namedInConnection(connection: [String]) {
        let head = render(connection + ["X-Secret: 1", "X-Secret-2: 2", "X-Secret: 3"])
        #expect(head.contains("X-Secret-2: 2\r\n"))
        #expect(!head.contains("X-Secret: "))
    }

    @Test("nothing that Connection names takes away what we write ourselves")
    func ownFieldsStay() {
        let head = render(
            ["Connection: host, via, x-request-id, authorization, content-length, accept-encoding"], key: "k",
            framing: .counted(2))
        #expect(
            lines(Array(head.utf8)) == [
                "POST /api/chat HTTP/1.1", "Host: gpu1:11434", "Accept-Encoding: identity", "Authorization: Bearer k",
                "Via: 1.1 dmr-1234", "X-Request-Id: id-7", "Content-Length: 2"
            ])
    }

    @Test("nothing a client sends appears as a field we own, whatever it sends, repeats or spells")
    func ownership() {
        let names = ["Host", "Authorization", "X-Request-Id", "Accept-Encoding", "Content-Length", "Transfer-Encoding"]
        let spellings = names.flatMap { [$0, $0.lowercased(), $0.uppercased()] }
        let head = render(
            spellings.map { "\($0): evil" } + spellings.map { "\($0): evil2" }, key: "k", framing: .chunked)
        #expect(!head.contains("evil"))
        for name in names where name != "Content-Length" {
            let count = lines(Array(head.utf8)).filter { $0.lowercased().hasPrefix(name.lowercased() + ":") }.count
            #expect(count == 1, "\(name)")
        }
    }

    @Test("the runner's own headers take the place of the client's, whatever Connection names")
    func headersOfARunner() {
        let template = RunnerHeadTemplate(
            authority: "a", basePath: "", key: "", headers: [("X-Team", Array("blue".utf8)), ("Cookie", [0x78])],
            via: "v")
        var output = OutputBuffer()
        template.render(
            method: .post, path: "/api/chat",
            client: headerFields(["x-team: red", "X-Teams: both", "Connection: x-team, cookie", "Accept: a"]),
            framing: .counted(0), requestID: Array("7".utf8), into: &output)
        #expect(
            lines(Array(output.bytes)) == [
                "POST /api/chat HTTP/1.1", "Host: a", "Accept-Encoding: identity", "X-Team: blue", "Cookie: x",
                "Via: 1.1 v", "X-Request-Id: 7", "X-Teams: both", "Accept: a", "Content-Length: 0"
            ])
    }

    @Test("appends: what stands before stays")
    func appends() {
        let template = RunnerHeadTemplate(authority: "a", basePath: "", key: "", via: "v")
        var output = OutputBuffer(capacity: 1)
        output.append("before")
        template.render(
            method: .get, path: "/", client: HeaderFields(), framing: .none, requestID: [], into: &output)
        #expect(String(decoding: output.bytes, as: UTF8.self).hasPrefix("beforeGET / HTTP/1.1\r\n"))
    }
}
