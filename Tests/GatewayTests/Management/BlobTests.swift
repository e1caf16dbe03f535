// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Blobs go to every runner in one pass while they are read, and models are made of them where they are.
@Suite(.serialized) struct BlobTests {
    static let prefix = "/docker-model-runner"
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    static func digest(_ bytes: [UInt8]) -> String {
        let sum = bytes.withUnsafeBytes { Cryptography.sha256($0) }
        return "sha256:" + sum.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static let content = Array("weights of a small model".utf8)

    /// An upload in one piece with its length.
    private func upload(_ client: RawClient, _ content: [UInt8], surface: String = "", fields: String = "") {
        client.send(
            "POST \(surface)/api/blobs/\(Self.digest(content)) HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Length: \(content.count)\r\n\(fields)\r\n")
        client.send(content)
    }

    private func blobs(_ site: TwoRunners) -> [Set<String>] { site.runners.map(\.options.library.blobs) }

    // MARK: Uploads

    @Test(arguments: ["", prefix])
    func anUploadReachesEveryRunner(surface: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        upload(client, Self.content, surface: surface)
        client.readResponses()
        #expect(client.last?.status == 201)
        #expect(blobs(site) == [[Self.digest(Self.content)], [Self.digest(Self.content)]])
        site.expectUsable(client, after: 1)
        // A second time it is there already.
        let again = try site.client()
        upload(again, Self.content, surface: surface)
        again.readResponses()
        #expect(again.last?.status == 200)
    }

    @Test func aChunkedUploadStaysChunkedHoweverItIsCut() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let client = try site.client()
        client.send(
            "POST /api/blobs/\(Self.digest(content)) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in stride(from: 0, to: content.count, by: 50_000) {
            client.send(Array("c350\r\n".utf8) + content[start..<(start + 50_000)] + Array("\r\n".utf8))
        }
        client.send("0\r\n\r\n")
        client.readResponses()
        #expect(client.last?.status == 201)
        #expect(blobs(site).allSatisfy { $0 == [Self.digest(content)] })
        for runner in site.runners {
            let record = try #require(runner.records.last { $0.requestLine.hasPrefix("POST") })
            #expect(record.values("transfer-encoding") == ["chunked"])
            #expect(record.body == content)
        }
    }

    @Test func aClientThatAsksFirstIsToldToGoOn() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(
            "POST /api/blobs/\(Self.digest(Self.content)) HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                + "Content-Length: \(Self.content.count)\r\n\r\n")
        client.readUntil { client.text.contains("100 Continue") }
        client.send(Self.content)
        client.readResponses()
        #expect(client.last?.status == 201)
    }

    @Test func anEmptyBlobIsOne() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send("POST /api/blobs/\(Self.digest([])) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.readResponses()
        #expect(client.last?.status == 201)
        site.expectUsable(client, after: 1)
    }

    @Test func aWrongDigestIsRefusedByAllInTheirWords() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let wrong = "sha256:" + String(repeating: "0", count: 64)
        let answer = try site.answer("POST", "/api/blobs/\(wrong)", "abc")
        #expect(answer.status == 400)
        #expect(answer.json?["error"]?.string?.hasPrefix("digest mismatch") == true)
        #expect(
            try site.answer("POST", "/api/blobs/sha256:12", "abc").json?["error"]?.string == "invalid digest format")
        #expect(try site.answer("HEAD", "/api/blobs/sha256:12").status == 400)
    }

    // MARK: Pace

    @Test func theSlowestSetsThePaceAndNothingPilesUp() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[1].options.library.stallsUploads = true
        let content = [UInt8](repeating: 0x61, count: 24 << 20)
        let client = try site.client()
        upload(client, content)
        let gateway = site.under.gateway
        loop.run(until: { gateway.uploadBytesHeld > 0 }, "the stalled runner's socket to fill")
        loop.run(for: .milliseconds(100))
        // One read's worth for each runner, whatever the length; the rest is still the client's.
        #expect(gateway.uploadBytesHeld <= 2 * (Loop.readBufferBytes + 32))
        #expect(client.heldBytes > 8 << 20)
        #expect(site.bodyBytesHeld == 0)
        site.runners[1].resumeUploads()
        client.readResponses()
        #expect(client.last?.status == 201)
        #expect(blobs(site).allSatisfy { $0 == [Self.digest(content)] })
    }

    @Test func aRunnerThatTakesNothingIsGivenUpAndNamed() throws {
        let site = try TwoRunners(loop) { $0.timeouts.clientWrite = .milliseconds(200) }
        defer { site.stop() }
        site.runners[1].options.library.stallsUploads = true
        let content = [UInt8](repeating: 0x61, count: 24 << 20)
        let client = try site.client()
        upload(client, content)
        client.readResponses()
        #expect(client.last?.status == 500)
        #expect(client.last?.json?["runners"]?.array?.map { $0["status"]?.int } == [201, 500])
        #expect(blobs(site)[0] == [Self.digest(content)])
    }

    // MARK: Runners that leave early

    @Test func oneThatHasItAlreadyEndsItsCopyOnly() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let content = [UInt8](repeating: 0x62, count: 8 << 20)
        site.runners[0].options.library.blobs = [Self.digest(content)]
        let client = try site.client()
        upload(client, content)
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(client.last?.runner == 0)
        #expect(blobs(site)[1] == [Self.digest(content)])
    }

    @Test(arguments: [200, 400])
    func whenAllHaveAnsweredTheClientIsToldAtOnce(status: Int) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        for runner in site.runners { runner.options.library.answersUploadsWith = status }
        let client = try site.client()
        // The rest never comes.
        client.send(
            "POST /api/blobs/\(Self.digest(Self.content)) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\nab"
        )
        client.readResponses()
        #expect(client.last?.status == status)
        #expect(client.last?.header("connection") == "close")
        client.readToEnd()
    }

    @Test func oneThatFailsDropsOutAndIsReportedAtTheEnd() throws {
        let good = try SimulatedRunner(loop: loop, options: .instant(models: [SimulatedModel("demo")]))
        let bad = try ScriptedRunner(loop, script: { _ in [.waitForRelease, .reset] })
        let under = try GatewayUnderTest(loop, [good, bad])
        defer { under.stop() }
        let client = try under.client()
        let half = Self.content.count / 2
        client.send(
            "POST /api/blobs/\(Self.digest(Self.content)) HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Length: \(Self.content.count)\r\n\r\n")
        client.send(Array(Self.content[..<half]))
        loop.run(until: { bad.connections.first?.requests.first?.body.count == half }, "half of it at the bad one")
        bad.release()
        loop.run(until: { bad.openConnections <= 1 }, "the reset")
        client.send(Array(Self.content[half...]))
        client.readResponses()
        #expect(client.last?.status == 502)
        #expect(client.last?.json?["runners"]?.array?.map { $0["status"]?.int } == [201, 502])
        #expect(good.options.library.blobs == [Self.digest(Self.content)])
    }

    @Test func whoIsAwayAtTheStartIsSkippedAndNamed() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[0].close()
        let client = try site.client()
        upload(client, Self.content)
        client.readResponses()
        #expect(client.last?.status == 201)
        #expect(client.last?.json?["runners"]?.array?.map { $0["status"]?.int } == [502, 201])
    }

    @Test func aClientThatLeavesInTheMiddleCancelsAll() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(
            "POST /api/blobs/\(Self.digest(Self.content)) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\nab"
        )
        loop.run(until: { site.runners.allSatisfy { $0.openConnections == 2 } }, "both uploads")
        client.close()
        loop.run(until: { site.runners.allSatisfy { $0.openConnections <= 1 } }, "both cancelled")
        #expect(blobs(site) == [[], []])
    }

    @Test func aBodyThatStopsComingIsA408AndCancelsAll() throws {
        let site = try TwoRunners(loop) { $0.timeouts.clientBody = .milliseconds(200) }
        defer { site.stop() }
        let client = try site.client()
        client.send(
            "POST /api/blobs/\(Self.digest(Self.content)) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\nab"
        )
        client.readToEnd()
        #expect(client.last?.status == 408)
        loop.run(until: { site.runners.allSatisfy { $0.openConnections <= 1 } }, "both cancelled")
    }

    @Test func aBrokenChunkIsA400AndCancelsAll() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(
            "POST /api/blobs/\(Self.digest(Self.content)) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "2\r\nab\r\n")
        loop.run(until: { site.runners.allSatisfy { $0.openConnections == 2 } }, "both uploads")
        client.send("zz\r\n")
        client.readToEnd()
        #expect(client.last?.status == 400)
        loop.run(until: { site.runners.allSatisfy { $0.openConnections <= 1 } }, "both cancelled")
        #expect(blobs(site) == [[], []])
    }

    @Test func aBlobOverTheLimitIsA413BeforeAnyRunnerHearsOfIt() throws {
        let site = try TwoRunners(loop) { $0.limits.blobBytes = Self.content.count - 1 }
        defer { site.stop() }
        let client = try site.client()
        upload(client, Self.content)
        client.readToEnd()
        #expect(client.last?.status == 413)
        #expect(client.text.contains("limits.blob_bytes"))
        #expect(site.runners.allSatisfy { !$0.records.contains { $0.requestLine.hasPrefix("POST") } })
    }

    @Test(arguments: [(0, 413), (1, 201)])
    func aBlobWithoutALengthIsCutWhereItPassesTheLimit(room: Int, status: Int) throws {
        let content = [UInt8](repeating: 7, count: 100_000)
        let site = try TwoRunners(loop) { $0.limits.blobBytes = content.count - 1 + room }
        defer { site.stop() }
        let client = try site.client()
        client.send(
            "POST /api/blobs/\(Self.digest(content)) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send(Array("186a0\r\n".utf8) + content + Array("\r\n0\r\n\r\n".utf8))
        client.readResponses()
        #expect(client.last?.status == status)
        loop.run(until: { site.runners.allSatisfy { $0.openConnections <= 1 } }, "both uploads are over")
        #expect(blobs(site).allSatisfy { $0.isEmpty == (status == 413) })
    }

    // MARK: Asking for them

    @Test func aBlobIsThereIfAllHaveIt() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let path = "/api/blobs/\(Self.digest(Self.content))"
        #expect(try site.answer("HEAD", path).status == 404)
        site.runners[0].options.library.blobs = [Self.digest(Self.content)]
        #expect(try site.answer("HEAD", path).status == 404)
        site.runners[1].options.library.blobs = [Self.digest(Self.content)]
        let there = try site.answer("HEAD", path)
        #expect(there.status == 200)
        #expect(there.body.isEmpty)
    }

    // MARK: Create

    private func createBody(_ more: String = "") -> String {
        #"{"model":"mine","files":{"a.gguf":"\#(Self.digest(Self.content))"}\#(more)}"#
    }

    @Test func aModelIsCreatedWhereAllItsBlobsAre() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        site.runners[1].options.library.blobs = [Self.digest(Self.content)]
        let answer = try site.answer("POST", "/api/create", createBody())
        #expect(answer.lines.last == #"{"status":"success"}"#)
        #expect(answer.runner == 1)
        #expect(!site.runners[0].options.models.contains { $0.name == "mine:latest" })
        #expect(try site.answer("GET", "/api/tags").modelNames?.contains("mine:latest") == true)
    }

    @Test func uploadedToAllItIsCreatedOnAll() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        upload(client, Self.content)
        client.readResponses()
        let answer = try site.answer("POST", "/api/create", createBody())
        #expect(answer.lines.last == #"{"status":"success"}"#)
        #expect(answer.lines.filter { $0.contains("writing manifest") }.count == 1)
        #expect(site.runners.allSatisfy { $0.options.models.contains { $0.name == "mine:latest" } })
        let whole = try site.answer("POST", "/api/create", createBody(#","stream":false"#))
        #expect(whole.status == 200)
        #expect(whole.body == #"{"status":"success"}"#)
    }

    @Test(arguments: ["", prefix])
    func withoutItsBlobsNothingIsCreated(surface: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let answer = try site.answer("POST", surface + "/api/create", createBody())
        #expect(answer.status == 500)
        #expect(answer.json?["error"]?.string?.contains("blobs") == true)
        #expect(site.bodyBytesHeld == 0)
    }

    @Test func aModelIsCreatedWhereItsFromIs() throws {
        let site = try TwoRunners(loop) { $0.runners[1].prefixID = "gpu1" }
        defer { site.stop() }
        let answer = try site.answer(
            "POST", "/api/create", #"{"model":"gpu1.mine","from":"gpu1.second:7b","system":"x"}"#)
        #expect(answer.lines.last == #"{"status":"success"}"#)
        #expect(site.runners[1].options.models.contains { $0.name == "mine:latest" })
        let sent = site.runners[1].records.last { $0.requestLine.contains("create") }?.body ?? []
        #expect(String(decoding: sent, as: UTF8.self) == #"{"model":"mine","from":"Second:7b","system":"x"}"#)
        let none = try site.answer("POST", "/api/create", #"{"model":"mine"}"#)
        #expect(none.status == 400)
        #expect(none.json?["error"]?.string == "neither 'from' or 'files' was specified")
    }

    @Test func aClientThatLeavesWhileBlobsAreSoughtCancelsThat() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest])
        let under = try GatewayUnderTest(loop, [runner])
        defer { under.stop() }
        let client = try under.client()
        client.post("/api/create", createBody())
        loop.run(until: { runner.connections.first?.requests.first?.isComplete == true })
        #expect(runner.connections[0].requests[0].line == "HEAD /api/blobs/\(Self.digest(Self.content))")
        client.close()
        loop.run(until: { runner.connections[0].isGone }, "the search cancelled")
    }
}
