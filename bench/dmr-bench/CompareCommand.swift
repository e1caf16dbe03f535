// SPDX-License-Identifier: MIT

import ArgumentParser
import BenchFigures
import GatewayCore
import Glibc

extension Target: ExpressibleByArgument {}

/// `dmr-bench compare`: the gateway beside nginx, HAProxy and nothing. `scripts/bench` builds, installs and calls it.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Set the gateway beside nginx, HAProxy and the direct way.",
        discussion: """
            For each scenario it starts two simulated runners, and then, in interleaved rounds,
            each target anew: one worker each, on one CPU, with runners and load on another.
            Figures are medians over the rounds with the least and the most; the last column
            is the gateway's figure divided by the better peer's, round by round, and the
            median of these. Below 1 is better than the peer, for every figure.

            scripts/bench does all that has to be done before.
            """)

    @Option(help: ArgumentHelp("The dmr-gateway program.", valueName: "path"))
    var gateway: String

    @Option(help: ArgumentHelp("The folder of the peers' configurations.", valueName: "path"))
    var peers = "bench/peers"

    @Option(help: ArgumentHelp("An empty folder for what is needed meanwhile; an absolute path.", valueName: "path"))
    var folder: String

    @Option(help: ArgumentHelp("Interleaved rounds. (default: 5, with --quick 4)", valueName: "n"))
    var rounds: Int?

    @Option(help: ArgumentHelp("Seconds measured in each run.", valueName: "s"))
    var seconds = 3.0

    @Flag(help: "Short runs of fewer scenarios: under two minutes.")
    var quick = false

    @Option(name: .customLong("only"), help: ArgumentHelp("Only this scenario; repeatable.", valueName: "scenario"))
    var scenarios: [String] = []

    @Option(name: .customLong("target"), help: "Only this target; repeatable.")
    var targets: [Target] = Target.allCases

    @Flag(inversion: .prefixedNo, help: "Keep the target on one CPU, runners and load on another.")
    var pin = true

    @Option(help: ArgumentHelp("Write NAME.json and NAME.txt.", valueName: "name"))
    var save: String?

    func validate() throws {
        let names = Scenario.all(seconds: 1).map(\.name)
        for name in scenarios where !names.contains(name) {
            throw ValidationError("--only '\(name)' is not one of \(names.joined(separator: ", ")).")
        }
        guard (1...100).contains(rounds ?? 1), seconds > 0, seconds <= 600 else {
            throw ValidationError("--rounds must be 1 to 100, --seconds at most 600.")
        }
    }

    func run() throws {
        var place = Workplace(gateway: gateway, peers: peers, folder: folder)
        if pin, Machine.cpus > 1 {
            place.targetCPU = 0
            place.loadCPU = 1
            Machine.pinThisProcess(to: 1, output: "\(folder)/taskset.out")
        }
        let began = Machine.unixSeconds
        let loadBefore = Machine.loadAverage
        let seconds = quick ? 0.4 : self.seconds
        // Four rounds of four targets: each of them is at each place once.
        let rounds = self.rounds ?? (quick ? 4 : 5)
        var chosen = Scenario.all(seconds: seconds)
        chosen = chosen.filter { scenarios.isEmpty ? !quick || $0.isQuick : scenarios.contains($0.name) }
        let comparison = Comparison(scenarios: chosen, targets: targets, rounds: rounds, place: place) { line in
            StandardError.print(line)
        }
        let results: [ScenarioResult]
        do throws(Comparison.Failure) { results = try comparison.run() } catch {
            StandardError.print("dmr-bench compare: \(error.reason)")
            throw ExitCode(1)
        }
        let heading = """
            \(rounds) rounds of \(seconds.short) s on \(Machine.cpus) CPUs, Linux \(Machine.kernel); \
            \(place.targetCPU == nil ? "nothing pinned" : "target on CPU 0, runners and load on CPU 1"); \
            load average \(loadBefore) before, \(Machine.loadAverage) after.
            Medians (least–most). Ratios below 1: the gateway is better than the better peer.
            """
        let text = heading + "\n\n" + results.map(\.text).joined(separator: "\n")
        print(text)
        guard let save else { return }
        let document = JSON.object([
            .init("schema", .integer(1)), .init("unix_seconds", .integer(began)), .init("cpus", .integer(Machine.cpus)),
            .init("kernel", .string(Machine.kernel)), .init("load_before", .string(loadBefore)),
            .init("load_after", .string(Machine.loadAverage)), .init("rounds", .integer(rounds)),
            .init("seconds", .number("\(seconds)")), .init("pinned", .bool(place.targetCPU != nil)),
            .init("scenarios", .array(results.map(\.json)))
        ])
        let json = String(decoding: document.bytes, as: UTF8.self) + "\n"
        guard SystemFolder.write(json, to: save + ".json"), SystemFolder.write(text + "\n", to: save + ".txt") else {
            StandardError.print("dmr-bench compare: \(save).json and .txt can't be written")
            throw ExitCode(1)
        }
    }
}
