// SPDX-License-Identifier: MIT

extension ConfigurationFile {
    /// Entries that are wrong are left out; the findings then hold an error, so nobody sees the shifted indices.
    func readRunners(_ entries: [JSON]) -> [RunnerConfiguration] {
        entries.enumerated().compactMap { index, entry in
            let runner = readRunner(entry, path: "runners[\(index)]")
            if runner == nil { findings.isFaulty("runners") }
            return runner
        }
    }

    private func readRunner(_ value: JSON, path: String) -> RunnerConfiguration? {
        guard var entry = ObjectReader(value, path: path, findings) else { return nil }
        guard var runner = readURL(&entry).map({ RunnerConfiguration(url: $0) }) else {
            // The rest is still read, for its errors.
            var rest = RunnerConfiguration(url: .ollama)
            readFields(&entry, &rest)
            return nil
        }
        readFields(&entry, &runner)
        return runner
    }

    private func readURL(_ entry: inout ObjectReader) -> RunnerURL? {
        guard let value = entry.take("url") else {
            entry.fault("url", "is missing; write http://HOST:PORT, e.g. http://gpu1:11434")
            return nil
        }
        guard let text = value.string else {
            entry.mismatch("url", "a string", value)
            return nil
        }
        do {
            return try RunnerURL(parsing: text)
        } catch {
            entry.fault("url", error.sentence)
            return nil
        }
    }

    private func readFields(_ entry: inout ObjectReader, _ runner: inout RunnerConfiguration) {
        if let flag = entry.bool("enable") { runner.isEnabled = flag }
        if let key = entry.string("key"), !key.isEmpty {
            runner.key = Secret(headerText: key)
            if runner.key == nil {
                entry.fault("key", "holds characters that no header can carry; only visible ASCII can")
            }
        }
        if let prefix = entry.string("prefix_id") {
            if prefix.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }) {
                runner.prefixID = prefix
            } else {
                entry.fault("prefix_id", "must not hold spaces, slashes or control characters")
            }
        }
        readTags(&entry, &runner)
        if let models = entry.strings("model_ids") {
            runner.modelIDs = models
            if let index = models.firstIndex(of: "") { entry.fault("model_ids[\(index)]", "is empty; name a model") }
        }
        if let type = entry.string("connection_type") { runner.connectionType = type }
        readMaxInflight(&entry, &runner)
        if let weight = entry.integer("weight", in: 0...1000) { runner.weight = weight }
        if let flag = entry.bool("pull") { runner.pulls = flag }
        readHeaders(&entry, &runner)
        if let flag = entry.bool("tls_verify") { runner.verifiesTLS = flag }
        if let path = entry.path("tls_ca") { runner.tlsCA = path }
        // Open WebUI writes fields of its own into a runner's entry, so here an unknown one is no error.
        runner.otherFields = entry.unknownMembers
        entry.finish(unknownKeysAreErrors: false, ignoring: RunnerConfiguration.ignoredFields)
    }

    private func readTags(_ entry: inout ObjectReader, _ runner: inout RunnerConfiguration) {
        guard let tags = entry.array("tags") else { return }
        for (index, tag) in tags.enumerated() where tag.string == nil && tag["name"]?.string == nil {
            entry.fault("tags[\(index)]", "must be a string or an object with a \"name\"")
        }
        runner.tags = tags
    }

    private func readMaxInflight(_ entry: inout ObjectReader, _ runner: inout RunnerConfiguration) {
        guard let value = entry.take("max_inflight"), value != .string("auto") else { return }
        guard case .number = value else {
            return entry.fault("max_inflight", "must be a number (0 is no cap) or \"auto\"")
        }
        guard let cap = entry.integer("max_inflight", in: 0...Int.max) else { return }
        runner.maxInflight = cap == 0 ? nil : cap
        runner.learnsCap = false
    }

    /// Fields that frame the request or are the gateway's own can't be set here: what was checked is what is sent.
    private func readHeaders(_ entry: inout ObjectReader, _ runner: inout RunnerConfiguration) {
        guard let value = entry.take("headers") else { return }
        guard let members = value.members else { return entry.mismatch("headers", "an object", value) }
        var seen: Set<String> = []
        for member in members {
            let place = "headers.\(Echo.isPlainKey(member.key) ? member.key : "(a key)")"
            findings.found(entry.place(of: place), in: .file)
            guard let text = member.value.string else {
                entry.mismatch(place, "a string", member.value)
                continue
            }
            let name = member.key.lowercased()
            if !ConfigurationFile.isToken(name) {
                entry.fault(place, "is no header's name")
            } else if ConfigurationFile.ownHeaders.contains(name) || name.hasPrefix("x-dmr-") {
                entry.fault(place, "is the gateway's own or this connection's, and can't be set")
            } else if name == "authorization", runner.key != nil {
                entry.fault(place, "is what \"key\" is sent as; keep one of the two")
            } else if !seen.insert(name).inserted {
                entry.fault(place, "is there twice, letter case aside; keep one")
            } else if !ConfigurationFile.isFieldValue(text) {
                entry.fault(
                    place, "must be 1 to 8192 visible characters of ASCII, blanks only between them (RFC 9110)")
            } else {
                if text.contains("{{") {
                    findings.warn(entry.place(of: place), "is sent as it is: the gateway fills in no {{placeholders}}")
                }
                runner.headers.append(.init(name: member.key, value: Secret(Array(text.utf8))))
            }
        }
    }

    private static let ownHeaders: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
        "proxy-connection", "proxy-authenticate", "proxy-authorization", "via", "x-request-id", "accept-encoding",
        "content-type", "content-encoding"
    ]

    /// RFC 9110 section 5.5, without what is obsolete there.
    private static func isFieldValue(_ text: String) -> Bool {
        (1...8192).contains(text.utf8.count) && text.utf8.first != 0x20 && text.utf8.first != 0x09
            && text.utf8.last != 0x20 && text.utf8.last != 0x09
            && text.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
    }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }
}
