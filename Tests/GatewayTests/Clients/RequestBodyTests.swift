// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// How a body may arrive: counted or chunked, in any pieces, behind `100 Continue` or not. The runner gets the same
/// bytes every time.
@Suite(.serialized) struct RequestBodyTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    private func head(_ fields: String, _ target: String = "/api/chat") -> String {
        "POST \(target) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n"
    }

    /// Turns the loop until what was sent has been read.
    private func sendAlone(_ bytes: some Sequence<UInt8>, _ client: RawClient) {
        client.send(Array(bytes))
        for _ in 0..<3 { loop.turn(wait: false) }
    }

    @Test func aChunkedRequestMayBeCutAtEveryByte() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let body = #"{"model":"shared:1b","stream":false,"messages":[{}]}"#
        let (first, second) = (body.prefix(20), body.dropFirst(20))
        let text =
            head("Transfer-Encoding: chunked\r\n")
            + "14;a=b\r\n\(first)\r\n\(String(second.count, radix: 16).uppercased())\r\n\(second)\r\n0\r\nX-T: 1\r\n\r\n"
        let bytes = Array(text.utf8)
        let client = try site.client()
        client.readUntil("the connection") { client.isConnected }
        for cut in 1..<bytes.count {
            sendAlone(bytes[..<cut], client)
            client.send(Array(bytes[cut...]))
            client.readResponses(cut)
        }
        #expect(client.responses.count == bytes.count - 1)
        #expect(client.responses.allSatisfy { $0.status == 200 })
        let requests = site.proxied
        #expect(requests.allSatisfy { $0.body == Array(body.utf8) })
        // As it came: chunked, without its trailer.
        #expect(requests.allSatisfy { $0.values("transfer-encoding") == ["chunked"] && $0.values("x-t").isEmpty })
    }

    @Test(arguments: [1, 7, 64])
    func aCountedBodyMayComeInPieces(size: Int) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.readUntil("the connection") { client.isConnected }
        let body = Array(Body.chat.utf8)
        sendAlone(head("Content-Length: \(body.count)\r\n").utf8, client)
        for start in stride(from: 0, to: body.count, by: size) {
            #expect(client.responses.isEmpty)
            sendAlone(body[start..<min(start + size, body.count)], client)
        }
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(site.proxied.map(\.body) == [body])
    }

    @Test func aLargeBodyArrivesWhole() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let filler = String(repeating: "0123456789abcdef", count: 1 << 17)
        for framing in ["Content-Length", "Transfer-Encoding"] {
            let body = Body.chat.replacing("hello", with: filler)
            let client = try site.client()
            if framing == "Content-Length" {
                client.post("/api/chat", body)
            } else {
                client.send(head("Transfer-Encoding: chunked\r\n"))
                client.send("\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n")
            }
            client.readResponses()
            #expect(client.last?.status == 200)
            #expect(site.proxied.last?.body.count == body.utf8.count)
            #expect(site.proxied.last?.body == Array(body.utf8))
        }
        #expect(site.bodyBytesHeld == 0)
    }

    // MARK: 100 Continue

    @Test func continueIsSaidBeforeTheBodyIsSent() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(head("Content-Length: \(Body.chat.utf8.count)\r\nExpect: 100-Continue\r\n"))
        client.readUntil("100 Continue") { client.text.hasSuffix("\r\n\r\n") }
        #expect(client.text == "HTTP/1.1 100 Continue\r\n\r\n")
        client.send(Body.chat)
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(site.proxied.first?.values("expect") == [])
        site.expectUsable(client, after: 1)
    }

    @Test func continueWorksForChunkedBodiesToo() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(head("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"))
        client.readUntil("100 Continue") { client.text.contains("\r\n\r\n") }
        client.send("\(String(Body.chat.utf8.count, radix: 16))\r\n\(Body.chat)\r\n0\r\n\r\n")
        client.readResponses()
        #expect(client.last?.status == 200)
    }

    @Test(arguments: [
        ("/nowhere", "", 404), ("/api/tags", "", 405), ("/docker-model-runner/nowhere", "", 404),
        ("/api/chat", "Authorization: Bearer dmr_wrong\r\n", 401), ("/api/chat", "Origin: http://foreign\r\n", 403)
    ])
    func aRefusedRequestGetsItsAnswerInsteadOfContinue(target: String, fields: String, status: Int) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(head("Content-Length: 30\r\nExpect: 100-continue\r\n" + fields, target))
        client.readToEnd()
        #expect(!client.text.contains("100 Continue"))
        #expect(client.responses.map(\.status) == [status])
        #expect(client.last?.header("connection") == "close")
        #expect(site.proxied.isEmpty)
    }

    @Test func aBodyTooLargeByItsLengthIsRefusedInsteadOfContinue() throws {
        let site = try TwoRunners(loop) { $0.limits.jsonBodyBytes = 1000 }
        defer { site.stop() }
        let client = try site.client()
        client.send(head("Content-Length: 1001\r\nExpect: 100-continue\r\n"))
        client.readToEnd()
        #expect(client.responses.map(\.status) == [413])
        #expect(!client.text.contains("100 Continue"))
    }

    @Test func withoutABodyThereIsNothingToContinueWith() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.get("/api/version", "Expect: 100-continue\r\n")
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(!client.text.contains("100 Continue"))
        site.expectUsable(client, after: 1)
    }

    // MARK: Bodies nobody asked for

    @Test(arguments: ["GET", "HEAD"], ["/api/tags", "/nowhere"])
    func aBodyOnAGetIsReadAndDropped(method: String, target: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        // What a server that forgot the body would take for 1600 requests.
        let body = String(repeating: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 1600)
        client.send("\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
        client.send(body)
        client.readResponses()
        #expect(client.last?.status == (target == "/nowhere" ? 404 : 200))
        site.expectUsable(client, after: 1)
    }

    @Test(arguments: [
        "Transfer-Encoding: chunked\r\n", "Content-Length: 70000\r\n", "Content-Length: 5\r\nExpect: 100-continue\r\n"
    ])
    func anUnwantedBodyThatIsNotReadCostsTheConnectionAndNotTheAnswer(fields: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        for (target, status) in [("/api/tags", 200), ("/v1/models/nobody", 404), ("/nowhere", 404)] {
            let client = try site.client()
            client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
            client.readToEnd()
            #expect(client.responses.map(\.status) == [status], "\(target)")
            #expect(client.last?.header("connection") == "close")
        }
    }

    @Test func anEmptyChunkedBodyIsAMissingBody() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(head("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n")
        client.readResponses()
        #expect(client.last?.status == 400)
        #expect(client.last?.json?["error"]?.string == "missing request body")
        site.expectUsable(client, after: 1)
    }
}
