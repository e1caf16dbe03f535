// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

/// Nothing that a peer sends may grow without a bound, whether it comes in one read or in a thousand.
@Suite struct HTTPParserLimitTests {
    private static func padded(_ count: Int) -> String { String(repeating: "a", count: count) }

    private func feed(_ message: String, by size: Int, headBytes: Int = 1000, fields: Int = 10) throws -> ParserDriver {
        let driver = ParserDriver(.request, try Loop(), headBytes: headBytes, fields: fields)
        let bytes = Array(message.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            driver.feed(bytes[start..<min(bytes.count, start + size)])
        }
        return driver
    }

    @Test(arguments: [1, 7, 100_000])
    func aHeadOfTheAllowedSizePassesAndOneMoreByteFails(size: Int) throws {
        let frame = "GET / HTTP/1.1\r\nA: \r\n\r\n"
        let fits = frame.replacing("A: ", with: "A: " + Self.padded(1000 - frame.utf8.count))
        #expect(fits.utf8.count == 1000)
        #expect(try feed(fits, by: size).failure == nil)
        let tooLarge = fits.replacing("A: ", with: "A: a")
        #expect(try feed(tooLarge, by: size).failure == .headTooLarge)
    }

    @Test(arguments: [1, 100, 100_000])
    func targetsAndFieldCountsAreBounded(size: Int) throws {
        #expect(
            try feed("GET /\(Self.padded(2000)) HTTP/1.1\r\n\r\n", by: size).failure.map {
                $0 == .targetTooLarge || $0 == .headTooLarge
            } == true)
        let fields = { (count: Int) in
            "GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: count) + "\r\n"
        }
        #expect(try feed(fields(10), by: size).failure == nil)
        #expect(try feed(fields(11), by: size).failure == .tooManyFields)
    }

    @Test func emptyLinesBeforeARequestAreBounded() throws {
        #expect(try feed(String(repeating: "\r\n", count: 600), by: 2).failure == .headTooLarge)
    }

    @Test(arguments: [1, 64, 100_000])
    func chunkExtensionsAreBounded(size: Int) throws {
        let start = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        let extensions = String(repeating: "1;\(Self.padded(100))=b\r\nx\r\n", count: 20)
        #expect(try feed(start + extensions, by: size).failure == .headTooLarge)
    }

    @Test(arguments: [1, 64, 100_000])
    func trailersAreBoundedAndNeverBecomeFields(size: Int) throws {
        let start = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        let fits = try feed(start + "Host: evil\r\nB: c\r\n\r\n", by: size)
        #expect(fits.failure == nil)
        #expect(fits.parser.requestHead.headers.count == 1)
        #expect(
            try feed(start + String(repeating: "B: \(Self.padded(100))\r\n", count: 20), by: size).failure
                == .headTooLarge)
    }

    @Test func theLimitsCountPerMessage() throws {
        let message = "POST / HTTP/1.1\r\nA: \(Self.padded(700))\r\nContent-Length: 3000\r\n\r\n" + Self.padded(3000)
        let driver = try feed(String(repeating: message, count: 5), by: 501)
        #expect(driver.failure == nil)
        #expect(driver.log.count == 10)
    }
}
