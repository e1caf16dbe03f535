// SPDX-License-Identifier: MIT

// What each room reads of the configuration, in that room's own terms.

extension Dispatcher.Settings {
    public init(_ configuration: Configuration) {
        self.init(
            policy: configuration.policy,
            health: RunnerHealth.Settings(
                ejectAfter: configuration.health.ejectAfter, ejectBase: configuration.health.ejectBase,
                ejectMaximum: configuration.health.ejectMax),
            queueLimit: configuration.limits.queue, queueTimeout: configuration.timeouts.queue)
    }
}

extension RunnerSlots.Settings {
    public init(_ runner: RunnerConfiguration) {
        self.init(isEnabled: runner.isEnabled, cap: runner.maxInflight, weight: runner.weight)
    }
}

extension CatalogRunner {
    public init(_ runner: RunnerConfiguration) {
        self.init(
            identity: runner.url.description, isEnabled: runner.isEnabled, prefixID: runner.prefixID,
            modelIDs: runner.modelIDs, tags: .array(runner.tags), connectionType: runner.connectionType,
            takesPulls: runner.pulls)
    }
}

extension RunnerHeadTemplate {
    public convenience init(_ runner: RunnerConfiguration, via: String) {
        self.init(
            authority: runner.url.authority, basePath: runner.url.basePath,
            key: runner.key.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "",
            headers: runner.headers.map { ($0.name, $0.value.bytes) }, via: via)
    }
}

extension ProbeSchedule.Intervals {
    public init(_ health: Configuration.Health) {
        self.init(tags: health.tagsInterval, ps: health.psInterval, version: health.probeInterval)
    }
}

extension Exchange.Timeouts {
    public init(_ timeouts: Configuration.Timeouts) {
        self.init(
            connect: timeouts.connect, firstByte: timeouts.firstByte, streamIdle: timeouts.streamIdle,
            wholeAnswer: timeouts.wholeAnswer)
    }
}

extension RequestIntake.Rules {
    public convenience init(_ configuration: Configuration, access: AccessPolicy, loopGuard: LoopGuard) {
        self.init(
            router: Router(pathPrefix: configuration.pathPrefix), access: access, loopGuard: loopGuard,
            limits: RequestLimits(
                headerBytes: configuration.limits.headerBytes, headers: configuration.limits.headers),
            bodyLimit: configuration.limits.jsonBodyBytes, blobLimit: configuration.limits.blobBytes,
            isEnabled: configuration.isEnabled)
    }
}
