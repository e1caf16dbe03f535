// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("What a runner's response must keep to")
struct ResponseRulesTests {
    private func check(
        _ status: Int, _ headers: [String], _ version: HTTPVersion = .http11
    ) -> Result<ResponseRules.CheckedResponse, ResponseRules.Malformed> {
        do throws(ResponseRules.Malformed) {
            let head = ResponseHead(status: status, version: version, headers: headerFields(headers))
            return .success(try ResponseRules.check(head, client: 5))
        } catch {
            return .failure(error)
        }
    }

    private func checked(_ status: Int, _ headers: [String], _ version: HTTPVersion = .http11)
        -> ResponseRules.CheckedResponse?
    {
        try? check(status, headers, version).get()
    }

    @Test(
        "framing",
        arguments: [
            (200, ["Content-Length: 0"], BodyFraming.counted(0)), (200, ["Content-Length: 12"], .counted(12)),
            (200, ["Transfer-Encoding: chunked"], .chunked), (200, ["transfer-encoding: Chunked"], .chunked),
            (200, [], .untilClose), (204, [], .none), (304, [], .none), (204, ["Content-Length: 9"], .none),
            (304, ["Transfer-Encoding: chunked"], .none), (404, ["Content-Length: 3"], .counted(3)),
            (599, ["Content-Length: 999999999999999999"], .counted(999_999_999_999_999_999))
        ])
    func framing(status: Int, headers: [String], framing: BodyFraming) {
        #expect(checked(status, headers)?.framing == framing)
    }

    @Test(
        "malformed",
        arguments: [
            (200, ["Content-Length: 1", "Content-Length: 1"]), (200, ["Content-Length: 1", "Content-Length: 2"]),
            (200, ["Content-Length: 1", "Transfer-Encoding: chunked"]),
            (204, ["Content-Length: 1", "Content-Length: 2"]),
            (204, ["Transfer-Encoding:", "Transfer-Encoding: chunked"]),
            (200, ["Content-Length: -1"]), (200, ["Content-Length: +1"]), (200, ["Content-Length: 0x10"]),
            (200, ["Content-Length:"]), (200, ["Content-Length: 1, 1"]), (200, ["Content-Length: 1 1"]),
            (200, ["Content-Length: 9999999999999999999"]), (200, ["Transfer-Encoding: gzip"]),
            (200, ["Transfer-Encoding: gzip, chunked"]), (200, ["Transfer-Encoding: chunked, chunked"]),
            (200, ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]), (200, ["Transfer-Encoding: identity"]),
            (200, ["Transfer-Encoding:"]), (200, ["Transfer-Encoding: chunked;q=1"]), (101, []), (101, ["Upgrade: x"]),
            (0, []), (99, []), (600, []), (999, [])
        ])
    func malformed(status: Int, headers: [String]) {
        #expect(checked(status, headers) == nil)
    }

    @Test("chunks in HTTP/1.0 are malformed")
    func oldChunks() {
        #expect(checked(200, ["Transfer-Encoding: chunked"], .http10) == nil)
    }

    @Test(
        "whether its connection can be used again",
        arguments: [
            ([], HTTPVersion.http11, true), (["Connection: close"], .http11, false),
            (["Connection: Close"], .http11, false), (["Connection: x, close"], .http11, false),
            (["Connection: keep-alive"], .http11, true), ([], .http10, false),
            (["Connection: keep-alive"], .http10, true), (["Connection: Keep-Alive"], .http10, true),
            (["Connection: close, keep-alive"], .http10, false), (["Connection: keep-alive, close"], .http10, false),
            (["Connection: close", "Connection: keep-alive"], .http10, false), (["Connection: closed"], .http11, true)
        ])
    func keepAlive(headers: [String], version: HTTPVersion, keepsAlive: Bool) {
        #expect(checked(200, headers + ["Content-Length: 1"], version)?.keepsAlive == keepsAlive)
    }

    @Test("what lasts until the close can't be followed by anything, whatever it says")
    func untilClose() {
        #expect(checked(200, ["Connection: keep-alive"])?.keepsAlive == false)
        #expect(checked(200, ["Connection: keep-alive"], .http10)?.keepsAlive == false)
    }

    @Test(
        "Retry-After: seconds, at most an hour; anything else is as if it hadn't come",
        arguments: [
            ("0", 0.0), ("1", 1), ("120", 120), ("3600", 3600), ("86400", 3600), ("999999999999999999", 3600),
            ("1.5", nil), ("-1", nil), ("", nil), ("soon", nil), ("Wed, 21 Oct 2015 07:28:00 GMT", nil)
        ] as [(String, Double?)])
    func retryAfter(value: String, seconds: Double?) {
        let summary = checked(503, ["Content-Length: 0", "Retry-After: \(value)"])?.summary
        #expect(summary?.retryAfter == seconds.map(Interval.seconds))
        #expect(summary?.status == 503)
        #expect(summary?.client == 5)
    }

    @Test("JSON by its type")
    func json() {
        #expect(checked(404, ["Content-Type: application/json; charset=utf-8"])?.summary.isJSON == true)
        #expect(checked(404, ["Content-Type: text/plain"])?.summary.isJSON == false)
        #expect(checked(404, [])?.summary.isJSON == false)
    }

    @Test("interim responses are dropped, but 101 would hand the connection over")
    func interim() {
        let interim = (0..<700).filter { ResponseRules.isInterim(ResponseHead(status: $0)) }
        #expect(interim == (100..<200).filter { $0 != 101 })
    }

    @Test("what was malformed is said")
    func reasons() {
        guard case .failure(let malformed) = check(200, ["Content-Length: 1", "Content-Length: 2"]) else {
            Issue.record("accepted")
            return
        }
        #expect(malformed.reason.contains("Content-Length"))
    }
}
