// SPDX-License-Identifier: MIT

/// How many answers become one.
extension FanOut {
    public enum Verdict: Equatable, Sendable {
        /// The answer of the runner of this number stands for all: nobody's differed in what matters, or there was only one.
        case answer(of: Int)
        /// An answer of ours: the status of the worst, and what came of each.
        case failure(status: Int)
    }

    /// Once all have ended. Those that were skipped don't count, unless all were.
    public var verdict: Verdict {
        let counted = outcomes.filter { !$0.outcome.wasSkipped }
        let bad = counted.filter { !$0.outcome.isSuccess && !isVacuous($0.outcome) }
        if bad.isEmpty, let first = counted.first(where: { $0.outcome.isSuccess }) ?? counted.first {
            return .answer(of: first.runner.number)
        }
        // Refused by all in the same words: one Ollama would have said no more.
        if let first = counted.first, case .answered = first.outcome,
            counted.allSatisfy({ $0.outcome == first.outcome })
        {
            return .answer(of: first.runner.number)
        }
        let worst = (bad.isEmpty ? outcomes : bad).map(\.outcome.status).max() ?? 502
        return .failure(status: worst)
    }

    private func isVacuous(_ outcome: CallOutcome) -> Bool {
        guard case .answered(let status, let error) = outcome else { return false }
        // Without words no handler has spoken: the runner lacks the route, and may well have the model.
        if status == 404, error == nil { return traits.isVacuousWithoutRoute }
        return status == traits.vacuousStatus
    }

    /// What came of each, for a person.
    public var sentence: String {
        let sentences = outcomes.map { "\($0.runner.name) \($0.outcome.sentence)" }
        return sentences.map { $0.last == "." ? String($0.dropLast()) : $0 }.joined(separator: "; ") + "."
    }

    /// What came of each, for a program.
    public var report: JSON {
        .array(
            outcomes.map { runner, outcome in
                var members: [JSON.Member] = [
                    .init("index", .integer(runner.index)), .init("status", .integer(outcome.status))
                ]
                if let error = outcome.error { members.append(.init("error", .string(error))) }
                return .object(members)
            })
    }

    /// A runner's good answer with what came of each in it, where some were skipped: the client should know. Nil where
    /// none was, or the answer is no JSON object that could hold it.
    public func reportingSkips(in status: Int, _ body: [UInt8]) -> OwnResponse? {
        guard status < 400, outcomes.contains(where: { $0.outcome.wasSkipped }) else { return nil }
        let members = body.isEmpty ? [] : (try? JSON(parsing: body))?.members
        return members.map { OwnResponse(status, json: .object($0 + [.init("runners", report)])) }
    }

    /// The answer of ours that tells who failed.
    public func failureResponse(status: Int, surface: Surface) -> OwnResponse {
        let sentence = sentence
        var members: [JSON.Member] = [.init("error", .string(sentence))]
        if surface == .prefix { members.append(.init("detail", .string(sentence))) }
        if runners.count > 1 { members.append(.init("runners", report)) }
        var response = OwnResponse(status, json: .object(members))
        if status == 503 { response.fields += [.init("Retry-After", "1"), .init("x-should-retry", "false")] }
        return response
    }
}

extension CallOutcome {
    var wasSkipped: Bool {
        switch self {
        case .skipped: true
        case .answered, .broke, .failed, .notAsked: false
        }
    }
}
