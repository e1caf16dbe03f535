// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// One runner as the gateway works with it: its connections, the heads of its requests, the reading of its lists. A
/// runner that is taken out of the configuration stays here until nothing refers to its number any more.
final class GatewayRunner {
    /// By which everything inside knows it.
    let number: Int
    /// Its place in the configuration, for people; the last one that it had, once it is retired.
    let index: Int
    let configuration: RunnerConfiguration
    let pool: RunnerPool
    let template: RunnerHeadTemplate
    private(set) var watch: RunnerWatch?

    init(_ place: RunnerPlace, _ configuration: RunnerConfiguration, pool: RunnerPool, via: String) {
        number = place.number
        index = place.index
        self.configuration = configuration
        self.pool = pool
        template = RunnerHeadTemplate(configuration, via: via)
    }

    /// How a person knows it.
    var name: String { "runner \(index) (\(configuration.url.authority))" }

    /// Begins to read its lists, unless it is disabled.
    func startWatch(for gateway: Gateway) {
        guard configuration.isEnabled, watch == nil else { return }
        let watch = RunnerWatch(gateway: gateway, runner: number)
        self.watch = watch
        watch.start()
    }

    func stopWatch() {
        watch?.stop()
        watch = nil
    }
}
