// SPDX-License-Identifier: MIT

extension FanOut {
    /// What came of each runner's part, those that have not ended included; the lowest index first.
    public var auditParts: [AuditRecord.Part] {
        zip(runners, parts).map { runner, part in
            guard case .ended(let outcome) = part else {
                return AuditRecord.Part(runner: runner.index, "unfinished", isGood: false)
            }
            return AuditRecord.Part(runner: runner.index, outcome.auditWord, isGood: outcome.isSuccess)
        }
    }

    /// All that started have done it. Of a stream the status says nothing: that went out before the work began.
    public var hasSucceeded: Bool {
        switch verdict {
        case .answer(let runner): outcomes.contains { $0.runner.number == runner && $0.outcome.isSuccess }
        case .failure: false
        }
    }
}

extension CallOutcome {
    /// The runner's own words stay out: nobody knows what they repeat.
    fileprivate var auditWord: String {
        switch self {
        case .answered(let status, _): String(status)
        case .broke: "broke"
        case .failed(let failure): failure.label
        case .skipped: "skipped"
        case .notAsked: "not_asked"
        }
    }
}
