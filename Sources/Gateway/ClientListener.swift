// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Accepts clients on one address.
final class ClientListener: Listener {
    private let gateway: Gateway
    private let kind: ListenerKind
    /// nil: plain text.
    private let certificates: ListenerCertificates?

    init(
        gateway: Gateway, address: SocketAddress, kind: ListenerKind, certificates: ListenerCertificates?
    ) throws(UVError) {
        self.gateway = gateway
        self.certificates = certificates
        self.kind = kind
        try super.init(loop: gateway.loop, address: address)
    }

    init(gateway: Gateway, unixPath: String) throws(UVError) {
        self.gateway = gateway
        kind = .unix
        certificates = nil
        try super.init(loop: gateway.loop, unixPath: unixPath)
    }

    override func makeConnection() -> ByteStream? {
        ClientConnection(gateway: gateway, listener: kind, isUnix: isUnix)
    }

    override var takesClients: Bool { true }

    override func didPause() {
        gateway.shortOfDescriptors()
    }

    override func stillPaused() {
        gateway.makeRoom()
    }

    override func didAccept(_ connection: ByteStream) {
        if let certificates { connection.secure(by: certificates.context) }
        (connection as? ClientConnection)?.begin()
    }
}
