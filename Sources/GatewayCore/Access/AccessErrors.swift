// SPDX-License-Identifier: MIT

/// The sentences of gateway.md section 4. None of them repeats a token, an origin or a host of the client's.
extension GatewayError {
    static let foreignOrigin = GatewayError(
        403, "Pages from this Origin may not use this gateway; add it to access.origins if they should.",
        isPlainText: true)

    static let foreignHost = GatewayError(
        403, "This gateway is not known by the Host of the request; add the name to access.hosts, or send a key.",
        isPlainText: true)

    static let twoKeys = GatewayError(
        400, "Authorization and x-api-key hold two different keys of this gateway; send only one of them.")

    static let unknownKey = GatewayError(
        401, "This gateway doesn't know the key: it may be mistyped, revoked, or another gateway's. Ask for a new one.")

    static let noKey = GatewayError(
        401, "This needs a key of this gateway: send it as 'Authorization: Bearer KEY' (dmr-gateway key new makes one)."
    )

    static func missing(_ scope: Scope, key name: String) -> GatewayError {
        GatewayError(
            403, "The key '\(name)' may not do this: it lacks the scope '\(scope.rawValue)'. Ask for a key that has it."
        )
    }
}
