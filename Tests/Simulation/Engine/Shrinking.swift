// SPDX-License-Identifier: MIT

extension Schedule {
    /// The shortest schedule found that breaks the same rule: pieces are left out as long as it still does, first large
    /// ones, then single steps; then what is left is made plainer.
    func shrunk(breaking rule: Rule, attempts: Int = 3000) -> Schedule {
        var best = self
        var left = attempts
        func breaks(_ candidate: Schedule) -> Bool {
            left -= 1
            return candidate.play()?.rule == rule
        }
        var size = max(1, steps.count / 2)
        while left > 0 {
            let before = best.steps.count
            var start = 0
            while start < best.steps.count, left > 0 {
                var candidate = best
                candidate.steps.removeSubrange(start..<min(start + size, best.steps.count))
                if breaks(candidate) { best = candidate } else { start += size }
            }
            if size > 1 { size /= 2 } else if best.steps.count == before { break }
        }
        for place in best.steps.indices {
            for plainer in best.steps[place].plainer where left > 0 {
                var candidate = best
                candidate.steps[place] = plainer
                if breaks(candidate) { best = candidate }
            }
        }
        while let last = best.setup.runners.indices.last, left > 0 {
            var candidate = best
            candidate.setup.runners.remove(at: last)
            guard last > 0, breaks(candidate) else { break }
            best = candidate
        }
        return best
    }
}

extension Step {
    /// The same with less to it.
    fileprivate var plainer: [Step] {
        switch self {
        case .ask(let client, let ask):
            var plain = Ask()
            plain.model = ask.model
            var changes = [plain]
            for change in Ask.simplifications {
                var simpler = ask
                change(&simpler)
                if simpler != ask { changes.append(simpler) }
            }
            return changes.map { .ask(client: client, $0) }
        case .head(let client, let head):
            return [.head(client: client, Head(status: head.status, isJSON: head.isJSON))]
        case .body(let client, let bytes): return bytes > 1 ? [.body(client: client, bytes: 1)] : []
        case .pass(let milliseconds):
            return [1, 10, 100, 1000, 10000].filter { $0 < milliseconds }.reversed().map { .pass(milliseconds: $0) }
        case .leave, .take, .accept, .refuse, .sent, .part, .stir, .end, .answer, .condition, .relist, .reload:
            return []
        }
    }
}

extension Step.Ask {
    fileprivate static var simplifications: [(inout Step.Ask) -> Void] {
        [
            { $0.promptBytes = 0 }, { $0.streams = true }, { $0.isShow = false }, { $0.pin = nil },
            { $0.leavesSlowly = false }, { $0.room = Step.unlimited }, { $0.identity = 0 },
            { $0.stepsBack = false }
        ]
    }
}
