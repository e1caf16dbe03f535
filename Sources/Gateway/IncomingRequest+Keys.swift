// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Keys made and revoked over the API.
extension IncomingRequest {
    func makeKey() {
        do throws(GatewayError) {
            let updates = try updates()
            let new = NewKey()
            let entry = try KeyUpdate.entry(try document(), digest: new.digest, created: new.created)
            let change: ConfigurationUpdate.Change = { document, current throws(GatewayError) in
                try KeyUpdate.add(entry, to: &document, current: current)
            }
            updates.update(
                change,
                done: answerToChangedKeys { configuration in
                    let shown = configuration.access.keys.first { $0.name == entry["name"]?.string }?.shown
                    return OwnResponse(
                        201, json: .object([.init("key", .string(new.text)), .init("entry", shown ?? .null)]))
                })
        } catch {
            client.respond(error)
        }
    }

    func revokeKey(_ name: String) {
        do throws(GatewayError) {
            let change: ConfigurationUpdate.Change = { document, _ throws(GatewayError) in
                try KeyUpdate.revoke(name, in: &document)
            }
            try updates().update(
                change,
                done: answerToChangedKeys { _ in OwnResponse(json: .object([.init("status", .bool(true))])) })
        } catch {
            client.respond(error)
        }
    }

    /// Whoever asked may be gone by then; what the change means for others is logged all the same.
    private func answerToChangedKeys(
        _ answer: @escaping (Configuration) -> OwnResponse
    ) -> ConfigurationUpdates.Completion {
        let before = gateway.configuration.access.keys
        return { [weak self, log = gateway.log] result in
            if case .success(let resolved) = result,
                let consequence = KeyUpdate.consequence(of: before, in: resolved.configuration)
            {
                log.warning(consequence)
            }
            guard let self, !client.isClosing else { return }
            switch result {
            case .success(let resolved):
                var response = answer(resolved.configuration)
                response.fields.append(.noStore)
                client.respond(response)
            case .failure(let error): client.respond(error)
            }
        }
    }
}

extension Gateway {
    /// Keys of the file, without their hashes.
    func keys(_ configuration: Configuration) -> OwnResponse {
        var response = OwnResponse(
            json: .object([.init("keys", .array(configuration.access.keys.map(\.shown)))]))
        response.fields.append(.noStore)
        return response
    }
}

extension OwnResponse.Field {
    fileprivate static let noStore = OwnResponse.Field("Cache-Control", "no-store")
}
