// SPDX-License-Identifier: MIT

/// The sentences of gateway.md section 4. None of them repeats a token, an origin or a host of the client's.
extension GatewayError {
    static let foreignOrigin = GatewayError(
        403, "Pages from this Origin may not use this gateway; add it to access.origins if they should.",
        isPlainText: true, refusal: .origin)

    static let foreignHost = GatewayError(
        403, "This gateway is not known by the Host of the request; add the name to access.hosts, or send a key.",
        isPlainText: true, refusal: .host)

    static let twoKeys = GatewayError(
        400, "The request holds two different keys of this gateway; send only one, and only once.",
        refusal: .twoKeys)

    static let unknownKey = GatewayError(
        401, "This gateway doesn't know the key: it may have been revoked, or be another gateway's. Ask for a new one.",
        refusal: .unknownKey)

    static let mistypedKey = GatewayError(
        401,
        "This gateway doesn't know the key, and nobody was given it: a part is missing or mistyped. Copy it again.",
        refusal: .mistypedKey)

    static let noKey = GatewayError(
        401,
        "This needs a key of this gateway: send it as 'Authorization: Bearer KEY' (dmr-gateway key new makes one).",
        refusal: .noKey)

    static func missing(_ scope: Scope, key name: String) -> GatewayError {
        GatewayError(
            403,
            "The key '\(name)' may not do this: it lacks the scope '\(scope.rawValue)'. Ask for a key that has it.",
            refusal: .scope, keyName: name)
    }

    // MARK: Keys in paths

    static let adminKeyInPath = GatewayError(
        403,
        "An admin's key may not stand in a path, where logs keep it: revoke it, and send a new one as 'Authorization: "
            + "Bearer KEY'.", refusal: .keyInPath)

    static let adminRouteByPathKey = GatewayError(
        403, "This route takes no key in its path; send it as 'Authorization: Bearer KEY'.",
        refusal: .keyInPath)

    // MARK: Users

    static let userTwice = GatewayError(
        400, "A field X-OpenWebUI-User-… comes twice, and two readers could see two users; send each once.",
        refusal: .userTwice)

    static func noUser(key name: String, setting: String) -> GatewayError {
        GatewayError(
            403,
            "The key '\(name)' acts for users, and this request names none, so it may only list models: set \(setting) in "
                + "Open WebUI.", refusal: .noUser)
    }

    static let unmatchedUser = GatewayError(
        403, "No rule of access.users is about this user, so nothing is allowed; {\"match\": {}} is a rule for all.",
        refusal: .userRule)

    static func userToken(_ problem: String) -> GatewayError {
        GatewayError(403, "X-OpenWebUI-User-Jwt \(problem).", refusal: .userToken)
    }
}
