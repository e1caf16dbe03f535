// SPDX-License-Identifier: MIT

import GatewayCore

/// `/v1/systemone`: questions answered with numbers instead of words. Made up here: the first choice, and the middle.
enum SystemOne {
    static func answers(to questions: JSON?) -> JSON {
        .object((questions?.members ?? []).map { .init($0.key, answer(to: $0.value)) })
    }

    static func reply(_ answers: JSON, model: String, _ figures: AnswerFigures) -> [UInt8] {
        let usage = JSON.object([
            .init("input_tokens", .integer(figures.promptTokens)), .init("output_tokens", .integer(0))
        ])
        return JSON.object([.init("model", .string(model)), .init("answers", answers), .init("usage", usage)]).bytes
            + [UInt8(ascii: "\n")]
    }

    private static func answer(to question: JSON) -> JSON {
        let type = question["type"]?.string ?? ""
        let half = JSON.number("0.5")
        switch type {
        case "choice":
            let keys = (question["criteria"]?.members ?? []).map(\.key)
            let choice = JSON.string(keys.first ?? "")
            return object(type, [.init("choice", choice), probabilities(keys), .init("confidence", half)])
        case "score":
            let criteria = question["criteria"]?.array ?? []
            let places = criteria.indices.map(String.init)
            let legend = JSON.object(zip(places, criteria).map { .init($0, $1) })
            return object(
                type,
                [.init("score", .integer(0)), .init("legend", legend), probabilities(places), .init("confidence", half)]
            )
        default: return object(type, [.init("noul", half)])
        }
    }

    private static func object(_ type: String, _ members: [JSON.Member]) -> JSON {
        .object([.init("type", .string(type))] + members)
    }

    /// All on the first.
    private static func probabilities(_ keys: [String]) -> JSON.Member {
        .init(
            "probabilities", .object(keys.enumerated().map { .init($0.element, .integer($0.offset == 0 ? 1 : 0)) }))
    }
}
