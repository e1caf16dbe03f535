// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// The bodies of the routes that describe the runner and its models, in Ollama's shapes.
struct Lists {
    let runner: SimulatedRunner

    func tags() -> [UInt8] {
        // Newest first, as Ollama sorts them.
        let models = runner.options.models.sorted { $0.modifiedAt > $1.modifiedAt }
        return object(["models": .array(models.map { entry($0) + modified($0) }.map(JSON.object))]).bytes
    }

    func loaded() -> [UInt8] {
        let entries = runner.loadedSlots().map { slots in
            JSON.object(
                entry(slots.model) + [
                    .init("expires_at", .string(expiry(of: slots))), .init("size_vram", .integer(slots.model.size)),
                    .init("context_length", .integer(4096))
                ])
        }
        return object(["models": .array(entries)]).bytes
    }

    /// The model says in every place that a person may look at that it isn't one.
    func show(_ model: SimulatedModel) -> [UInt8] {
        let family = model.family
        return JSON.object(
            [
                .init("license", .string("None: this model is simulated, there are no weights.")),
                .init("modelfile", .string("# simulated by dmr-gateway: made-up tokens\nFROM \(model.name)\n")),
                .init("parameters", .string("")), .init("template", .string("{{ .Prompt }}")),
                .init("details", details(of: model)),
                .init(
                    "model_info",
                    object([
                        "general.architecture": .string(family), "general.basename": .string("simulated"),
                        "\(family).context_length": .integer(4096),
                        "\(family).embedding_length": .integer(model.embeddingLength)
                    ])), .init("capabilities", .array([.string("completion"), .string("embedding")]))
            ] + modified(model)
        ).bytes
    }

    func openAIModels() -> [UInt8] {
        let models = runner.options.models.sorted { $0.modifiedAt > $1.modifiedAt }
        // `null`, not an empty list, is what Ollama sends without models.
        let data: JSON = models.isEmpty ? .null : .array(models.map { openAIModel($0, as: $0.name) })
        return object(["object": .string("list"), "data": data]).bytes + [UInt8(ascii: "\n")]
    }

    func openAIModel(_ model: SimulatedModel, as name: String) -> JSON {
        object([
            "id": .string(name), "object": .string("model"), "created": .integer(model.modifiedAt),
            "owned_by": .string("library")
        ])
    }

    private func entry(_ model: SimulatedModel) -> [JSON.Member] {
        [
            .init("name", .string(model.name)), .init("model", .string(model.name)),
            .init("size", .integer(model.size)), .init("digest", .string(model.digest)),
            .init("details", details(of: model))
        ]
    }

    private func modified(_ model: SimulatedModel) -> [JSON.Member] {
        [.init("modified_at", .string(WallClock.timestamp(model.modifiedAt)))]
    }

    private func details(of model: SimulatedModel) -> JSON {
        object([
            "parent_model": .string(""), "format": .string("gguf"), "family": .string(model.family),
            "families": .array([.string(model.family)]), "parameter_size": .string(model.parameterSize),
            "quantization_level": .string(model.quantization)
        ])
    }

    /// Forever is about 292 years ahead, as Go's longest duration is.
    private func expiry(of slots: ModelSlots) -> String {
        let seconds = runner.clock.seconds()
        if slots.active > 0 {
            return WallClock.timestamp(seconds + Int(min(max(1, runner.options.keepAlive), 9_223_372_036)))
        }
        guard slots.expiresAt != .distantFuture else { return WallClock.timestamp(seconds + 9_223_372_036) }
        return WallClock.timestamp(seconds + Int((slots.expiresAt - runner.loop.now).inSeconds.rounded(.up)))
    }

    private func object(_ members: KeyValuePairs<String, JSON>) -> JSON {
        .object(members.map { JSON.Member($0.key, $0.value) })
    }
}
