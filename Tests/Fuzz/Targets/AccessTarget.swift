// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

extension FuzzTarget {
    static let access = FuzzTarget(name: "access", violation: AccessTarget.violation) {
        [
            "Authorization: Bearer \(AccessTarget.key)", "x-api-key: \(AccessTarget.key)",
            "authorization: bearer  \(AccessTarget.key) \nx-api-key: \(AccessTarget.other)",
            "Authorization: Basic \(AccessTarget.key)", "Authorization: Bearer dmr_wrong", "Authorization: Bearer ",
            "Origin: http://evil.example\nHost: a", "Origin: http://localhost:3000\nHost: localhost:11435",
            "X-Forwarded-For: 127.0.0.1\nHost: 127.0.0.1", "Authorization: Bearer \(AccessTarget.key.dropLast())",
            "X-OpenWebUI-User-Role: admin\nAuthorization: Bearer \(AccessTarget.other)", "Host: [::1]:1\nOrigin: null"
        ].map { Array($0.utf8) }
    }
}

/// Who gets in where a key is needed: nobody who doesn't present one of the two there are, whole and where keys belong,
/// and with it nobody gets more than it gives. The input is a request's header fields.
enum AccessTarget {
    static let key = KeyText.make(randomness: [UInt8](repeating: 1, count: KeyText.randomByteCount))
    /// For lists only.
    static let other = KeyText.make(randomness: [UInt8](repeating: 2, count: KeyText.randomByteCount))

    private static let policy: AccessPolicy = {
        let means = AccessMeans(
            sha256: { KeyDigest(sha256: Cryptography.sha256($0)) }, hmac: { _, _ in nil }, unixTime: { 0 })
        func digest(_ key: String) -> KeyDigest { Array(key.utf8).withUnsafeBytes { means.sha256($0) } }
        let keys = [
            AccessKey(name: "user", digest: digest(key)),
            AccessKey(name: "lists", digest: digest(other), scopes: [.read])
        ]
        return AccessPolicy(anonymous: .none, keys: keys, means: means)
    }()

    @Sendable static func violation(_ input: [UInt8]) -> String? {
        var headers = HeaderFields()
        var presented: Set<[UInt8]> = []
        for line in input.split(separator: 0x0A) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let value = StrictReader.trimmed(line[(colon + 1)...])
            line[..<colon].withUnsafeBytes { headers.appendName($0) }
            value.withUnsafeBytes { headers.appendValue($0) }
            headers.endField()
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            if name == "x-api-key" { presented.insert(Array(value)) }
            let scheme = String(decoding: value.prefix(6), as: UTF8.self).lowercased()
            if name == "authorization", scheme == "bearer" {
                presented.insert(Array(StrictReader.trimmed(value.dropFirst(6))))
            }
        }
        let hasKey = presented.contains(Array(key.utf8))
        let hasOther = presented.contains(Array(other.utf8))
        for listener in ListenerKind.allCases {
            for operation in Operation.allCases {
                let caller = Caller(on: listener, address: .loopback4)
                guard let identity = try? policy.admit(caller, to: operation, host: nil, headers: headers) else {
                    continue
                }
                let scope = operation.entry.scope
                let mayPass =
                    switch scope {
                    case .none: true
                    case .read: hasKey || hasOther
                    case .inference: hasKey
                    case .manage, .metrics, .admin: false
                    }
                guard mayPass, identity.role != .admin else { return "\(operation) is open to this" }
                guard identity.keyName == nil || hasKey || hasOther else { return "it has a key's name" }
                guard !(hasKey && hasOther) || scope == .none else { return "two keys are taken" }
            }
        }
        return nil
    }
}
