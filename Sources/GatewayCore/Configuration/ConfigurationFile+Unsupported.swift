// SPDX-License-Identifier: MIT

/// Settings that gateway.md documents and this version does not honour. Each may stand in the file with its default;
/// any other value is refused, and never repeated, since some of them are secrets.
extension ConfigurationFile {
    func refuseLoopsAndAffinity(_ file: inout ObjectReader) {
        file.refuseNumber("loops", otherThan: 1, "more than one loop")
        file.refuseNumber("affinity", otherThan: 0, "affinity")
    }

    func refuseTLS(_ value: JSON) {
        guard var section = ObjectReader(value, path: "tls", findings) else { return }
        section.refuseText("certificate", "TLS")
        section.refuseText("key", "TLS")
        section.refuseList("sni", "TLS")
        section.refuseText("client_ca", "TLS")
        section.finish()
    }
}

extension ObjectReader {
    mutating func refuseText(_ key: String, otherThan allowed: String = "", _ what: String) {
        guard let text = string(key), text != allowed else { return }
        findings.unsupported(place(of: key), what, setTo: "\"\(allowed)\"")
    }

    mutating func refuseList(_ key: String, _ what: String) {
        guard let elements = array(key), !elements.isEmpty else { return }
        findings.unsupported(place(of: key), what, setTo: "[]")
    }

    mutating func refuseObject(_ key: String, _ what: String) {
        guard let value = take(key) else { return }
        guard let members = value.members else { return mismatch(key, "an object", value) }
        if !members.isEmpty { findings.unsupported(place(of: key), what, setTo: "{}") }
    }

    mutating func refuseBool(_ key: String, otherThan allowed: Bool, _ what: String) {
        guard let flag = bool(key), flag != allowed else { return }
        findings.unsupported(place(of: key), what, setTo: "\(allowed)")
    }

    mutating func refuseNumber(_ key: String, otherThan allowed: Int, _ what: String) {
        guard let value = take(key) else { return }
        guard let number = value.double else { return mismatch(key, "a number", value) }
        if number < 0 { return fault(key, "is negative") }
        if number != Double(allowed) { findings.unsupported(place(of: key), what, setTo: "\(allowed)") }
    }
}
