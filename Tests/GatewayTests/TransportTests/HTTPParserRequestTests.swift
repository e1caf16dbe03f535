// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@Suite struct HTTPParserRequestTests {
    private static let messages = [
        "GET /api/tags?x=1 HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nAccept:  */* \r\n\r\n",
        "POST /api/chat HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world",
        "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;ext=\"v\"\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: t\r\n\r\n",
        "POST /old HTTP/1.0\r\nContent-Length: 0\r\n\r\n", "DELETE /api/delete HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        "\r\n\r\nGET /after-empty-lines HTTP/1.1\r\nHost: a\r\n\r\n"
    ]

    @Test(arguments: messages)
    func saysTheSameHoweverTheBytesAreCut(message: String) throws {
        let loop = try Loop()
        let whole = ParserDriver(.request, loop)
        whole.feed(message)
        #expect(whole.failure == nil)
        #expect(whole.log.count == 2)
        #expect(whole.parser.isBetweenMessages)
        let bytes = Array(message.utf8)
        for cut in 1..<bytes.count {
            let inTwo = ParserDriver(.request, loop)
            inTwo.feed(bytes[..<cut])
            inTwo.feed(bytes[cut...])
            #expect(inTwo.log == whole.log, "cut at \(cut)")
        }
        let byByte = ParserDriver(.request, loop)
        for place in bytes.indices { byByte.feed(bytes[place...place]) }
        #expect(byByte.log == whole.log)
    }

    @Test func pipelinedRequestsComeOneByOneWithTheirOwnBodies() throws {
        let driver = ParserDriver(.request, try Loop())
        driver.feed(Self.messages[1] + Self.messages[2] + Self.messages[0])
        #expect(driver.log.count == 6)
        #expect(driver.log[1] == "end hello world")
        #expect(driver.log[3] == "end hello!")
        #expect(driver.log[4] == "GET /api/tags?x=1 http11 [Host=a] [X-Empty=] [Accept=*/*]")
        #expect(driver.parser.isBetweenMessages)
    }

    @Test(arguments: [
        "GET /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
        "POST /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"
    ])
    func upgradeAndConnectLeaveHTTPInPlace(message: String) throws {
        let driver = ParserDriver(.request, try Loop())
        driver.feed(message + Self.messages[0])
        #expect(driver.failure == nil)
        #expect(driver.log.count == 4)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", "bare LF"), ("GET / HTTP/1.1\r\nA : b\r\n\r\n", "space before colon"),
        ("GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", "folded"), ("GET / HTTP/1.1\r\nA: \u{0}\r\n\r\n", "NUL"),
        ("GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", "bare CR"),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", "two lengths"),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "length and coding"),
        ("POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx", "signed length"),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\nx", "huge length"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "chunked not last"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "no chunk size"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "chunk too long"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "huge chunk"),
        ("\u{1}\u{2}\u{3}", "no method"),
        (": / HTTP/1.1\r\n\r\n", "no token")
    ])
    func whatIsNotStrictHTTPIsMalformed(message: String, what: String) throws {
        let driver = ParserDriver(.request, try Loop())
        driver.feed(message)
        guard case .malformed(let words) = driver.failure else {
            Issue.record("\(what): \(driver.log) \(String(describing: driver.failure))")
            return
        }
        #expect(!words.isEmpty)
        #expect(driver.failure?.asClientError.status == 400)
        #expect(driver.failure?.asClientError.closesConnection == true)
    }

    @Test(arguments: [
        ("BREW /pot HTTP/1.1\r\n\r\n", ParseFailure.unknownMethod, 501),
        ("GET / HTTP/2.0\r\n\r\n", .unsupportedVersion, 505), ("GET /\r\n\r\n", .unsupportedVersion, 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion, 505)
    ])
    func othersAreNamedForWhatTheyAre(message: String, failure: ParseFailure, status: Int) throws {
        let driver = ParserDriver(.request, try Loop())
        driver.feed(message)
        #expect(driver.failure == failure)
        #expect(driver.failure?.asClientError.status == status)
    }

    @Test func aTLSHelloIsRecognised() throws {
        let driver = ParserDriver(.request, try Loop())
        driver.feed([0x16, 0x03, 0x01, 0x02, 0x00][...])
        #expect(driver.failure?.asClientError.sentence.contains("TLS") == true)
    }
}
