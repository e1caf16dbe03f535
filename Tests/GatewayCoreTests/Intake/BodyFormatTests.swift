// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Which bodies are read how, and which content codings are taken where.
@Suite struct BodyFormatTests {
    static let zstd = ("Content-Encoding", "zstd")
    static let zstdRoutes = [
        "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/messages"
    ]

    @Test(arguments: zstdRoutes, ["", "/docker-model-runner"])
    func fiveRoutesTakeZstd(path: String, base: String) {
        let format = { (fields: [(String, String)]) in Knock(.post, base + path, fields).intake().bodyFormat }
        #expect(Knock(.post, base + path, [Self.zstd, Knock.length(9)]).intake().status == 200)
        #expect(format([Self.zstd, Knock.length(9)]) == .zstd)
        #expect(format([Self.zstd, Knock.chunked]) == .zstd)
        #expect(format([Knock.length(9)]) == .json)
        #expect(format([("Content-Encoding", "identity"), Knock.length(9)]) == .json)
        // Nothing to decompress.
        #expect(format([Self.zstd, Knock.length(0)]) == .json)
    }

    @Test(arguments: [
        "/api/chat", "/api/generate", "/api/embed", "/api/embeddings", "/api/show", "/v1/audio/transcriptions",
        "/api/pull", "/nowhere"
    ])
    func othersDoNot(path: String) {
        let intake = Knock(.post, path, [Self.zstd, Knock.length(9)]).intake()
        #expect(intake.status == 415)
        #expect(intake.bodyUse == .refuse)
    }

    @Test(arguments: ["gzip", "ZSTD", "zstd, zstd", "zstd, identity", "identity, zstd", "gzip, zstd", "x-zstd", "br"])
    func noOtherCodingIsTakenAnywhere(coding: String) {
        for path in Self.zstdRoutes + ["/api/chat"] {
            #expect(Knock(.post, path, [("Content-Encoding", coding), Knock.length(9)]).intake().status == 415)
        }
    }

    @Test func twoFieldsAreTwoCodings() {
        #expect(Knock(.post, "/v1/responses", [Self.zstd, Self.zstd, Knock.length(9)]).intake().status == 415)
    }

    // MARK: Forms

    static let form = ("Content-Type", "multipart/form-data; boundary=b")

    @Test(arguments: ["", "/docker-model-runner"])
    func aTranscriptionIsAForm(base: String) throws {
        let path = base + "/v1/audio/transcriptions"
        let intake = Knock(.post, path, [Self.form, Knock.length(500)]).intake()
        #expect(intake.status == 200)
        #expect(intake.bodyFormat == .form(try #require(MultipartBoundary(Array("b".utf8)))))
        #expect(intake.bodyUse == .scan)
        // It isn't held whole, so its length is no reason to refuse it.
        #expect(Knock(.post, path, [Self.form, Knock.length(5_000_000_000)]).intake().bodyUse == .scan)
        #expect(Knock(.post, path, [Self.form, Knock.chunked, Knock.expects]).intake().expectsContinue)
    }

    @Test(arguments: [nil, "application/json", "multipart/form-data", "multipart/form-data; boundary=\"\""])
    func orItIsRefused(type: String?) {
        let fields = type.map { [("Content-Type", $0)] } ?? []
        let intake = Knock(.post, "/v1/audio/transcriptions", fields + [Knock.length(9)]).intake()
        #expect(intake.status == 400)
        #expect(intake.error?.sentence.contains("multipart/form-data") == true)
        #expect(intake.family == .openAI)
        #expect(intake.bodyUse == .drop)
    }

    @Test func aKeyIsAskedForBeforeTheFormIsLookedAt() {
        let knock = Knock(.post, "/v1/audio/transcriptions", [Knock.length(9)])
        #expect(knock.intake(keys: AccessFixtures.all).status == 401)
    }
}
