// SPDX-License-Identifier: MIT

/// Notices requests that have been here before: every request we send carries `Via: 1.1 dmr-<id>` with an id that is
/// random per process (RFC 9110 section 7.6.3 gives this as a use of Via).
public struct LoopGuard: Sendable {
    /// `dmr-` and the process's id.
    public let pseudonym: String
    private let own: [UInt8]
    /// Gateways in front of gateways are legal, but not without end.
    private static let maximumHops = 3

    /// `randomness`: eight bytes at least.
    public init(randomness: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        own = Array("dmr-".utf8) + randomness.prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        pseudonym = String(decoding: own, as: UTF8.self)
    }

    /// - Throws: `GatewayError` 508.
    public func check(_ headers: HeaderFields) throws(GatewayError) {
        guard headers.first(.via) != nil else { return }
        var hops = 0
        var isLoop = false
        headers.forEachListElement(.via) { element in
            guard let receiver = LoopGuard.receiver(element), LoopGuard.begins(receiver, with: own.prefix(4)) else {
                return
            }
            hops += 1
            isLoop = isLoop || (receiver.count == own.count && LoopGuard.begins(receiver, with: own[...]))
        }
        if isLoop {
            throw GatewayError(
                508, "This request has been through this gateway already: one of its runners' URLs leads back to it.",
                origin: .gateway)
        }
        if hops > LoopGuard.maximumHops {
            throw GatewayError(
                508, "This request has been through \(hops) gateways: their runners' URLs lead in a circle.",
                origin: .gateway)
        }
    }

    /// The second word of `protocol RWS received-by [RWS comment]`.
    private static func receiver(_ element: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer>? {
        guard let blank = element.firstIndex(where: ASCII.isBlank) else { return nil }
        let rest = element[blank...].drop(while: ASCII.isBlank)
        return rest.prefix { !ASCII.isBlank($0) }
    }

    /// Whoever passed the field on may have changed the case of what looks like a host's name.
    private static func begins(_ receiver: Slice<UnsafeRawBufferPointer>, with name: ArraySlice<UInt8>) -> Bool {
        receiver.count >= name.count && zip(receiver, name).allSatisfy { ASCII.lowered($0) == $1 }
    }
}
