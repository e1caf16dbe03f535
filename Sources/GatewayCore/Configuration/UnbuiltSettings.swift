// SPDX-License-Identifier: MIT

/// Settings that gateway.md documents and this version does not honour: parsed, checked, kept in the configuration, and
/// then refused here unless they say what happens anyway. A limit or a permission that is read and ignored is worse
/// than a start that fails. Whoever builds one deletes its line.
///
/// Values are never repeated, since some of them are secrets.
struct UnbuiltSettings {
    let configuration: Configuration
    let findings: Findings
    /// How the person who set it knows a key: `--loops`, `DMR_LOOPS`, or the file's path.
    let place: (_ key: String) -> String

    func refuse() {
        let defaults = Configuration()
        refuse("loops", "more than one loop", configuration.loops != defaults.loops, "1")
        refuse("affinity", "affinity", configuration.affinity != defaults.affinity, "0")
    }

    private func refuse(_ key: String, _ what: String, _ isSet: Bool, _ off: String) {
        if isSet { findings.unsupported(place(key), what, setTo: off) }
    }
}
