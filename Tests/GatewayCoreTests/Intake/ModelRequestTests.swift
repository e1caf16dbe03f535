// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What a scanned body asks of a runner.
@Suite struct ModelRequestTests {
    static let everyone = Identity(rights: .all)
    static let served: [GatewayCore.Operation] = [
        .chat, .generate, .embed, .embeddings, .chatCompletions, .completions, .openAIEmbeddings, .show
    ]

    /// The request, or the refusal.
    func read(
        _ body: String, _ operation: GatewayCore.Operation, on surface: Surface = .root,
        as identity: Identity = everyone
    ) throws -> Result<ModelRequest, GatewayError> {
        let scanned = try #require(scan(Array(body.utf8)).body)
        do throws(GatewayError) {
            return .success(try ModelRequest(scanned, route: Route(operation, on: surface), identity: identity))
        } catch {
            return .failure(error)
        }
    }

    func request(_ body: String, _ operation: GatewayCore.Operation) throws -> ModelRequest? {
        try? read(body, operation).get()
    }

    // MARK: Which member names the model

    @Test(arguments: served)
    func theModelIsTakenAsItWasWritten(_ operation: GatewayCore.Operation) throws {
        let body = #"{"stream":false,"MODEL":" Ll\u0061ma3 "}"#
        let model = try #require(try request(body, operation)).model
        #expect(model.text == " Llama3 ")
        #expect(String(decoding: Array(body.utf8)[model.range], as: UTF8.self) == #"" Ll\u0061ma3 ""#)
    }

    @Test func onlyShowFallsBackToName() throws {
        for operation in Self.served {
            let model = try request(#"{"name":"x"}"#, operation)?.model.text
            #expect(model == (operation == .show ? "x" : nil))
        }
    }

    @Test(arguments: [
        (#"{"model":"a","name":"b"}"#, "a"), (#"{"name":"b","model":"a"}"#, "a"), (#"{"model":"","name":"b"}"#, "b"),
        (#"{"model":" \t","name":"b"}"#, "b"), (#"{"model":null,"name":"b"}"#, "b"), (#"{"name":"b"}"#, "b")
    ])
    func showTakesNameWhereModelIsEmpty(_ body: String, _ name: String) throws {
        #expect(try request(body, .show)?.model.text == name)
    }

    @Test(arguments: [
        (GatewayCore.Operation.chat, 400, 400, "model is required"), (.generate, 404, 400, "model '' not found"),
        (.embed, 404, 400, "model '' not found"), (.embeddings, 400, 400, "model is required"),
        (.chatCompletions, 400, 400, "model is required"), (.completions, 404, 400, "model '' not found"),
        (.openAIEmbeddings, 404, 400, "model '' not found"), (.show, 400, 400, "model is required")
    ])
    func withoutAModelEachRouteHasItsWords(
        operation: GatewayCore.Operation, root: Int, prefix: Int, sentence: String
    ) throws {
        let bodies = ["{}", #"{"model":""}"#, #"{"model":" \n\t"}"#, #"{"model":null}"#, #"{"name":"  "}"#]
        for body in bodies + [#"{"prompt":"x","messages":[1]}"#] {
            for (surface, status) in [(Surface.root, root), (.prefix, prefix)] {
                guard case .failure(let error) = try read(body, operation, on: surface) else {
                    Issue.record("accepted \(body)")
                    continue
                }
                #expect(error.status == status)
                #expect(error.sentence == sentence)
            }
        }
    }

    @Test func aControlCharacterIsANameThatNobodyHasAndNotNone() throws {
        #expect(try request(#"{"model":"\u0001"}"#, .chat)?.model.text == "\u{1}")
    }

    // MARK: Streaming

    @Test(arguments: [
        (GatewayCore.Operation.chat, true, true, false), (.generate, true, true, false),
        (.chatCompletions, false, true, false), (.completions, false, true, false), (.embed, false, false, false),
        (.embeddings, false, false, false), (.openAIEmbeddings, false, false, false), (.show, false, false, false),
        (.responses, false, true, false), (.messages, false, true, false), (.transcriptions, false, true, false),
        (.systemOne, false, false, false)
    ])
    func streamingIsTheRoutesDefaultAndTheBodysChoice(
        operation: GatewayCore.Operation, absent: Bool, on: Bool, off: Bool
    ) throws {
        #expect(try request(#"{"model":"x"}"#, operation)?.streams == absent)
        #expect(try request(#"{"model":"x","stream":null}"#, operation)?.streams == absent)
        #expect(try request(#"{"model":"x","stream":true}"#, operation)?.streams == on)
        #expect(try request(#"{"model":"x","Stream":false}"#, operation)?.streams == off)
    }

    // MARK: Unloading

    static let unloads: [(GatewayCore.Operation, String)] = [
        (.generate, #"{"model":"x","keep_alive":0}"#), (.generate, #"{"model":"x","keep_alive":"0s","prompt":""}"#),
        (.generate, #"{"model":"x","KEEP_ALIVE":0.0,"messages":[{}]}"#), (.chat, #"{"model":"x","keep_alive":0}"#),
        (.chat, #"{"model":"x","keep_alive":"0","messages":[]}"#),
        (.chat, #"{"model":"x","keep_alive":0,"messages":null,"prompt":"p"}"#)
    ]

    static let harmless: [(GatewayCore.Operation, String)] = [
        (.generate, #"{"model":"x"}"#), (.generate, #"{"model":"x","keep_alive":5}"#),
        (.generate, #"{"model":"x","keep_alive":-1}"#), (.generate, #"{"model":"x","keep_alive":null}"#),
        (.generate, #"{"model":"x","keep_alive":0,"prompt":"p"}"#), (.chat, #"{"model":"x","messages":[]}"#),
        (.chat, #"{"model":"x","keep_alive":0,"messages":[{}]}"#), (.embed, #"{"model":"x","keep_alive":0}"#),
        (.embeddings, #"{"model":"x","keep_alive":0}"#), (.chatCompletions, #"{"model":"x","keep_alive":0}"#),
        (.completions, #"{"model":"x","keep_alive":0}"#)
    ]

    @Test(arguments: unloads)
    func unloadingNeedsManage(operation: GatewayCore.Operation, body: String) throws {
        let anonymous = Identity(rights: [.read, .inference])
        let user = Identity(keyName: "user", role: .user, rights: [.read, .inference])
        let manager = Identity(keyName: "m", role: .user, rights: [.inference, .manage])
        for (identity, status) in [(anonymous, 401), (user, 403), (manager, 200), (Self.everyone, 200)] {
            switch try read(body, operation, as: identity) {
            case .success: #expect(status == 200)
            case .failure(let error):
                #expect(error.status == status)
                #expect(error.sentence.contains("manage"))
            }
        }
    }

    @Test(arguments: harmless)
    func everythingElseNeedsNoMore(operation: GatewayCore.Operation, body: String) throws {
        _ = try read(body, operation, as: Identity(rights: .inference)).get()
    }

    // MARK: Bodies that are none

    @Test(arguments: [
        (ErrorFamily.native, "missing request body"), (.openAI, "EOF"), (.anthropic, "EOF"),
        (.plain, "missing request body")
    ])
    func anEmptyBodyIsToldInTheFamilysWords(family: ErrorFamily, sentence: String) throws {
        let error = GatewayError(try #require(scan([]).error), family: family)
        #expect(error == GatewayError(400, sentence))
    }

    @Test(arguments: ["{", "[]", "{}x", #"{"model":1}"#, #"{"model":"a","Model":"b"}"#, "\u{FEFF}{}"])
    func aBadBodyIs400AndSaysWhere(_ body: String) throws {
        let scanError = try #require(scan(Array(body.utf8)).error)
        for family in ErrorFamily.allCases {
            let error = GatewayError(scanError, family: family)
            #expect(error.status == 400)
            #expect(error.sentence == scanError.message)
            #expect(error.sentence.contains("byte"))
            #expect(!error.closesConnection)
        }
    }

    @Test func whatIsNotKnownYetIsNever404() {
        for error in [GatewayError.noListYet, .listsPending] {
            #expect(error.status == 503)
            #expect(error.origin == .gateway)
            #expect((1...60).contains(error.retryAfter ?? 0))
        }
    }
}
