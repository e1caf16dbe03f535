// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@Suite struct HTTPParserResponseTests {
    private static let messages = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"
    ]

    @Test(arguments: messages)
    func saysTheSameHoweverTheBytesAreCut(message: String) throws {
        let loop = try Loop()
        let whole = ParserDriver(.response, loop)
        whole.feed(message)
        #expect(whole.failure == nil)
        #expect(whole.log.count == 2)
        let bytes = Array(message.utf8)
        for cut in 1..<bytes.count {
            let inTwo = ParserDriver(.response, loop)
            inTwo.feed(bytes[..<cut])
            inTwo.feed(bytes[cut...])
            #expect(inTwo.log == whole.log, "cut at \(cut)")
        }
    }

    /// llhttp takes CR CR, too. Found by scripts/fuzz.
    @Test(arguments: ["200 OK", "200", "200 "])
    func aStatusLineEndsInCRAndLF(status: String) throws {
        let bytes = Array("HTTP/1.1 \(status)\r\rContent-Length: 0\r\n\r\n".utf8)
        for cut in 0..<bytes.count {
            let driver = ParserDriver(.response, try Loop())
            driver.feed(bytes[..<cut])
            driver.feed(bytes[cut...])
            #expect(driver.log == ["failed"], "cut at \(cut)")
        }
        let second = ParserDriver(.response, try Loop())
        second.feed((Array(Self.messages[0].utf8) + bytes)[...])
        #expect(second.log.last == "failed")
    }

    @Test func interimResponsesComeBeforeTheFinalOne() throws {
        let driver = ParserDriver(.response, try Loop())
        driver.feed(Self.messages[5] + "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + Self.messages[0])
        #expect(driver.log.map { $0.prefix(3) } == ["100", "end", "103", "end", "200", "end"])
    }

    @Test func theAnswerToAHeadHasNoBodyWhateverItSays() throws {
        for head in ["Content-Length: 500", "Transfer-Encoding: chunked", "X: y"] {
            let driver = ParserDriver(.response, try Loop())
            driver.parser.expectResponse(withoutBody: true)
            driver.feed("HTTP/1.1 200 OK\r\n\(head)\r\n\r\n")
            #expect(driver.log.last == "end ", "\(head)")
            driver.parser.expectResponse(withoutBody: false)
            driver.feed(Self.messages[0])
            #expect(driver.log.last == "end hello", "\(head)")
        }
    }

    @Test func aBodyMayLastUntilTheConnectionEnds() throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
        for body in ["", "x", "some more"] {
            let driver = ParserDriver(.response, try Loop())
            driver.feed(head + body)
            #expect(driver.log.count == 1, "it may go on")
            let isWhole = driver.finish()
            #expect(isWhole)
            #expect(driver.log.last == "end by close \(body)")
        }
    }

    @Test func anEndRightBehindTheHeadIsUnderstoodWithoutAnotherCall() throws {
        let parser = HTTPParser(
            .response, limits: .init(headBytes: 1000, fields: 10), settings: try Loop().parserSettings)
        var consumed = 0
        let outcome = Array("HTTP/1.1 200 OK\r\n\r\n".utf8).withUnsafeBytes { parser.execute($0, consumed: &consumed) }
        #expect(outcome == .head)
        let isWhole = parser.finish()
        #expect(isWhole)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", "HTTP/1.1 200 OK\r\nContent-Le", "HT",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    ])
    func aBodyCutShortIsNoEnd(message: String) throws {
        let driver = ParserDriver(.response, try Loop())
        driver.feed(message)
        let isWhole = driver.finish()
        #expect(!isWhole)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 2 OK\r\n\r\n",
        "HTTP/1.1 200 OK\nA: b\n\n", "HTTP/3.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokJUNK"
    ])
    func malformedResponsesFail(message: String) throws {
        let driver = ParserDriver(.response, try Loop())
        driver.feed(message)
        #expect(driver.failure != nil)
    }

    @Test func switchingProtocolsDoesNotLeaveHTTP() throws {
        let driver = ParserDriver(.response, try Loop())
        driver.feed("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw bytes")
        #expect(driver.log.first?.hasPrefix("101") == true)
        #expect(driver.failure != nil, "what follows is never taken for a response")
    }
}
