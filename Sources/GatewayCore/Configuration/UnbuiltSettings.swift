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
        refuse("limits.blob_bytes", "a limit for blobs", configuration.limits.blobBytes != .max, "0")
        refuseAccess(configuration.access)
        for (index, key) in configuration.access.keys.enumerated() { refuse(key, at: "access.keys[\(index)]") }
    }

    private func refuseAccess(_ access: Configuration.Access) {
        refuse("access.networks", "access by network", !access.networks.isEmpty, "[]")
        refuse("access.trusted_proxies", "trusting proxies", !access.trustedProxies.isEmpty, "[]")
        refuse("access.users", "rules for users", !access.users.isEmpty, "[]")
        refuse("access.jwt_secret", "signed user information", access.jwtSecret != nil, "\"\"")
    }

    private func refuse(_ key: Configuration.Access.Key, at path: String) {
        refuse("\(path).models", "limiting a key to some models", !key.models.isEmpty, "[]")
        refuse("\(path).asserts_user", "a key that asserts users", key.assertsUser, "false")
        refuse("\(path).max_inflight", "a cap for a key", key.maxInflight != .max, "0")
        refuse("\(path).requests_per_minute", "a rate for a key", key.requestsPerMinute != .max, "0")
        refuse("\(path).priority", "a priority for a key", key.priority != .interactive, "\"interactive\"")
        refuse("\(path).share", "a share for a key", key.share != 1, "1")
    }

    private func refuse(_ key: String, _ what: String, _ isSet: Bool, _ off: String) {
        if isSet { findings.unsupported(place(key), what, setTo: off) }
    }
}
