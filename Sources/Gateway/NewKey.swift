// SPDX-License-Identifier: MIT

public import GatewayCore
import Glibc
import Transport

/// A key that was made just now. Its text is shown once and kept nowhere.
public struct NewKey {
    public let text: String
    public let digest: KeyDigest
    /// When, in ISO 8601 and UTC.
    public let created: String

    public init() {
        text = KeyText.make(randomness: Cryptography.random(count: KeyText.randomByteCount))
        digest = KeyDigest(sha256: Array(text.utf8).withUnsafeBytes { Cryptography.sha256($0) })
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        var written = [CChar](repeating: 0, count: 32)
        let count = strftime(&written, written.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        created = String(decoding: written.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
