// SPDX-License-Identifier: MIT

/// Reads what a request presents as keys. Which of it is a key of ours only the digests tell, so this only finds the
/// tokens.
public enum Credentials {
    /// A key of ours has 4 + 43 + checksum characters, an admin key from the environment may be longer; no more than
    /// this is ever hashed for a stranger.
    static let longestToken = 1024

    /// Calls `body` with the token of `Authorization: Bearer` and that of `x-api-key`. An empty bearer (Open WebUI
    /// sends one when it has no key) and any other scheme (the CLI signs with its own) are no tokens.
    ///
    /// - Throws: 400 if one of the fields comes twice: two readers could then see two different callers.
    public static func forEachToken(
        in headers: HeaderFields, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(GatewayError) {
        var hasBearer = false
        var hasKey = false
        for field in headers.fields {
            if field.name == .authorization {
                if hasBearer { throw twice("Authorization") }
                hasBearer = true
                headers.withValue(field) { value in
                    if let token = bearer(value) { body(token) }
                }
            } else if field.name == .xAPIKey {
                if hasKey { throw twice("x-api-key") }
                hasKey = true
                headers.withValue(field) { value in
                    let token = ASCII.trimmed(value)
                    if !token.isEmpty { body(token) }
                }
            }
        }
    }

    /// Every key made by `dmr-gateway key new` begins so; a wrong one is told, while a dummy of an OpenAI client is
    /// not.
    static func looksLikeOurs(_ token: UnsafeRawBufferPointer) -> Bool {
        token.starts(with: "dmr_".utf8)
    }

    /// The scheme's name has no letter case (RFC 9110 section 11.1).
    private static func bearer(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let value = ASCII.trimmed(value)
        guard value.count > 7, ASCII.isBlank(value[6]),
            ASCII.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: value[..<6]), "bearer")
        else { return nil }
        let token = ASCII.trimmed(UnsafeRawBufferPointer(rebasing: value[6...]))
        return token.isEmpty ? nil : token
    }

    private static func twice(_ name: String) -> GatewayError {
        GatewayError(400, "The request has more than one \(name) header; send one key, once.")
    }
}
