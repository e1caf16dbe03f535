// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// One runner as the gateway works with it: its connections, the heads of its requests, the reading of its lists. A
/// runner that is taken out of the configuration stays here until another one gets its number.
final class GatewayRunner {
    /// By which everything inside knows it.
    let number: Int
    /// Its place in the configuration, for people; the last one that it had, once it is retired.
    private(set) var index: Int
    private(set) var configuration: RunnerConfiguration
    private(set) var isRetired = false
    let pool: RunnerPool
    private(set) var template: RunnerHeadTemplate
    private(set) var watch: RunnerWatch?

    init(_ place: RunnerPlace, _ configuration: RunnerConfiguration, pool: RunnerPool, via: String) {
        number = place.number
        index = place.index
        self.configuration = configuration
        self.pool = pool
        template = RunnerHeadTemplate(configuration, via: via)
    }

    /// How a person knows it.
    var name: String {
        let label = configuration.url.label + (pool.member.map { " at \($0)" } ?? "")
        return isRetired ? "a removed runner (\(label))" : "runner \(index) (\(label))"
    }

    /// Stands for a `dns:` entry until its name was looked up: then its members take its place.
    var isUnresolved: Bool { configuration.url.place == .members && pool.member == nil }

    // MARK: Changes of the configuration

    /// The same runner, with other settings or at another place, or back again.
    func update(_ place: RunnerPlace, _ new: RunnerConfiguration, via: String, gateway: Gateway) {
        index = place.index
        isRetired = false
        let isKeyNew = new.key != configuration.key || new.headers != configuration.headers
        if new.verifiesTLS != configuration.verifiesTLS || new.tlsCA != configuration.tlsCA {
            pool.secure(by: gateway.trust.security(of: new))
        }
        if new != configuration {
            configuration = new
            template = RunnerHeadTemplate(new, via: via)
        }
        pool.keepsIdle = new.isEnabled
        // What a runner refused with one key it may tell with another.
        if isKeyNew || !new.isEnabled { stopWatch() }
        startWatch(for: gateway)
    }

    /// Not configured any more: what runs there goes on, and nothing else.
    func retire() {
        isRetired = true
        stopWatch()
        pool.keepsIdle = false
    }

    // MARK: Its lists

    /// Begins to read them, unless it is disabled.
    func startWatch(for gateway: Gateway) {
        guard configuration.isEnabled, watch == nil, !isUnresolved else { return }
        let watch = RunnerWatch(gateway: gateway, runner: number)
        self.watch = watch
        watch.start()
    }

    func stopWatch() {
        watch?.stop()
        watch = nil
    }
}
