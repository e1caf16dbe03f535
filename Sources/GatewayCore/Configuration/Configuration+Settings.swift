// SPDX-License-Identifier: MIT

/// One value as a person may read it: by the file's path, in the file's form, secrets masked.
public struct Setting: Equatable, Sendable {
    /// `timeouts.queue`, `runners[1].weight`; what the file has no key for is called as its flag or variable.
    public var key: String
    public var value: JSON
    /// The value is a mask: it says whether two secrets differ, and nothing else.
    public var isSecret = false

    public init(key: String, value: JSON, isSecret: Bool = false) {
        self.key = key
        self.value = value
        self.isSecret = isSecret
    }
}

extension Configuration {
    /// Every value, in the order of the documented schema. It is what `check` prints and what a reload is compared by.
    ///
    /// - Parameter mask: `dmr-masked:` and the first 8 hexadecimal digits of the SHA-256 of the bytes.
    public func settings(mask: @escaping (_ secret: [UInt8]) -> String) -> [Setting] {
        var list = SettingList(mask: mask)
        list.add("listen", .array(listen.map { .string($0.description) }))
        list.add("enable", .bool(isEnabled))
        list.add("path_prefix", .string(pathPrefix))
        list.add("loops", .integer(loops))
        for (index, runner) in runners.enumerated() { list.add(runner, at: "runners[\(index)]") }
        if runners.isEmpty { list.add("runners", .array([])) }
        list.add("policy", .string(policy.rawValue))
        list.add("affinity", affinity)
        list.add(timeouts)
        list.add(limits)
        list.add(health)
        list.add(access)
        list.add(tls)
        list.add("log.level", .string(log.level.rawValue))
        list.add("log.format", .string(log.format.rawValue))
        list.add("log.file", .string(log.file ?? ""))
        list.add("admin_key", adminKey)
        list.add("state_dir", .string(stateDirectory))
        list.add("demo", .bool(isDemo))
        return list.settings
    }
}

struct SettingList {
    let mask: (_ secret: [UInt8]) -> String
    private(set) var settings: [Setting] = []

    init(mask: @escaping (_ secret: [UInt8]) -> String) { self.mask = mask }

    mutating func add(_ key: String, _ value: JSON) {
        settings.append(Setting(key: key, value: value))
    }

    /// Without one it is the empty string, as in the file.
    mutating func add(_ key: String, _ secret: Secret?) {
        settings.append(
            Setting(key: key, value: .string(secret.map { mask($0.bytes) } ?? ""), isSecret: secret != nil))
    }

    mutating func add(_ key: String, _ texts: [String]) { add(key, .array(texts.map { .string($0) })) }

    /// 0 is no limit.
    mutating func add(_ key: String, limit: Int) { add(key, .integer(limit == .max ? 0 : limit)) }

    mutating func add(_ key: String, _ limit: TimeLimit) { add(key, .seconds(limit ?? .zero)) }

    /// The longest interval is one without an end: 0 in the file.
    mutating func add(_ key: String, _ interval: Interval) {
        add(key, .seconds(interval.nanoseconds == .max ? .zero : interval))
    }
}

// MARK: Sections

extension SettingList {
    mutating func add(_ runner: RunnerConfiguration, at path: String) {
        add("\(path).url", .string(runner.url.description))
        add("\(path).enable", .bool(runner.isEnabled))
        add("\(path).key", runner.key)
        add("\(path).prefix_id", .string(runner.prefixID))
        add("\(path).tags", .array(runner.tags))
        add("\(path).model_ids", runner.modelIDs)
        add("\(path).connection_type", .string(runner.connectionType))
        let noCap: JSON = runner.learnsCap ? .string("auto") : .integer(0)
        add("\(path).max_inflight", runner.maxInflight.map { .integer($0) } ?? noCap)
        add("\(path).weight", .integer(runner.weight))
        add("\(path).pull", .bool(runner.pulls))
        for header in runner.headers { add("\(path).headers.\(header.name)", header.value) }
        if runner.headers.isEmpty { add("\(path).headers", .object([])) }
        add("\(path).tls_verify", .bool(runner.verifiesTLS))
        add("\(path).tls_ca", .string(runner.tlsCA))
    }

    mutating func add(_ timeouts: Configuration.Timeouts) {
        add("timeouts.client_header", timeouts.clientHeader)
        add("timeouts.client_body", timeouts.clientBody)
        add("timeouts.client_write", timeouts.clientWrite)
        add("timeouts.client_idle", timeouts.clientIdle)
        add("timeouts.connect", timeouts.connect)
        add("timeouts.first_byte", timeouts.firstByte)
        add("timeouts.stream_idle", timeouts.streamIdle)
        add("timeouts.whole_answer", timeouts.wholeAnswer)
        add("timeouts.queue", timeouts.queue)
        add("timeouts.drain", timeouts.drain)
        add("timeouts.probe", timeouts.probe)
    }

    mutating func add(_ limits: Configuration.Limits) {
        add("limits.connections", limit: limits.connections)
        add("limits.header_bytes", limit: limits.headerBytes)
        add("limits.headers", limit: limits.headers)
        add("limits.json_body_bytes", limit: limits.jsonBodyBytes)
        add("limits.body_memory", limit: limits.bodyMemory)
        add("limits.blob_bytes", limit: limits.blobBytes)
        add("limits.queue", limit: limits.queue)
        add("limits.buffer_bytes", limit: limits.bufferBytes)
    }

    mutating func add(_ health: Configuration.Health) {
        add("health.probe_interval", health.probeInterval)
        add("health.tags_interval", health.tagsInterval)
        add("health.ps_interval", health.psInterval)
        add("health.eject_after", limit: health.ejectAfter)
        add("health.eject_base", health.ejectBase)
        add("health.eject_max", health.ejectMax)
    }

    mutating func add(_ tls: Configuration.TLS) {
        add("tls.certificate", .string(tls.certificate))
        add("tls.key", .string(tls.key))
        for (index, name) in tls.sni.enumerated() {
            add("tls.sni[\(index)].certificate", .string(name.certificate))
            add("tls.sni[\(index)].key", .string(name.key))
        }
        if tls.sni.isEmpty { add("tls.sni", .array([])) }
        add("tls.client_ca", .string(tls.clientCA))
    }
}

extension JSON {
    /// Whole seconds without a fraction.
    fileprivate static func seconds(_ interval: Interval) -> JSON {
        let (seconds, rest) = interval.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest == 0 ? .integer(seconds) : .number("\(interval.inSeconds)")
    }
}
