// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Accepts clients on one address.
final class ClientListener: Listener {
    private let gateway: Gateway
    private let kind: ListenerKind

    init(gateway: Gateway, address: SocketAddress, kind: ListenerKind) throws(UVError) {
        self.gateway = gateway
        self.kind = kind
        try super.init(loop: gateway.loop, address: address)
    }

    init(gateway: Gateway, unixPath: String) throws(UVError) {
        self.gateway = gateway
        kind = .unix
        try super.init(loop: gateway.loop, unixPath: unixPath)
    }

    override func makeConnection() -> ByteStream? {
        do throws(UVError) {
            return try ClientConnection(gateway: gateway, listener: kind, isUnix: isUnix)
        } catch {
            gateway.log.error("a client can't be accepted: \(error)")
            return nil
        }
    }

    override func didAccept(_ connection: ByteStream) {
        (connection as? ClientConnection)?.begin()
    }
}
