// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// `/v1/audio/transcriptions` with forms that are held whole: the model is found wherever its field stands.
@Suite(.serialized) struct TranscriptionTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    static let audio = Form.audio(40_000)
    static let form = Form().field("model", "shared:1b").file(audio).ended

    @Test(arguments: ["", "/docker-model-runner"])
    func theModelsFieldMayStandAnywhere(base: String) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let forms = [
            Self.form, Form().file(Self.audio).field("model", "shared:1b").ended,
            Form().field("language", "de").file(Self.audio).field("model", "SHARED:1b").field("prompt", "x").ended
        ]
        let client = try site.client()
        for (place, form) in forms.enumerated() {
            client.transcribe(form, base: base)
            client.readResponses(place + 1)
            #expect(client.last?.status == 200)
            #expect(client.last?.contentType == "application/json; charset=utf-8")
            #expect(client.last?.json?["text"]?.string?.isEmpty == false)
        }
        #expect(site.proxied.map(\.body) == forms)
        #expect(site.proxied.allSatisfy { $0.requestLine == "POST /v1/audio/transcriptions HTTP/1.1" })
        #expect(site.proxied.first?.values("content-type") == ["multipart/form-data; boundary=\(Form.boundary)"])
        #expect(site.bodyBytesHeld == 0)
    }

    @Test func theRunnersTypeOfAnswerIsPassedOn() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.transcribe(Form().field("response_format", "text").field("model", "shared:1b").file([1, 2]).ended)
        client.readResponses()
        #expect(client.last?.contentType == "text/plain")
        #expect(client.last?.body.isEmpty == false)
        site.expectUsable(client, after: 1)
    }

    @Test func chunkedAndInPiecesOfAnySize() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let form = Form().file(Array(Self.audio.prefix(300))).field("model", "Second:7b").ended
        for size in [1, 7, 100] {
            let client = try site.client()
            client.send(RawClient.transcriptionHead("Transfer-Encoding: chunked\r\n"))
            for start in stride(from: 0, to: form.count, by: size) {
                let piece = Array(form[start...].prefix(size))
                client.send("\(String(piece.count, radix: 16))\r\n")
                client.send(piece)
                client.send("\r\n")
                loop.turn(wait: false)
            }
            client.send("0\r\n\r\n")
            client.readResponses()
            #expect(client.last?.status == 200)
            #expect(client.last?.runner == 1)
        }
        #expect(site.proxied.map(\.body) == [form, form, form])
    }

    @Test func aPrefixedNameIsSpliced() throws {
        let site = try TwoRunners(loop) { $0.runners[1].prefixID = "gpu" }
        defer { site.stop() }
        let client = try site.client()
        client.transcribe(
            Form().field("prompt", "gpu.Second:7b").file(Self.audio).field("model", "gpu.Second:7b").ended)
        client.readResponses()
        #expect(client.last?.status == 200)
        let expected = Form().field("prompt", "gpu.Second:7b").file(Self.audio).field("model", "Second:7b").ended
        #expect(site.proxied.first?.body == expected)
        #expect(site.proxied.first?.values("content-length") == [String(expected.count)])
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var form: [UInt8]
        var status = 400
        var says: String
    }

    static let refusals = [
        Refusal(testDescription: "no model", form: Form().file(audio).ended, says: "model is required"),
        Refusal(testDescription: "an empty one", form: Form().field("model", " ").ended, says: "model is required"),
        Refusal(testDescription: "an empty form", form: Form().ended, says: "model is required"),
        Refusal(testDescription: "no body", form: [], says: "model is required"),
        Refusal(
            testDescription: "two models", form: Form().field("model", "a").file([1]).field("model", "a").ended,
            says: "failed to parse multipart form: "),
        Refusal(
            testDescription: "no end", form: Form().field("model", "shared:1b").bytes,
            says: "failed to parse multipart form: "),
        Refusal(testDescription: "JSON", form: Array(Body.chat.utf8), says: "failed to parse multipart form: "),
        Refusal(
            testDescription: "unknown", form: Form().field("model", "Nobody").ended, status: 404,
            says: "model 'Nobody' not found"),
        Refusal(
            testDescription: "no name", form: Form().field("model", "a//b").ended, says: "invalid model name")
    ]

    @Test(arguments: refusals)
    func whatIsWrongIsSaidAndTheConnectionGoesOn(_ refusal: Refusal) throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.transcribe(refusal.form)
        client.readResponses()
        #expect(client.last?.status == refusal.status)
        #expect(client.last?.json?["error"]?["message"]?.string?.hasPrefix(refusal.says) == true)
        client.transcribe(refusal.form, base: "/docker-model-runner")
        client.readResponses(2)
        #expect(client.last?.status == 400)
        #expect(client.last?.json?["detail"]?.string?.hasPrefix(refusal.says) == true)
        site.expectUsable(client, after: 2)
        #expect(site.proxied.isEmpty)
        #expect(site.bodyBytesHeld == 0)
    }

    @Test func continueIsSaidBeforeTheFormIsSent() throws {
        let site = try TwoRunners(loop)
        defer { site.stop() }
        let client = try site.client()
        client.send(RawClient.transcriptionHead("Content-Length: \(Self.form.count)\r\nExpect: 100-continue\r\n"))
        client.readUntil("100 Continue") { client.text.hasSuffix("\r\n\r\n") }
        client.send(Self.form)
        client.readResponses()
        #expect(client.last?.status == 200)
    }

    @Test func aSmallFormMovesAsJSONDoes() throws {
        let sick = try ScriptedRunner(loop, models: ["shared:1b"], always: [.waitForRequest, .reset])
        let well = try SimulatedRunner(loop: loop, options: .instant(models: [SimulatedModel("shared:1b")]))
        let gateway = try GatewayUnderTest(loop, [sick, well])
        defer { gateway.stop() }
        let client = try gateway.client()
        client.transcribe(Self.form)
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(client.last?.runner == 1)
        #expect(sick.connections.count == 1)
    }
}
