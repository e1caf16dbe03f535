// SPDX-License-Identifier: MIT

extension AccessPolicy {
    /// Who stands behind a request, as far as that is believed. Asked for what is audited only, so that no other request
    /// pays for it.
    ///
    /// - Parameters:
    ///   - peer: how logs name the other end of the connection.
    ///   - keyName: of the key that `admit` found.
    public func party(
        _ caller: Caller, peer: String, headers: HeaderFields, keyName: String?
    ) -> AuditRecord.Party {
        var party = AuditRecord.Party(client: peer, keyName: keyName)
        if networks.isTrustedProxy(caller.address) {
            party.client = networks.clientAddress(caller.address, headers)?.description
            party.proxy = peer
        }
        guard let keyName, keys.contains(where: { $0.name == keyName && $0.assertsUser }) else { return party }
        // What proves nothing was refused for it, and is nobody's name.
        party.user = (try? users.user(headers))??.identifier
        return party
    }
}
