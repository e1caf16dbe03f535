// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Requests whose body is a document for the gateway itself.
extension IncomingRequest {
    /// Far above any such document, far below what would hurt.
    private static let largestDocument = 1 << 20

    func serveDocument(_ route: Route) {
        if route.operation == .keys { return makeKey() }
        do throws(GatewayError) {
            let document = try document()
            if route.operation == .verify {
                let verification = try RunnerVerification(
                    document, runners: gateway.configuration.runners, mask: Mask.text)
                client.start(VerificationExchange(gateway: gateway, client: client, verification))
            } else {
                try updateConfiguration(ConnectionUpdate(document))
            }
        } catch {
            client.respond(error)
        }
    }

    func document() throws(GatewayError) -> JSON {
        _ = try scannedBody()
        guard body.count <= IncomingRequest.largestDocument else {
            throw GatewayError(413, "The document is larger than 1 MiB.")
        }
        do throws(JSONError) {
            return try JSON(parsing: body)
        } catch {
            throw GatewayError(400, "The body is not valid JSON: \(error.message) at byte \(error.position).")
        }
    }

    /// - Throws: 409 where there is nothing to change.
    func updates() throws(GatewayError) -> ConfigurationUpdates {
        guard let updates = gateway.configurationUpdates else {
            throw GatewayError(
                409, "This gateway has no configuration file that could be changed.", origin: .gateway)
        }
        return updates
    }

    private func updateConfiguration(_ update: ConnectionUpdate) throws(GatewayError) {
        let headers = head.headers
        try updates().update { document, current throws(GatewayError) in
            guard EntityTag.isMatched(headers, current: Gateway.connectionsTag(current.configuration)) else {
                throw GatewayError(412, "The configuration is not the one you read any more: read it again.")
            }
            try update.apply(to: &document, current: current, mask: Mask.text)
        } done: { [weak self] result in
            guard let self, !client.isClosing else { return }
            switch result {
            case .success(let resolved): client.respond(gateway.connections(resolved.configuration))
            case .failure(let error): client.respond(error)
            }
        }
    }
}

extension Gateway {
    /// The runners as Open WebUI's admin page reads them, with the tag that its next update may ask for.
    func connections(_ configuration: Configuration) -> OwnResponse {
        var response = OwnResponse(json: ConnectionSettings.json(configuration, mask: Mask.text))
        response.fields = [
            .init("ETag", Gateway.connectionsTag(configuration)), .init("Cache-Control", "no-store")
        ]
        return response
    }

    /// Changes with everything that is shown, secrets by their masks.
    static func connectionsTag(_ configuration: Configuration) -> String {
        let bytes = ConnectionSettings.json(configuration, mask: Mask.text).bytes
        let digest = bytes.withUnsafeBytes { Cryptography.sha256($0) }
        let digits = digest.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return "\"\(digits.joined())\""
    }
}
