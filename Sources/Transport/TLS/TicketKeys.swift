// SPDX-License-Identifier: MIT

import COpenSSL
public import GatewayCore

/// The keys that session tickets are sealed with (RFC 5077, RFC 8446 section 4.6.1): random, in memory only, replaced
/// every hour, so that a key that leaks opens the traffic of two hours at most.
public final class TicketKeys: Timed {
    private struct Key {
        let name = Cryptography.random(count: 16)
        let cipher = Cryptography.random(count: 32)
        let mac = Cryptography.random(count: 32)
    }

    static let lifetimeSeconds = 3600
    private var current = Key()
    /// Opens tickets, and seals none any more.
    private var previous: Key?

    override public init(loop: Loop) {
        super.init(loop: loop)
        rotateLater()
    }

    private func rotateLater() {
        setDeadline(loop.now + .seconds(Double(TicketKeys.lifetimeSeconds)))
    }

    override public func deadlineReached(at now: Instant) {
        rotate()
        rotateLater()
    }

    func rotate() {
        previous = current
        current = Key()
    }

    /// 1: sealed; -1: it can't be done, which ends the handshake.
    func seal(
        name: UnsafeMutablePointer<UInt8>, vector: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer?,
        _ mac: OpaquePointer?
    ) -> Int32 {
        guard RAND_bytes(vector, 16) == 1,
            EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, current.cipher, vector) == 1,
            dmr_begin_hmac(mac, current.mac, current.mac.count) == 1
        else { return -1 }
        name.update(from: current.name, count: current.name.count)
        return 1
    }

    /// 1: known; 2: known, and the client should get a new ticket; 0: unknown, so the handshake is a full one.
    ///
    /// - Parameter isOnce: the client throws a ticket away once it has used it (TLS 1.3).
    func open(
        name: UnsafeMutablePointer<UInt8>, vector: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer?,
        _ mac: OpaquePointer?, isOnce: Bool
    ) -> Int32 {
        let wanted = UnsafeBufferPointer(start: name, count: 16)
        let isCurrent = current.name.elementsEqual(wanted)
        guard let key = isCurrent ? current : previous, key.name.elementsEqual(wanted) else { return 0 }
        guard EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, vector) == 1,
            dmr_begin_hmac(mac, key.mac, key.mac.count) == 1
        else { return -1 }
        return isCurrent && !isOnce ? 1 : 2
    }
}
