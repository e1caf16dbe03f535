// SPDX-License-Identifier: MIT

/// The configuration file, laid over a configuration: keys that are there replace what was, all others leave it.
///
/// It reads the whole documented schema; `UnbuiltSettings` refuses what this version does not do.
struct ConfigurationFile {
    let findings: Findings

    /// Applies the document to `configuration`; everything wrong goes into the findings.
    func apply(_ file: (path: String, bytes: [UInt8]), to configuration: inout Configuration) {
        guard let root = parse(file), let reader = ObjectReader(root, path: "", findings) else { return }
        reportDuplicates(root, path: "")
        var file = reader
        // Before the addresses: a certificate turns `HOST:PORT` to TLS.
        if let value = file.take("tls") { readTLS(value, &configuration.tls) }
        readTop(&file, &configuration)
        if let value = file.take("timeouts") { readTimeouts(value, &configuration.timeouts) }
        if let value = file.take("limits") { readLimits(value, &configuration.limits) }
        if let value = file.take("health") { readHealth(value, &configuration.health) }
        if let value = file.take("access") { readAccess(value, &configuration.access) }
        if let value = file.take("log") { readLog(value, &configuration.log) }
        file.finish()
    }

    // MARK: The document

    private func parse(_ file: (path: String, bytes: [UInt8])) -> JSON? {
        do {
            return try ConfigurationDocument(parsing: file.bytes, path: file.path).root
        } catch {
            findings.take(error)
            return nil
        }
    }

    /// Of two values for one key one would silently lose.
    private func reportDuplicates(_ value: JSON, path: String) {
        for (index, element) in (value.array ?? []).enumerated() {
            reportDuplicates(element, path: "\(path)[\(index)]")
        }
        var seen: Set<String> = []
        var told: Set<String> = []
        for member in value.members ?? [] {
            let key = Echo.isPlainKey(member.key) ? member.key : "(a key)"
            let place = path.isEmpty ? key : "\(path).\(key)"
            if !seen.insert(member.key).inserted, told.insert(member.key).inserted {
                findings.error(place, "is there more than once; keep one")
            }
            reportDuplicates(member.value, path: place)
        }
    }

    // MARK: Sections

    private func readTop(_ file: inout ObjectReader, _ configuration: inout Configuration) {
        if let listen = file.array("listen") {
            let addresses = readListen(listen, isSecured: !configuration.tls.certificate.isEmpty)
            if findings.isSound("listen") { configuration.listen = addresses }
        }
        if let flag = file.bool("enable") { configuration.isEnabled = flag }
        if let text = file.string("path_prefix") {
            if let prefix = PathPrefix.checked(text) {
                configuration.pathPrefix = prefix
            } else {
                file.fault("path_prefix", PathPrefix.rule)
            }
        }
        if let loops = file.integer("loops", in: 1...1024) { configuration.loops = loops }
        file.duration("affinity", &configuration.affinity)
        if let entries = file.array("runners") { configuration.runners = readRunners(entries) }
        file.choice("policy", &configuration.policy)
    }

    private func readListen(_ elements: [JSON], isSecured: Bool) -> [ListenAddress] {
        func fault(_ place: String, _ sentence: String) {
            findings.error(place, sentence)
            findings.isFaulty("listen")
        }
        if elements.isEmpty { fault("listen", "is empty; name an address, e.g. \"127.0.0.1:11435\", or remove it") }
        var addresses: [ListenAddress] = []
        for (index, element) in elements.enumerated() {
            let place = "listen[\(index)]"
            guard let text = element.string else {
                fault(place, "must be a string, not \(element.kind)")
                continue
            }
            do {
                let address = try ListenAddress(parsing: text, isSecured: isSecured)
                if addresses.contains(address), address.isFixed { fault(place, "is there twice; keep one") }
                addresses.append(address)
            } catch {
                fault(place, error.sentence)
            }
        }
        return addresses
    }

    private func readTimeouts(_ value: JSON, _ timeouts: inout Configuration.Timeouts) {
        guard var section = ObjectReader(value, path: "timeouts", findings) else { return }
        section.timeLimit("client_header", &timeouts.clientHeader)
        section.timeLimit("client_body", &timeouts.clientBody)
        section.timeLimit("client_write", &timeouts.clientWrite)
        section.timeLimit("client_idle", &timeouts.clientIdle)
        section.timeLimit("connect", &timeouts.connect)
        section.timeLimit("first_byte", &timeouts.firstByte)
        section.timeLimit("stream_idle", &timeouts.streamIdle)
        section.timeLimit("whole_answer", &timeouts.wholeAnswer)
        section.timeLimit("queue", &timeouts.queue)
        section.timeLimit("drain", &timeouts.drain)
        section.timeLimit("probe", &timeouts.probe)
        section.finish()
    }

    private func readLimits(_ value: JSON, _ limits: inout Configuration.Limits) {
        guard var section = ObjectReader(value, path: "limits", findings) else { return }
        section.limit("connections", &limits.connections)
        section.limit("header_bytes", &limits.headerBytes)
        section.limit("headers", &limits.headers)
        section.limit("json_body_bytes", &limits.jsonBodyBytes)
        section.limit("body_memory", &limits.bodyMemory)
        section.limit("blob_bytes", &limits.blobBytes)
        section.limit("queue", &limits.queue)
        section.limit("buffer_bytes", &limits.bufferBytes)
        section.finish()
    }

    private func readHealth(_ value: JSON, _ health: inout Configuration.Health) {
        guard var section = ObjectReader(value, path: "health", findings) else { return }
        section.interval("probe_interval", &health.probeInterval)
        section.interval("tags_interval", &health.tagsInterval)
        section.interval("ps_interval", &health.psInterval)
        section.limit("eject_after", &health.ejectAfter)
        section.interval("eject_base", &health.ejectBase)
        var longest: TimeLimit = health.ejectMax
        section.timeLimit("eject_max", &longest)
        health.ejectMax = longest ?? Interval(nanoseconds: .max)
        // Told at the key that is in the file: the other one may be a default nobody sees.
        let place = findings.origins["health.eject_max"] == nil ? "health.eject_base" : "health.eject_max"
        let (base, most) = (health.ejectBase.inSeconds, health.ejectMax.inSeconds)
        if health.ejectMax < health.ejectBase, findings.isSound("health.eject_base"),
            findings.isSound("health.eject_max")
        {
            findings.error(place, "eject_max (\(most)) must not be less than eject_base (\(base))")
        }
        section.finish()
    }

    private func readLog(_ value: JSON, _ log: inout Configuration.Log) {
        guard var section = ObjectReader(value, path: "log", findings) else { return }
        section.choice("level", &log.level)
        section.choice("format", &log.format)
        if let file = section.path("file") { log.file = file.isEmpty ? nil : file }
        section.finish()
    }
}
