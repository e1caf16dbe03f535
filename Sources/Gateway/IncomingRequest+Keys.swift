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
            change(updates) { document, current throws(GatewayError) in
                try KeyUpdate.add(entry, to: &document, current: current)
            } answer: { [gateway] before, now in
                let shown = now.access.keys.first { $0.name == entry["name"]?.string }?.shown
                return gateway.keysChanged(
                    before, now,
                    OwnResponse(
                        201, json: .object([.init("key", .string(new.text)), .init("entry", shown ?? .null)])))
            }
        } catch {
            client.respond(error)
        }
    }

    func revokeKey(_ name: String) {
        do throws(GatewayError) {
            change(try updates()) { document, _ throws(GatewayError) in
                try KeyUpdate.revoke(name, in: &document)
            } answer: { [gateway] before, now in
                gateway.keysChanged(before, now, OwnResponse(json: .object([.init("status", .bool(true))])))
            }
        } catch {
            client.respond(error)
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

    fileprivate func keysChanged(_ before: Configuration, _ now: Configuration, _ response: OwnResponse) -> OwnResponse
    {
        if let consequence = KeyUpdate.consequence(of: before.access.keys, in: now) { log.warning(consequence) }
        var response = response
        response.fields.append(.noStore)
        return response
    }
}

extension OwnResponse.Field {
    fileprivate static let noStore = OwnResponse.Field("Cache-Control", "no-store")
}
