// SPDX-License-Identifier: MIT

import BenchFigures
import GatewayCore

/// What all targets came to under one scenario.
struct ScenarioResult {
    let scenario: Scenario
    let targets: [Target]
    /// By round.
    var rounds: [Target: [LoadFigures]] = [:]
    /// The round in which system calls were counted.
    var counts: [Target: LoadFigures] = [:]

    init(scenario: Scenario, targets: [Target]) {
        self.scenario = scenario
        self.targets = targets
    }

    /// One value a round; one at all where it comes from the counting round.
    func values(_ figure: Figure, of target: Target) -> [Double?] {
        if figure.isCounted { return [counts[target].flatMap { figure.value($0, scenario.plan) }] }
        return (rounds[target] ?? []).map { figure.value($0, scenario.plan) }
    }

    func ratio(_ figure: Figure) -> PeerRatio? {
        let peers = targets.filter(\.isPeer).map { (name: $0.rawValue, values: values(figure, of: $0)) }
        return PeerRatio(ours: values(figure, of: .gateway), peers: peers, figure.direction)
    }

    // MARK: As text

    var text: String {
        var table = TextTable([scenario.name] + targets.map(\.rawValue) + ["gateway ÷ best peer"])
        for figure in scenario.figures {
            let cells = targets.map { target in
                Spread(of: values(figure, of: target).compactMap { $0 }).map(ScenarioResult.cell) ?? "–"
            }
            let unit = figure.unit.isEmpty ? "" : ", \(figure.unit)"
            table.add([figure.name + unit] + cells + [ratio(figure).map(ScenarioResult.cell) ?? "–"])
        }
        // Whoever reads the rest must know whether the load itself was what ended first.
        table.add(
            ["generator, % of a CPU"]
                + targets.map { target in
                    Spread(of: (rounds[target] ?? []).map { $0.generatorCPU * 100 })
                        .map { $0.median.fixed(0) } ?? "–"
                } + [""])
        let failures = targets.filter { failureCount(of: $0) > 0 }.map { "\($0.rawValue) \(failureCount(of: $0))" }
        let words = failures.isEmpty ? "" : "failed requests: \(failures.joined(separator: ", "))\n"
        return "\(scenario.title)\n" + table.text + words
    }

    func failureCount(of target: Target) -> Int {
        (rounds[target] ?? []).reduce(0) { $0 + $1.failureCount }
    }

    private static func cell(_ spread: Spread) -> String {
        if spread.minimum == spread.maximum { return spread.median.short }
        return "\(spread.median.short) (\(spread.minimum.short)–\(spread.maximum.short))"
    }

    private static func cell(_ ratio: PeerRatio) -> String {
        let range = ratio.ratio
        let values = range.minimum == range.maximum ? "" : " (\(range.minimum.fixed(2))–\(range.maximum.fixed(2)))"
        return "\(range.median.fixed(2))\(values) \(ratio.peer)"
    }

    // MARK: As JSON

    var json: JSON {
        .object([
            .init("name", .string(scenario.name)), .init("title", .string(scenario.title)),
            .init("figures", .array(scenario.figures.map(json))),
            .init(
                "rounds",
                .object(targets.map { .init($0.rawValue, .array((rounds[$0] ?? []).map(\.json))) })),
            .init(
                "counting",
                .object(targets.compactMap { target in counts[target].map { .init(target.rawValue, $0.json) } }))
        ])
    }

    private func json(_ figure: Figure) -> JSON {
        var members: [JSON.Member] = [
            .init("name", .string(figure.name)), .init("unit", .string(figure.unit)),
            .init("more_is_better", .bool(figure.direction == .moreIsBetter))
        ]
        for target in targets {
            guard let spread = Spread(of: values(figure, of: target).compactMap { $0 }) else { continue }
            members.append(.init(target.rawValue, ScenarioResult.json(spread)))
        }
        if let ratio = ratio(figure) {
            members.append(.init("best_peer", .string(ratio.peer)))
            members.append(.init("ratio", ScenarioResult.json(ratio.ratio)))
        }
        return .object(members)
    }

    private static func json(_ spread: Spread) -> JSON {
        .object([
            .init("median", .number("\(spread.median)")), .init("min", .number("\(spread.minimum)")),
            .init("max", .number("\(spread.maximum)"))
        ])
    }
}
