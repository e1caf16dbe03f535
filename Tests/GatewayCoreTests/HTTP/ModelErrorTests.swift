// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Ollama's exact words about models: the CLI acts on them.
@Suite struct ModelErrorTests {
    typealias Operation = GatewayCore.Operation

    @Test(arguments: [
        (Operation.generate, 404, "model '' not found"), (.chat, 400, "model is required"),
        (.embed, 404, "model '' not found"), (.embeddings, 400, "model is required"),
        (.chatCompletions, 400, "model is required"), (.completions, 404, "model '' not found"),
        (.openAIEmbeddings, 404, "model '' not found"), (.messages, 400, "model is required"),
        (.transcriptions, 400, "model is required"), (.systemOne, 400, "model is required"),
        (.show, 400, "model is required"),
        (.push, 400, "model is required"), (.delete, 400, "model is required"), (.pull, 400, "invalid model name"),
        (.create, 400, "invalid model name"), (.copy, 400, "source \"\" is invalid")
    ])
    func aMissingModel(operation: Operation, status: Int, sentence: String) {
        #expect(GatewayError.modelRequired(operation, on: .root) == GatewayError(status, sentence))
        #expect(GatewayError.modelRequired(operation, on: .prefix) == GatewayError(400, sentence))
    }

    @Test(arguments: [
        (Operation.generate, "model 'X' not found"), (.chat, "model 'X' not found"),
        (.embed, "model \"X\" not found, try pulling it first"),
        (.embeddings, "model \"X\" not found, try pulling it first"),
        (.openAIEmbeddings, "model \"X\" not found, try pulling it first"),
        (.chatCompletions, "model 'X' not found"), (.completions, "model 'X' not found"),
        (.responses, "model 'X' not found"), (.systemOne, "model 'X' not found"), (.messages, "model 'X' not found"),
        (.show, "model 'x:latest' not found"), (.openAIModel, "model 'x:latest' not found"),
        (.copy, "model \"X\" not found"), (.delete, "model 'X' not found")
    ])
    func anUnknownModel(operation: Operation, sentence: String) {
        #expect(
            GatewayError.modelNotFound("X", normalized: "x:latest", operation, on: .root)
                == GatewayError(404, sentence))
        #expect(
            GatewayError.modelNotFound("X", normalized: "x:latest", operation, on: .prefix)
                == GatewayError(400, sentence))
    }

    @Test func aNameThatBreaksTheGrammar() {
        #expect(GatewayError.invalidModelName("a//b", .chat) == GatewayError(400, "invalid model name"))
        #expect(GatewayError.invalidModelName("a//b", .show) == GatewayError(400, "invalid model name"))
        #expect(GatewayError.invalidModelName("a//b", .delete) == GatewayError(400, "name \"a//b\" is invalid"))
        #expect(GatewayError.invalidModelName("a//b", .copy) == GatewayError(400, "source \"a//b\" is invalid"))
    }

    @Test func aMissingBody() {
        #expect(GatewayError.missingBody(.native) == GatewayError(400, "missing request body"))
        #expect(GatewayError.missingBody(.openAI) == GatewayError(400, "EOF"))
        #expect(GatewayError.missingBody(.anthropic) == GatewayError(400, "EOF"))
    }
}
