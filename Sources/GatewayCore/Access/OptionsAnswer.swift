// SPDX-License-Identifier: MIT

/// How OPTIONS is answered: preflights of browsers and everything else, as Ollama does it (oa section 3).
extension AccessPolicy {
    /// - Returns: 403, 404 or 405 as the failure.
    public func answerOptions(
        _ target: OptionsTarget, on surface: Surface, listener: ListenerKind, host: RequestAuthority?,
        headers: HeaderFields
    ) -> Result<OwnResponse, GatewayError> {
        switch originDecision(headers) {
        case .foreign:
            return .failure(.foreignOrigin)
        case .allowed(let origin):
            // Before the Host check, as in Ollama: a preflight never carries a key, and from a page that was rebound to
            // us there is none, because to its browser we are its own origin.
            return .success(.preflight(origin))
        case .notCORS:
            break
        }
        let decision = hostDecision(host, headers, listener)
        if decision == .foreign { return .failure(.foreignHost) }
        if listener == .loopback, decision == .acceptableName { return .success(OwnResponse(204)) }
        switch target {
        case .server: return .success(OwnResponse(204, fields: [.init("Allow", MethodSet.any.allow)]))
        case .path(let allow): return .failure(.methodNotAllowed(surface, allow: allow))
        case .unknownPath: return .failure(.notFound(surface))
        }
    }

}

extension OwnResponse {
    private static let allowedMethods = "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"
    /// Ollama's list; `x-stainless-*` is what OpenAI's JavaScript client adds.
    private static let allowedHeaders =
        (["Authorization", "Content-Type", "User-Agent", "Accept", "X-Requested-With", "OpenAI-Beta"]
        + [
            "arch", "async", "custom-poll-interval", "helper-method", "lang", "os", "package-version", "poll-helper",
            "retry-count", "runtime", "runtime-version", "timeout"
        ].map { "x-stainless-" + $0 }).joined(separator: ",")

    /// - Parameter origin: `OriginDecision.allowed`'s value. No credentials header: cookies mean nothing here.
    static func preflight(_ origin: String) -> OwnResponse {
        let vary = ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]
        return OwnResponse(
            204,
            fields: [
                Field("Access-Control-Allow-Methods", allowedMethods),
                Field("Access-Control-Allow-Headers", allowedHeaders), Field("Access-Control-Max-Age", "43200"),
                Field("Access-Control-Allow-Origin", origin)
            ] + (origin == "*" ? [] : vary.map { Field("Vary", $0) }))
    }
}
