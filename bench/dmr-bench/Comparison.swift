// SPDX-License-Identifier: MIT

import BenchFigures
import GatewayCore
import Transport

/// All targets under all scenarios, in interleaved rounds: A B C D, B C D A, … so that what the machine does meanwhile
/// meets all of them.
struct Comparison {
    let scenarios: [Scenario]
    let targets: [Target]
    let rounds: Int
    let place: Workplace
    /// Told of each step, for someone who waits.
    let progress: (String) -> Void

    struct Failure: Error {
        var reason: String
    }

    /// - Throws: `Failure` when a program doesn't start or doesn't answer.
    func run() throws(Failure) -> [ScenarioResult] {
        var results: [ScenarioResult] = []
        let secure = try makeSecure()
        for scenario in scenarios {
            do throws(ChildProcess.Failure) {
                let runners = try RunningRunners(flags: scenario.runnerFlags, at: place)
                defer { runners.stop() }
                // Before any gateway looks for them: it would eject them for seconds.
                try RunningTarget(.direct, runners: runners.addresses, at: place).awaitReadiness()
                results.append(try compare(scenario, runners: runners, secure: secure))
            } catch {
                throw Failure(reason: "\(scenario.name): \(error.reason)")
            }
        }
        return results
    }

    private typealias Secure = (certificate: Certificate, client: LoadSecurity)

    /// Nil: no scenario needs it. Clients don't look at whom they talk to, which would cost only the generator.
    private func makeSecure() throws(Failure) -> Secure? {
        guard scenarios.contains(where: { $0.transport != .plainText }) else { return nil }
        do throws(ChildProcess.Failure) {
            let certificate = try Certificate(folder: place.folder)
            do throws(TLSFileError) {
                return (certificate, LoadSecurity(trust: try TLSTrust(verifies: false), host: Certificate.host))
            } catch {
                throw ChildProcess.Failure(reason: error.reason)
            }
        } catch {
            throw Failure(reason: error.reason)
        }
    }

    private func compare(
        _ scenario: Scenario, runners: RunningRunners, secure: Secure?
    ) throws(ChildProcess.Failure) -> ScenarioResult {
        let targets = targets.filter(scenario.has)
        var secure = secure
        switch scenario.transport {
        case .plainText: secure = nil
        case .tls(let resumes): secure?.client.resumes = resumes
        }
        var result = ScenarioResult(scenario: scenario, targets: targets)
        for round in 0..<rounds {
            progress("\(scenario.name): round \(round + 1) of \(rounds), load \(Machine.loadAverage)")
            for place in targets.indices {
                let target = targets[(place + round) % targets.count]
                result.rounds[target, default: []].append(
                    try measure(target, scenario, runners: runners, secure: secure, counting: false))
            }
        }
        guard scenario.figures.contains(where: \.isCounted) else { return result }
        // Counting costs time, so it has a round of its own, where only counts are looked at.
        progress("\(scenario.name): system calls")
        for target in targets where target != .direct {
            result.counts[target] = try measure(
                target, scenario, runners: runners, secure: secure, counting: true)
        }
        return result
    }

    /// A fresh process for each run: memory is the run's own, and no run inherits another's connections.
    private func measure(
        _ target: Target, _ scenario: Scenario, runners: RunningRunners, secure: Secure?, counting: Bool
    ) throws(ChildProcess.Failure) -> LoadFigures {
        let running = try RunningTarget(target, runners: runners.addresses, secure: secure, at: place)
        defer { running.stop() }
        try running.awaitReadiness()
        var plan = scenario.plan
        plan.addresses = running.addresses
        plan.security = secure?.client
        plan.targets = running.processes
        plan.countsSyscalls = counting
        do throws(UVError) {
            return try LoadRun(loop: try Loop(), plan: plan, output: "\(place.folder)/syscalls.out").run()
        } catch {
            throw ChildProcess.Failure(reason: "\(error)")
        }
    }
}
