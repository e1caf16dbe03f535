// SPDX-License-Identifier: MIT

import GatewayCore

/// Made-up embedding vectors: the same for the same text, of length about 1, meaning nothing.
struct Embeddings {
    var request: InferenceRequest
    /// Floats in a vector.
    var dimensions: Int

    init(_ request: InferenceRequest, model: SimulatedModel) {
        self.request = request
        // A request can't ask for more memory than the largest real models' vectors take.
        dimensions = min(max(1, request.dimensions ?? model.embeddingLength), 4096)
    }

    /// The whole reply in the route's shape.
    func reply(_ figures: AnswerFigures, quotedModel: String) -> [UInt8] {
        var output: [UInt8] = []
        switch request.kind {
        case .embeddings:
            output += "{\"embedding\":".utf8
            let input = request.inputs.first ?? ""
            if input.isEmpty { output += "[]".utf8 } else { write(input, to: &output) }
            output += "}".utf8
        case .embed:
            output += "{\"model\":\(quotedModel),\"embeddings\":[".utf8
            for (place, input) in request.inputs.enumerated() {
                if place > 0 { output += ",".utf8 }
                write(input, to: &output)
            }
            output += "],\"total_duration\":\(figures.total.nanoseconds),".utf8
            output +=
                "\"load_duration\":\(figures.load.nanoseconds),\"prompt_eval_count\":\(figures.promptTokens)}".utf8
        case .openAIEmbeddings, .generate, .chat, .openAIChat, .openAICompletion, .responses, .messages, .transcription,
            .systemOne:
            output += "{\"object\":\"list\",\"data\":[".utf8
            for (place, input) in request.inputs.enumerated() {
                if place > 0 { output += ",".utf8 }
                output += "{\"object\":\"embedding\",\"embedding\":".utf8
                if request.isBase64 { writeBase64(input, to: &output) } else { write(input, to: &output) }
                output += ",\"index\":\(place)}".utf8
            }
            output += "],\"model\":\(quotedModel),\"usage\":{\"prompt_tokens\":\(figures.promptTokens),".utf8
            output += "\"total_tokens\":\(figures.promptTokens)}}\n".utf8
        }
        return output
    }

    /// In millionths, so that text and base64 are the same numbers.
    private func millionths(_ input: String) -> [Int] {
        var hash: UInt64 = 0
        for byte in input.utf8 { hash = Mixer.hash(hash ^ UInt64(byte)) }
        let largest = UInt64(1_700_000 / Double(dimensions).squareRoot())
        return (0..<dimensions).map { place in
            let value = Mixer.hash(hash &+ UInt64(place))
            return Int(value % (2 * largest + 1)) - Int(largest)
        }
    }

    private func write(_ input: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "["))
        for (place, value) in millionths(input).enumerated() {
            if place > 0 { output.append(UInt8(ascii: ",")) }
            if value < 0 { output.append(UInt8(ascii: "-")) }
            output += "\(abs(value) / 1_000_000).".utf8
            let fraction = String(abs(value) % 1_000_000)
            output += String(repeating: "0", count: 6 - fraction.count).utf8
            output += fraction.utf8
        }
        output.append(UInt8(ascii: "]"))
    }

    /// Little-endian 32-bit floats, as OpenAI's clients ask for.
    private func writeBase64(_ input: String, to output: inout [UInt8]) {
        var bytes: [UInt8] = []
        for value in millionths(input) {
            let bits = (Float(value) / 1_000_000).bitPattern
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
            }
        }
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        output.append(UInt8(ascii: "\""))
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for place in 0..<3 { group = group << 8 | (place < count ? UInt32(bytes[start + place]) : 0) }
            for place in 0..<4 {
                let digit = alphabet[Int(group >> UInt32(18 - 6 * place) & 63)]
                output.append(place <= count ? digit : UInt8(ascii: "="))
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
