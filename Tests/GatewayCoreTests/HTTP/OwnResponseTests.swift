// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Bytes of the responses we write ourselves.
@Suite struct OwnResponseTests {
    func render(
        _ response: OwnResponse, isHead: Bool = false, _ version: HTTPVersion = .http11, keepAlive: Bool = true,
        requestID: String? = nil
    ) -> String {
        var output = Array("before".utf8)
        response.render(
            into: &output, isHead: isHead, version: version, keepAlive: keepAlive, date: Array("D".utf8),
            requestID: requestID)
        #expect(output.starts(with: "before".utf8))
        return String(decoding: output.dropFirst(6), as: UTF8.self)
    }

    static let text = OwnResponse(text: "Ollama is running")

    @Test func theWholeResponseIsWritten() {
        #expect(
            render(Self.text, requestID: "r1")
                == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Request-Id: r1\r\nDate: D\r\n"
                + "Content-Length: 17\r\n\r\nOllama is running")
    }

    @Test func aHeadHasTheSameHeadAndNoBody() {
        #expect(render(Self.text, isHead: true) == render(Self.text).replacing("Ollama is running", with: ""))
    }

    @Test(arguments: [
        (HTTPVersion.http11, true, false, ""), (.http11, false, false, "Connection: close\r\n"),
        (.http11, true, true, "Connection: close\r\n"), (.http10, true, false, "Connection: keep-alive\r\n"),
        (.http10, false, false, "Connection: close\r\n"), (.http10, true, true, "Connection: close\r\n")
    ])
    func connectionIsSaidWhereItIsNotTheDefault(
        version: HTTPVersion, keepAlive: Bool, closes: Bool, expected: String
    ) {
        let response = OwnResponse(200, closesConnection: closes)
        let start = version == .http10 ? "HTTP/1.0 200 OK" : "HTTP/1.1 200 OK"
        #expect(
            render(response, version, keepAlive: keepAlive)
                == "\(start)\r\nDate: D\r\nContent-Length: 0\r\n\(expected)\r\n")
        #expect(response.keepsAlive(keepAlive) == (expected.isEmpty || expected.contains("keep-alive")))
    }

    @Test func a204HasNeitherLengthNorBody() {
        #expect(render(OwnResponse(204)) == "HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n")
        #expect(render(OwnResponse(204, body: [65])) == "HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n")
    }

    @Test func nothingOfTheClientsBeginsANewLine() {
        let response = OwnResponse(200, fields: [.init("X-A", "a\r\nEvil: 1\u{0}\u{7F}")])
        let bytes = render(response, requestID: "x\r\n\r\nbody")
        #expect(bytes.contains("X-A: aEvil: 1\r\n") && bytes.contains("X-Request-Id: xbody\r\n"))
        #expect(bytes.split(separator: "\r\n").count == 5)
    }

    @Test func jsonKeepsItsOrder() {
        let response = OwnResponse(json: .object([.init("b", .bool(true)), .init("a", .null)]))
        #expect(response.contentType == "application/json; charset=utf-8" && response.status == 200)
        #expect(response.body == Array(#"{"b":true,"a":null}"#.utf8))
    }

    @Test func aStatusWithoutAPhraseStillHasItsSpace() {
        #expect(render(OwnResponse(599)).hasPrefix("HTTP/1.1 599 \r\n"))
    }

    @Test func everyStatusWeSendHasAPhrase() {
        let statuses = [
            200, 201, 204, 400, 401, 403, 404, 405, 408, 409, 412, 413, 414, 415, 417, 429, 431, 500, 501, 502, 503,
            504, 505, 508
        ]
        #expect(statuses.allSatisfy { !ReasonPhrase.of($0).isEmpty })
        #expect(Set(statuses.map(ReasonPhrase.of)).count == statuses.count)
    }

    @Test(arguments: [
        (Int64(0), "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"), (1_704_067_199, "Sun, 31 Dec 2023 23:59:59 GMT"),
        (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"), (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"), (.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (-1, "Thu, 01 Jan 1970 00:00:00 GMT"), (.min, "Thu, 01 Jan 1970 00:00:00 GMT")
    ])
    func datesAreIMFFixdates(seconds: Int64, expected: String) {
        #expect(String(decoding: HTTPDate.bytes(unixSeconds: seconds), as: UTF8.self) == expected)
        #expect(HTTPDate.bytes(unixSeconds: seconds).count == HTTPDate.length)
    }

    /// Every day of 130 years, against counting: weekday, day, month and year advance one by one.
    @Test func everyDayFollowsTheOneBefore() {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        var (year, month, day) = (1970, 0, 1)
        for count in 0..<47482 {
            let text = String(decoding: HTTPDate.bytes(unixSeconds: Int64(count) * 86400 + 86399), as: UTF8.self)
            let expected = "\(weekdays[count % 7]), \(day < 10 ? "0" : "")\(day) \(months[month]) \(year) 23:59:59 GMT"
            guard text == expected else {
                Issue.record("\(text) instead of \(expected)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            day += 1
            if day > lengths[month] + (month == 1 && isLeap ? 1 : 0) { (month, day) = (month + 1, 1) }
            if month == 12 { (year, month) = (year + 1, 0) }
        }
    }
}
