// SPDX-License-Identifier: MIT

/// Networks, users and certificates: rules whose entries are objects of their own.
extension ConfigurationFile {
    func readNetworks(_ entries: [JSON]) -> [Configuration.Access.Network] {
        entries.enumerated().compactMap { index, value in
            guard var entry = ObjectReader(value, path: "access.networks[\(index)]", findings) else { return nil }
            let text = entry.required("cidr", "write a range such as 10.0.0.0/8")
            let range = text.flatMap { entry.range("cidr", $0) }
            var allow = Configuration.Access.NetworkRight.read
            if entry.required("allow", "say what its addresses may do") != nil { entry.choice("allow", &allow) }
            entry.finish()
            return range.map { .init(range: $0, allow: allow) }
        }
    }

    func readUsers(_ entries: [JSON]) -> [Configuration.Access.UserRule] {
        entries.enumerated().compactMap { index, value in
            guard var entry = ObjectReader(value, path: "access.users[\(index)]", findings) else { return nil }
            var rule = Configuration.Access.UserRule()
            readMatch(&entry, &rule)
            rule.models = entry.globs("models")
            entry.limit("max_inflight", &rule.maxInflight)
            entry.choice("priority", &rule.priority)
            if let share = entry.integer("share", in: 1...1000) { rule.share = share }
            entry.finish()
            return rule
        }
    }

    /// Required, also where it is empty: a rule for everybody should be meant as one.
    private func readMatch(_ entry: inout ObjectReader, _ rule: inout Configuration.Access.UserRule) {
        guard let value = entry.take("match") else {
            return entry.fault("match", "is missing; {} is a rule for every user")
        }
        guard var match = ObjectReader(value, path: entry.place(of: "match"), findings) else { return }
        rule.role = match.glob("role")
        rule.email = match.glob("email")?.lowercased()
        rule.id = match.glob("id")
        match.finish()
    }

    func readTLS(_ value: JSON, _ tls: inout Configuration.TLS) {
        guard var section = ObjectReader(value, path: "tls", findings) else { return }
        if let path = section.path("certificate") { tls.certificate = path }
        if let path = section.path("key") { tls.key = path }
        if let entries = section.array("sni") { tls.sni = readNames(entries) }
        if let path = section.path("client_ca") { tls.clientCA = path }
        if tls.certificate.isEmpty != tls.key.isEmpty, findings.isSound("tls.certificate"), findings.isSound("tls.key")
        {
            let (there, missing) = tls.key.isEmpty ? ("certificate", "key") : ("key", "certificate")
            section.fault(there, "needs tls.\(missing) as well")
        }
        section.finish()
    }

    private func readNames(_ entries: [JSON]) -> [Configuration.TLS.Name] {
        entries.enumerated().compactMap { index, value in
            guard var entry = ObjectReader(value, path: "tls.sni[\(index)]", findings) else { return nil }
            var name = Configuration.TLS.Name(certificate: "", key: "")
            for (key, field) in [("certificate", \Configuration.TLS.Name.certificate), ("key", \.key)] {
                guard let path = entry.path(key) else {
                    if findings.isSound(entry.place(of: key)) { entry.fault(key, "is missing; name a PEM file") }
                    continue
                }
                if path.isEmpty { entry.fault(key, "is empty; name a PEM file") }
                name[keyPath: field] = path
            }
            entry.finish()
            return name
        }
    }
}
