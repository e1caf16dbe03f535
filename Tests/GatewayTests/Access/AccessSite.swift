// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@testable import Gateway

/// What the tests of this folder ask in common.
enum AccessSite {
    static func sha256(_ key: String) -> [UInt8] { Array(key.utf8).withUnsafeBytes { Cryptography.sha256($0) } }

    static func bearer(_ key: String) -> String { "Authorization: Bearer \(key)\r\n" }

    static func key(
        _ name: String, _ token: String, scopes: Set<Configuration.Access.Scope> = [], models: [String] = []
    ) -> Configuration.Access.Key {
        var key = Configuration.Access.Key(name: name, sha256: sha256(token), scopes: scopes)
        key.models = models
        return key
    }
}

extension RawClient.Response {
    /// Names of the models in any of the lists.
    var listedModels: [String] {
        ((json?["models"] ?? json?["data"])?.array ?? []).compactMap { ($0["model"] ?? $0["id"])?.string }.sorted()
    }
}
